import { type CallbackQueryContext, Composer } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { type Action, RetryLaterError } from "../../lib/errors.ts";
import type { Heard } from "../../sync/decisions/held-decision.ts";
import { byStart } from "../../sync/engine/attention.ts";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import type { Account, Accounts, LastRun } from "../../sync/model/account.ts";
import type { Decision } from "../../sync/model/ledger.ts";
import type { Offers } from "../../sync/model/offers.ts";
import { type ReadingKind, readingId } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply, orLater } from "../ui/edit-message.ts";
import {
  CALLBACK,
  DECISION_TAP,
  decisionButtons,
  GO_ON_TAP,
  type Message,
  noticeButtons,
  stillWaiting,
  withFixes,
} from "../ui/keyboards.ts";
import type { Questions } from "../ui/questions.ts";
import { attentionText, becameText, beforeStartText } from "../views/held.ts";
import { type StatusOptions, statusText, unreadStatusText } from "../views/status.ts";
import { wordsOf } from "../words/words.ts";

export interface StatusDeps {
  /** For an account whose readings can't be read. */
  lastRun: (account: number) => Promise<LastRun | undefined>;
  overview: (account: Account) => Promise<Overview>;
  statusExtras: (account: Account) => Promise<StatusOptions>;
  decideHeld: (account: Account, readingIds: string[], decision: Decision) => Promise<Heard>;
  /** Accepts readings of a kind as Garmin shows them. */
  goOn: (account: Account, kind: ReadingKind) => Promise<"noted" | "nothing_waits">;
  garminSignIn: SignInPages;
  accounts: Pick<Accounts, "find">;
  offers: Pick<Offers, "of">;
  startSync: (account: Account) => Promise<void>;
  questions: Pick<Questions, "offered">;
  clock: Clock;
}

/** /status in one screen, with a button for everything that its reader can decide or fix. */
export function createStatus(deps: StatusDeps): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command("status", (ctx) => sendStatus(deps, ctx));
  composer.callbackQuery(CALLBACK.status, (ctx) => sendStatus(deps, ctx));
  composer.callbackQuery(DECISION_TAP, (ctx) => decide(deps, ctx));
  composer.callbackQuery(GO_ON_TAP, async (ctx) => {
    const outcome = await orLater(ctx, () => deps.goOn(ctx.account, ctx.match[1] as ReadingKind));
    if (!outcome) return;
    await answerCallback(ctx, outcome === "noted" ? ctx.words.goingOn : ctx.words.oldButton);
    await redraw(deps, ctx);
    if (outcome === "noted") await deps.startSync(ctx.account);
  });
  return composer;
}

async function sendStatus(deps: StatusDeps, ctx: BotContext): Promise<void> {
  try {
    const { text, keyboard } = await draw(deps, ctx.account);
    const { message_id: messageId } = await ctx.reply(text, { reply_markup: keyboard });
    await deps.questions.offered(ctx.account, messageId, keyboard);
  } catch (error) {
    if (!(error instanceof RetryLaterError && error.delayedBy === "us")) throw error;
    // How the last sync ended is stored elsewhere, and may still be readable.
    await ctx.reply(unreadStatusText(await deps.lastRun(ctx.account.telegramUserId), ctx.words));
  }
}

async function redraw(deps: StatusDeps, ctx: BotContext): Promise<void> {
  const { text, keyboard } = await draw(deps, ctx.account);
  await editOrReply(ctx, text, keyboard);
}

async function draw(deps: StatusDeps, account: Account): Promise<Message> {
  const { overview, statusExtras, garminSignIn, clock } = deps;
  const seen = await overview(account);
  const words = wordsOf(account, { timezone: seen.timezone, now: clock.now() });
  const { gone } = seen.progress ?? {};
  const views = gone && { ...(await import("../views/gone.ts")), ...(await import("../ui/gone-buttons.ts")) };
  const offers = (await deps.offers.of(account.telegramUserId)).filter(({ state }) => state === "asked");
  const { openOffers } = offers.length > 0 ? await import("./open-offers.ts") : {};
  const open = await openOffers?.(deps, account, offers, words);
  const extras = {
    ...(await statusExtras(account)),
    ...(views && { gone: views.goneLines(gone, words) }),
    ...(open && { offers: open.lines }),
  };
  const text = statusText(seen, extras, words);
  const message = withFixes(text, actionsFor(seen), words, garminSignIn);
  const { differs, closed } = seen.facts;
  const keyboard = [...differs, ...closed].reduce((all, it) => noticeButtons(it, words, all), message.keyboard);
  const all = decisionButtons(seen.attention, words, keyboard);
  open?.onto(all);
  return { text: message.text, keyboard: views ? views.askGoneButtons(gone, words, all) : all };
}

/** The missing links; if both are there, what the last sync asks for. */
function actionsFor({ links: { withings, garmin }, lastRun }: Overview): Array<Action | undefined> {
  const missing: Action[] = [];
  if (withings?.state !== "linked") missing.push(withings ? "relink_withings" : "link_withings");
  if (garmin?.state !== "linked") missing.push(garmin ? "relink_garmin" : "link_garmin");
  return missing.length > 0 ? missing : [lastRun?.outcome.action];
}

async function decide(deps: StatusDeps, ctx: CallbackQueryContext<BotContext>): Promise<void> {
  const { overview, decideHeld, startSync, clock } = deps;
  const [, verb, id, shown = ""] = ctx.match;
  const decision = verb === "leave" ? "not_mine" : (verb as "mine" | "send_old");
  const outcome = await orLater(ctx, async () => {
    const late = async () => byStart((await overview(ctx.account)).attention).late;
    const ids = id === undefined ? stillWaiting(shown, await late()).map(readingId) : [id];
    return decideHeld(ctx.account, ids, decision);
  });
  if (!outcome) return;
  const [one, ...more] = outcome.entries;
  if (!one) {
    await answerCallback(ctx, ctx.words.oldButton);
    return redraw(deps, ctx);
  }
  const { timezone, attention: waiting, progress } = await overview(ctx.account);
  const words = wordsOf(ctx.account, { timezone, now: clock.now() });
  const decided = words.held.decided[decision === "not_mine" ? "leave" : "send"];
  const ofSeveral = outcome.type === "noted" ? decided(more.length + 1) : words.oldButton;
  const answer = more.length === 0 ? becameText(one, words) : ofSeveral;
  await answerCallback(ctx, answer);
  const { late, items } = byStart(waiting);
  const texts = [answer];
  if (items.length > 0) texts.push(attentionText(items, words));
  if (late.length > 0) texts.push(beforeStartText(late, progress?.startAt, words));
  await editOrReply(ctx, texts.join("\n\n"), decisionButtons(waiting, words));
  if (outcome.type === "noted" && decision !== "not_mine") await startSync(ctx.account);
}
