import type { Clock } from "../../lib/clock.ts";
import { ActionNeededError } from "../../lib/errors.ts";
import type { Accounts } from "../model/account.ts";
import type { Links, PendingLinks, TokenSet, WithAccess } from "../model/link.ts";
import type { WeighIn } from "../model/reading.ts";
import type { ReadingSource } from "../model/vendors.ts";
import type { OAuthStates, WithingsOAuthApi } from "../model/withings-link.ts";
import type { LinkSaver } from "./save-link.ts";
import type { Tokens } from "./tokens.ts";

/** Nobody recognises an older weigh-in as theirs. */
const LAST_WEIGH_IN_DAYS = 60;

interface WithingsLinkDeps {
  api: WithingsOAuthApi;
  accounts: Pick<Accounts, "find">;
  states: OAuthStates;
  links: Pick<Links, "facts">;
  pendingLinks: PendingLinks;
  linkSaver: LinkSaver;
  tokens: Pick<Tokens, "link" | "withAccess">;
  source: Pick<ReadingSource, "changedSince">;
  clock: Clock;
}

/** Throws `ActionNeededError` when Withings refuses the application or the callback address. */
export type LinkResult =
  | { type: "linked"; withingsUserId: string }
  | { type: "code_expired" }
  | { type: "scope_missing" }
  | { type: "taken" }
  /** Nothing changes unless the owner says yes within ten minutes. */
  | { type: "other_person"; withingsUserId: string; linkedUserId: string }
  | { type: "account_removed" }
  | { type: "refused" }
  /** Not signed by us: made up, cut off, or from before the key was changed. */
  | { type: "wrong_state" }
  | { type: "late_state" }
  | { type: "used_state" }
  | { type: "other_chat" }
  | { type: "no_code" }
  | { type: "not_an_address" };

export type MadeLink = Extract<LinkResult, { type: "linked" | "taken" | "account_removed" }>;

/** What the callback page may show. "waiting": nothing has happened yet. */
export type CallbackOutcome =
  | LinkResult["type"]
  | "waiting"
  | "application_refused"
  | "callback_refused"
  | "later"
  | "broken";

interface PersonAtWithings {
  lastWeighIn: WeighIn | undefined;
  timezone: string | undefined;
}

export class WithingsLinking {
  readonly #deps: WithingsLinkDeps;

  constructor(deps: WithingsLinkDeps) {
    this.#deps = deps;
  }

  /** The address of a consent page that leads back to this account, for ten minutes and once. */
  begin(account: number): string {
    const { api, states } = this.#deps;
    return api.authorizeUrl(states.issue(account));
  }

  /** What the owner pasted into their own chat or terminal. A bare code needs no state there. */
  async withPasted(account: number, pasted: string): Promise<LinkResult> {
    const { api, states } = this.#deps;
    const answer = api.pastedAnswer(pasted);
    if (answer.type === "bare_code") return this.#link(account, answer.code);
    if (answer.type === "callback_refused") throw new ActionNeededError("fix_withings_callback");
    if (answer.type !== "code") return { type: answer.type };
    const seen = states.read(answer.state);
    if (seen.type !== "wrong" && seen.account !== account) return { type: "other_chat" };
    return (await this.#linkOnce(answer.state, answer.code)).result;
  }

  /** With `isPasswordAwaited`, a bare code doesn't count: a password can look the same and must not go to Withings. */
  isPasted(text: string, { isPasswordAwaited = false } = {}): boolean {
    const { api } = this.#deps;
    return api.isAnswer(text) && !(isPasswordAwaited && api.pastedAnswer(text).type === "bare_code");
  }

  /** `account`: whose state it was, if it was ours. A field, because the routes take it without its object. */
  readonly withCallback = async (query: URLSearchParams): Promise<{ account?: number; result: LinkResult }> => {
    const { api, states } = this.#deps;
    const answer = api.consentAnswer(query);
    if (answer.type === "code") return this.#linkOnce(answer.state, answer.code);
    const result: LinkResult = { type: answer.type };
    if (answer.type === "no_code") return { result };
    // Spent too, so that loading the page again doesn't tell its owner again.
    const redeemed = await states.redeem(answer.state);
    return redeemed.type === "ok" ? { account: redeemed.account, result } : { result };
  };

  async question(account: number): Promise<Extract<LinkResult, { type: "other_person" }> | undefined> {
    const asked = (await this.#deps.pendingLinks.read(account, "withings"))?.owner;
    const linkedUserId = asked && (await this.#linkedPerson(account));
    if (!asked || linkedUserId === undefined) return undefined;
    return { type: "other_person", withingsUserId: asked.vendorUserId, linkedUserId };
  }

  /** Asks Withings for what is new, as a run does. Ends no link; throws what a run would. */
  async check(account: number): Promise<void> {
    const { tokens, source, clock } = this.#deps;
    await tokens.link(account, "withings");
    await source.changedSince(tokens.withAccess(account, "withings", undefined, { onlyLooks: true }), clock.now());
  }

  person(account: number): Promise<PersonAtWithings> {
    return this.#personBehind(this.#deps.tokens.withAccess(account, "withings"));
  }

  async personInQuestion(account: number): Promise<PersonAtWithings | undefined> {
    const tokens = (await this.#deps.pendingLinks.read(account, "withings"))?.tokens;
    return tokens && this.#personBehind((call) => call(tokens.accessToken));
  }

  async switchPerson(account: number, withingsUserId: string): Promise<MadeLink | { type: "late_answer" }> {
    const pending = await this.#deps.pendingLinks.read(account, "withings");
    if (pending?.owner?.vendorUserId !== withingsUserId) return { type: "late_answer" };
    return this.#save(account, withingsUserId, pending.tokens);
  }

  keepPerson(account: number): Promise<void> {
    return this.#deps.pendingLinks.forget(account, "withings");
  }

  async #personBehind(withAccess: WithAccess): Promise<PersonAtWithings> {
    const { source, clock } = this.#deps;
    const since = new Date(clock.now().getTime() - LAST_WEIGH_IN_DAYS * 24 * 3600 * 1000);
    const { readings, timezone } = await source.changedSince(withAccess, since);
    return { lastWeighIn: readings.findLast((reading): reading is WeighIn => reading.kind === "weigh_in"), timezone };
  }

  async #linkOnce(state: string, code: string): Promise<{ account?: number; result: LinkResult }> {
    const { accounts, states } = this.#deps;
    const redeemed = await states.redeem(state);
    if (redeemed.type === "wrong") return { result: { type: "wrong_state" } };
    const { type, account } = redeemed;
    if (type !== "ok") return { account, result: { type: `${type}_state` } };
    if (!(await accounts.find(account))) return { result: { type: "account_removed" } };
    const result = await this.#link(account, code);
    return result.type === "account_removed" ? { result } : { account, result };
  }

  async #link(account: number, code: string): Promise<LinkResult> {
    const { api, linkSaver } = this.#deps;
    // First, because the code is about to expire.
    const exchange = await api.exchangeCode(code);
    if (exchange.type !== "linked") return exchange;
    const { withingsUserId, tokens } = exchange;
    if (await linkSaver.isTaken(account, "withings", withingsUserId)) return { type: "taken" };
    const linkedUserId = await this.#linkedPerson(account);
    if (linkedUserId !== undefined && linkedUserId !== withingsUserId) {
      const owner = { vendorUserId: withingsUserId, displayName: withingsUserId };
      const saved = await linkSaver.savePending(account, "withings", { tokens, owner });
      return saved === "saved" ? { type: "other_person", withingsUserId, linkedUserId } : { type: saved };
    }
    return this.#save(account, withingsUserId, tokens);
  }

  /** A damaged link doesn't tell whose it was, and has to be made again. */
  async #linkedPerson(account: number): Promise<string | undefined> {
    return (await this.#deps.links.facts(account, "withings").catch(() => undefined))?.vendorUserId;
  }

  async #save(account: number, withingsUserId: string, tokens: TokenSet): Promise<MadeLink> {
    const { linkSaver, clock } = this.#deps;
    const saved = await linkSaver.save(account, "withings", {
      state: "linked",
      linkedAt: clock.now(),
      vendorUserId: withingsUserId,
      displayName: withingsUserId,
      tokens,
    });
    return saved === "saved" ? { type: "linked", withingsUserId } : { type: saved };
  }
}
