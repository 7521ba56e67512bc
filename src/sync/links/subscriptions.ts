import { createHash } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { ActionNeededError, RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { SubscriptionNews } from "../model/health.ts";
import type { WithAccess } from "../model/link.ts";
import type { Subscription, SubscriptionMemory, SubscriptionsSeen, WithingsNotifyApi } from "../model/withings-link.ts";
import type { Tokens } from "./tokens.ts";

const WANTED = [1, 4, 46];
const READINGS = [1, 4];
const CHECK_SECONDS = 24 * 3600;
const RETRY_SECONDS = 3600;

export type SubscriptionCheck =
  | { type: "not_due" }
  | { type: "off" }
  | { type: "not_linked" }
  | { type: "kept" }
  | { type: "restored"; applis: number[] }
  /** Withings can't reach our address; tried again tomorrow. `isNew`: this was not known yet. */
  | { type: "callback_unreachable"; isNew: boolean }
  | { type: "reached" }
  | { type: "later" };

export function newsIn(check: SubscriptionCheck): SubscriptionNews | undefined {
  if (check.type === "callback_unreachable") return check.isNew ? "unreachable" : undefined;
  return check.type === "restored" || check.type === "reached" ? check.type : undefined;
}

/** `off`: not set up yet. `gone`: set up, and missing since. `unreachable`: Withings can't reach us. */
type NotificationState = "on" | "unreachable" | "off" | "gone";

export interface NotificationsSeen {
  state: NotificationState;
  checkedAt?: Date;
}

interface SubscriptionDeps {
  api: WithingsNotifyApi;
  memory: SubscriptionMemory;
  tokens: Tokens;
  /** Undefined without a public address. It holds a key: it goes to Withings and nowhere else. */
  callbackUrl: string | undefined;
  clock: Clock;
  log: Log;
}

export class Subscriptions {
  readonly #deps: SubscriptionDeps;
  readonly #callbackId: string;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
    const hash = createHash("sha256").update(deps.callbackUrl ?? "");
    this.#callbackId = hash.digest("hex").slice(0, 16);
  }

  /** Makes sure that Withings notifies us of this account. Asks Withings once a day, and right after linking. */
  async keep(account: number): Promise<SubscriptionCheck> {
    const { api, tokens, callbackUrl, clock, log } = this.#deps;
    if (callbackUrl === undefined) return { type: "off" };
    const known = await this.#read(account);
    if (known && !isDue(known, clock.now())) return { type: "not_due" };
    try {
      const { state, active, made } = await setUp(api, tokens.withAccess(account, "withings"), callbackUrl);
      await this.#save(account, state, active);
      const wasUnreachable = known?.state === "callback_unreachable";
      if (state === "callback_unreachable") return { type: state, isNew: !wasUnreachable };
      if (wasUnreachable) return { type: "reached" };
      const applis = made.filter((appli) => known?.active.includes(appli));
      return applis.length > 0 ? { type: "restored", applis } : { type: "kept" };
    } catch (error) {
      if (error instanceof ActionNeededError) return { type: "not_linked" };
      // Saved after any error, or it would be asked again every minute.
      const isKnown = known?.state === "gone" || known?.state === "callback_unreachable";
      await this.#save(account, isKnown ? known.state : "unknown", known?.active ?? []);
      if (!(error instanceof RetryLaterError)) throw error;
      log.warn("subscriptions_not_checked", { account, ...errorFacts(error) });
      return { type: "later" };
    }
  }

  /** Before a link is removed. What Withings answers doesn't matter. */
  async remove(account: number): Promise<void> {
    const { api, memory, tokens, callbackUrl, log } = this.#deps;
    await memory.forget(account);
    if (callbackUrl === undefined) return;
    try {
      const withAccess = tokens.withAccess(account, "withings");
      for (const each of await api.list(withAccess)) {
        if (isOurs(each, callbackUrl)) await api.revoke(withAccess, each);
      }
    } catch (error) {
      log.warn("subscriptions_not_removed", { account, ...errorFacts(error) });
    }
  }

  async state(account: number): Promise<NotificationsSeen | undefined> {
    if (this.#deps.callbackUrl === undefined) return undefined;
    const seen = await this.#read(account);
    return seen ? { state: stateOf(seen), checkedAt: seen.checkedAt } : { state: "off" };
  }

  /** Asks Withings, and changes nothing there. What is missing is remembered, so that `keep` soon sets it up again. */
  async look(account: number): Promise<NotificationState | undefined> {
    const { api, memory, tokens, callbackUrl } = this.#deps;
    if (callbackUrl === undefined) return undefined;
    const listed = await api.list(tokens.withAccess(account, "withings", undefined, { onlyLooks: true }));
    const active = listed.filter((it) => sameAddress(it.callbackUrl, callbackUrl)).map(({ appli }) => appli);
    const known = await this.#read(account);
    const isWhole = active.some(isForReadings) && (known?.active.every((it) => active.includes(it)) ?? true);
    if (isWhole) return "on";
    if (known?.state === "callback_unreachable") return "unreachable";
    if (!known?.active.some(isForReadings)) return "off";
    await memory.save(account, { ...known, state: "gone" });
    return "gone";
  }

  async #read(account: number): Promise<SubscriptionsSeen | undefined> {
    const seen = await this.#deps.memory.read(account);
    return seen?.callbackId === this.#callbackId ? seen : undefined;
  }

  #save(account: number, state: SubscriptionsSeen["state"], active: number[]): Promise<void> {
    const { memory, clock } = this.#deps;
    return memory.save(account, { checkedAt: clock.now(), callbackId: this.#callbackId, state, active });
  }
}

function stateOf({ state, active }: SubscriptionsSeen): NotificationState {
  if (state === "callback_unreachable") return "unreachable";
  if (state === "gone") return "gone";
  return active.some(isForReadings) ? "on" : "off";
}

const isForReadings = (appli: number) => READINGS.includes(appli);

/** A check in the future was dated by a wrong clock, and counts as long ago. */
function isDue({ checkedAt, state }: SubscriptionsSeen, now: Date): boolean {
  const restSeconds = state === "unknown" || state === "gone" ? RETRY_SECONDS : CHECK_SECONDS;
  return Math.abs(now.getTime() - checkedAt.getTime()) >= restSeconds * 1000;
}

/** Sets up what is missing, then removes what is ours and too much. Never touches what others asked for. */
async function setUp(api: WithingsNotifyApi, withAccess: WithAccess, callbackUrl: string) {
  const listed = await api.list(withAccess);
  const isHere = (it: Subscription) => sameAddress(it.callbackUrl, callbackUrl);
  const made: number[] = [];
  const active = new Set(listed.filter(isHere).map(({ appli }) => appli));
  const seen = (state: "active" | "callback_unreachable") => ({
    state,
    active: WANTED.filter((it) => active.has(it)),
    made,
  });

  for (const appli of WANTED) {
    const [first, second] = listed.filter((it) => it.appli === appli && isHere(it));
    // It isn't documented whether revoking one of two removes both, so we look.
    if (first && second) await api.revoke(withAccess, first);
    const isThere = second ? (await api.list(withAccess, appli)).some(isHere) : first !== undefined;
    if (isThere) continue;
    active.delete(appli);
    const outcome = await api.subscribe(withAccess, { appli, callbackUrl }).catch(notGranted);
    if (outcome === "callback_unreachable") return seen(outcome);
    if (outcome === "not_granted") continue;
    active.add(appli);
    if (!first) made.push(appli);
  }
  // Last, so that notifications never pause when the key changes.
  for (const each of listed) {
    const isWanted = isHere(each) && WANTED.includes(each.appli);
    if (isOurs(each, callbackUrl) && !isWanted) await api.revoke(withAccess, each);
  }
  return seen("active");
}

/** The owner allowed less than we asked for. The readings come all the same, or the next sync says that they don't. */
function notGranted(error: unknown): "not_granted" {
  if (error instanceof ActionNeededError) return "not_granted";
  throw error;
}

function sameAddress(a: string, b: string): boolean {
  return URL.canParse(a) && new URL(a).href === new URL(b).href;
}

function isOurs({ callbackUrl: other }: Subscription, callbackUrl: string): boolean {
  if (!URL.canParse(other)) return false;
  const [theirs, ours] = [new URL(other), new URL(callbackUrl)];
  return theirs.origin === ours.origin && theirs.pathname === ours.pathname;
}
