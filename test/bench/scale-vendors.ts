import { RetryLaterError } from "../../src/lib/errors.ts";
import type { VirtualTime } from "./scale-time.ts";

const WITHINGS_A_MINUTE = 120;
/** How long the program waits for an answer (lib/http-client). A vendor that is out says nothing, which is the worst. */
const SILENT_SECONDS = 30;
/** Middle and spread of an answer; assumed, because no figures are published. */
const WITHINGS = { seconds: 0.35, spread: 0.5 };
const GARMIN = { seconds: 0.6, spread: 0.5 };
/** Of Garmin's answers to an upload; assumed. The account then rests for an hour. */
const GARMIN_LIMITED = 0.001;
const GARMIN_WAIT_SECONDS = 3600;

export type Outage = "withings" | "garmin" | "workers";

/** Both vendors as far as time goes: how long they take, what they allow, and when they are out. */
export function createVendors(time: VirtualTime, random: () => number) {
  const out = new Set<Outage>();
  const recent: number[] = [];
  const counts = { withings: 0, refused: 0, mostInAMinute: 0, garmin: 0 };

  const takes = ({ seconds, spread }: typeof WITHINGS) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return time.clock.sleep(seconds * Math.exp(spread * normal));
  };
  async function answersFrom(vendor: "withings" | "garmin", answer: typeof WITHINGS) {
    if (!out.has(vendor)) return takes(answer);
    await time.clock.sleep(SILENT_SECONDS);
    throw new RetryLaterError(`${vendor} is silent`, { delayedBy: `${vendor}_silent` });
  }

  return {
    counts,
    out,
    async withings() {
      const nowMs = time.clock.now().getTime();
      while (recent[0] !== undefined && recent[0] <= nowMs - 60_000) recent.shift();
      recent.push(nowMs);
      counts.withings++;
      counts.mostInAMinute = Math.max(counts.mostInAMinute, recent.length);
      await answersFrom("withings", WITHINGS);
      if (recent.length <= WITHINGS_A_MINUTE) return;
      counts.refused++;
      throw new RetryLaterError("Withings answered status 601", { delayedBy: "withings_limited" });
    },
    async garmin({ isUpload }: { isUpload: boolean }) {
      counts.garmin++;
      await answersFrom("garmin", GARMIN);
      if (!isUpload || random() >= GARMIN_LIMITED) return;
      throw new RetryLaterError("Garmin answered HTTP 429", {
        delayedBy: "garmin_limited",
        retryAfterSeconds: GARMIN_WAIT_SECONDS,
      });
    },
  };
}
export type Vendors = ReturnType<typeof createVendors>;
