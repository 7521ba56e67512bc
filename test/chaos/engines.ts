import { type AwsProxy, startAwsProxy } from "../support/aws-proxy.ts";
import { startDynalite } from "../support/dynalite.ts";
import { type Played, play } from "./play.ts";
import type { Plant } from "./program.ts";
import { loadAll, watchTimers } from "./quiet.ts";
import type { Schedule } from "./steps.ts";

/** Plays schedules on either engine. DynamoDB starts with the first schedule that needs it. */
export function startEngines() {
  const unwatch = watchTimers();
  let dynalite: Awaited<ReturnType<typeof startDynalite>> | undefined;
  let aws: AwsProxy | undefined;
  return {
    async play(
      schedule: Schedule,
      options: { plant?: Plant | undefined; trace?: ((line: string) => void) | undefined } = {},
    ): Promise<Played> {
      await loadAll();
      if (schedule.store === "sqlite") return play(schedule, options);
      dynalite ??= await startDynalite();
      aws ??= await startAwsProxy(dynalite.endpoint);
      return play(schedule, { ...options, aws });
    },
    async close() {
      unwatch();
      await aws?.close();
      await dynalite?.close();
    },
  };
}
export type Engines = ReturnType<typeof startEngines>;
