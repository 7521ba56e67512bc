import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import {
  CARDS,
  DEFAULT_SETTINGS,
  DELETIONS,
  LANGUAGES,
  QUESTION_TOPICS,
  THEMES,
  UNITS,
} from "../sync/model/account.ts";
import { CODE_WAYS, MOBILE_CLIENTS } from "../sync/model/garmin-sign-in.ts";
import { StoredJob } from "../sync/model/jobs.ts";
import { LINK_STATES, REFUSALS } from "../sync/model/link.ts";
import { SUBSCRIPTION_STATES } from "../sync/model/withings-link.ts";
import { instant } from "./item-json.ts";

const Sends = lazy(() =>
  z.object({
    weight: z.boolean().default(DEFAULT_SETTINGS.sends.weight),
    composition: z.boolean().default(DEFAULT_SETTINGS.sends.composition),
    muscle: z.boolean().default(DEFAULT_SETTINGS.sends.muscle),
    bloodPressure: z.boolean().default(DEFAULT_SETTINGS.sends.bloodPressure),
  }),
);
/** A setting that an older version didn't know has its default. */
const SettingsShape = lazy(() =>
  z.object({
    units: z.enum(UNITS).default(DEFAULT_SETTINGS.units),
    summaryHour: z.int().min(0).max(23).default(DEFAULT_SETTINGS.summaryHour),
    cards: z.enum(CARDS).default(DEFAULT_SETTINGS.cards),
    tellsSilence: z
      .object({ weigh_in: z.boolean().default(true), blood_pressure: z.boolean().default(true) })
      .prefault({}),
    patienceHours: z.number().min(0).default(DEFAULT_SETTINGS.patienceHours),
    sends: Sends().prefault({}),
    deletions: z.enum(DELETIONS).default(DEFAULT_SETTINGS.deletions),
    theme: z.enum(THEMES).default(DEFAULT_SETTINGS.theme),
    goalKg: z.number().exactOptional(),
    goalFromKg: z.number().exactOptional(),
    height: z.object({ takenAt: instant(), heightM: z.number() }).exactOptional(),
  }),
);

export const AccountItem = lazy(() =>
  z.object({
    telegramUserId: z.number(),
    createdAt: instant(),
    name: z.string().exactOptional(),
    timezone: z.string().exactOptional(),
    reportedTimezone: z.string().exactOptional(),
    language: z.enum(LANGUAGES).exactOptional(),
    settings: SettingsShape().prefault({}),
    blockedAt: instant().exactOptional(),
    questions: z
      .partialRecord(z.enum(QUESTION_TOPICS), z.object({ messageId: z.number(), isOpen: z.boolean() }))
      .exactOptional(),
  }),
);

export const LinkItem = lazy(() =>
  z.object({
    state: z.enum(LINK_STATES),
    linkedAt: instant(),
    renewedAt: instant().exactOptional(),
    restsUntil: instant().exactOptional(),
    refusal: z.object({ of: z.enum(REFUSALS), since: instant() }).exactOptional(),
    triedAt: instant().exactOptional(),
    vendorUserId: z.string(),
    displayName: z.string(),
    accessExpiresAt: instant(),
    refreshExpiresAt: instant(),
    sealedTokens: z.string(),
  }),
);
export const LinkSecrets = lazy(() =>
  z.object({
    accessToken: z.string(),
    refreshToken: z.string(),
    previousRefreshToken: z.string().exactOptional(),
    clientId: z.string().exactOptional(),
  }),
);

export const PendingLink = lazy(() =>
  z.object({
    tokens: z.object({
      accessToken: z.string(),
      accessExpiresAt: instant(),
      refreshToken: z.string(),
      refreshExpiresAt: instant(),
      clientId: z.string().exactOptional(),
    }),
    owner: z.object({ vendorUserId: z.string(), displayName: z.string() }).exactOptional(),
  }),
);

export const PendingSignIn = lazy(() =>
  z.object({
    cookies: z.record(z.string(), z.string()),
    client: z.enum(MOBILE_CLIENTS).exactOptional(),
    method: z.string(),
    sentBy: z.enum(CODE_WAYS).exactOptional(),
    wrongCodes: z.number().exactOptional(),
    sentTo: z.string().exactOptional(),
    startedAt: instant(),
  }),
);

const UnknownShapes = lazy(() =>
  z.array(
    z.object({
      firstAt: instant(),
      lastAt: instant(),
      times: z.number(),
      call: z.string(),
      httpStatus: z.number().exactOptional(),
      where: z.string(),
      headerNames: z.array(z.string()),
      shape: z.array(z.string()),
    }),
  ),
);
export const VendorAnswersShape = lazy(() =>
  z.object({
    unknown: z.object({ withings: UnknownShapes(), garmin: UnknownShapes(), telegram: UnknownShapes() }),
    endpoints: z.record(z.string(), z.record(z.string(), z.object({ times: z.number(), lastAt: instant() }))),
  }),
);

export const CooldownItem = lazy(() => z.object({ until: instant(), strikes: z.number() }));
export const VendorUserItem = lazy(() => z.object({ account: z.number() }));
export const RateLimitItem = lazy(() => z.object({ takenAt: instant(), nextAt: instant() }));
export const TurnItem = lazy(() =>
  z.object({
    takenUntil: instant().exactOptional(),
    handled: z.array(z.number()),
    hasDialog: z.boolean().exactOptional(),
  }),
);

export const PersonItem = lazy(() => z.object({ telegramUserId: z.number(), name: z.string(), invitedAt: instant() }));
export const InviteItem = lazy(() => z.object({ madeAt: instant() }));
export const JobItem = lazy(() => StoredJob().and(z.object({ attempts: z.number() })));
export const ScheduledRunItem = lazy(() =>
  z.object({ dueAt: instant(), failures: z.number(), settledAt: instant().exactOptional() }),
);
export const DueEntryItem = lazy(() =>
  z.object({ account: z.number(), dueAt: instant(), queuedUntil: instant().exactOptional() }),
);
export const StoreIdentityItem = lazy(() => z.object({ id: z.string() }));
export const ScheduleCheckItem = lazy(() => z.object({ after: z.string() }));
export const SubscriptionsItem = lazy(() =>
  z.object({
    checkedAt: instant(),
    callbackId: z.string(),
    state: z.enum(SUBSCRIPTION_STATES),
    active: z.array(z.number()),
  }),
);
