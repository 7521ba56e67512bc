import * as z from "zod";
import { DELAY_CAUSES, UsageError } from "../lib/errors.ts";
import { issuePaths } from "../lib/json.ts";
import { DEFAULT_SETTINGS } from "../sync/model/account.ts";
import { VENDORS } from "../sync/model/link.ts";
import { KINDS } from "../sync/model/reading.ts";
import type { Field } from "../sync/model/vendors.ts";
import type { Item, JsonObject, Key } from "./table.ts";

/**
 * Every item that is ever stored: where it stands and what it looks like. Instants are ISO texts in UTC.
 *
 *   partition                      sort key                what
 *   accounts                       <account>               the account and its settings
 *   account#<account>              link#<vendor>           tokens (sealed) and whose they are
 *   account#<account>              last-run                how the last run ended
 *   account#<account>              ledger#<w>#<g>          that the account has had a ledger for this pair
 *   account#<account>              health                  what the owner was told, and has to be told
 *   account#<account>              summary                 when the last summary was made
 *   account#<account>              pending-link#<vendor>   tokens of a sign-in that is not a link yet (sealed, ten minutes)
 *   account#<account>              pending-sign-in         a Garmin sign-in that waits for its code (sealed, ten minutes)
 *   account#<account>              sign-in-cooldown        until when Garmin sign-ins rest
 *   account#<account>              garmin-email            the e-mail of the last Garmin sign-in (sealed)
 *   account#<account>              subscriptions           what Withings tells us of, and when that was last checked
 *   account#<account>              schedule                when the account is looked at next
 *   schedule                       <instant>#<account>     the same, listed by time
 *   store                          identity                which store this is, as Telegram remembers it for the bot
 *   schedule-check                 after                   how far the search for accounts without a scheduled run is
 *   jobs                           <account>#<reason>      what is to be done soon, because somebody asked for it
 *   vendor-user#<vendor>#<userid>  account                 which account a Withings person or Garmin profile belongs to
 *   ledger#<account>#<w>#<g>       progress                how far the pair is
 *   ledger#<account>#<w>#<g>       reading#<id>            the fate of one reading
 *   lease#<name>                   lease                   who may work on it, and until when
 *   once#<name>                    once                    that something was said or spent once, and not to be again
 *   rate-limit#<vendor>            rate-limit              when the vendor may be asked next (an hour)
 *   vendor-answers                 answers                 how vendors answered, and unknown shapes (sealed)
 *   people                         <person>                somebody who was invited
 *   invite#<hash>                  invite                  an invitation that nobody has taken up yet (a day)
 *   dialog#<chat>                  dialog                  where a dialog in the chat stands (sealed, a day)
 *   update#<id>                    claim                   that a Telegram update is or was handled (two days)
 */
export const keys = {
  accounts: "accounts",
  account: (account: number): Key => ({ pk: "accounts", sk: String(account).padStart(16, "0") }),
  accountPartition: (account: number) => `account#${account}`,
  ledgerRange: { from: "ledger#", to: "ledger$" },
  ledgerMark: (account: number, withingsUserId: string, garminProfileId: string): Key => ({
    pk: `account#${account}`,
    sk: `ledger#${withingsUserId}#${garminProfileId}`,
  }),
  link: (account: number, vendor: string): Key => ({ pk: `account#${account}`, sk: `link#${vendor}` }),
  lastRun: (account: number): Key => ({ pk: `account#${account}`, sk: "last-run" }),
  health: (account: number): Key => ({ pk: `account#${account}`, sk: "health" }),
  summary: (account: number): Key => ({ pk: `account#${account}`, sk: "summary" }),
  pendingLink: (account: number, vendor: string): Key => ({ pk: `account#${account}`, sk: `pending-link#${vendor}` }),
  pendingSignIn: (account: number): Key => ({ pk: `account#${account}`, sk: "pending-sign-in" }),
  signInCooldown: (account: number): Key => ({ pk: `account#${account}`, sk: "sign-in-cooldown" }),
  garminEmail: (account: number): Key => ({ pk: `account#${account}`, sk: "garmin-email" }),
  subscriptions: (account: number): Key => ({ pk: `account#${account}`, sk: "subscriptions" }),
  scheduledRun: (account: number): Key => ({ pk: `account#${account}`, sk: "schedule" }),
  schedule: "schedule",
  dueEntry: (account: number, dueAt: Date): Key => ({
    pk: "schedule",
    sk: `${dueAt.toISOString()}#${String(account).padStart(16, "0")}`,
  }),
  storeIdentity: { pk: "store", sk: "identity" },
  scheduleCheck: { pk: "schedule-check", sk: "after" },
  jobs: "jobs",
  job: (account: number, what: string): Key => ({ pk: "jobs", sk: `${String(account).padStart(16, "0")}#${what}` }),
  vendorUser: (vendor: string, vendorUserId: string): Key => ({
    pk: `vendor-user#${vendor}#${vendorUserId}`,
    sk: "account",
  }),
  ledger: (account: number, withingsUserId: string, garminProfileId: string) =>
    `ledger#${account}#${withingsUserId}#${garminProfileId}`,
  progress: (ledger: string): Key => ({ pk: ledger, sk: "progress" }),
  reading: (ledger: string, id: string): Key => ({ pk: ledger, sk: `reading#${id}` }),
  lease: (name: string): Key => ({ pk: `lease#${name}`, sk: "lease" }),
  once: (name: string): Key => ({ pk: `once#${name}`, sk: "once" }),
  rateLimit: (vendor: string): Key => ({ pk: `rate-limit#${vendor}`, sk: "rate-limit" }),
  vendorAnswers: { pk: "vendor-answers", sk: "answers" },
  people: "people",
  person: (person: number): Key => ({ pk: "people", sk: String(person).padStart(16, "0") }),
  invite: (hash: string): Key => ({ pk: `invite#${hash}`, sk: "invite" }),
  dialog: (chatId: string): Key => ({ pk: `dialog#${chatId}`, sk: "dialog" }),
  update: (updateId: number): Key => ({ pk: `update#${updateId}`, sk: "claim" }),
};

const instant = z.iso.datetime().transform((text) => new Date(text));

const Sends = z.object({
  weight: z.boolean().default(DEFAULT_SETTINGS.sends.weight),
  composition: z.boolean().default(DEFAULT_SETTINGS.sends.composition),
  muscle: z.boolean().default(DEFAULT_SETTINGS.sends.muscle),
  bloodPressure: z.boolean().default(DEFAULT_SETTINGS.sends.bloodPressure),
});
/** A setting that an older version did not know has its default. */
const SettingsShape = z.object({
  units: z.enum(["kg", "lb", "st"]).default(DEFAULT_SETTINGS.units),
  summaryHour: z.int().min(0).max(23).default(DEFAULT_SETTINGS.summaryHour),
  summaryMode: z.enum(["daily", "when_new", "off"]).default(DEFAULT_SETTINGS.summaryMode),
  tellsSilence: z
    .object({ weigh_in: z.boolean().default(true), blood_pressure: z.boolean().default(true) })
    .prefault({}),
  patienceHours: z.number().min(0).default(DEFAULT_SETTINGS.patienceHours),
  sends: Sends.prefault({}),
});

export const AccountItem = z.object({
  telegramUserId: z.number(),
  createdAt: instant,
  name: z.string().exactOptional(),
  timezone: z.string().exactOptional(),
  reportedTimezone: z.string().exactOptional(),
  language: z.enum(["en", "de"]).exactOptional(),
  settings: SettingsShape.prefault({}),
  blockedAt: instant.exactOptional(),
  questions: z
    .partialRecord(
      z.enum(["links", "sign_in_choice", "withings", "garmin", "zone", "disconnect", "people"]),
      z.object({ messageId: z.number(), isOpen: z.boolean() }),
    )
    .exactOptional(),
});

export const LinkItem = z.object({
  state: z.enum(["linked", "stale"]),
  linkedAt: instant,
  renewedAt: instant.optional(),
  restsUntil: instant.exactOptional(),
  refusal: z.object({ of: z.enum(["renewal", "renewal_unclear", "access"]), since: instant }).exactOptional(),
  triedAt: instant.exactOptional(),
  vendorUserId: z.string(),
  displayName: z.string(),
  accessExpiresAt: instant,
  refreshExpiresAt: instant,
  sealedTokens: z.string(),
});
/** What `sealedTokens` holds. */
export const LinkSecrets = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  previousRefreshToken: z.string().optional(),
  clientId: z.string().optional(),
});

export const PendingLinkItem = z.object({ sealedLink: z.string() });
/** The content of `sealedLink`. */
export const PendingLinkSecrets = z.object({
  tokens: z.object({
    accessToken: z.string(),
    accessExpiresAt: instant,
    refreshToken: z.string(),
    refreshExpiresAt: instant,
    clientId: z.string().exactOptional(),
  }),
  owner: z.object({ vendorUserId: z.string(), displayName: z.string() }).exactOptional(),
});

export const PendingSignInItem = z.object({ sealedState: z.string() });
export const PendingSignInSecrets = z.object({
  cookies: z.record(z.string(), z.string()),
  client: z.enum(["ios", "android"]).exactOptional(),
  method: z.string(),
  sentBy: z.enum(["email", "phone", "other"]).exactOptional(),
  wrongCodes: z.number().exactOptional(),
  sentTo: z.string().exactOptional(),
  startedAt: instant,
});

export const VendorAnswersItem = z.object({ sealedAnswers: z.string() });
const UnknownShapes = z.array(
  z.object({
    firstAt: instant,
    lastAt: instant,
    times: z.number(),
    call: z.string(),
    httpStatus: z.number().exactOptional(),
    where: z.string(),
    headerNames: z.array(z.string()),
    shape: z.array(z.string()),
  }),
);
/** The content of `sealedAnswers`. */
export const VendorAnswersSecrets = z.object({
  unknown: z.object({ withings: UnknownShapes, garmin: UnknownShapes, telegram: UnknownShapes }),
  endpoints: z.record(z.string(), z.record(z.string(), z.object({ times: z.number(), lastAt: instant }))),
});

export const GarminEmailItem = z.object({ sealedEmail: z.string() });
export const CooldownItem = z.object({ until: instant, strikes: z.number() });
export const VendorUserItem = z.object({ account: z.number() });
/** `takenAt` is the fastest clock that took a slot, `nextAt` when the next one comes. */
export const RateLimitItem = z.object({ takenAt: instant, nextAt: instant });
export const LeaseItem = z.object({ owner: z.string() });
export const ClaimItem = z.object({ state: z.enum(["handling", "done"]), until: instant });

export const PersonItem = z.object({ telegramUserId: z.number(), name: z.string(), invitedAt: instant });
export const InviteItem = z.object({ madeAt: instant });
export const DialogItem = z.object({ sealedState: z.string() });
const JobBase = z.object({ account: z.number(), dueAt: instant, attempts: z.number() });
export const JobItem = z.discriminatedUnion("reason", [
  JobBase.extend({ reason: z.enum(["scheduled", "withings_notified", "withings_unlinked"]) }),
  JobBase.extend({ reason: z.enum(["requested", "doctor"]), messageId: z.number() }),
]);
export const ScheduledRunItem = z.object({
  dueAt: instant,
  failures: z.number(),
  settledAt: instant.exactOptional(),
});
export const DueEntryItem = z.object({
  account: z.number(),
  dueAt: instant,
  queuedUntil: instant.exactOptional(),
});
export const StoreIdentityItem = z.object({ id: z.string() });
export const ScheduleCheckItem = z.object({ after: z.string() });
export const SubscriptionsItem = z.object({
  checkedAt: instant,
  callbackId: z.string(),
  state: z.enum(["active", "callback_unreachable", "unknown", "gone"]),
  active: z.array(z.number()),
});

const ActionName = z.enum([
  "add_account",
  "link_withings",
  "link_garmin",
  "relink_withings",
  "relink_garmin",
  "grant_garmin_upload",
  "unlock_garmin_account",
  "use_garmin_page",
  "fix_withings_application",
  "fix_withings_callback",
  "fix_clock",
  "fix_garmin_client_id",
]);
const Kind = z.enum(KINDS);
const Values = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("weigh_in"), weightKg: z.number() }),
  z.object({
    kind: z.literal("blood_pressure"),
    systolicMmHg: z.number(),
    diastolicMmHg: z.number(),
    pulseBpm: z.number().exactOptional(),
  }),
]);
const DelayShape = z.object({
  cause: z.enum(DELAY_CAUSES),
  since: instant,
  waiting: z.number().exactOptional(),
  announced: z.literal(true).exactOptional(),
  newest: z.object({ takenAt: instant, values: Values }).exactOptional(),
  accepted: z.number().exactOptional(),
  following: z.number().exactOptional(),
  until: instant.exactOptional(),
});
export const LastRunItem = z.object({
  finishedAt: instant,
  outcome: z.object({
    status: z.enum(["success", "retry_later", "action_needed", "error"]),
    synced: z.number(),
    skipped: z.number(),
    held: z.number(),
    failed: z.number(),
    action: ActionName.optional(),
    paused: z.array(z.enum(KINDS)).optional(),
    onlyReadings: z.literal(true).exactOptional(),
    unexpectedFrom: z.enum(VENDORS).exactOptional(),
    since: instant.exactOptional(),
    earlier: z.record(z.string(), instant).exactOptional(),
    delay: DelayShape.exactOptional(),
    uploadRefusedAt: instant.exactOptional(),
  }),
});

const DifferenceShape = z.object({
  field: z.enum([
    ...["takenAt", "weightKg", "systolicMmHg", "diastolicMmHg", "pulseBpm", "bmi", "bodyFatPercent"],
    ...["bodyWaterPercent", "muscleMassKg", "boneMassKg", "visceralFatIndex", "metabolicAgeYears"],
  ] as Field[]),
  sent: z.number(),
  shown: z.number().optional(),
});
const GarminKeyShape = z.object({ calendarDate: z.string(), id: z.string() });
const Held = z.object({
  state: z.literal("held"),
  reason: z.enum([
    ...["ambiguous_person", "typed_at_sign_up", "unknown_attribution", "improbable_weight"],
    ...["in_the_future", "impossible_date", "no_timezone", "before_start"],
  ] as const),
});
const Failed = z.object({
  state: z.literal("failed"),
  reason: z.enum(["out_of_range", "refused_by_garmin", "never_appeared", "unreadable_in_garmin"]),
});

export const LedgerItem = z.object({
  measureGroupId: z.number(),
  kind: Kind,
  takenAt: instant,
  modifiedAt: instant,
  fingerprint: z.string(),
  fate: z.discriminatedUnion("state", [
    Held,
    Failed,
    z.object({ state: z.literal("skipped"), reason: z.enum(["already_in_garmin", "kind_off", "not_mine"]) }),
    z.object({ state: z.literal("sending") }),
    z.object({ state: z.literal("sent") }),
    z.object({ state: z.literal("seen") }),
  ]),
  values: Values,
  doubt: Held.shape.reason.exactOptional(),
  decision: z.object({ type: z.enum(["mine", "not_mine", "bring"]), at: instant }).optional(),
  attempts: z.number(),
  accepted: z.number().exactOptional(),
  attemptedAt: instant.optional(),
  seenAt: instant.optional(),
  garminKey: GarminKeyShape.optional(),
  differences: z.array(DifferenceShape).optional(),
  possibleCopies: z.array(z.object({ takenAt: instant, values: Values, until: instant })).optional(),
  replaces: z.object({ takenAt: instant, values: Values, garminKey: GarminKeyShape.optional() }).optional(),
});

export const ProgressItem = z.object({
  startAt: instant,
  begunAt: instant.exactOptional(),
  cursorAt: instant,
  adopting: z.boolean().optional(),
  askedSince: instant.optional(),
  timezone: z.string().optional(),
  height: z.object({ takenAt: instant, heightM: z.number() }).optional(),
  recentWeighIns: z.array(z.object({ takenAt: instant, weightKg: z.number() })),
  lastReadings: z.partialRecord(Kind, z.object({ takenAt: instant, values: Values })),
  measuredAt: z.partialRecord(Kind, z.array(instant)).exactOptional(),
  attention: z.array(
    z.object({
      measureGroupId: z.number(),
      kind: Kind,
      takenAt: instant,
      modifiedAt: instant,
      values: Values,
      fate: z.discriminatedUnion("state", [Held, Failed]),
      waitsSince: instant.optional(),
    }),
  ),
  open: z.array(z.string()).optional(),
  arrived: z
    .array(
      z.object({
        id: z.string(),
        kind: Kind,
        takenAt: instant,
        arrivedAt: instant,
        values: Values,
        composition: z
          .object({
            bodyFatPercent: z.number().optional(),
            bodyWaterPercent: z.number().optional(),
            muscleMassKg: z.number().optional(),
            boneMassKg: z.number().optional(),
            visceralFatIndex: z.number().optional(),
          })
          .optional(),
      }),
    )
    .default([]),
  unreadable: z
    .array(z.object({ id: z.string(), takenAt: instant.exactOptional(), listedSince: instant, lookedAt: instant }))
    .exactOptional(),
  reportedUnknown: z.array(z.string()),
  paused: z
    .partialRecord(
      Kind,
      z.object({
        reason: z.enum(["closed", "differs"]),
        since: instant,
        lookedAt: instant,
        httpStatus: z.number().optional(),
        from: instant,
        waiting: z.number(),
        askedSince: instant.optional(),
      }),
    )
    .optional(),
  proven: z.array(Kind).optional(),
  differing: z
    .array(
      DifferenceShape.extend({
        kind: Kind,
        takenAt: instant,
        values: Values,
        isAccepted: z.boolean().optional(),
      }),
    )
    .optional(),
  twin: z
    .object({ takenAt: instant, values: Values, other: z.object({ takenAt: instant, values: Values }) })
    .optional(),
});

const Trouble = z.object({
  what: z.union([ActionName, z.enum(["broken", "waiting", "withings_unexpected", "garmin_unexpected"])]),
  cause: z.string().exactOptional(),
  since: instant.exactOptional(),
});
export const HealthItem = z.object({
  attentionTold: z.array(z.string()),
  unreadableTold: z.array(z.string()).exactOptional(),
  noticesTold: z.array(z.string()).exactOptional(),
  outage: z
    .object({
      since: instant,
      state: z.enum(["lasts", "over"]),
      runs: z.number().default(0),
      synced: z.number(),
      standing: z.array(Trouble),
      told: z.array(Trouble.extend({ at: instant, times: z.number() })),
      waitingSince: instant.exactOptional(),
      delay: DelayShape.exactOptional(),
    })
    .exactOptional(),
  expiries: z
    .array(
      z.object({
        vendor: z.enum(VENDORS),
        endsAt: instant,
        lifeDays: z.number(),
        toldDays: z.number().exactOptional(),
      }),
    )
    .exactOptional(),
});

export const SummaryItem = z.object({
  lastSummaryAt: instant.exactOptional(),
  silenceToldFor: instant.exactOptional(),
  kindSilenceToldFor: z.partialRecord(Kind, instant).exactOptional(),
});

/** A stored value as its schema says. What was damaged, or written by hand, ends in one sentence, never in a guess. */
export function readItem<T>(item: Item, schema: z.ZodType<T>): T {
  return parseStored(item.value, item.key, schema);
}

export function parseStored<T>(value: unknown, key: Key, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = value === null ? "" : ` (${issuePaths(parsed.error)})`;
  throw new UsageError(
    `The stored item "${key.sk}" in "${key.pk}" is damaged${where}. Restore the table from a backup.`,
  );
}

/**
 * As it is stored: dates as ISO texts, absent fields left out. Throws at a number or a date that JSON can not hold: it
 * would write null without a word, and the item could not be read again.
 */
export function toJson(value: object): JsonObject {
  const path = pathOfUnstorable(value);
  if (path !== undefined) throw new Error(`"${path}" can not be stored: it is no finite number, or no date`);
  return JSON.parse(JSON.stringify(value));
}

function pathOfUnstorable(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "";
  if (value instanceof Date) return pathOfUnstorable(value.getTime());
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const path = pathOfUnstorable(inner);
    if (path !== undefined) return path === "" ? name : `${name}.${path}`;
  }
  return undefined;
}
