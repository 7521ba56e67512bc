import * as z from "zod";
import { ACTIONS, DELAY_CAUSES } from "../lib/errors.ts";
import { lazy } from "../lib/lazy.ts";
import { OUTAGE_STATES, SUBSCRIPTION_NEWS, TROUBLES } from "../sync/model/health.ts";
import { VENDORS } from "../sync/model/link.ts";
import { RUN_STATUSES } from "../sync/model/outcome.ts";
import { instant } from "./item-json.ts";
import { Kind, Taken } from "./ledger-items.ts";

const ActionName = lazy(() => z.enum(ACTIONS));
const DelayShape = lazy(() =>
  z.object({
    cause: z.enum(DELAY_CAUSES),
    since: instant(),
    waiting: z.number().exactOptional(),
    announced: z.literal(true).exactOptional(),
    newest: Taken().exactOptional(),
    accepted: z.number().exactOptional(),
    following: z.number().exactOptional(),
    until: instant().exactOptional(),
  }),
);
export const LastRunItem = lazy(() =>
  z.object({
    finishedAt: instant(),
    outcome: z.object({
      status: z.enum(RUN_STATUSES),
      synced: z.number(),
      skipped: z.number(),
      held: z.number(),
      failed: z.number(),
      action: ActionName().exactOptional(),
      paused: z.array(Kind()).exactOptional(),
      onlyReadings: z.literal(true).exactOptional(),
      unexpectedFrom: z.enum(VENDORS).exactOptional(),
      since: instant().exactOptional(),
      earlier: z.record(z.string(), instant()).exactOptional(),
      delay: DelayShape().exactOptional(),
      uploadRefusedAt: instant().exactOptional(),
    }),
  }),
);

const Trouble = lazy(() =>
  z.object({
    what: z.union([ActionName(), z.enum(TROUBLES)]),
    cause: z.string().exactOptional(),
    since: instant().exactOptional(),
  }),
);
export const HealthItem = lazy(() =>
  z.object({
    attentionTold: z.array(z.string()),
    unreadableTold: z.array(z.string()).exactOptional(),
    removalsTold: z.array(z.string()).exactOptional(),
    goneTold: z.array(z.string()).exactOptional(),
    noticesTold: z.array(z.string()).exactOptional(),
    outage: z
      .object({
        since: instant(),
        state: z.enum(OUTAGE_STATES),
        runs: z.number().default(0),
        synced: z.number(),
        standing: z.array(Trouble()),
        told: z.array(Trouble().extend({ at: instant(), times: z.number() })),
        waitingSince: instant().exactOptional(),
        delay: DelayShape().exactOptional(),
      })
      .exactOptional(),
    expiries: z
      .array(
        z.object({
          vendor: z.enum(VENDORS),
          endsAt: instant(),
          lifeDays: z.number(),
          toldDays: z.number().exactOptional(),
        }),
      )
      .exactOptional(),
    subscriptionNews: z.enum(SUBSCRIPTION_NEWS).exactOptional(),
  }),
);

export const SummaryItem = lazy(() =>
  z.object({
    lastSummaryAt: instant().exactOptional(),
    digests: z.object({ week: z.string().exactOptional(), month: z.string().exactOptional() }).exactOptional(),
    card: z
      .object({ date: z.string(), messageId: z.number().exactOptional(), since: instant(), at: instant() })
      .exactOptional(),
    sending: z.object({ at: instant(), since: instant() }).exactOptional(),
    firstSaidAt: instant().exactOptional(),
    silenceToldFor: instant().exactOptional(),
    kindSilenceToldFor: z.partialRecord(Kind(), instant()).exactOptional(),
  }),
);
