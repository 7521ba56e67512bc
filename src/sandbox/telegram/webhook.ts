import type { WebhookInfo } from "grammy/types";
import { type Clock, epochSeconds } from "../../lib/clock.ts";
import { parseJson } from "../../lib/json.ts";
import { badRequest } from "./api-error.ts";
import { type Params, paramsOf } from "./params.ts";
import type { PendingUpdate, Updates } from "./updates.ts";

/** One attempt at handing an update to the bot. */
export interface Delivery {
  updateId: number;
  at: Date;
  /** The answered status, or how the connection failed. */
  outcome: number | string;
}

interface Waiting {
  failures: number;
  notBefore: Date;
}

const MAX_RETRY_AFTER_SECONDS = 3600;
/** Really a random time between 60 and 120 seconds. */
const MAX_DELAY_SECONDS = 90;
const NEVER_AS_REPLY = /^(get|setwebhook$|deletewebhook$|close$|logout$)/i;

/**
 * Hands updates to the bot's URL: one at a time per queue, queues side by side, and again until the answer is a 2xx or
 * the update expires. Attempts are spaced by the clock, which a test can move; the timeout is in real time.
 */
export class Webhook {
  readonly #clock: Clock;
  readonly #updates: Updates;
  readonly #timeoutSeconds: number;
  readonly #execute: (method: string, params: Params) => Promise<unknown>;
  readonly #busy = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  readonly deliveries: Delivery[] = [];
  #url = "";
  #secret = "";
  #maxConnections = 40;
  #lastError: { at: Date; message: string } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    clock: Clock,
    updates: Updates,
    execute: (method: string, params: Params) => Promise<unknown>,
    timeoutSeconds: number,
  ) {
    this.#clock = clock;
    this.#updates = updates;
    this.#execute = execute;
    this.#timeoutSeconds = timeoutSeconds;
    updates.onArrival(() => this.pump());
  }

  get url(): string {
    return this.#url;
  }

  set(params: Params): true {
    const url = params.text("url") ?? "";
    if (url === "") return this.remove(params);
    // The real server takes only HTTPS, and four ports. This one also serves a bot on this machine.
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    const local = parsed?.hostname === "127.0.0.1" || parsed?.hostname === "localhost";
    if (parsed?.protocol !== "https:" && !(local && parsed?.protocol === "http:")) {
      throw badRequest("bad webhook: An HTTPS URL must be provided for webhook");
    }
    const secret = params.text("secret_token") ?? "";
    if (!/^[A-Za-z0-9_-]*$/.test(secret)) throw badRequest("secret token contains unallowed characters");
    if (secret.length > 256) throw badRequest("secret token is too long");
    const maxConnections = params.integer("max_connections") ?? 40;
    if (!(maxConnections >= 1 && maxConnections <= 100)) throw badRequest("max_connections must be 1-100");
    this.#updates.setAllowed(params);
    if (params.flag("drop_pending_updates")) this.#updates.drop();
    this.#updates.endHeldPoll("terminated by setWebhook request");
    this.#url = url;
    this.#secret = secret;
    this.#maxConnections = maxConnections;
    this.#lastError = undefined;
    this.#waiting.clear();
    this.pump();
    return true;
  }

  remove(params: Params): true {
    if (params.flag("drop_pending_updates")) this.#updates.drop();
    this.#url = "";
    this.#waiting.clear();
    this.#lastError = undefined;
    return true;
  }

  info(): WebhookInfo {
    return {
      url: this.#url,
      has_custom_certificate: false,
      pending_update_count: this.#updates.pending().length,
      ...(this.#url === "" ? {} : { max_connections: this.#maxConnections, ip_address: "127.0.0.1" }),
      ...(this.#updates.allowed.length === 0 ? {} : { allowed_updates: [...this.#updates.allowed] as never }),
      ...(this.#lastError === undefined
        ? {}
        : { last_error_date: epochSeconds(this.#lastError.at), last_error_message: this.#lastError.message }),
    };
  }

  close() {
    this.#url = "";
    clearTimeout(this.#timer);
  }

  pump() {
    if (this.#url === "") return;
    const now = this.#clock.now();
    for (const pending of this.#updates.pending()) {
      const { queue } = pending;
      if (this.#busy.has(queue) || this.#busy.size >= this.#maxConnections) continue;
      const waiting = this.#waiting.get(queue);
      if (waiting && waiting.notBefore > now) this.#pumpSoon();
      else this.#deliver(pending);
    }
  }

  #pumpSoon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.pump();
    }, 20).unref();
  }

  async #deliver(pending: PendingUpdate) {
    const { queue, update } = pending;
    this.#busy.add(queue);
    const delivery: Delivery = { updateId: update.update_id, at: this.#clock.now(), outcome: "under way" };
    this.deliveries.push(delivery);
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(this.#secret === "" ? {} : { "x-telegram-bot-api-secret-token": this.#secret }),
        },
        body: JSON.stringify(update),
        redirect: "manual",
        signal: AbortSignal.timeout(this.#timeoutSeconds * 1000),
      });
      const reply = await response.text();
      delivery.outcome = response.status;
      if (response.ok) {
        this.#updates.settle(update.update_id);
        this.#waiting.delete(queue);
        await this.#executeReply(reply);
      } else {
        const { status, statusText } = response;
        this.#failed(pending, `Wrong response from the webhook: ${status} ${statusText}`, retryAfter(response));
      }
    } catch (error) {
      const timedOut = error instanceof Error && error.name === "TimeoutError";
      delivery.outcome = timedOut ? "Read timeout expired" : "Connection failed";
      this.#failed(pending, delivery.outcome);
    } finally {
      this.#busy.delete(queue);
      this.pump();
    }
  }

  #failed({ queue, update, expiresAt }: PendingUpdate, message: string, retryAfterSeconds?: number) {
    const now = this.#clock.now();
    this.#lastError = { at: now, message };
    const failures = (this.#waiting.get(queue)?.failures ?? 0) + 1;
    const doubled = failures === 1 ? 0 : Math.min(2 ** (failures - 1), MAX_DELAY_SECONDS);
    const notBefore = new Date(now.getTime() + (retryAfterSeconds ?? doubled) * 1000);
    if (notBefore > expiresAt) {
      this.#updates.settle(update.update_id);
      this.#waiting.delete(queue);
    } else {
      this.#waiting.set(queue, { failures, notBefore });
    }
  }

  /** The answer's body may be a method call. Nobody learns its result. */
  async #executeReply(reply: string) {
    const call = parseJson(reply);
    if (typeof call !== "object" || call === null || !("method" in call)) return;
    const { method, ...values } = call;
    if (typeof method !== "string" || NEVER_AS_REPLY.test(method)) return;
    await this.#execute(method, paramsOf(values)).catch(() => {});
  }
}

function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("retry-after");
  return value !== null && /^\d+$/.test(value) ? Math.min(Number(value), MAX_RETRY_AFTER_SECONDS) : undefined;
}
