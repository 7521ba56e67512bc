import type { FaultEffect, FaultMatch, ServerName } from "../../src/sandbox/fault.ts";
import type { Settings } from "../../src/sync/model/account.ts";
import type { Decision } from "../../src/sync/model/ledger.ts";
import type { AwsTrouble } from "../support/aws-proxy.ts";
import type { Death } from "./turns.ts";

export const HOUR = 3600;
export const DAY = 24 * HOUR;

export const PEOPLE = ["ann", "bob", "cy"] as const;
export type PersonName = (typeof PEOPLE)[number];
export const GARMINS = ["g1", "g2", "g3"] as const;
export type GarminName = (typeof GARMINS)[number];
export const ACCOUNTS = [4711, 4712] as const;
export type AccountId = (typeof ACCOUNTS)[number];

/** The people and profiles an account may be linked to; it starts with the first ones. */
export const HOMES: Record<AccountId, { people: readonly PersonName[]; garmins: readonly GarminName[] }> = {
  4711: { people: ["ann", "ann", "cy"], garmins: ["g1", "g1", "g3"] },
  4712: { people: ["bob"], garmins: ["g2", "g2", "g3"] },
};

/** What happens to a request on its way, beyond what a server can do. */
export type LineTrouble =
  /** Nothing happens, and there's no answer for half a minute. */
  | "hang"
  /** It happens, and there's no answer for half a minute. */
  | "hang_after"
  /** It happens, and a gateway answers 504. */
  | "gateway_after"
  /** It happens, and the answer is 400. */
  | "refused_after"
  /** It happens, and the answer is 204 without a body. */
  | "empty_after";

export type HandOnAnswer = "yes" | "no" | "undo" | "withdraw" | "mine" | "sync";

export type Oddity =
  /** Garmin shows weights rounded to 0.1 kg. */
  | "rounded_weights"
  /** One of the records in Withings' list has no date. */
  | "odd_withings_record"
  /** One of the entries in Garmin's lists has no time. */
  | "odd_garmin_entry";

/** Plain data, so that a schedule can be printed, cut down and played again. */
export type Step =
  | {
      do: "measure";
      id: string;
      who: PersonName;
      kind: "weigh_in" | "blood_pressure";
      agoSeconds: number;
      lateSeconds: number;
      attrib: number;
      /** kg, or systolic. */
      value: number;
      /** Fat ratio, or diastolic. */
      second: number;
      pulse?: number;
      siblings?: true;
      isFar?: true;
    }
  | {
      do: "edit";
      id: string;
      /** "give": to somebody who doesn't use the program. */
      what: "value" | "second" | "attrib" | "time" | "touch" | "delete" | "give";
      /** kg or systolic, fat or diastolic, attrib, or seconds ago. */
      to: number;
    }
  | { do: "fault"; server: ServerName; match: FaultMatch; effect: FaultEffect; times: number }
  | { do: "line"; trouble: LineTrouble; method?: string; skip: number; times: number }
  | { do: "odd"; oddity: Oddity; isOn: boolean }
  | { do: "slow"; seconds: number }
  | { do: "consent"; garmin: GarminName; isGiven: boolean }
  | { do: "end"; vendor: "withings" | "garmin"; account: AccountId; how: "access" | "all" }
  | { do: "clock"; program: 0 | 1; skewSeconds: number }
  | { do: "word"; account: AccountId; word: Decision; nth: number }
  /** The owner gives one answer about all that wait for one, or takes such an answer back. */
  | { do: "word together"; account: AccountId; word: Extract<Decision, "mine" | "not_mine"> }
  | { do: "undo together"; account: AccountId }
  /** The owner takes a reading out of Garmin that arrived, the nth from the last, or restores one. */
  | { do: "undo" | "restore"; account: AccountId; nth: number }
  /** The owner says what becomes of readings that are gone at Withings, for the nth question. */
  | { do: "answer"; account: AccountId; answer: "keep" | "remove"; nth: number }
  | { do: "deletions"; account: AccountId; choice: Settings["deletions"] }
  /** The owner types a reading into the chat. `nth`: of all that are typed in this schedule. */
  | { do: "type"; id: string; account: AccountId; kind: "weigh_in" | "blood_pressure"; nth: number; agoSeconds: number }
  /** The device delivers the same reading, `apartSeconds` later or earlier than its owner typed. */
  | { do: "deliver"; id: string; of: string; apartSeconds: number; attrib: number }
  /**
   * The owner says that a reading that waits is the other account's, and both answer as listed. `isConfirmed`: then Withings says
   * that it's the owner's. `isDelivered`: then Withings gives the same one to the other one.
   */
  | {
      do: "hand on";
      account: AccountId;
      nth: number;
      answers: HandOnAnswer[];
      isConfirmed: boolean;
      isDelivered: boolean;
    }
  | { do: "switch"; account: AccountId; weight: boolean; bloodPressure: boolean }
  | { do: "disconnect"; account: AccountId; vendor: "withings" | "garmin" }
  | { do: "link"; account: AccountId; person: PersonName; garmin: GarminName }
  | { do: "store"; kinds: AwsTrouble[]; every: number }
  | { do: "restart" }
  | { do: "snapshot" }
  | { do: "put back" }
  /** All faults end, and the owners do what they were asked. */
  | { do: "well" }
  /** Time passes, with rounds of the program. */
  | { do: "rounds"; times: number; everySeconds: number }
  | { do: "sync"; account: AccountId; sinceDays?: number; compares?: true }
  /** A copy of the program dies in the middle of a round. */
  | { do: "crash"; program: 0 | 1; death: Death }
  /** The same, in its own process, by SIGKILL. */
  | { do: "kill"; death: Death }
  /** Two copies of the program run at once. */
  | { do: "both"; seed: number; isBusy: boolean }
  /** The owner signs in during a run. */
  | {
      do: "link while running";
      seed: number;
      account: AccountId;
      person?: PersonName;
      garmin?: GarminName;
      after: number;
    };

export interface Schedule {
  seed: number;
  store: "sqlite" | "dynamodb";
  startsAt: string;
  timezone: string;
  pageSize: number;
  /** Readings of one kind may be seconds apart. */
  twins: boolean;
  /** How wrong the clock is at the very first run. */
  firstSkewSeconds: number;
  steps: Step[];
}

/** One line for people. */
export function inWords(step: Step): string {
  const { do: what, ...about } = step;
  const facts = Object.entries(about).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return `${name}=${typeof value === "object" ? shortJson(value) : value}`;
  });
  return [what, ...facts].join(" ");
}

const shortJson = (value: unknown) =>
  JSON.stringify(value, (_name, it: unknown) => (it instanceof RegExp ? String(it) : it)).slice(0, 140);
