import type { Observed } from "./panel-contract.ts";
import type { PersonChat } from "./telegram/chat.ts";
import type { SeenMessage } from "./telegram/person.ts";
import type { Toast } from "./telegram/world.ts";
import type { Telegram } from "./telegram.ts";

/** Everything the page shows. It's sent whole whenever any of it changes. */
export interface PanelState {
  /** When this number changes, everything has started over. */
  beginning: number;
  bot: { name: string; username: string };
  chat: {
    messages: readonly SeenMessage[];
    /** What the bot says of itself before anybody writes to it. */
    description: string;
    commands: readonly { command: string; description: string }[];
    action: string | null;
    placeholder: string | null;
    keyboard: readonly (readonly string[])[];
    toasts: readonly Toast[];
    blocked: boolean;
  };
  /** Null until it has been read once. */
  observed: Observed | null;
  /** Why it may be out of date. */
  problem: string | null;
}

const SHOWN_MESSAGES = 300;

export function panelState(
  { telegram, chatUser: chat }: { telegram: Telegram; chatUser: PersonChat },
  look: Pick<PanelState, "beginning" | "observed" | "problem">,
): PanelState {
  return {
    ...look,
    bot: { name: telegram.bot.first_name, username: telegram.bot.username },
    chat: {
      messages: chat.messages.slice(-SHOWN_MESSAGES),
      ...{ description: chat.description, commands: chat.commands },
      action: chat.action ?? null,
      placeholder: chat.placeholder ?? null,
      keyboard: chat.keyboard,
      toasts: chat.toasts,
      blocked: chat.blocked,
    },
  };
}
