import { expect, test } from "vitest";
import type { Item } from "../../../src/sync/engine/item.ts";
import type { Step } from "../../../src/sync/engine/plan.ts";
import { tally } from "../../../src/sync/engine/tally.ts";
import type { AttentionItem, Fate, LedgerEntry } from "../../../src/sync/model/ledger.ts";
import type { WeighIn } from "../../../src/sync/model/reading.ts";

const at = new Date("2026-11-20T08:00:00Z");
const NONE = { synced: 0, skipped: 0, held: 0, failed: 0 };
const SEND: Step = { type: "send", adopt: false };
const SEEN: Fate = { state: "seen" };
const HELD: Extract<Fate, { state: "held" }> = { state: "held", reason: "improbable_weight" };

let groups = 0;
function item(step: Step, fate: Fate | undefined, more: Pick<Item, "isSettled"> = {}): Item {
  const reading: WeighIn = {
    ...{ kind: "weigh_in", measureGroupId: ++groups, takenAt: at, modifiedAt: at },
    ...{ attribution: "certain", imported: false, weightKg: 80 },
  };
  const entry: LedgerEntry | undefined = fate && {
    ...{ measureGroupId: groups, kind: "weigh_in", takenAt: at, modifiedAt: at, fingerprint: "", fate, attempts: 1 },
    values: { kind: "weigh_in", weightKg: 80 },
  };
  return { reading, step, before: undefined, entry: entry && { value: entry, version: "1" }, ...more };
}

function waiting({ reading: { measureGroupId, kind } }: Item): AttentionItem {
  return {
    ...{ measureGroupId, kind, takenAt: at, modifiedAt: at, fate: HELD },
    values: { kind: "weigh_in", weightKg: 80 },
  };
}

test.each<[string, Step, Fate | undefined, Partial<typeof NONE>]>([
  ["one that was seen in Garmin", SEND, SEEN, { synced: 1 }],
  ["one that Garmin had from elsewhere", SEND, { state: "skipped", reason: "already_in_garmin" }, { skipped: 1 }],
  [
    "one that came while its kind was off",
    { type: "skip", reason: "kind_off" },
    { state: "skipped", reason: "kind_off" },
    { skipped: 1 },
  ],
  ["one that is held", { type: "hold", reason: "improbable_weight" }, HELD, { held: 1 }],
  ["one that Garmin refused", SEND, { state: "failed", reason: "refused_by_garmin" }, { failed: 1 }],
])("%s counts once, when the run is done with it", (_, step, fate, counts) => {
  expect(tally([item(step, fate, { isSettled: true })], [])).toEqual({ ...NONE, ...counts });
  expect(tally([item(step, fate)], [])).toEqual(NONE);
});

test.each<Step>([{ type: "settled" }, { type: "watch" }])(
  "one that needs nothing is skipped, whatever it is: %o",
  (step) => {
    for (const fate of [SEEN, HELD]) {
      expect(tally([item(step, fate)], [])).toEqual({ ...NONE, skipped: 1 });
      expect(tally([item(step, fate, { isSettled: true })], [])).toEqual({ ...NONE, skipped: 1 });
    }
  },
);

test("what is still on its way, or left where it is, doesn't count", () => {
  const all = [item(SEND, { state: "sent" }), item(SEND, undefined), item({ type: "leave" }, undefined)];
  expect(tally(all, [])).toEqual(NONE);
});

test("what was held in earlier runs counts while it is held, but not beside what this run made of it", () => {
  const listed = item(SEND, SEEN, { isSettled: true });
  const left = item({ type: "leave" }, HELD);
  const notListed = item(SEND, HELD);
  expect(tally([listed, left], [listed, left, notListed].map(waiting))).toEqual({ ...NONE, synced: 1, held: 2 });
});
