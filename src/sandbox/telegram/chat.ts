import type { BotCommand, InlineKeyboardButton, Location } from "grammy/types";
import { commandsIn, descriptionIn } from "./methods/commands.ts";
import { isSpinning, type Pen, type SeenMessage, type Sent, seenMessage } from "./person.ts";
import type { Updates } from "./updates.ts";
import { initDataFor, webAppAddress } from "./web-app.ts";
import type { Person, StoredChat, StoredMessage, Toast, World } from "./world.ts";

const WAIT_MS = 30_000;

/** The bot has just changed or removed the button's message. */
export class ButtonGone extends Error {}

/** A private chat as the person sees it. */
export class PersonChat {
  readonly person: Person;
  readonly #world: World;
  readonly #updates: Updates;
  readonly #pen: Pen;
  readonly #chat: StoredChat;
  readonly #token: string;
  /** The number of the change with which the person last said or tapped something. */
  #spokeAs = 0;

  constructor(world: World, updates: Updates, pen: Pen, token: string, person: Person) {
    this.#token = token;
    this.#world = world;
    this.#updates = updates;
    this.#pen = pen;
    this.person = person;
    this.#chat = world.openChat(person.id, "private", person);
  }

  get id(): number {
    return this.#chat.id;
  }

  /** Oldest first, in their last version, without deleted messages. */
  get messages(): SeenMessage[] {
    return [...this.#chat.messages.values()].map((message) => seenMessage(this.#world, message));
  }

  get lastMessage(): SeenMessage | undefined {
    return this.messages.findLast(({ from }) => from === "bot");
  }

  /** The answers to taps that had a text, oldest first. */
  get toasts(): readonly Toast[] {
    return this.#chat.toasts;
  }

  get unansweredTaps(): number {
    return [...this.#world.queries.values()].filter(
      (query) => query.chat === this.#chat && isSpinning(this.#world, query),
    ).length;
  }
  get action(): string | undefined {
    const { action } = this.#chat;
    return action && action.until > this.#world.clock.now() ? action.name : undefined;
  }

  get commands(): BotCommand[] {
    return commandsIn(this.#world, this.#chat);
  }

  /** Of the bot, as an empty chat shows it. */
  get description(): string {
    return descriptionIn(this.#world, this.#chat);
  }

  /** The text in the empty input field: a forced reply or a keyboard may set it. */
  get placeholder(): string | undefined {
    return this.#chat.forceReply?.placeholder ?? this.#chat.keyboard?.placeholder;
  }

  /** Buttons below the input field, which send their text. */
  get keyboard(): readonly string[][] {
    return this.#chat.keyboard?.rows ?? [];
  }

  get blocked(): boolean {
    return this.#chat.state === "blocked";
  }

  say(text: string): Sent {
    this.#mustBeOpen();
    this.#spokeAs = this.#world.nextChange();
    return this.#pen.say(this.#chat, this.person, text);
  }

  shareLocation(location: Location): Sent {
    this.#mustBeOpen();
    this.#spokeAs = this.#world.nextChange();
    return this.#pen.shareLocation(this.#chat, this.person, location);
  }

  /** Opens a t.me link to the bot and presses Start. */
  openLink(url: string): Sent {
    const { origin, pathname, searchParams } = new URL(url);
    const { username } = this.#world.bot;
    if (origin !== "https://t.me" || pathname.toLowerCase() !== `/${username.toLowerCase()}`) {
      throw new Error(`${url} does not lead to ${username}`);
    }
    const payload = searchParams.get("start");
    if (payload === null) return this.say("/start");
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(payload)) throw new Error(`Telegram passes no payload like "${payload}" on`);
    return this.say(`/start ${payload}`);
  }

  edit(messageId: number, text: string): Sent {
    this.#mustBeOpen();
    return this.#pen.edit(this.#chat, messageId, text);
  }

  /** By the button's text or data, on the newest message that has it. */
  tap(button: string, messageId?: number): Sent {
    this.#mustBeOpen();
    const [message, found] = this.#button(button, messageId);
    this.#spokeAs = this.#world.nextChange();
    return this.#pen.tap(message, this.person, found);
  }

  /** The address that the person's app opens for a button with a Mini App, with what Telegram signs. */
  openWebApp(button: string, messageId?: number): string {
    const [, found] = this.#button(button, messageId);
    if (!("web_app" in found)) throw new Error(`the button "${button}" opens no Mini App`);
    return webAppAddress(found.web_app.url, initDataFor(this.person, this.#token, this.#world.clock.now()));
  }

  sayInGroup(groupId: number, text: string): Sent {
    if (groupId >= 0) throw new Error("ids of groups are negative");
    return this.#pen.say(this.#world.openChat(groupId, "group"), this.person, text);
  }

  block(): number {
    return this.#pen.setBlocked(this.#chat, this.person, true);
  }

  unblock(): number {
    return this.#pen.setBlocked(this.#chat, this.person, false);
  }

  /** Delivers an update once more, confirmed or not. */
  redeliver(updateId: number) {
    this.#updates.redeliver(updateId);
  }

  /** Waits, in real time, for a message that fits and that came or changed after the person last said or tapped something. */
  async waitForMessage(
    fits: (message: SeenMessage) => boolean = () => true,
    timeoutMs = WAIT_MS,
  ): Promise<SeenMessage> {
    const find = () =>
      [...this.#chat.messages.values()]
        .filter(({ from, changedAs }) => from === "bot" && changedAs > this.#spokeAs)
        .map((message) => seenMessage(this.#world, message))
        .findLast(fits);
    return this.#wait(find, "no fitting message came", timeoutMs);
  }

  /** For what isn't a message: a toast, a deletion, an answered tap. */
  async waitUntil(happened: (chat: this) => boolean, timeoutMs = WAIT_MS): Promise<void> {
    await this.#wait(() => happened(this) || undefined, "it did not happen", timeoutMs);
  }

  #wait<T>(find: () => T | undefined, complaint: string, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = this.#world.onEvent(() => look());
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${complaint} within ${timeoutMs} ms; the chat shows:\n${this.#transcript()}`));
      }, timeoutMs);
      function look() {
        try {
          const found = find();
          if (found === undefined) return;
          resolve(found);
        } catch (error) {
          reject(error);
        }
        stop();
        clearTimeout(timer);
      }
      look();
    });
  }

  #transcript(): string {
    const lines = this.messages.slice(-10).map(({ from, text, buttons }) => {
      const labels = buttons.flat().map((button) => ` [${button.text}]`);
      return `  ${from}: ${text}${labels.join("")}`;
    });
    return lines.join("\n") || "  nothing";
  }

  #button(wanted: string, messageId: number | undefined): [StoredMessage, InlineKeyboardButton] {
    const messages = [...this.#chat.messages.values()].filter(({ id }) => messageId === undefined || id === messageId);
    for (const message of messages.reverse()) {
      const found = message.buttons?.inline_keyboard
        .flat()
        .find((button) => button.text === wanted || ("callback_data" in button && button.callback_data === wanted));
      if (found) return [message, found];
    }
    throw new ButtonGone(`there is no button "${wanted}"; the chat shows:\n${this.#transcript()}`);
  }

  #mustBeOpen() {
    if (this.blocked) throw new Error("The bot is blocked here. Unblock it first.");
  }
}
