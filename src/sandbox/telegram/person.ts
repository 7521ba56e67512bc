import type { InlineKeyboardButton, Location, MessageEntity } from "grammy/types";
import { detectEntities } from "./formatting.ts";
import { previewUrl } from "./link-preview.ts";
import { renderChat, renderMessage, renderUser } from "./render.ts";
import type { Updates } from "./updates.ts";
import { CALLBACK_SECONDS, type Person, type StoredChat, type StoredMessage, type World } from "./world.ts";

const MESSAGE_SECONDS = 24 * 3600;

export interface SeenButton {
  text: string;
  data?: string;
  url?: string;
  /** A tap opens this page in Telegram. */
  webApp?: string;
  /** A tap copies this; the bot doesn't hear of it. */
  copyText?: string;
  style?: string;
  /** Tapped, and not answered yet. */
  spinning: boolean;
}

export interface SeenMessage {
  id: number;
  from: "bot" | "person";
  text: string;
  entities: readonly MessageEntity[];
  buttons: SeenButton[][];
  /** Its earlier texts, oldest first. */
  history: readonly string[];
  edited: boolean;
  silent: boolean;
  sentAt: Date;
  photo?: { fileId: string; width: number; height: number };
  document?: { fileId: string; fileName: string };
  /** Telegram has fetched this address to make a preview. */
  previewUrl?: string;
}

export interface Sent {
  updateId: number;
  messageId: number;
}

/** What a person says and taps becomes an update for the bot. */
export class Pen {
  readonly #world: World;
  readonly #updates: Updates;

  constructor(world: World, updates: Updates) {
    this.#world = world;
    this.#updates = updates;
  }

  say(chat: StoredChat, person: Person, text: string): Sent {
    if (text.trim() === "") throw new Error("a person cannot send an empty message");
    const replyTo = chat.forceReply?.message;
    delete chat.forceReply;
    chat.started = true;
    const said = text.trim();
    const message = this.#world.addMessage(chat, person, { text: said, entities: detectEntities(said), replyTo });
    return { messageId: message.id, updateId: this.#announce(message, "message") };
  }

  shareLocation(chat: StoredChat, person: Person, location: Location): Sent {
    const text = `📍 ${location.latitude}, ${location.longitude}`;
    const message = this.#world.addMessage(chat, person, { text, entities: [], location });
    return { messageId: message.id, updateId: this.#announce(message, "message") };
  }

  edit(chat: StoredChat, messageId: number, text: string): Sent {
    const message = chat.messages.get(messageId);
    if (!message || message.from === "bot") throw new Error(`message ${messageId} is not theirs to edit`);
    message.history.push(message.text);
    Object.assign(message, { text, entities: detectEntities(text), editedAt: this.#world.clock.now() });
    message.changedAs = this.#world.nextChange();
    this.#world.emit({ type: "edited", chatId: chat.id });
    return { messageId, updateId: this.#announce(message, "edited_message") };
  }

  tap(message: StoredMessage, person: Person, button: InlineKeyboardButton): Sent {
    if (!("callback_data" in button)) {
      throw new Error(`the button "${button.text}" opens or copies something; it tells the bot nothing`);
    }
    const { chat } = message;
    const id = this.#world.nextId("43");
    const { callback_data: data } = button;
    this.#world.queries.set(id, {
      id,
      chat,
      messageId: message.id,
      data,
      tappedAt: this.#world.clock.now(),
      answered: false,
    });
    this.#world.nextChange();
    this.#world.emit({ type: "tapped", chatId: chat.id });
    const query = {
      id,
      from: renderUser(person),
      message: renderMessage(this.#world, message),
      chat_instance: String(chat.id),
      data,
    };
    const updateId = this.#updates.push({ callback_query: query }, `callback:${person.id}`, CALLBACK_SECONDS);
    return { messageId: message.id, updateId };
  }

  setBlocked(chat: StoredChat, person: Person, blocked: boolean): number {
    const user = this.#world.bot;
    const kicked = { status: "kicked" as const, user, until_date: 0 };
    const member = { status: "member" as const, user };
    chat.state = blocked ? "blocked" : "open";
    this.#world.emit({ type: "blocked", chatId: chat.id });
    const change = {
      chat: renderChat(chat) as never,
      from: renderUser(person),
      date: Math.floor(this.#world.clock.now().getTime() / 1000),
      old_chat_member: blocked ? member : kicked,
      new_chat_member: blocked ? kicked : member,
    };
    return this.#updates.push({ my_chat_member: change }, `my_chat_member:${person.id}`, MESSAGE_SECONDS);
  }

  #announce(message: StoredMessage, kind: "message" | "edited_message"): number {
    const rendered = renderMessage(this.#world, message) as never;
    return this.#updates.push({ [kind]: rendered }, `message:${message.chat.id}`, MESSAGE_SECONDS);
  }
}

export function seenMessage(world: World, message: StoredMessage): SeenMessage {
  const { id, from, text, entities, history, editedAt, silent, sentAt, media } = message;
  const preview = previewUrl(message);
  const waiting = new Set(
    [...world.queries.values()]
      .filter((query) => query.chat === message.chat && query.messageId === id && isSpinning(world, query))
      .map(({ data }) => data),
  );
  return {
    id,
    from: from === "bot" ? "bot" : "person",
    text,
    entities,
    buttons: (message.buttons?.inline_keyboard ?? []).map((row) => row.map((button) => seenButton(button, waiting))),
    history,
    edited: editedAt !== undefined,
    silent,
    sentAt,
    ...(media?.type === "photo" ? { photo: { fileId: media.file.id, width: media.width, height: media.height } } : {}),
    ...(media?.type === "document" ? { document: { fileId: media.file.id, fileName: media.file.fileName } } : {}),
    ...(preview === undefined ? {} : { previewUrl: preview }),
  };
}

export function isSpinning(world: World, query: { answered: boolean; tappedAt: Date }): boolean {
  const ageMs = world.clock.now().getTime() - query.tappedAt.getTime();
  return !query.answered && ageMs < CALLBACK_SECONDS * 1000;
}

function seenButton(button: InlineKeyboardButton, waiting: ReadonlySet<string>): SeenButton {
  const data = "callback_data" in button ? button.callback_data : undefined;
  const url = "url" in button ? button.url : undefined;
  const webApp = "web_app" in button ? button.web_app.url : undefined;
  const copyText = "copy_text" in button ? button.copy_text.text : undefined;
  return {
    text: button.text,
    ...(data === undefined ? {} : { data }),
    ...(url === undefined ? {} : { url }),
    ...(webApp === undefined ? {} : { webApp }),
    ...(copyText === undefined ? {} : { copyText }),
    ...("style" in button && button.style !== undefined ? { style: button.style } : {}),
    spinning: data !== undefined && waiting.has(data),
  };
}
