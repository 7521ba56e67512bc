import type { Clock } from "../clock.ts";
import { errorFacts, type Log } from "../log.ts";

/** Telegram counts edits like messages: one a second and chat. */
const PAUSE_SECONDS = 1;

/** What a progress message needs of Telegram. */
export interface ProgressChat {
  edit(text: string): Promise<unknown>;
  /** For the last text, when the message itself can not be changed any more. */
  send(text: string): Promise<unknown>;
}

/**
 * One message that is edited as things go on, no faster than Telegram likes: what was overtaken is never shown. A failed
 * edit on the way is nobody's loss; the last text comes as a message of its own then.
 */
export function createProgressMessage(chat: ProgressChat, shown: string, clock: Clock, log: Log) {
  let current = shown;
  let next = shown;
  let isCurrentShown = true;
  let isWorking = false;
  let work: Promise<void> = Promise.resolve();

  async function catchUp() {
    while (next !== current) {
      current = next;
      isCurrentShown = await chat.edit(current).then(
        () => true,
        (error: unknown) => {
          log.warn("message_not_edited", errorFacts(error));
          return false;
        },
      );
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
    /** Whether the last text stands now; false when it could not be brought to its reader. */
    async finish(text: string): Promise<boolean> {
      this.show(text);
      await work;
      if (isCurrentShown) return true;
      return chat.send(text).then(
        () => true,
        (error: unknown) => {
          log.error("result_not_shown", errorFacts(error));
          return false;
        },
      );
    },
  };
}
