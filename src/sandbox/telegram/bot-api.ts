import type { Clock } from "../../lib/clock.ts";
import { Reply } from "../reply.ts";
import type { RecordedRequest } from "../serve.ts";
import { ApiError, errorResponse, okResponse } from "./api-error.ts";
import { botMethods } from "./methods/bot.ts";
import { callbackMethods } from "./methods/callback.ts";
import { commandMethods } from "./methods/commands.ts";
import { editMethods } from "./methods/edit.ts";
import type { Method } from "./methods/method.ts";
import { sendMethods } from "./methods/send.ts";
import { type Params, readParams } from "./params.ts";
import type { Updates } from "./updates.ts";
import { Webhook } from "./webhook.ts";
import type { World } from "./world.ts";

/** A call that reached a method. Calls caught by a fault are only in `requests`. */
export interface ApiCall {
  method: string;
  params: Readonly<Record<string, string>>;
  /** Which parts were files. */
  uploads: readonly string[];
  at: Date;
  result: unknown;
  error: { code: number; description: string } | undefined;
}

/** Methods, called by HTTP or in the answer to a webhook, and files. */
export class BotApi {
  readonly outbox: ApiCall[] = [];
  readonly webhook: Webhook;
  readonly #token: string;
  readonly #clock: Clock;
  readonly #world: World;
  readonly #methods: Map<string, Method>;

  constructor(token: string, { clock, world, updates, webhookTimeoutSeconds }: BotApiDeps) {
    this.#token = token;
    this.#clock = clock;
    this.#world = world;
    this.webhook = new Webhook(clock, updates, (name, params) => this.#call(name, params), webhookTimeoutSeconds);
    const methods = {
      ...botMethods(world, updates, this.webhook),
      ...sendMethods(world),
      ...editMethods(world),
      ...callbackMethods(world),
      ...commandMethods(world),
    };
    this.#methods = new Map(Object.entries(methods).map(([name, method]) => [name.toLowerCase(), method]));
  }

  async handle(request: () => Request, seen: RecordedRequest): Promise<Reply> {
    const [, prefix = "", calledToken, rest = ""] = /^\/(bot|file\/bot)([^/]+)\/(.+)$/.exec(seen.path) ?? [];
    if (prefix === "") return errorResponse(new ApiError(404, "Not Found"));
    if (calledToken !== this.#token) return errorResponse(new ApiError(401, "Unauthorized"));
    if (prefix === "file/bot") {
      const file = [...this.#world.files.values()].find(({ path }) => path === rest);
      if (!file) return errorResponse(new ApiError(404, "Not Found"));
      return new Reply(file.bytes.slice(), { headers: { "content-type": "application/octet-stream" } });
    }
    try {
      return okResponse(await this.#call(rest, await readParams(request, seen)));
    } catch (error) {
      if (error instanceof ApiError) return errorResponse(error);
      throw error;
    }
  }

  async #call(name: string, params: Params): Promise<unknown> {
    const method = this.#methods.get(name.toLowerCase());
    if (!method) throw new ApiError(404, "Not Found: method not found");
    const made: ApiCall = {
      method: name,
      params: Object.fromEntries(params.values),
      uploads: [...params.uploads.keys()],
      at: this.#clock.now(),
      result: undefined,
      error: undefined,
    };
    this.outbox.push(made);
    try {
      made.result = await method(params);
      return made.result;
    } catch (error) {
      if (error instanceof ApiError) made.error = { code: error.code, description: error.message };
      throw error;
    }
  }
}

interface BotApiDeps {
  clock: Clock;
  world: World;
  updates: Updates;
  webhookTimeoutSeconds: number;
}
