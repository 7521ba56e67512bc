import type { Settings } from "../../src/sync/model/account.ts";
import type { Decision } from "../../src/sync/model/ledger.ts";
import type { ReadingKind } from "../../src/sync/model/reading.ts";
import { type AccountId, DAY, type GarminName, HOUR, type PersonName } from "./steps.ts";

export interface Known {
  id: string;
  person: PersonName;
  grpid: number;
  kind: ReadingKind;
  /** Epoch seconds. */
  date: number;
  /** Its times before corrections. */
  earlier: number[];
  createdMs: number;
  /** Certainly its person's own and near their other readings, from the start. */
  isOwn: boolean;
  /** Somebody else's, as far as Withings ever said. */
  isForeign: boolean;
  /** Every value Withings ever gave, newest last. */
  versions: string[];
  isDeleted: boolean;
  /** The owner's answers, by the pair whose ledger held it. */
  said: Map<string, Decision>;
  /** The pairs whose owner took it out of Garmin, keeps it there though it's gone at Withings, or restored it then. */
  takenOut: Set<string>;
  kept: Set<string>;
  restored: Set<string>;
  /** Withings said for a while that it may be somebody else's. */
  wasDoubted: boolean;
  /** It may or may not be in Garmin, for instance because its kind was off when the program could first see it. */
  isEither: boolean;
  /** Garmin may keep an older version, for instance because it was changed while its kind was off. */
  mayBeOutdated: boolean;
  /** An older store was put back, which doesn't know what was sent: a version from before an edit may stay. */
  mayStandInVersions: boolean;
}

/** What an owner typed into the chat. */
export interface KnownTyped {
  id: string;
  account: AccountId;
  typedId: number;
  kind: ReadingKind;
  /** Epoch seconds. */
  date: number;
  value: string;
  createdMs: number;
  /** The same reading, delivered by a device. */
  device?: Known;
  /** It may or may not be in Garmin. */
  isEither: boolean;
  /** An older store was put back, which doesn't know that it was typed. */
  mayBeTwice?: boolean;
  /** It was handed on, and its new owner has taken their yes back. */
  isGone?: boolean;
  /** Its owner linked another profile before it had gone from this one, where nobody can remove it any more. */
  leftIn?: GarminName;
}

/** A reading that its owner said is the other account's. */
export interface KnownHandOn {
  known: Known;
  from: AccountId;
  /** Of the one it came to, as `pairName` says. */
  pair: string;
  /** As it was offered. */
  date: number;
  value: string;
  createdMs: number;
  /** In the other account, once it was accepted. */
  typed?: KnownTyped;
  /** Nobody knows: an answer failed, or an older store was put back. */
  isEither: boolean;
}

export interface Pairing {
  account: AccountId;
  person: PersonName;
  garmin: GarminName;
  fromMs: number;
  toMs: number;
}

/** A run may go on using the old links for this long. */
const RUN_SECONDS = 2 * HOUR;
/** The model learns of a new link a moment after the program. */
const LINKING_SECONDS = 60;
/** The first run of a pair goes back a month. */
const FIRST_RUN_DAYS = 29;

export const pairName = ({ person, garmin }: { person: PersonName; garmin: GarminName }) => `${person}>${garmin}`;

/** What should be true, judged by what happened and never by what the program says. */
export class Model {
  readonly readings: Known[] = [];
  readonly typed: KnownTyped[] = [];
  readonly handedOn: KnownHandOn[] = [];
  readonly pairings: Pairing[] = [];
  readonly sends = new Map<AccountId, { weigh_in: boolean; blood_pressure: boolean }>();
  /** What owners chose about readings that are gone at Withings, and whether that was ever "always". */
  readonly deletions = new Map<AccountId, Settings["deletions"]>();
  readonly removing = new Set<AccountId>();

  find(id: string): Known | undefined {
    return this.readings.find((it) => it.id === id);
  }

  isOn(account: AccountId, kind: ReadingKind): boolean {
    return this.sends.get(account)?.[kind] ?? true;
  }

  accountsOf(person: PersonName): AccountId[] {
    return this.pairings.filter((it) => it.person === person && it.toMs === Infinity).map((it) => it.account);
  }

  current(account: AccountId): Pairing | undefined {
    return this.pairings.find((it) => it.account === account && it.toMs === Infinity);
  }

  /** `to` is undefined if one of the two is missing. */
  linked(account: AccountId, to: { person: PersonName; garmin: GarminName } | undefined, nowMs: number): void {
    const before = this.current(account);
    if (before && to && before.person === to.person && before.garmin === to.garmin) return;
    if (before) before.toMs = nowMs;
    if (before && before.garmin !== to?.garmin) {
      for (const typed of this.typed) {
        if (typed.account === account && typed.isGone) typed.leftIn ??= before.garmin;
      }
    }
    if (!to) return;
    this.pairings.push({ account, ...to, fromMs: nowMs, toMs: Infinity });
    // What this pair first sees while the kind is off is left out for good.
    for (const known of this.readings) {
      if (known.person === to.person && !this.isOn(account, known.kind)) known.isEither = true;
    }
  }

  mayBeSent(person: PersonName, garmin: GarminName, atMs: number): boolean {
    return this.pairings.some(
      (it) =>
        it.person === person &&
        it.garmin === garmin &&
        it.fromMs - LINKING_SECONDS * 1000 <= atMs &&
        atMs <= it.toMs + RUN_SECONDS * 1000,
    );
  }

  /** Whether the account was linked to this profile then. */
  wasLinked(account: AccountId, garmin: GarminName, atMs: number): boolean {
    return this.pairings.some(
      (it) => it.account === account && this.mayBeSent(it.person, garmin, atMs) && it.garmin === garmin,
    );
  }

  /** Whether it has to be in the pair's Garmin by the end; "either" if both are right. */
  verdict(known: Known, pairing: Pairing): "must" | "never" | "either" {
    if (known.takenOut.has(pairName(pairing))) return "never";
    const word = known.said.get(pairName(pairing));
    if (word === "handed_on") return "never";
    if (known.isForeign && word !== "mine") return "never";
    if (known.isEither) return "either";
    // By another pair of the one it came to.
    const isHandedOn = this.handedOn.some((it) => it.known === known && it.from === pairing.account);
    if (isHandedOn && word !== "mine") return "either";
    if (known.isDeleted) return known.restored.has(pairName(pairing)) ? "must" : "either";
    if (word === "not_mine") return "either";
    if (!known.isOwn && word !== "mine") return "either";
    return this.isBeforeStart(known, pairing) && word !== "mine" ? "either" : "must";
  }

  /** Whether the pair's first run, which goes back a month, left it out. */
  isBeforeStart(known: Known, pairing: Pairing): boolean {
    const firstMs = Math.min(
      ...this.pairings.filter((it) => pairName(it) === pairName(pairing)).map((it) => it.fromMs),
    );
    return known.date * 1000 < firstMs - FIRST_RUN_DAYS * DAY * 1000;
  }
}
