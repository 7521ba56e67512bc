import timers from "undici/lib/util/timers.js";
import { vi } from "vitest";

/**
 * The timers and the calendar of this process are moved on together by `vi`. undici's stay real: it keeps the first timer that it
 * makes, and one made now would never fire again, in any later test.
 */
export function useFakeTime(now: Date): void {
  timers.clearFastTimeout(timers.setFastTimeout(() => undefined, 1));
  vi.useFakeTimers({ now, toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
}
