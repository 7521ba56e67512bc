import type { Update } from "grammy/types";
import type { Clock } from "../../lib/clock.ts";
import { badRequest, conflict } from "./api-error.ts";
import type { Params } from "./params.ts";

export interface PendingUpdate {
  update: Update;
  /** Updates of one queue are delivered one at a time, different queues side by side. */
  queue: string;
  expiresAt: Date;
  /** Delivered once more after the bot confirmed it. */
  again: boolean;
}

interface HeldPoll {
  limit: number;
  resolve(updates: Update[]): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

const FIRST_UPDATE_ID = 731_000_001;
const MAX_POLL_SECONDS = 50;
/** A bot gets these only if it names them. */
const ON_REQUEST_ONLY = new Set(["chat_member", "message_reaction", "message_reaction_count"]);

/** What the bot hasn't taken yet; `getUpdates` reads it, the webhook empties it. */
export class Updates {
  readonly #clock: Clock;
  readonly #all = new Map<number, PendingUpdate>();
  readonly #listeners = new Set<() => void>();
  #pending: PendingUpdate[] = [];
  #nextId = FIRST_UPDATE_ID;
  #held: HeldPoll | undefined;
  /** Empty: all kinds, except those a bot has to name. */
  allowed: readonly string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onArrival(listener: () => void) {
    this.#listeners.add(listener);
  }

  /** Returns the update's id. A kind the bot doesn't want gets an id and goes nowhere. */
  push(content: Omit<Update, "update_id">, queue: string, lifetimeSeconds: number): number {
    const id = this.#nextId;
    this.#nextId += 1;
    const [kind = ""] = Object.keys(content);
    const wanted = this.allowed.length > 0 ? this.allowed.includes(kind) : !ON_REQUEST_ONLY.has(kind);
    if (!wanted) return id;
    const expiresAt = new Date(this.#clock.now().getTime() + lifetimeSeconds * 1000);
    this.#add({ update: { update_id: id, ...content } as Update, queue, expiresAt, again: false });
    return id;
  }

  redeliver(updateId: number) {
    const known = this.#all.get(updateId);
    if (!known) throw new Error(`no update ${updateId} was ever due to the bot`);
    this.settle(updateId);
    this.#add({ ...known, again: true });
  }

  #add(pending: PendingUpdate) {
    this.#all.set(pending.update.update_id, pending);
    this.#pending.push(pending);
    this.#pending.sort((a, b) => a.update.update_id - b.update.update_id);
    const held = this.#release();
    held?.resolve(this.#read(held.limit));
    for (const listener of this.#listeners) listener();
  }

  pending(): readonly PendingUpdate[] {
    const now = this.#clock.now();
    this.#pending = this.#pending.filter(({ expiresAt, again }) => again || expiresAt > now);
    return this.#pending;
  }

  settle(updateId: number) {
    this.#pending = this.#pending.filter(({ update }) => update.update_id !== updateId);
  }

  drop() {
    this.#pending = [];
  }

  setAllowed(params: Params) {
    const list = params.json("allowed_updates");
    if (list === undefined) return;
    if (!Array.isArray(list) || list.some((kind) => typeof kind !== "string")) {
      throw badRequest("can't parse allowed updates: array of strings expected");
    }
    this.allowed = list;
  }

  /** Waits up to `timeout`, in real time. A second call ends the first with a 409. */
  async getUpdates(params: Params): Promise<Update[]> {
    this.setAllowed(params);
    const offset = params.integer("offset") ?? 0;
    const limit = Math.min(100, Math.max(1, params.integer("limit") ?? 100));
    const seconds = Math.min(MAX_POLL_SECONDS, Math.max(0, params.integer("timeout") ?? 0));

    this.endHeldPoll("terminated by other getUpdates request; make sure that only one bot instance is running");
    const all = this.pending();
    const from = offset < 0 ? (all.at(offset)?.update.update_id ?? 0) : offset;
    this.#pending = all.filter(({ update, again }) => again || update.update_id >= from);
    if (this.#pending.length > 0 || seconds === 0) return this.#read(limit);

    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#release()?.resolve([]), seconds * 1000);
      this.#held = { limit, resolve, reject, timer: timer.unref() };
    });
  }

  endHeldPoll(reason: string) {
    this.#release()?.reject(conflict(reason));
  }

  #release(): HeldPoll | undefined {
    const held = this.#held;
    this.#held = undefined;
    clearTimeout(held?.timer);
    return held;
  }

  #read(limit: number): Update[] {
    const batch = this.pending().slice(0, limit);
    for (const pending of batch) pending.again = false;
    return batch.map(({ update }) => update);
  }
}
