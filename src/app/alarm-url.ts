import { unescape as decoded } from "node:querystring";
import type { Clock } from "../lib/clock.ts";
import { NoAnswerError, type Transport } from "../lib/http-client.ts";
import type { Log } from "../lib/log.ts";

const ANSWER_SECONDS = 10;
const BEAT_SECONDS = 30;

/** HTTP clients ignore or refuse a name and password in an address, so they become a header. */
export function postOf(address: string, body: string) {
  const url = new URL(address);
  const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
  url.username = "";
  url.password = "";
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    ...(credentials !== ":" && { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` }),
  };
  return { url: url.href, headers, body };
}

/** Each request is sent once, and only the status of the answer counts. The addresses may hold a secret and are never logged. */
export function createAlarmUrl(deps: {
  alarmUrl: string | undefined;
  heartbeatUrl: string | undefined;
  send: Transport;
  clock: Clock;
  log: Log;
}) {
  const { alarmUrl, heartbeatUrl, send, clock, log } = deps;
  const failing = new Set<string>();
  let beatAt = Number.NEGATIVE_INFINITY;

  async function post(setting: string, url: string | undefined, body: string): Promise<void> {
    if (url === undefined) return;
    const request = { method: "POST", ...postOf(url, body), answerSeconds: ANSWER_SECONDS } as const;
    const trouble = await send({ ...request, isStatusEnough: true }).then(
      ({ status }) => (status < 300 ? undefined : `it answers with HTTP ${status}`),
      (error: unknown) => (error instanceof NoAnswerError ? "it does not answer" : "it cannot be called"),
    );
    if (trouble === undefined) {
      if (failing.delete(setting) && failing.size === 0) log.info("alarm_address_works_again");
      return;
    }
    if (!failing.has(setting)) log.warn("alarm_address_failing", { setting, message: trouble });
    failing.add(setting);
    throw new Error(`${setting}: ${trouble}`);
  }

  return {
    /** POSTs this text to ALARM_URL, if that is set. Throws if it wasn't accepted. */
    tell: (text: string) => post("ALARM_URL", alarmUrl, text),
    /** After a good sweep: POSTs an empty body to HEARTBEAT_URL, twice a minute at most. Never throws. */
    async beat(): Promise<void> {
      const now = clock.now().getTime();
      if (Math.abs(now - beatAt) < BEAT_SECONDS * 1000) return;
      beatAt = now;
      await post("HEARTBEAT_URL", heartbeatUrl, "").catch(() => undefined);
    },
  };
}
