import type {
  BotCommand,
  InlineKeyboardMarkup,
  LinkPreviewOptions,
  Location,
  MenuButton,
  MessageEntity,
  UserFromGetMe,
} from "grammy/types";
import { type Clock, epochSeconds } from "../../lib/clock.ts";

export interface Person {
  id: number;
  firstName: string;
  username?: string;
  languageCode?: string;
}

export interface StoredFile {
  id: string;
  path: string;
  fileName: string;
  mimeType: string;
  bytes: Uint8Array;
}

export type Media =
  | { type: "photo"; file: StoredFile; width: number; height: number }
  | { type: "document"; file: StoredFile };

export interface StoredMessage {
  id: number;
  chat: StoredChat;
  from: "bot" | Person;
  sentAt: Date;
  editedAt?: Date;
  /** The text, or the caption of the media. */
  text: string;
  entities: MessageEntity[];
  media?: Media;
  /** `text` is how the person sees it. */
  location?: Location;
  buttons: InlineKeyboardMarkup | undefined;
  replyTo: StoredMessage | undefined;
  silent: boolean;
  linkPreview: LinkPreviewOptions | undefined;
  /** A message with a keyboard or a forced reply can't be edited. */
  editable: boolean;
  /** Its earlier texts, oldest first. */
  history: string[];
  /** The number of its last change, among all changes. */
  changedAs: number;
}

export interface StoredChat {
  id: number;
  type: "private" | "group";
  person: Person | undefined;
  started: boolean;
  state: "open" | "blocked";
  messages: Map<number, StoredMessage>;
  action?: { name: string; until: Date };
  forceReply?: { message: StoredMessage; placeholder: string | undefined };
  keyboard?: { rows: string[][]; placeholder: string | undefined };
  toasts: Toast[];
}

export interface Toast {
  text: string;
  /** Stays until it is tapped away. */
  alert: boolean;
}

export interface CallbackQuery {
  id: string;
  chat: StoredChat;
  messageId: number;
  data: string;
  tappedAt: Date;
  answered: boolean;
}

export interface TelegramEvent {
  type: "message" | "edited" | "deleted" | "chat_action" | "tapped" | "callback_answered" | "commands" | "blocked";
  chatId?: number;
}

/** How long an update may wait, and how long a tap can be answered. Telegram documents no limit for taps. */
export const CALLBACK_SECONDS = 150;
const FIRST_MESSAGE_ID = 100;

export class World {
  readonly clock: Clock;
  readonly bot: UserFromGetMe;
  readonly chats = new Map<number, StoredChat>();
  readonly files = new Map<string, StoredFile>();
  readonly queries = new Map<string, CallbackQuery>();
  /** By scope and language, see commands.ts. */
  readonly commands = new Map<string, BotCommand[]>();
  /** By chat id; 0 is the default. */
  readonly menuButtons = new Map<number, MenuButton>();
  readonly texts = new Map<string, string>();
  readonly #listeners = new Set<(event: TelegramEvent) => void>();
  #messages = FIRST_MESSAGE_ID;
  #changes = 0;
  #ids = 0;

  constructor(clock: Clock, bot: UserFromGetMe) {
    this.clock = clock;
    this.bot = bot;
  }

  onEvent(listener: (event: TelegramEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: TelegramEvent) {
    for (const listener of this.#listeners) listener(event);
  }

  get changes(): number {
    return this.#changes;
  }

  nextChange(): number {
    this.#changes += 1;
    return this.#changes;
  }

  nextId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}${epochSeconds(this.clock.now())}${String(this.#ids).padStart(6, "0")}`;
  }

  openChat(id: number, type: StoredChat["type"], person?: Person): StoredChat {
    const known = this.chats.get(id);
    if (known) return known;
    const chat: StoredChat = { id, type, person, started: false, state: "open", messages: new Map(), toasts: [] };
    this.chats.set(id, chat);
    return chat;
  }

  addMessage(
    chat: StoredChat,
    from: StoredMessage["from"],
    content: Pick<StoredMessage, "text" | "entities"> & Partial<StoredMessage>,
  ): StoredMessage {
    this.#messages += 1;
    const message: StoredMessage = {
      buttons: undefined,
      replyTo: undefined,
      silent: false,
      linkPreview: undefined,
      editable: true,
      ...content,
      id: this.#messages,
      chat,
      from,
      sentAt: this.clock.now(),
      history: [],
      changedAs: this.nextChange(),
    };
    chat.messages.set(message.id, message);
    if (from === "bot") delete chat.action;
    this.emit({ type: "message", chatId: chat.id });
    return message;
  }

  addFile(file: Omit<StoredFile, "id" | "path">, folder: string): StoredFile {
    const id = this.nextId("AgACAgIAAx");
    const extension = /\.[a-zA-Z0-9]+$/.exec(file.fileName)?.[0] ?? "";
    const stored = { ...file, id, path: `${folder}/file_${this.files.size}${extension}` };
    this.files.set(id, stored);
    return stored;
  }
}
