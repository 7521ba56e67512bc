import type { Versioned } from "./link.ts";
import type { Composition, Reading, ReadingKind } from "./reading.ts";
import type { Difference, FailReason, GarminKey, Height, Measured, SentValues, UnreadableRecord } from "./vendors.ts";

export const HELD_REASONS = [
  "ambiguous_person",
  "typed_at_sign_up",
  "unknown_attribution",
  "improbable_weight",
  /** It's sent by itself once its date has come. */
  "in_the_future",
  /** No device can have measured it then: its clock had been reset. */
  "impossible_date",
  /** Garmin keeps blood pressure by local time, and no time zone is known. */
  "no_timezone",
  /** Withings got it after the account was linked, and it was taken before the account's start. */
  "before_start",
] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** `kind_off`: it came while its kind was off. `not_mine`: its owner said so, or to leave it. */
export const SKIP_REASONS = ["already_in_garmin", "kind_off", "not_mine"] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export type Fate =
  | { state: "held"; reason: HeldReason }
  | { state: "sending" }
  | { state: "sent" }
  | { state: "seen" }
  | { state: "skipped"; reason: SkipReason }
  | { state: "failed"; reason: FailReason }
  /** Its owner wants it out of Garmin. It may still be there. */
  | { state: "removing" }
  /** It was in Garmin, and is gone. Only its owner brings it back. */
  | { state: "removed" };

/**
 * An owner's answer about a held reading. "send_old": send it, if only its age is in the way. "ask_again": they took their answer
 * back, so it's held until they give another. "handed_on": it's somebody else's here, and comes back only by its owner's word.
 */
export const DECISIONS = ["mine", "not_mine", "send_old", "ask_again", "handed_on"] as const;
export type Decision = (typeof DECISIONS)[number];

export interface LedgerEntry extends Measured {
  measureGroupId: number;
  kind: ReadingKind;
  modifiedAt: Date;
  fingerprint: string;
  fate: Fate;
  /** Why it would have been held if Garmin hadn't had it: it says nothing about what its owner weighs. */
  doubt?: HeldReason;
  /** Whatever happens to the reading afterwards, "mine", "ask_again" and "handed_on" stay. `about`: why it was held. */
  decision?: { type: Decision; at: Date; about?: HeldReason };
  /** Its owner keeps it in Garmin, though it's gone at Withings or somebody else's there. */
  isKept?: true;
  /** With "removing" and "removed". `emptySince`: Garmin answered a look without a body. */
  removal?: { askedAt: Date; removedAt?: Date; emptySince?: Date };
  attempts: number;
  /** How many of the attempts Garmin accepted; absent: none. */
  accepted?: number;
  attemptedAt?: Date;
  seenAt?: Date;
  garminKey?: GarminKey;
  differences?: Difference[];
  /** Versions that were sent and never confirmed: if Garmin shows one late, it has to go. */
  possibleCopies?: UnconfirmedUpload[];
  /** An older version of this reading that is in Garmin and has to go before the new one is sent. */
  replaces?: Measured & { garminKey?: GarminKey };
}

export interface UnconfirmedUpload extends Measured {
  until: Date;
}

export interface LedgerWrite {
  entry: LedgerEntry;
  /** Of the entry that it replaces; undefined: there is none. */
  version: string | undefined;
}

/** What happened to the readings of one Withings user and one Garmin profile. */
export interface Ledger {
  progress(): Promise<Versioned<Progress> | undefined>;
  /** Throws `RetryLaterError` if somebody else wrote first. */
  saveProgress(progress: Progress, version: string | undefined): Promise<Versioned<Progress>>;
  entries(ids: string[]): Promise<Map<string, Versioned<LedgerEntry>>>;
  /** Of Withings' readings from this id on, without entries that are damaged. Ids ascend, so these are the newest. */
  entriesFrom(id: string): Promise<LedgerEntry[]>;
  /** Garmin's delete keys of all entries, by `readingId`. Reads the whole ledger. */
  garminKeys(): Promise<Map<string, string>>;
  /**
   * Together. "conflict": somebody else wrote this one first, and it's as they left it. After an error, any of them may be
   * written.
   */
  write(writes: LedgerWrite[]): Promise<Array<Versioned<LedgerEntry> | "conflict">>;
  /** Without entries that are damaged. Reads the whole ledger. */
  all(): Promise<Array<Versioned<LedgerEntry>>>;
  /** What Withings had from before the ledger's start; undefined: nobody has asked it yet. */
  past(): Promise<Reading[] | undefined>;
  savePast(readings: Reading[], readAt: Date): Promise<void>;
  /** Removes an entry whose reading was certainly not sent. */
  forget(entry: Versioned<LedgerEntry>): Promise<void>;
}

export interface Progress {
  /** Readings taken before this stay where they are. */
  startAt: Date;
  /** When the first run ended. What Withings got later isn't just history, however old it is. */
  begunAt?: Date;
  /** Withings' `modified` time up to which everything is settled or held. */
  cursorAt: Date;
  /** Garmin may have readings of this period from elsewhere. Set until a run has settled everything. */
  adopting?: boolean;
  /** The owner asked for everything since then, including what was left while its kind was off. Set for as long as `adopting`. */
  askedSince?: Date;
  timezone?: string;
  height?: Height;
  /** What Garmin's profile said when a height was missing. */
  profileHeight?: ProfileHeight;
  /** The account's own weigh-ins of the last 90 days, to judge new ones by. */
  recentWeighIns: Array<{ takenAt: Date; weightKg: number }>;
  /** The account's own blood pressures of the last month, for its digest. */
  recentPressures?: Array<{ takenAt: Date; systolicMmHg: number; diastolicMmHg: number }>;
  lastReadings: Partial<Record<ReadingKind, Measured>>;
  /** When each kind was last measured, ascending. */
  measuredAt?: Partial<Record<ReadingKind, Date[]>>;
  attention: AttentionItem[];
  /** What was held or not stored in the last month, for its digest. */
  setAside?: SetAside[];
  /** What its owner has answered about several readings at once, for as long as that can be undone. */
  answered?: AnsweredTogether[];
  /** Readings with an unconfirmed upload, by `readingId`: followed up even when they are gone at Withings. */
  open?: string[];
  /**
   * Unconfirmed uploads to this Garmin profile that the account's ledgers of other Withings links had at the start of the last
   * run: nobody else follows them up. `linkedAt`: for which links all ledgers were read.
   */
  earlierLinks?: { linkedAt: Date; open: EarlierOpen[] };
  /** Offered to somebody else who hasn't said yes: by when they should have answered, and the message that says they were asked. */
  handedOn?: HandedOn[];
  /** What its owner wants out of Garmin, until it's gone; and for a month, what is gone. */
  removals?: Removal[];
  /** What its owner restored, until it's settled: it's sent even if Withings no longer lists it. */
  restoring?: string[];
  /** When Withings' list is compared with the ledger again, and the lowest id of a month, from the last time. */
  compared?: { nextAt: Date; from: string };
  /** What we sent and Withings no longer lists, or no longer gives to its owner. */
  gone?: Gone[];
  arrived: Arrival[];
  reportedUnknown: string[];
  /** Unreadable Withings records. The cursor has passed them, and once a day they are read again. */
  unreadable?: RememberedRecord[];
  paused?: Partial<Record<ReadingKind, Pause>>;
  /** Kinds with a reading that came back from Garmin as it was sent, or that its owner accepted. */
  proven?: ReadingKind[];
  /** Fields that came back different from what was sent, the newest for each field. */
  differing?: Differing[];
  /** The first reading that was found in Garmin a second time, from elsewhere. */
  twin?: Twin;
}

export interface EarlierOpen {
  withingsUserId: string;
  /** By `readingId`. */
  ids: string[];
}

export interface HandedOn {
  id: string;
  until: Date;
  messageId: number;
}

export interface ProfileHeight {
  lookedAt: Date;
  heightM?: number;
}

/** `closed`: Garmin doesn't offer this kind to this account. `differs`: a reading came back with another weight or time. */
export const PAUSE_REASONS = ["closed", "differs"] as const;

export interface Pause {
  reason: (typeof PAUSE_REASONS)[number];
  since: Date;
  lookedAt: Date;
  httpStatus?: number;
  /** Withings' `modified` time of the first reading that waits. */
  from: Date;
  waiting: number;
  /** What the owner had asked for by then, so that it's brought once the kind is tried again. */
  askedSince?: Date;
}

export interface Differing extends Difference, Measured {
  kind: ReadingKind;
  isAccepted?: boolean;
}

export interface Twin extends Measured {
  other: Measured;
}

export interface RememberedRecord extends UnreadableRecord {
  /** The start of the request that first listed it: asking for everything changed since then lists it again. */
  listedSince: Date;
  lookedAt: Date;
}

export interface Arrival extends Measured {
  id: string;
  kind: ReadingKind;
  arrivedAt: Date;
  /** What Garmin had of it before, if it arrived with other values. */
  was?: SentValues;
  garminKeyId?: string;
  composition?: Composition;
}

/** `deleted`: Withings no longer lists it. `reassigned`: it's no longer sure that it's its owner's. */
export const GONE_REASONS = ["deleted", "reassigned"] as const;
export type GoneReason = (typeof GONE_REASONS)[number];

export interface Gone extends Measured {
  id: string;
  kind: ReadingKind;
  why: GoneReason;
  /** When that was first seen. */
  since: Date;
  /** Since when its owner is asked. Absent: another list has to say the same. */
  askedAt?: Date;
  /** Asked about together with the others of the same time. */
  isOfMany?: true;
}

export interface Removal extends Measured {
  id: string;
  kind: ReadingKind;
  askedAt: Date;
  /** What happened to it at Withings, if that's why. `together`: when its owner was asked about it and others. */
  because?: GoneReason;
  together?: Date;
  /** Once it's gone, it's held for this reason, and its owner is asked again. */
  asksAgain?: HeldReason;
  /** It had been handed on to them, and they say that it isn't theirs after all: they can't restore it. */
  isGivenBack?: true;
  removedAt?: Date;
  /** A later run finished it, so its owner hasn't heard. */
  isNews?: true;
}

export interface SetAside {
  /** By `readingId`. */
  id: string;
  state: AttentionItem["fate"]["state"];
  at: Date;
}

export interface AnsweredTogether {
  at: Date;
  /** By `readingId`. */
  ids: string[];
}

/** How long an answer about a held reading can be undone. */
export const UNDONE_WITHIN_MS = 24 * 3600 * 1000;

/** How long a removed reading can be restored. */
const RESTORABLE_SECONDS = 30 * 24 * 3600;

export const restorableUntil = (removedAt: Date) => new Date(removedAt.getTime() + RESTORABLE_SECONDS * 1000);

export interface AttentionItem extends Measured, Pick<LedgerEntry, "measureGroupId" | "kind" | "modifiedAt"> {
  fate: Extract<Fate, { state: "held" | "failed" }>;
  waitsSince?: Date;
  /** Its owner has taken their answer back, so only another one ends this. */
  asksAgain?: true;
}

/** Whether its owner can say if it's theirs. Otherwise something is wrong with it. */
export const asksWhose = ({ fate }: { fate: Fate }) =>
  fate.state === "held" && !["in_the_future", "impossible_date", "no_timezone", "before_start"].includes(fate.reason);

/** Whether the owner's yes would send it. A reading without a time zone is sent as soon as there is one. */
export function canBeSent({ reason }: AttentionItem["fate"]): boolean {
  return reason !== "out_of_range" && reason !== "in_the_future" && reason !== "no_timezone";
}

export interface Ledgers {
  of(account: number, withingsUserId: string, garminProfileId: string): Ledger;
  /** Whose readings the account has in this Garmin profile: Withings users, without the given one. */
  othersIn(account: number, pair: { withingsUserId: string; garminProfileId: string }): Promise<string[]>;
  /** The store may be older than what was sent: the next run of each ledger looks into Garmin first, as a first run does. */
  reconcileWithGarminFirst(account: number): Promise<void>;
}
