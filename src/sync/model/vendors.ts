/** The contract between what Weighbridge does (`sync/`) and whom it talks to (`withings/`, `garmin/`, `store/`). */
import { RetryLaterError } from "../../lib/errors.ts";
import type { BloodPressure, ChosenParts, Composition, Reading, ReadingKind, WeighIn } from "./reading.ts";

export const VENDORS = ["withings", "garmin"] as const;
export type Vendor = (typeof VENDORS)[number];
/** What the owner of an ended link has to do. */
export const RELINK = { withings: "relink_withings", garmin: "relink_garmin" } as const satisfies Record<
  Vendor,
  string
>;

/* Tokens and links */

export interface TokenSet {
  accessToken: string;
  accessExpiresAt: Date;
  refreshToken: string;
  /** When the refresh token dies, from the vendor's answer or its documentation. */
  refreshExpiresAt: Date;
  /** Garmin binds tokens to the client id that asked for them. */
  clientId?: string;
}

/** A vendor's refusal that may pass. `renewal_unclear`: in words that we don't know. */
export interface Refusal {
  of: "renewal" | "renewal_unclear" | "access";
  since: Date;
}

export interface Link {
  state: "linked" | "stale";
  linkedAt: Date;
  /** When its tokens were last exchanged for new ones; absent until the first time. */
  renewedAt?: Date;
  /** Until when the vendor last asked us to wait. */
  restsUntil?: Date;
  /** Withings' userid, or Garmin's profile id. */
  vendorUserId: string;
  /** As the vendor shows it to people; for Withings its userid. */
  displayName: string;
  tokens: TokenSet;
  /** The refresh token before the last rotation: a last chance, should the new one never have become valid. */
  previousRefreshToken?: string;
  /** Since when the vendor has been refusing its tokens, for renewal or for access, in a way that is not final yet. */
  refusal?: Refusal;
  /** When a stale link was last found to be refused. */
  triedAt?: Date;
}

/** What of a link is known without its tokens. */
export interface LinkFacts extends Omit<Link, "tokens" | "previousRefreshToken"> {
  refreshExpiresAt: Date;
}

/** A stored thing and the version it was read at. */
export interface Versioned<T> {
  value: T;
  version: string;
}

export interface Links {
  read(account: number, vendor: Vendor): Promise<Versioned<Link> | undefined>;
  /** Also of a link whose tokens cannot be opened any more: that one is stale. */
  facts(account: number, vendor: Vendor): Promise<LinkFacts | undefined>;
  /** Writes if the link still has `version`. False if somebody else wrote first. */
  write(account: number, vendor: Vendor, link: Link, version: string): Promise<boolean>;
  /** Writes whatever is there, even if that cannot be opened: the owner has just signed in. */
  replace(account: number, vendor: Vendor, link: Link): Promise<void>;
  /** Takes the link with its tokens away, whatever state it is in. */
  remove(account: number, vendor: Vendor): Promise<void>;
}

/** The result of a sign-in that is not a link yet, because we do not know yet whose it is, or have to ask the owner. */
export interface PendingLink {
  tokens: TokenSet;
  /** Absent until the vendor has said whose account it is. */
  owner?: { vendorUserId: string; displayName: string };
}

/** The code or ticket is used up, so we cannot get these tokens again: they are kept sealed, for ten minutes. */
export interface PendingLinks {
  read(account: number, vendor: Vendor): Promise<PendingLink | undefined>;
  /** Replaces the previous one. */
  save(account: number, vendor: Vendor, pending: PendingLink): Promise<void>;
  forget(account: number, vendor: Vendor): Promise<void>;
}

/**
 * Which account a person at one vendor belongs to. One Withings person in two accounts would have every reading in two
 * Garmins; one Garmin profile in two would hold the readings of two bodies.
 */
export interface VendorUsers {
  /** Claims the person for the account; answers whose it is afterwards. */
  claim(vendorUserId: string, account: number): Promise<number>;
  /** Whose the person is, if anybody's. */
  accountOf(vendorUserId: string): Promise<number | undefined>;
  /** Gives the person free, if it is this account's. */
  release(vendorUserId: string, account: number): Promise<void>;
}

/** `doubtful`: a refusal that may be temporary. It counts once it has lasted a while. */
export type RefreshOutcome = { type: "refreshed"; tokens: TokenSet } | { type: "refused" } | { type: "doubtful" };

/** Exchanges a refresh token at one vendor. Throws `RetryLaterError` when it is unclear. */
export type RefreshTokens = (link: Link) => Promise<RefreshOutcome>;

/** A vendor asked us to wait until then. We ask it nothing for this account before that. */
export class VendorRestError extends RetryLaterError {
  readonly vendor: Vendor;
  readonly until: Date;

  constructor(vendor: Vendor, until: Date, options: { retryAfterSeconds: number; cause?: unknown }) {
    super(`${vendor === "garmin" ? "Garmin" : "Withings"} asked to be left alone until ${until.toISOString()}`, {
      ...options,
      delayedBy: `${vendor}_limited`,
    });
    this.vendor = vendor;
    this.until = until;
  }
}

/** The vendor refused to renew a link in words we do not know: that does not end the link; its owner is told after three days. */
export class UnclearRefusalError extends RetryLaterError {}

/** A vendor's data endpoint refused the access token. Whether the link is at its end is for `tokens` to find out. */
export class AccessRefusedError extends Error {
  override readonly name = "AccessRefusedError";
}

/**
 * Garmin does not offer this kind of reading to this account: its API said so, not something in between. Everything else goes
 * on.
 */
export class KindClosedError extends Error {
  override readonly name = "KindClosedError";
  readonly httpStatus: number;

  constructor(call: string, httpStatus: number) {
    super(`${call} answered HTTP ${httpStatus}: not for this account`);
    this.httpStatus = httpStatus;
  }
}

/** Runs a call with a valid access token, and once more with a renewed one when the first is refused. */
export type WithAccess = <T>(call: (accessToken: string) => Promise<T>) => Promise<T>;

/* Where readings come from */

export interface ReadingSource {
  /** All readings that were created or changed since then, ascending by the time they were taken. */
  changedSince(withAccess: WithAccess, since: Date): Promise<SourceAnswer>;
  /** The newest height Withings has on record. */
  latestHeight(withAccess: WithAccess): Promise<Height | undefined>;
}

/** A record at Withings that cannot be read. */
export interface UnreadableRecord {
  /** Its measure group, or whatever else identifies it. */
  id: string;
  takenAt?: Date;
}

export interface SourceAnswer {
  readings: Reading[];
  height: Height | undefined;
  /** IANA zone. */
  timezone: string | undefined;
  /** The source's own time when it answered, if it said so. */
  answeredAt?: Date;
  /** Unreadable records that hold a reading, or may. */
  unreadable: UnreadableRecord[];
  /** False if there is more that we could not get: the cursor must not pass what was not seen. */
  isComplete: boolean;
  /** Vendor values that nobody here has heard of. */
  unknown: string[];
}

export interface Height {
  takenAt: Date;
  heightM: number;
}

/* Where readings go */

/** One kind of reading in Garmin Connect. */
export interface Sink<R extends Reading = Reading> {
  /** How many readings one `send` may carry. */
  batchSize: number;
  /** All readings of one `send` travel in one file, and Garmin takes or refuses them together. */
  sendsAsOne: boolean;
  /** Why Garmin can never take this reading, or undefined. */
  refusal(reading: R): FailReason | undefined;
  /** What `send` puts into Garmin, on its grid, of the fields that Garmin shows again. */
  sentFields(reading: R, context: Pick<SendContext, "heightM" | "parts">): Fields;
  /** What is in Garmin around these instants (whole days, a day more on either side). Throws `KindClosedError`. */
  around(withAccess: WithAccess, from: Date, to: Date): Promise<Around>;
  /** Not idempotent: what is sent twice stands twice. Answers for each reading, in order. */
  send(withAccess: WithAccess, readings: R[], context: SendContext): Promise<SendAnswer>;
  /** Removes one entry. Removing what is gone already does no harm. */
  remove(withAccess: WithAccess, key: GarminKey): Promise<void>;
}

export interface Sinks {
  weigh_in: Sink<WeighIn>;
  blood_pressure: Sink<BloodPressure>;
}

export interface SendContext {
  /** Called right before each upload; when it throws, that upload is not made. */
  beforeEach: () => Promise<void>;
  heightM: number | undefined;
  /** The owner's zone. If it is unknown, nothing that Garmin keeps by local time is sent. */
  timezone: string | undefined;
  parts: ChosenParts;
}

export interface SendAnswer {
  /** `unknown`: no answer came, and it may stand in Garmin or not. `not_sent`: it surely does not. */
  outcomes: Array<"accepted" | "refused" | "unknown" | "not_sent">;
  /** Why the rest was not sent or is unknown. */
  stoppedBy?: Error;
}

/** Garmin's delete key of one entry. */
export interface GarminKey {
  /** Local date in the Garmin account's zone, `2026-11-21`. */
  calendarDate: string;
  id: string;
}

export interface Around {
  entries: Standing[];
  /** Unreadable entries: each may be any reading that it does not contradict. */
  unreadable: UnreadableEntry[];
}

/** The readable fields of an entry. */
export interface UnreadableEntry {
  takenAt?: Date;
  /** The local date that Garmin lists it under. */
  calendarDate?: string;
  weightKg?: number;
  systolicMmHg?: number;
  diastolicMmHg?: number;
}

/** One entry that stands in Garmin Connect. */
export interface Standing {
  key: GarminKey;
  takenAt: Date;
  /** When it was added to Garmin, if known. */
  storedAt?: Date;
  values: SentValues;
  /** Every field it shows that we may send. */
  fields: Fields;
}

/** Fields of a reading that Garmin accepts and shows: `takenAt` in milliseconds since 1970, the others as their names say. */
export type Field =
  | "takenAt"
  | "weightKg"
  | "systolicMmHg"
  | "diastolicMmHg"
  | "pulseBpm"
  | "bmi"
  | "bodyFatPercent"
  | "bodyWaterPercent"
  | "muscleMassKg"
  | "boneMassKg"
  | "visceralFatIndex"
  | "metabolicAgeYears";
export type Fields = Partial<Record<Exclude<Field, "takenAt">, number>>;

/** A field that Garmin shows differently from what was sent. Without `shown` it is missing there. */
export interface Difference {
  field: Field;
  sent: number;
  shown?: number;
}

/** What is needed to recognise a reading in Garmin's answer. */
export type SentValues =
  | { kind: "weigh_in"; weightKg: number }
  | { kind: "blood_pressure"; systolicMmHg: number; diastolicMmHg: number; pulseBpm?: number };

/* What we remember */

export type HeldReason =
  | "ambiguous_person"
  | "typed_at_sign_up"
  | "unknown_attribution"
  | "improbable_weight"
  /** It goes on by itself when its date has come. */
  | "in_the_future"
  /** No device can have measured it then: its clock had been reset. */
  | "impossible_date"
  /** Garmin keeps blood pressure by local time, and no time zone is known. */
  | "no_timezone"
  /** Withings got it after the account was linked, and it was taken before the account's start. */
  | "before_start";
/** `kind_off`: it came while its kind was not to be sent. `not_mine`: its owner said that it is not, or to leave it. */
export type SkipReason = "already_in_garmin" | "kind_off" | "not_mine";
/** `unreadable_in_garmin`: something is there that cannot be read and may be it. */
export type FailReason = "out_of_range" | "refused_by_garmin" | "never_appeared" | "unreadable_in_garmin";

export type Fate =
  | { state: "held"; reason: HeldReason }
  | { state: "sending" }
  | { state: "sent" }
  | { state: "seen" }
  | { state: "skipped"; reason: SkipReason }
  | { state: "failed"; reason: FailReason };

/** What an owner says of a reading that waits for them. "bring": to send it, if nothing but its age speaks against it. */
export type Word = "mine" | "not_mine" | "bring";

/** What we did with one reading (invariant 1). */
export interface LedgerEntry {
  measureGroupId: number;
  kind: ReadingKind;
  takenAt: Date;
  modifiedAt: Date;
  fingerprint: string;
  fate: Fate;
  values: SentValues;
  /** Why it would have been held, had Garmin not had it already: it says nothing about what its owner weighs. */
  doubt?: HeldReason;
  /** What its owner said of it. Whatever becomes of it afterwards, "mine" stays said. */
  ownersWord?: { word: Word; at: Date };
  /** How often it was sent. */
  attempts: number;
  /** How many of the attempts Garmin accepted; undefined: none. */
  accepted?: number;
  /** When the last attempt was made, or since when its outcome is unknown. */
  attemptedAt?: Date;
  /** When this version was seen in Garmin. */
  seenAt?: Date;
  garminKey?: GarminKey;
  /** What Garmin showed differently from what was sent when it was seen. */
  differences?: Difference[];
  /** Versions that were sent and never accounted for: should Garmin show one late, it has to go. */
  mayAlsoStand?: Unaccounted[];
  /** An older version of this reading that stands in Garmin and has to go before the new one is sent. */
  replaces?: { takenAt: Date; values: SentValues; garminKey?: GarminKey };
}

export interface Unaccounted {
  takenAt: Date;
  values: SentValues;
  /** Until when it is looked for. */
  until: Date;
}

/** The memory of one pair of a Withings user and a Garmin profile: what happened to their readings, and how far we are. */
export interface Journal {
  progress(): Promise<Versioned<Progress> | undefined>;
  /** Throws `RetryLaterError` when somebody else wrote first. */
  saveProgress(progress: Progress, version: string | undefined): Promise<Versioned<Progress>>;
  /** Entries by `readingId`. */
  entries(ids: string[]): Promise<Map<string, Versioned<LedgerEntry>>>;
  /** Garmin's delete keys of all entries, by `readingId`. Reads the whole ledger, so it is for rare occasions. */
  garminKeys(): Promise<Map<string, string>>;
  /** Throws `RetryLaterError` when somebody else wrote first. */
  write(entry: LedgerEntry, version: string | undefined): Promise<Versioned<LedgerEntry>>;
  /** Takes back an entry whose reading was surely not sent. */
  forget(entry: Versioned<LedgerEntry>): Promise<void>;
}

export interface Progress {
  /** Readings taken before this stay where they are. */
  startAt: Date;
  /** When the first run ended. What Withings got later is not just history, however old it is. */
  begunAt?: Date;
  /** Withings' `modified` time up to which everything is settled or held (invariant 2). */
  cursorAt: Date;
  /** Garmin may have readings of this period from elsewhere. Set until a run has settled everything. */
  adopting?: boolean;
  /** The owner asked for everything since then, also for what was left while its kind was off. Set just as long. */
  askedSince?: Date;
  timezone?: string;
  height?: Height;
  /** The account's own weigh-ins of the last 90 days, the measure of what is probable. */
  recentWeighIns: Array<{ takenAt: Date; weightKg: number }>;
  lastReadings: Partial<Record<ReadingKind, { takenAt: Date; values: SentValues }>>;
  /** The last occasions on which each kind was measured, ascending: the account's rhythm. */
  measuredAt?: Partial<Record<ReadingKind, Date[]>>;
  /** Held and failed readings, for the owner's eyes. */
  attention: AttentionItem[];
  /** Readings with an upload not accounted for, by `readingId`: followed up even when they are gone. */
  open?: string[];
  /** What we brought into Garmin in the last days, by the time it was seen there. */
  arrived: Arrival[];
  /** Vendor values that were reported already. */
  reportedUnknown: string[];
  /** Unreadable Withings records. The cursor has passed them, and once a day they are looked at again. */
  unreadable?: RememberedRecord[];
  /** Kinds not sent for now. */
  paused?: Partial<Record<ReadingKind, Pause>>;
  /** Kinds with a reading that came back from Garmin as it was sent, or that its owner accepted. */
  proven?: ReadingKind[];
  /** Fields that came back different from what was sent, the newest for each field. */
  differing?: Differing[];
  /** The first reading that was found in Garmin a second time, from elsewhere. */
  twin?: Twin;
}

/** Nothing of a kind is sent, and everything else goes on. */
export interface Pause {
  /** `closed`: Garmin does not offer this kind to this account. `differs`: a reading came back with another weight or time. */
  reason: "closed" | "differs";
  since: Date;
  /** When Garmin was last asked about it. */
  lookedAt: Date;
  /** How Garmin refuses it. */
  httpStatus?: number;
  /** Withings' `modified` time of the first reading that waits. */
  from: Date;
  /** How many waited at the last check. */
  waiting: number;
  /** What the owner had asked for by then, so that it is brought once the kind is tried again. */
  askedSince?: Date;
}

export interface Differing extends Difference {
  kind: ReadingKind;
  takenAt: Date;
  values: SentValues;
  /** The owner has said to go on anyway. */
  isAccepted?: boolean;
}

/** A reading of ours and another entry that Garmin has for the same event. */
export interface Twin {
  takenAt: Date;
  values: SentValues;
  other: { takenAt: Date; values: SentValues };
}

export interface RememberedRecord extends UnreadableRecord {
  /** The start of the request that first listed it: asking for everything changed since then lists it again. */
  listedSince: Date;
  lookedAt: Date;
}

/** A reading that we have seen in Garmin, with what was sent of it. */
export interface Arrival {
  /** Its `readingId`. */
  id: string;
  kind: ReadingKind;
  takenAt: Date;
  arrivedAt: Date;
  values: SentValues;
  composition?: Composition;
}

export interface AttentionItem {
  measureGroupId: number;
  kind: ReadingKind;
  takenAt: Date;
  modifiedAt: Date;
  values: SentValues;
  fate: Extract<Fate, { state: "held" | "failed" }>;
  /** Since when it is held, or has failed. */
  waitsSince?: Date;
}

export interface Journals {
  of(account: number, withingsUserId: string, garminProfileId: string): Journal;
  /** The store may be older than what was sent: the next run of each journal looks into Garmin first, as a first run does. */
  lookFirst(account: number): Promise<void>;
}

export interface Leases {
  /** The right to work on `name` for `seconds`, or undefined while somebody else has it. */
  acquire(name: string, seconds: number): Promise<Lease | undefined>;
}

export interface Lease {
  /** Seconds that are left by our own clock. */
  remainingSeconds(): number;
  /** Extends it. Throws `RetryLaterError` when it was lost. */
  renew(seconds: number): Promise<void>;
  release(): Promise<void>;
}

/** How often a vendor may be asked, by all processes together. */
export interface Budget {
  /**
   * Takes the next free slot and answers in how many seconds it comes. Takes none and throws `RetryLaterError` when that
   * is more than `patienceSeconds`, or when the store is busy.
   */
  take(patienceSeconds: number): Promise<number>;
}

export interface Erasure {
  /** Takes away everything that is stored of the account: links, ledger, settings. */
  erase(account: number): Promise<void>;
}

/** Identifies a store, and tells a used one from an empty one. */
export interface StoreIdentity {
  /** Twelve hex digits, made once and kept for the life of the store, including through a backup. */
  id(): Promise<string>;
  /** Whether it has no accounts. */
  isEmpty(): Promise<boolean>;
}
