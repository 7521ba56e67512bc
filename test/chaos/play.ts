import type { AwsProxy } from "../support/aws-proxy.ts";
import { judge, settle } from "./oracle.ts";
import type { Plant } from "./program.ts";
import type { Fact } from "./scene.ts";
import { inWords, type Schedule } from "./steps.ts";
import { World } from "./world.ts";

export interface Played {
  violations: string[];
  readings: number;
  facts: Record<Fact, number>;
}

/** Plays a schedule to the time when everything should be right, and returns what isn't. */
export async function play(
  schedule: Schedule,
  options: { aws?: AwsProxy | undefined; plant?: Plant | undefined; trace?: ((line: string) => void) | undefined } = {},
): Promise<Played> {
  const world = await World.start(schedule, options);
  const { trace } = options;
  const { turns, sandbox, model, violations, facts } = world.scene;
  try {
    await world.owners.start();
    for (const [index, step] of schedule.steps.entries()) {
      trace?.(`${new Date(turns.nowMs).toISOString()} ${index} ${inWords(step)}`);
      await world.play(step);
    }
    trace?.("everything is well again");
    await settle(world);
    await judge(world);
    for (const it of sandbox.telegram.calls("sendMessage")) {
      trace?.(`told ${it.at.toISOString()} ${JSON.stringify(it.params).slice(0, 200)} ${JSON.stringify(it.error)}`);
    }
    return { violations: [...violations], readings: model.readings.length, facts };
  } finally {
    await world.close();
  }
}
