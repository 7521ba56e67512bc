import { afterAll, expect, test } from "vitest";
import { startEngines } from "./engines.ts";
import { PLANTS } from "./plants.ts";
import { scheduleOf } from "./schedules.ts";
import type { Schedule, Step } from "./steps.ts";

const engines = startEngines();
afterAll(() => engines.close());

/** Without the program's log. */
async function storyOf(schedule: Schedule): Promise<string[]> {
  const lines: string[] = [];
  const { violations } = await engines.play(schedule, { trace: (line) => lines.push(line) });
  return [...lines.filter((line) => !line.startsWith("      ")), ...violations];
}

const weighIn: Step = {
  ...{ do: "measure", id: "r1", who: "ann", kind: "weigh_in" },
  ...{ agoSeconds: 600, lateSeconds: 30, attrib: 0, value: 80.25, second: 20 },
};
const schedule = (steps: Step[]): Schedule => ({ ...scheduleOf(3), steps });

test("a seed plays the same schedule every time, even with two copies of the program at once and a killed one", async () => {
  const both: Step = { do: "both", seed: 77, isBusy: true };
  const kill: Step = { do: "kill", death: { call: 40, when: "after" } };
  const steps: Step[] = [weighIn, both, { ...weighIn, id: "r2", agoSeconds: 90 }, kill];
  const story = await storyOf(schedule(steps));

  expect(story.filter((line) => line.includes("killed after call 40"))).toHaveLength(1);
  expect(story.filter((line) => line.includes("run of")).length).toBeGreaterThan(10);
  expect(await storyOf(schedule(steps))).toEqual(story);
});

test("the checks find somebody else's reading when a planted bug sends it", async () => {
  const steps: Step[] = [
    { ...weighIn, attrib: 1 },
    { do: "sync", account: 4711 },
  ];

  expect((await engines.play(schedule(steps))).violations).toEqual([]);
  expect((await engines.play(schedule(steps), { plant: PLANTS["held-is-sent"] })).violations).toEqual([
    expect.stringMatching(/^sent while held: r1 /),
    expect.stringMatching(/^silent: r1 /),
  ]);
});
