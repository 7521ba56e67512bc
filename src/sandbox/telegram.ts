import type { UserFromGetMe } from "grammy/types";
import type { Clock } from "../lib/clock.ts";
import { type FaultBoard, withFaults } from "./faults.ts";
import { type RecordedRequest, serve } from "./serve.ts";
import { ApiError, errorResponse, okResponse } from "./telegram/api-error.ts";
import { PersonChat } from "./telegram/chat.ts";
import { botMethods } from "./telegram/methods/bot.ts";
import { callbackMethods } from "./telegram/methods/callback.ts";
import { commandMethods } from "./telegram/methods/commands.ts";
import { editMethods } from "./telegram/methods/edit.ts";
import type { Method } from "./telegram/methods/method.ts";
import { sendMethods } from "./telegram/methods/send.ts";
import { type Params, readParams } from "./telegram/params.ts";
import { Pen, type SeenMessage, seenMessage } from "./telegram/person.ts";
import { Updates } from "./telegram/updates.ts";
import { type Delivery, Webhook } from "./telegram/webhook.ts";
import { type Person, type StoredFile, type TelegramEvent, World } from "./telegram/world.ts";

export interface TelegramOptions {
  clock: Clock;
  faults: FaultBoard;
  port?: number;
  token?: string;
  /** A list to share with other servers; by default it has its own. */
  requests?: RecordedRequest[];
  /** How long a webhook may take, in real time. */
  webhookTimeoutSeconds?: number;
}

/** A call that reached a method. Calls caught by a fault are in `requests` only. */
export interface ApiCall {
  method: string;
  params: Readonly<Record<string, string>>;
  /** The names of the parts that were files. */
  uploads: readonly string[];
  at: Date;
  result: unknown;
  error: { code: number; description: string } | undefined;
}

export interface NewUser extends Person {
  /** They have talked to the bot before. Otherwise a bot that writes first gets a 403. */
  started?: boolean;
}

export interface Telegram {
  /** For grammY's `client.apiRoot`. */
  readonly apiRoot: string;
  readonly token: string;
  readonly bot: UserFromGetMe;
  readonly requests: readonly RecordedRequest[];
  /** Every call the bot made, oldest first. */
  readonly outbox: readonly ApiCall[];
  /** Every attempt to hand an update to the webhook. */
  readonly deliveries: readonly Delivery[];
  calls(method: string): ApiCall[];
  /** The same chat for the same id. */
  user(user: NewUser): PersonChat;
  /** What the members of a group see. */
  messagesInGroup(groupId: number): SeenMessage[];
  file(fileId: string): StoredFile | undefined;
  pendingUpdates(): number;
  onEvent(listener: (event: TelegramEvent) => void): () => void;
  close(): Promise<void>;
}

const TOKEN = "7310042:AAsandbox-token-of-a-bot-that-is-not";

/** A Bot API server on this machine, as strict as the real one where a bot could get something wrong. */
export async function startTelegram(options: TelegramOptions): Promise<Telegram> {
  const { clock, faults, token = TOKEN, webhookTimeoutSeconds = 60 } = options;
  const world = new World(clock, botOf(token));
  const updates = new Updates(clock);
  const webhook = new Webhook(clock, updates, call, webhookTimeoutSeconds);
  const pen = new Pen(world, updates);
  const people = new Map<number, PersonChat>();
  const outbox: ApiCall[] = [];
  const methods = new Map<string, Method>(
    Object.entries({
      ...botMethods(world, updates, webhook),
      ...sendMethods(world),
      ...editMethods(world),
      ...callbackMethods(world),
      ...commandMethods(world),
    }).map(([name, method]) => [name.toLowerCase(), method]),
  );

  async function call(name: string, params: Params): Promise<unknown> {
    const method = methods.get(name.toLowerCase());
    if (!method) throw new ApiError(404, "Not Found: method not found");
    const made: ApiCall = {
      method: name,
      params: Object.fromEntries(params.values),
      uploads: [...params.uploads.keys()],
      at: clock.now(),
      result: undefined,
      error: undefined,
    };
    outbox.push(made);
    try {
      made.result = await method(params);
      return made.result;
    } catch (error) {
      if (error instanceof ApiError) made.error = { code: error.code, description: error.message };
      throw error;
    }
  }

  async function handle(request: Request, seen: RecordedRequest): Promise<Response> {
    const [, prefix = "", calledToken, rest = ""] = /^\/(bot|file\/bot)([^/]+)\/(.+)$/.exec(seen.path) ?? [];
    if (prefix === "") return errorResponse(new ApiError(404, "Not Found"));
    if (calledToken !== token) return errorResponse(new ApiError(401, "Unauthorized"));
    if (prefix === "file/bot") {
      const file = [...world.files.values()].find(({ path }) => path === rest);
      if (!file) return errorResponse(new ApiError(404, "Not Found"));
      return new Response(file.bytes.slice(), { headers: { "content-type": "application/octet-stream" } });
    }
    try {
      return okResponse(await call(rest, await readParams(request)));
    } catch (error) {
      if (error instanceof ApiError) return errorResponse(error);
      throw error;
    }
  }

  const served = await serve(withFaults("telegram", faults, handle), {
    port: options.port,
    name: "telegram",
    clock,
    ...(options.requests ? { requests: options.requests } : {}),
  });

  return {
    apiRoot: served.url,
    token,
    bot: world.bot,
    requests: served.requests,
    outbox,
    deliveries: webhook.deliveries,
    calls: (method) => outbox.filter((made) => made.method.toLowerCase() === method.toLowerCase()),
    user({ started = false, ...person }) {
      const chat = people.get(person.id) ?? new PersonChat(world, updates, pen, person);
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
      webhook.close();
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
    // Privacy mode off: a bot in a group hears everything, so what it ignores it ignores by itself.
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
