import type { Clock } from "../clock.ts";
import { errorFacts, type Log } from "../log.ts";

/** Telegram counts edits like messages: one a second and chat. */
const PAUSE_SECONDS = 1;

/** What a progress message needs of Telegram. */
export type EditText = (text: string) => Promise<unknown>;

/**
 * One message that is edited as things go on, no faster than Telegram likes: what was overtaken is never shown, the last
 * text always is. A failed edit is nobody's loss.
 */
export function createProgressMessage(edit: EditText, shown: string, clock: Clock, log: Log) {
  let current = shown;
  let next = shown;
  let isWorking = false;
  let work: Promise<void> = Promise.resolve();

  async function catchUp() {
    while (next !== current) {
      current = next;
      await edit(current).catch((error: unknown) => log.warn("message_not_edited", errorFacts(error)));
      await clock.sleep(PAUSE_SECONDS);
    }
    isWorking = false;
  }

  return {
    show(text: string) {
      next = text;
      if (isWorking) return;
      isWorking = true;
      work = catchUp();
    },
    /** Resolves when the last text stands. */
    async finish(text: string) {
      this.show(text);
      await work;
    },
  };
}
