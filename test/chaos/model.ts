import type { Decision } from "../../src/sync/model/ledger.ts";
import type { ReadingKind } from "../../src/sync/model/reading.ts";
import { type AccountId, DAY, type GarminName, HOUR, type PersonName } from "./steps.ts";

/** A reading, and what is known about where it belongs. */
export interface Known {
  id: string;
  person: PersonName;
  grpid: number;
  kind: ReadingKind;
  /** Epoch seconds. */
  date: number;
  /** Its time before the correction. */
  earlier: number[];
  createdMs: number;
  /** Certainly its person's own and near their other readings, from the start. */
  isOwn: boolean;
  /** Always somebody else's, as far as Withings says. */
  isForeign: boolean;
  /** Everything Withings ever said about it, newest last. */
  versions: string[];
  isDeleted: boolean;
  /** The owner's answers about it, by the pair whose ledger held it. */
  said: Map<string, Decision>;
  /** It may or may not be in Garmin, for instance because its kind was off when the program could first see it. */
  isEither: boolean;
  /** Garmin may keep what it has of it: it was changed while its kind was off, for instance. */
  mayBeOutdated: boolean;
  /** An older store was put back, which does not know what was sent of it: a version from before an edit is not ours then. */
  mayStandInVersions: boolean;
}

/** From when to when an account was linked to these two. */
export interface Pairing {
  account: AccountId;
  person: PersonName;
  garmin: GarminName;
  fromMs: number;
  toMs: number;
}

/** How long a run that began with the old links may still use them. */
const RUN_SECONDS = 2 * HOUR;
/** The model learns of a new link a moment after the program has it. */
const LINKING_SECONDS = 60;
/** The first run of a pair reaches back a month. */
const FIRST_RUN_DAYS = 29;

export const pairName = ({ person, garmin }: { person: PersonName; garmin: GarminName }) => `${person}>${garmin}`;

/** What should be true, derived from what happened and never from what the program says. */
export class Model {
  readonly readings: Known[] = [];
  readonly pairings: Pairing[] = [];
  readonly sends = new Map<AccountId, { weigh_in: boolean; blood_pressure: boolean }>();

  find(id: string): Known | undefined {
    return this.readings.find((it) => it.id === id);
  }

  isOn(account: AccountId, kind: ReadingKind): boolean {
    return this.sends.get(account)?.[kind] ?? true;
  }

  /** Accounts that are linked to this person just now. */
  accountsOf(person: PersonName): AccountId[] {
    return this.pairings.filter((it) => it.person === person && it.toMs === Infinity).map((it) => it.account);
  }

  current(account: AccountId): Pairing | undefined {
    return this.pairings.find((it) => it.account === account && it.toMs === Infinity);
  }

  /** What the account is linked to from now on; undefined where one of the two is missing. */
  linked(account: AccountId, to: { person: PersonName; garmin: GarminName } | undefined, nowMs: number): void {
    const before = this.current(account);
    if (before && to && before.person === to.person && before.garmin === to.garmin) return;
    if (before) before.toMs = nowMs;
    if (!to) return;
    this.pairings.push({ account, ...to, fromMs: nowMs, toMs: Infinity });
    // What this pair sees for the first time while its kind is off is left for good.
    for (const known of this.readings) {
      if (known.person === to.person && !this.isOn(account, known.kind)) known.isEither = true;
    }
  }

  /** Whether a reading of this person may have been sent there at that time. */
  mayBeSent(person: PersonName, garmin: GarminName, atMs: number): boolean {
    return this.pairings.some(
      (it) =>
        it.person === person &&
        it.garmin === garmin &&
        it.fromMs - LINKING_SECONDS * 1000 <= atMs &&
        atMs <= it.toMs + RUN_SECONDS * 1000,
    );
  }

  /** What has to be in the Garmin of the pair by the end; "either" where both are right. */
  verdict(known: Known, pairing: Pairing): "must" | "never" | "either" {
    const word = known.said.get(pairName(pairing));
    if (known.isForeign && word !== "mine") return "never";
    if (known.isEither || known.isDeleted) return "either";
    if (word === "not_mine") return "either";
    if (!known.isOwn && word !== "mine") return "either";
    return this.isBeforeStart(known, pairing) && word !== "mine" ? "either" : "must";
  }

  /** Whether the first run of the pair, if it reached back a month, left it where it was. */
  isBeforeStart(known: Known, pairing: Pairing): boolean {
    const firstMs = Math.min(
      ...this.pairings.filter((it) => pairName(it) === pairName(pairing)).map((it) => it.fromMs),
    );
    return known.date * 1000 < firstMs - FIRST_RUN_DAYS * DAY * 1000;
  }
}
