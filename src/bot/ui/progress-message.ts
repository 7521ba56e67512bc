import type { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";

/** Telegram counts edits like messages: one a second and chat. */
const PAUSE_SECONDS = 1;

/** What a progress message needs of Telegram. */
export interface ProgressChat {
  edit(text: string, keyboard?: InlineKeyboard): Promise<unknown>;
  /** For the last text, when the message itself can not be changed any more. */
  send(text: string, keyboard?: InlineKeyboard): Promise<unknown>;
}

/**
 * One message that is edited as things go on, no faster than Telegram likes: what was overtaken is never shown. A failed
 * edit on the way is nobody's loss; the last text comes as a message of its own then.
 */
export function createProgressMessage(chat: ProgressChat, shown: string, clock: Clock, log: Log) {
  let current: { text: string; keyboard?: InlineKeyboard } = { text: shown };
  let next = current;
  let isCurrentShown = true;
  let isWorking = false;
  let editableAt = Number.NEGATIVE_INFINITY;
  let work: Promise<void> = Promise.resolve();

  async function catchUp() {
    while (next !== current) {
      // Before an edit and not after it: nothing comes after the last one.
      const waitSeconds = Math.min(PAUSE_SECONDS, (editableAt - clock.now().getTime()) / 1000);
      if (waitSeconds > 0) await clock.sleep(waitSeconds);
      current = next;
      isCurrentShown = await chat.edit(current.text, current.keyboard).then(
        () => true,
        (error: unknown) => {
          log.warn("message_not_edited", errorFacts(error));
          return false;
        },
      );
      editableAt = clock.now().getTime() + PAUSE_SECONDS * 1000;
    }
    isWorking = false;
  }

  function draw(wanted: typeof current) {
    // The same again would be refused.
    if (wanted.text === next.text && !wanted.keyboard) return;
    next = wanted;
    if (isWorking) return;
    isWorking = true;
    work = catchUp();
  }

  return {
    show: (text: string) => draw({ text }),
    /** Whether the last text stands now; false when it could not be brought to its reader. */
    async finish(text: string, keyboard?: InlineKeyboard): Promise<boolean> {
      draw({ text, ...(keyboard && { keyboard }) });
      await work;
      if (isCurrentShown) return true;
      return chat.send(text, keyboard).then(
        () => true,
        (error: unknown) => {
          log.warn("result_not_shown", errorFacts(error));
          return false;
        },
      );
    },
  };
}
export type ProgressMessage = ReturnType<typeof createProgressMessage>;
