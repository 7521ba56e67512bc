import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { DECISIONS, GONE_REASONS, HELD_REASONS, PAUSE_REASONS, SKIP_REASONS } from "../sync/model/ledger.ts";
import { KINDS } from "../sync/model/reading.ts";
import { FAIL_REASONS, FIELDS } from "../sync/model/vendors.ts";
import { instant } from "./item-json.ts";

export const Kind = lazy(() => z.enum(KINDS));
const Values = lazy(() =>
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("weigh_in"), weightKg: z.number() }),
    z.object({
      kind: z.literal("blood_pressure"),
      systolicMmHg: z.number(),
      diastolicMmHg: z.number(),
      pulseBpm: z.number().exactOptional(),
    }),
  ]),
);
const DifferenceShape = lazy(() =>
  z.object({ field: z.enum(FIELDS), sent: z.number(), shown: z.number().exactOptional() }),
);
export const Taken = lazy(() => z.object({ takenAt: instant(), values: Values() }));
const GarminKeyShape = lazy(() => z.object({ calendarDate: z.string(), id: z.string() }));
const Held = lazy(() => z.object({ state: z.literal("held"), reason: z.enum(HELD_REASONS) }));
const Failed = lazy(() => z.object({ state: z.literal("failed"), reason: z.enum(FAIL_REASONS) }));

export const LedgerItem = lazy(() =>
  z.object({
    measureGroupId: z.number(),
    kind: Kind(),
    takenAt: instant(),
    modifiedAt: instant(),
    fingerprint: z.string(),
    fate: z.discriminatedUnion("state", [
      Held(),
      Failed(),
      z.object({ state: z.literal("skipped"), reason: z.enum(SKIP_REASONS) }),
      z.object({ state: z.literal("sending") }),
      z.object({ state: z.literal("sent") }),
      z.object({ state: z.literal("seen") }),
      z.object({ state: z.literal("removing") }),
      z.object({ state: z.literal("removed") }),
    ]),
    values: Values(),
    doubt: z.enum(HELD_REASONS).exactOptional(),
    decision: z
      .object({ type: z.enum(DECISIONS), at: instant(), about: z.enum(HELD_REASONS).exactOptional() })
      .exactOptional(),
    isKept: z.literal(true).exactOptional(),
    removal: z
      .object({ askedAt: instant(), removedAt: instant().exactOptional(), emptySince: instant().exactOptional() })
      .exactOptional(),
    attempts: z.number(),
    accepted: z.number().exactOptional(),
    attemptedAt: instant().exactOptional(),
    seenAt: instant().exactOptional(),
    garminKey: GarminKeyShape().exactOptional(),
    differences: z.array(DifferenceShape()).exactOptional(),
    possibleCopies: z.array(Taken().extend({ until: instant() })).exactOptional(),
    replaces: Taken().extend({ garminKey: GarminKeyShape().exactOptional() }).exactOptional(),
  }),
);

export const ProgressItem = lazy(() =>
  z.object({
    startAt: instant(),
    begunAt: instant().exactOptional(),
    cursorAt: instant(),
    adopting: z.boolean().exactOptional(),
    askedSince: instant().exactOptional(),
    timezone: z.string().exactOptional(),
    height: z.object({ takenAt: instant(), heightM: z.number() }).exactOptional(),
    profileHeight: z.object({ lookedAt: instant(), heightM: z.number().exactOptional() }).exactOptional(),
    recentWeighIns: z.array(z.object({ takenAt: instant(), weightKg: z.number() })),
    recentPressures: z
      .array(z.object({ takenAt: instant(), systolicMmHg: z.number(), diastolicMmHg: z.number() }))
      .exactOptional(),
    lastReadings: z.partialRecord(Kind(), Taken()),
    measuredAt: z.partialRecord(Kind(), z.array(instant())).exactOptional(),
    attention: z.array(
      Taken().extend({
        measureGroupId: z.number(),
        kind: Kind(),
        modifiedAt: instant(),
        fate: z.discriminatedUnion("state", [Held(), Failed()]),
        waitsSince: instant().exactOptional(),
        asksAgain: z.literal(true).exactOptional(),
      }),
    ),
    setAside: z.array(z.object({ id: z.string(), state: z.enum(["held", "failed"]), at: instant() })).exactOptional(),
    answered: z.array(z.object({ at: instant(), ids: z.array(z.string()) })).exactOptional(),
    open: z.array(z.string()).exactOptional(),
    earlierLinks: z
      .object({
        linkedAt: instant(),
        open: z.array(z.object({ withingsUserId: z.string(), ids: z.array(z.string()) })),
      })
      .exactOptional(),
    handedOn: z.array(z.object({ id: z.string(), until: instant(), messageId: z.number() })).exactOptional(),
    removals: z
      .array(
        Taken().extend({
          id: z.string(),
          kind: Kind(),
          askedAt: instant(),
          because: z.enum(GONE_REASONS).exactOptional(),
          together: instant().exactOptional(),
          asksAgain: z.enum(HELD_REASONS).exactOptional(),
          isGivenBack: z.literal(true).exactOptional(),
          removedAt: instant().exactOptional(),
          isNews: z.literal(true).exactOptional(),
        }),
      )
      .exactOptional(),
    restoring: z.array(z.string()).exactOptional(),
    compared: z.object({ nextAt: instant(), from: z.string() }).exactOptional(),
    gone: z
      .array(
        Taken().extend({
          id: z.string(),
          kind: Kind(),
          why: z.enum(GONE_REASONS),
          since: instant(),
          askedAt: instant().exactOptional(),
          isOfMany: z.literal(true).exactOptional(),
        }),
      )
      .exactOptional(),
    arrived: z
      .array(
        Taken().extend({
          id: z.string(),
          kind: Kind(),
          arrivedAt: instant(),
          was: Values().exactOptional(),
          garminKeyId: z.string().exactOptional(),
          composition: z
            .object({
              bodyFatPercent: z.number().exactOptional(),
              bodyWaterPercent: z.number().exactOptional(),
              muscleMassKg: z.number().exactOptional(),
              boneMassKg: z.number().exactOptional(),
              visceralFatIndex: z.number().exactOptional(),
            })
            .exactOptional(),
        }),
      )
      .default([]),
    unreadable: z
      .array(
        z.object({ id: z.string(), takenAt: instant().exactOptional(), listedSince: instant(), lookedAt: instant() }),
      )
      .exactOptional(),
    reportedUnknown: z.array(z.string()),
    paused: z
      .partialRecord(
        Kind(),
        z.object({
          reason: z.enum(PAUSE_REASONS),
          since: instant(),
          lookedAt: instant(),
          httpStatus: z.number().exactOptional(),
          from: instant(),
          waiting: z.number(),
          askedSince: instant().exactOptional(),
        }),
      )
      .exactOptional(),
    proven: z.array(Kind()).exactOptional(),
    differing: z
      .array(DifferenceShape().extend({ kind: Kind(), ...Taken().shape, isAccepted: z.boolean().exactOptional() }))
      .exactOptional(),
    twin: Taken().extend({ other: Taken() }).exactOptional(),
  }),
);
