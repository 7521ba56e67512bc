import type { UserFromGetMe } from "grammy/types";
import type { Clock } from "../lib/clock.ts";
import { type FaultBoard, withFaults } from "./faults.ts";
import { type RecordedRequest, serve } from "./serve.ts";
import { type ApiCall, BotApi } from "./telegram/bot-api.ts";
import { PersonChat } from "./telegram/chat.ts";
import { Pen, type SeenMessage, seenMessage } from "./telegram/person.ts";
import { Updates } from "./telegram/updates.ts";
import type { Delivery } from "./telegram/webhook.ts";
import { type Person, type StoredFile, type TelegramEvent, World } from "./telegram/world.ts";

export interface TelegramOptions {
  clock: Clock;
  faults: FaultBoard;
  port?: number;
  token?: string;
  /** May be shared with other servers. */
  requests?: RecordedRequest[];
  /** Real seconds, whatever the clock says. */
  webhookTimeoutSeconds?: number;
}

export interface NewUser extends Person {
  /** They have talked to the bot before. Otherwise a bot that writes first gets a 403. */
  started?: boolean;
}

export interface Telegram {
  readonly apiRoot: string;
  readonly token: string;
  readonly bot: UserFromGetMe;
  readonly requests: readonly RecordedRequest[];
  readonly outbox: readonly ApiCall[];
  /** Every attempt at the webhook. */
  readonly deliveries: readonly Delivery[];
  calls(method: string): ApiCall[];
  /** The same id gives the same chat. */
  user(user: NewUser): PersonChat;
  messagesInGroup(groupId: number): SeenMessage[];
  file(fileId: string): StoredFile | undefined;
  pendingUpdates(): number;
  onEvent(listener: (event: TelegramEvent) => void): () => void;
  close(): Promise<void>;
}

const TOKEN = "7310042:AAsandbox-token-of-a-bot-that-is-not";

/** A Bot API server on this machine, strict wherever a bot could get something wrong. */
export async function startTelegram(options: TelegramOptions): Promise<Telegram> {
  const { clock, faults, token = TOKEN, webhookTimeoutSeconds = 60 } = options;
  const world = new World(clock, botOf(token));
  const updates = new Updates(clock);
  const api = new BotApi(token, { clock, world, updates, webhookTimeoutSeconds });
  const pen = new Pen(world, updates);
  const people = new Map<number, PersonChat>();

  const served = await serve(
    withFaults("telegram", faults, (request, seen) => api.handle(request, seen)),
    {
      port: options.port,
      name: "telegram",
      clock,
      ...(options.requests ? { requests: options.requests } : {}),
    },
  );

  return {
    apiRoot: served.url,
    token,
    bot: world.bot,
    requests: served.requests,
    outbox: api.outbox,
    deliveries: api.webhook.deliveries,
    calls: (method) => api.outbox.filter((made) => made.method.toLowerCase() === method.toLowerCase()),
    user({ started = false, ...person }) {
      const chat = people.get(person.id) ?? new PersonChat(world, updates, pen, token, person);
      people.set(person.id, chat);
      if (started) world.openChat(person.id, "private").started = true;
      return chat;
    },
    messagesInGroup: (groupId) =>
      [...(world.chats.get(groupId)?.messages.values() ?? [])].map((message) => seenMessage(world, message)),
    file: (fileId) => world.files.get(fileId),
    pendingUpdates: () => updates.pending().length,
    onEvent: (listener) => world.onEvent(listener),
    async close() {
      api.webhook.close();
      updates.endHeldPoll("the sandbox ends");
      await served.close();
    },
  };
}

function botOf(token: string): UserFromGetMe {
  return {
    id: Number.parseInt(token, 10) || 1,
    is_bot: true,
    first_name: "Weighbridge",
    username: "weighbridge_bot",
    can_join_groups: true,
    // Privacy mode is off: a bot hears everything in a group, so it has to do the ignoring.
    can_read_all_group_messages: true,
    supports_guest_queries: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
    supports_join_request_queries: false,
  };
}
