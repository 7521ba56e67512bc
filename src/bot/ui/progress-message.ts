import type { MessageEntity } from "grammy/types";
import type { Api, InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { isUnchanged } from "../telegram/errors.ts";

/** Telegram counts edits like messages: one per second in a chat. */
const PAUSE_SECONDS = 1;

export interface Place {
  account: number;
  messageId: number;
  first: string;
}

export type ProgressMessage = ReturnType<typeof createProgressMessage>;

/** Edits no faster than Telegram allows, and skips overtaken texts. If the last edit fails, its text comes as a new message. */
export function createProgressMessage(
  { account, messageId, first }: Place,
  { api, clock, log }: { api: Api; clock: Clock; log: Log },
) {
  let current: Shown = { text: first };
  let next = current;
  let isCurrentShown = true;
  let editableAt = Number.NEGATIVE_INFINITY;
  let work: Promise<void> | undefined;

  const works = (sent: Promise<unknown>, failure: string) =>
    sent.then(
      () => true,
      (error: unknown) => {
        // A job that is done twice writes the same twice.
        if (isUnchanged(error)) return true;
        log.warn(failure, errorFacts(error));
        return false;
      },
    );

  async function catchUp() {
    while (next !== current) {
      // Before an edit and not after it, so the last one delays nothing.
      const waitSeconds = Math.min(PAUSE_SECONDS, (editableAt - clock.now().getTime()) / 1000);
      if (waitSeconds > 0) await clock.sleep(waitSeconds);
      current = next;
      const edit = api.editMessageText(account, messageId, current.text, optionsOf(current));
      isCurrentShown = await works(edit, "message_not_edited");
      editableAt = clock.now().getTime() + PAUSE_SECONDS * 1000;
    }
    work = undefined;
  }

  function draw(shown: Shown) {
    if (shown.text === next.text && !shown.keyboard) return;
    next = shown;
    work ??= catchUp();
  }

  return {
    show: (text: string) => draw({ text }),
    async finish(text: string, keyboard?: InlineKeyboard, entities?: MessageEntity[]): Promise<boolean> {
      const shown = { text, keyboard, entities };
      draw(shown);
      await work;
      return isCurrentShown || works(api.sendMessage(account, text, optionsOf(shown)), "result_not_shown");
    },
  };
}

interface Shown {
  text: string;
  keyboard?: InlineKeyboard | undefined;
  entities?: MessageEntity[] | undefined;
}

const optionsOf = ({ keyboard, entities }: Shown) => ({
  ...(keyboard && { reply_markup: keyboard }),
  ...(entities && { entities }),
});
