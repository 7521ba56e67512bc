import { describe, expect, test } from "vitest";
import { type PlanContext, plan, type Step } from "../../../src/sync/engine/plan.ts";
import type { Fate, LedgerEntry } from "../../../src/sync/model/ledger.ts";
import { fingerprint, type WeighIn } from "../../../src/sync/model/reading.ts";

const START = new Date("2026-11-01T00:00:00Z");
const NOW = new Date("2026-11-21T12:00:00Z");
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);

const reading: WeighIn = {
  kind: "weigh_in",
  measureGroupId: 1,
  takenAt: hoursAgo(30),
  modifiedAt: hoursAgo(29),
  attribution: "certain",
  imported: false,
  weightKg: 80.25,
};
const context: PlanContext = {
  ...{ startAt: START, begunAt: START, now: NOW, adopting: false, refusal: undefined },
  ...{ isOn: true, askedSince: undefined, hasTimezone: true, probable: true },
};
const KEY = { calendarDate: "2026-11-20", id: "1" };

function entry(fate: Fate, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const { measureGroupId, kind, takenAt, modifiedAt, weightKg } = reading;
  const values = { kind, weightKg };
  return {
    measureGroupId,
    kind,
    takenAt,
    modifiedAt,
    fingerprint: fingerprint(reading),
    fate,
    values,
    attempts: 1,
    ...more,
  };
}
const refused = (more: Partial<LedgerEntry> = {}) =>
  entry({ state: "failed", reason: "refused_by_garmin" }, { attemptedAt: hoursAgo(25), ...more });

const edited = { weightKg: 80.5, modifiedAt: hoursAgo(1) };
const touched = { modifiedAt: hoursAgo(1) };
const inAnOlderState = { weightKg: 81, modifiedAt: hoursAgo(40) };
const tooHeavy = { ...edited, weightKg: 700 };
const tooEarly = { takenAt: new Date(START.getTime() - 1000) };
/** As it was at Withings when the account's first run ended. */
const history = { ...tooEarly, modifiedAt: START };

type Line = [
  what: string,
  reading: Partial<WeighIn>,
  entry: LedgerEntry | undefined,
  step: Step,
  context?: Partial<PlanContext>,
];

const send: Step = { type: "send", adopt: false };
const sendOrAdopt: Step = { type: "send", adopt: true };
const settled: Step = { type: "settled" };
const verify: Step = { type: "verify" };
const replace: Step = { type: "replace" };
const fail: Step = { type: "fail", reason: "out_of_range" };
const skip: Step = { type: "skip", reason: "kind_off" };
const leave: Step = { type: "leave" };
const hold = (reason: Extract<Step, { type: "hold" }>["reason"]): Step => ({ type: "hold", reason });
const off = { isOn: false } as const;
const leftOut = entry({ state: "skipped", reason: "kind_off" }, { attempts: 0 });
const claimed = (more: Partial<LedgerEntry> = {}) =>
  entry({ state: "sending" }, { decision: { type: "mine", at: hoursAgo(20) }, ...more });
const disowned = entry({ state: "skipped", reason: "not_mine" }, { decision: { type: "not_mine", at: hoursAgo(20) } });
const outOfRange = { refusal: "out_of_range" } as const;

const lines: Record<string, Line[]> = {
  "a reading nobody has seen before": [
    ["is sent", {}, undefined, send],
    ["is sent when taken in the very second of the start", { takenAt: START }, undefined, send],
    ["is left where it is when it was there before the first run", history, undefined, leave],
    ["is left before the start in the first run itself", tooEarly, undefined, leave, { begunAt: undefined }],
    [
      "is left if it is from before the start, even if nobody is sure whose it is",
      { ...history, attribution: "ambiguous" },
      undefined,
      leave,
    ],
    ["is held when it turns up later, and is from before the start", tooEarly, undefined, hold("before_start")],
    [
      "is held for its age, even if nobody is sure whose it is",
      { ...tooEarly, attribution: "ambiguous" },
      undefined,
      hold("before_start"),
    ],
    ["is not held for its age while its kind is off", tooEarly, undefined, leave, { isOn: false }],
    ["is looked for in Garmin first while adopting", {}, undefined, sendOrAdopt, { adopting: true }],
    ["is looked for first when it came from another app", { imported: true }, undefined, sendOrAdopt],
    ["is held when it may be somebody else's", { attribution: "ambiguous" }, undefined, hold("ambiguous_person")],
    ["is held when typed at sign-up", { attribution: "typed_at_sign_up" }, undefined, hold("typed_at_sign_up")],
    ["is held when nobody knows whose", { attribution: "unknown" }, undefined, hold("unknown_attribution")],
    ["is held when improbable", {}, undefined, hold("improbable_weight"), { probable: false }],
    ["is sent though improbable once confirmed", { attribution: "confirmed" }, undefined, send, { probable: false }],
    ["fails when Garmin can not take it", {}, undefined, fail, outOfRange],
    [
      "is a question first, whatever Garmin takes",
      { attribution: "ambiguous" },
      undefined,
      hold("ambiguous_person"),
      outOfRange,
    ],
  ],
  "a reading that was being sent": [
    ["is looked for", {}, entry({ state: "sending" }), verify],
    ["is looked for after an edit", edited, entry({ state: "sending" }), verify],
    [
      "is looked for, but not sent again, when it is ambiguous by now",
      { attribution: "ambiguous" },
      entry({ state: "sending" }),
      { type: "verify", hold: "ambiguous_person" },
    ],
    ["is looked for though it lies before the start", tooEarly, entry({ state: "sending" }), verify],
    ["is looked for when Garmin said yes", {}, entry({ state: "sent" }), verify],
    ["is looked for when Garmin said yes and it was edited", edited, entry({ state: "sent" }), verify],
  ],
  "a reading that was seen in Garmin": [
    ["needs nothing", {}, entry({ state: "seen" }), settled],
    ["needs nothing after a touch", touched, entry({ state: "seen" }), settled],
    [
      "needs nothing when only its person became unsure",
      { ...touched, attribution: "ambiguous" },
      entry({ state: "seen" }),
      settled,
    ],
    ["is replaced after an edit", edited, entry({ state: "seen" }, { garminKey: KEY }), replace],
    [
      "is replaced when only its composition was edited",
      { ...touched, bodyFatPercent: 18 },
      entry({ state: "seen" }),
      replace,
    ],
    ["is replaced when its time was edited", { ...touched, takenAt: hoursAgo(31) }, entry({ state: "seen" }), replace],
    ["stays when Withings answers with an older version", inAnOlderState, entry({ state: "seen" }), settled],
    ["stays as it was when edited to what Garmin can not take", tooHeavy, entry({ state: "seen" }), fail, outOfRange],
  ],
  "a reading that Garmin had from elsewhere": [
    ["is left alone", {}, entry({ state: "skipped", reason: "already_in_garmin" }), settled],
    ["is left alone after an edit", edited, entry({ state: "skipped", reason: "already_in_garmin" }), settled],
  ],
  "a reading whose kind is off": [
    ["is written down and not sent", {}, undefined, skip, off],
    ["is no question either", { attribution: "ambiguous" }, undefined, skip, off],
    ["is left before the start as always", tooEarly, undefined, leave, off],
    ["is looked for when it was being sent", {}, entry({ state: "sending" }), verify, off],
    ["is looked for when Garmin said yes", {}, entry({ state: "sent" }), verify, off],
    ["stays as it is after an edit", edited, entry({ state: "seen" }, { garminKey: KEY }), settled, off],
    ["waits as it did", edited, entry({ state: "held", reason: "ambiguous_person" }), leave, off],
    ["is not offered again", {}, refused(), leave, off],
    ["is not sent for having been asked for", {}, leftOut, settled, { ...off, askedSince: hoursAgo(99) }],
  ],
  "a reading that came while its kind was off": [
    ["stays when the kind is on again", {}, leftOut, settled],
    ["stays after an edit", edited, leftOut, settled],
    ["stays while a first run adopts", {}, leftOut, settled, { adopting: true }],
    ["goes when the owner asks for that time", {}, leftOut, sendOrAdopt, { askedSince: reading.takenAt }],
    ["stays when the owner asks for later ones", {}, leftOut, settled, { askedSince: hoursAgo(29) }],
    [
      "is held when asked for and doubtful",
      { attribution: "ambiguous" },
      leftOut,
      hold("ambiguous_person"),
      { askedSince: hoursAgo(99) },
    ],
  ],
  "a held reading": [
    [
      "waits",
      { attribution: "ambiguous" },
      entry({ state: "held", reason: "ambiguous_person" }),
      hold("ambiguous_person"),
    ],
    [
      "waits for another reason",
      { attribution: "unknown" },
      entry({ state: "held", reason: "ambiguous_person" }),
      hold("unknown_attribution"),
    ],
    [
      "waits while it is improbable",
      {},
      entry({ state: "held", reason: "improbable_weight" }),
      hold("improbable_weight"),
      { probable: false },
    ],
    [
      "goes once it is certain, unless somebody typed it in",
      {},
      entry({ state: "held", reason: "ambiguous_person" }),
      sendOrAdopt,
    ],
    [
      "goes when confirmed though improbable",
      { attribution: "confirmed" },
      entry({ state: "held", reason: "improbable_weight" }),
      sendOrAdopt,
      { probable: false },
    ],
    [
      "fails when it is certain and Garmin can not take it",
      {},
      entry({ state: "held", reason: "ambiguous_person" }),
      fail,
      outOfRange,
    ],
    [
      "waits for its date, once it is held for being in the future",
      { takenAt: hoursAgo(-2) },
      entry(
        { state: "held", reason: "in_the_future" },
        { fingerprint: fingerprint({ ...reading, takenAt: hoursAgo(-2) }) },
      ),
      hold("in_the_future"),
    ],
    ["goes when its date has come", {}, entry({ state: "held", reason: "in_the_future" }), sendOrAdopt],
    [
      "is asked about like any other when its date has come",
      { attribution: "ambiguous" },
      entry({ state: "held", reason: "in_the_future" }),
      hold("ambiguous_person"),
    ],
    [
      "goes at once when its date was corrected",
      { ...edited, takenAt: hoursAgo(-2) },
      entry({ state: "held", reason: "in_the_future" }),
      sendOrAdopt,
    ],
    [
      "is left out for its age until its owner wants it",
      tooEarly,
      entry({ state: "held", reason: "before_start" }),
      hold("before_start"),
    ],
    ["goes when the account starts earlier by now", {}, entry({ state: "held", reason: "before_start" }), sendOrAdopt],
    [
      "replaces its earlier version in Garmin",
      {},
      entry({ state: "held", reason: "unknown_attribution" }, { garminKey: KEY }),
      replace,
    ],
  ],
  "a reading that its owner claims": [
    ["is looked for, also as somebody else's entry", {}, claimed({ attempts: 0 }), { type: "verify", adopt: true }],
    [
      "is looked for when it is only to be brought, and asked about if it is doubtful",
      { ...tooEarly, attribution: "ambiguous" },
      entry({ state: "sending" }, { attempts: 0, decision: { type: "send_old", at: NOW } }),
      { type: "verify", hold: "ambiguous_person", adopt: true },
    ],
    ["is sent however doubtful", { attribution: "ambiguous" }, claimed(), verify],
    ["is sent however improbable", {}, claimed(), verify, { probable: false }],
    ["is not sent from the future", { takenAt: hoursAgo(-48) }, claimed(), { type: "verify", hold: "in_the_future" }],
    [
      "is replaced after an edit, and nobody doubts it again",
      { ...edited, attribution: "ambiguous" },
      claimed({ fate: { state: "seen" } }),
      replace,
    ],
  ],
  "a reading that its owner does not want": [
    ["stays", {}, disowned, settled],
    ["stays after an edit", edited, disowned, settled],
    ["stays when Withings is certain", { ...touched, attribution: "certain" }, disowned, settled],
    ["stays when it was confirmed before that word", { attribution: "confirmed" }, disowned, settled],
    ["stays when its owner asks for that time", {}, disowned, settled, { askedSince: hoursAgo(99) }],
    ["goes when it is confirmed after that word", { ...touched, attribution: "confirmed" }, disowned, sendOrAdopt],
    [
      "stays then as well while its kind is off",
      { ...touched, attribution: "confirmed" },
      disowned,
      settled,
      { isOn: false },
    ],
  ],
  "a failed reading": [
    [
      "is at its end when Garmin can not take it",
      {},
      entry({ state: "failed", reason: "out_of_range" }),
      settled,
      outOfRange,
    ],
    [
      "is at its end when Garmin never showed it",
      {},
      entry({ state: "failed", reason: "never_appeared" }, { attempts: 3, attemptedAt: hoursAgo(99) }),
      settled,
    ],
    ["goes after an edit", edited, entry({ state: "failed", reason: "out_of_range" }), send],
    [
      "goes after an edit, or is adopted",
      edited,
      entry({ state: "failed", reason: "out_of_range" }),
      sendOrAdopt,
      { adopting: true },
    ],
    [
      "is held after an edit that leaves its person open",
      { ...edited, attribution: "ambiguous" },
      entry({ state: "failed", reason: "out_of_range" }),
      hold("ambiguous_person"),
    ],
    [
      "fails again after an edit that helps nothing",
      tooHeavy,
      entry({ state: "failed", reason: "out_of_range" }),
      fail,
      outOfRange,
    ],
    [
      "replaces its earlier version in Garmin",
      edited,
      entry({ state: "failed", reason: "out_of_range" }, { garminKey: KEY }),
      replace,
    ],
    ["rests for a day when refused", {}, refused({ attemptedAt: hoursAgo(23) }), settled],
    ["is offered again a day after it was refused", {}, refused(), sendOrAdopt],
    ["is offered at once when edited", edited, refused({ attemptedAt: hoursAgo(1) }), send],
    ["is offered a seventh time", {}, refused({ attempts: 6 }), sendOrAdopt],
    ["is not offered an eighth time", {}, refused({ attempts: 7 }), settled],
  ],
};

describe.each(Object.entries(lines))("%s", (_what, cases) => {
  test.each(cases)("%s", (_case, change, known, step, more = {}) => {
    expect(plan({ ...reading, ...change }, known, { ...context, ...more })).toEqual(step);
  });
});
