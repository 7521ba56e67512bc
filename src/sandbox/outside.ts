import type { Clock } from "../lib/clock.ts";
import { Reply } from "./reply.ts";
import { serve } from "./serve.ts";

const SILENCE_MINUTES = 15;
export interface Outside {
  readonly env: { ALARM_URL: string; HEARTBEAT_URL: string };
  /** The address of another program with the same bot. */
  readonly otherProgramUrl: string;
  /** Oldest first. */
  readonly alarms: readonly { at: Date; text: string }[];
  /** When the silence became too long, if it has. */
  silentAt(): { at: Date; lastBeatAt: Date } | undefined;
  close(): Promise<void>;
}

export async function startOutside(clock: Clock): Promise<Outside> {
  const alarms: { at: Date; text: string }[] = [];
  let beatAt: Date | undefined;
  const served = await serve(
    (_, { path, body }) => {
      if (path === "/alarm") alarms.push({ at: clock.now(), text: body });
      else if (path === "/heartbeat") beatAt = clock.now();
      return new Reply(null, { status: 200 });
    },
    { name: "outside", clock },
  );
  return {
    env: { ALARM_URL: `${served.url}/alarm`, HEARTBEAT_URL: `${served.url}/heartbeat` },
    otherProgramUrl: `${served.url}/other-program`,
    alarms,
    silentAt() {
      if (beatAt === undefined) return undefined;
      const at = new Date(beatAt.getTime() + SILENCE_MINUTES * 60_000);
      return at <= clock.now() ? { at, lastBeatAt: beatAt } : undefined;
    },
    close: () => served.close(),
  };
}
