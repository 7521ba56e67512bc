import { Composer } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { type Action, RetryLaterError } from "../../lib/errors.ts";
import type { Heard } from "../../sync/engine/held-decision.ts";
import { byStart } from "../../sync/engine/progress.ts";
import type { GarminSignIn } from "../../sync/links/garmin-sign-in.ts";
import type { Account, LastRun } from "../../sync/model/account.ts";
import type { Decision } from "../../sync/model/ledger.ts";
import { type ReadingKind, readingId } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply } from "../ui/edit-message.ts";
import {
  attention,
  GO_ON_TAP,
  type Message,
  noticeButtons,
  stillWaiting,
  WORD_TAP,
  withFixes,
} from "../ui/keyboards.ts";
import type { Questions } from "../ui/questions.ts";
import { becameText, beforeStartText, heldQuestion } from "../views/held.ts";
import { type StatusOptions, statusText, unreadStatusText } from "../views/status.ts";
import { type Words, wordsOf } from "../words/words.ts";

export interface StatusDeps {
  /** Of an account whose readings cannot be read. */
  lastRun: (account: number) => Promise<LastRun | undefined>;
  overview: (account: Account) => Promise<Overview>;
  /** What stands in /status beside the overview. */
  statusExtras: (account: Account) => Promise<StatusOptions>;
  decideHeld: (account: Account, readingIds: string[], decision: Decision) => Promise<Heard>;
  /** Accepts readings of a kind as Garmin shows them. */
  goOn: (account: Account, kind: ReadingKind) => Promise<"noted" | "nothing_waits">;
  garminSignIn: Pick<GarminSignIn, "pageUrl">;
  startSync: (account: Account) => Promise<void>;
  questions: Pick<Questions, "offered">;
  clock: Clock;
}

/** /status in one screen, with a button for everything that waits for a word of the owner. */
export function createStatus(deps: StatusDeps): Composer<BotContext> {
  const { lastRun, overview, statusExtras, decideHeld, goOn, garminSignIn, startSync, questions, clock } = deps;
  const composer = new Composer<BotContext>();

  async function draw(account: Account) {
    const seen = await overview(account);
    const words = wordsOf(account, { timezone: seen.timezone, now: clock.now() });
    const { text, keyboard } = withMissing(statusText(seen, await statusExtras(account), words), seen, words);
    const { differs, closed } = seen.facts;
    const withNotices = [...differs, ...closed].reduce((all, it) => noticeButtons(it, words, all), keyboard);
    return { text, keyboard: attention(seen.attention, words, withNotices) };
  }

  function withMissing(text: string, seen: Overview, words: Words): Message {
    const { withings, garmin } = seen.links;
    const wanted: Array<Action | undefined> = [];
    if (withings?.state !== "linked") wanted.push(withings ? "relink_withings" : "link_withings");
    if (garmin?.state !== "linked") wanted.push(garmin ? "relink_garmin" : "link_garmin");
    if (wanted.length === 0) wanted.push(seen.lastRun?.outcome.action);
    return withFixes(text, wanted, words, garminSignIn.pageUrl());
  }

  composer.command("status", async (ctx) => {
    try {
      const { text, keyboard } = await draw(ctx.account);
      const { message_id: messageId } = await ctx.reply(text, { reply_markup: keyboard });
      await questions.offered(ctx.account, messageId, keyboard);
    } catch (error) {
      if (!isStoreBusy(error)) throw error;
      // How the last sync ended is stored elsewhere, and may still be readable.
      await ctx.reply(unreadStatusText(await lastRun(ctx.account.telegramUserId), ctx.words));
    }
  });

  composer.callbackQuery(WORD_TAP, async (ctx) => {
    const [, verb, id, shown = ""] = ctx.match;
    const decision = verb === "leave" ? "not_mine" : (verb as "mine" | "bring");
    let heard: Heard;
    try {
      const ids = id === undefined ? await lateIds(ctx.account, shown) : [id];
      heard = await decideHeld(ctx.account, ids, decision);
    } catch (error) {
      if (!(error instanceof RetryLaterError)) throw error;
      // A run is at work on just these readings.
      return answerCallback(ctx, ctx.words.later);
    }
    const { timezone, attention: waiting, progress } = await overview(ctx.account);
    const words = wordsOf(ctx.account, { timezone, now: clock.now() });
    const [one, ...more] = heard.entries;
    if (!one) {
      await answerCallback(ctx, words.oldButton);
      const { text, keyboard } = await draw(ctx.account);
      return editOrReply(ctx, text, keyboard);
    }
    const decided = decision === "not_mine" ? words.held.decided.leave : words.held.decided.send;
    const ofSeveral = heard.type === "noted" ? decided(more.length + 1) : words.oldButton;
    const answer = more.length === 0 ? becameText(one, words) : ofSeveral;
    await answerCallback(ctx, answer);
    const { late, items } = byStart(waiting);
    const rest = [
      ...(items.length > 0 ? [heldQuestion(items, words)] : []),
      ...(late.length > 0 ? [beforeStartText(late, progress?.startAt, words)] : []),
    ];
    await editOrReply(ctx, [answer, ...rest].join("\n\n"), attention(waiting, words));
    if (heard.type === "noted" && decision !== "not_mine") await startSync(ctx.account);
  });

  async function lateIds(account: Account, shown: string): Promise<string[]> {
    return stillWaiting(shown, byStart((await overview(account)).attention).late).map(readingId);
  }

  composer.callbackQuery(GO_ON_TAP, async (ctx) => {
    let outcome: "noted" | "nothing_waits";
    try {
      outcome = await goOn(ctx.account, ctx.match[1] as ReadingKind);
    } catch (error) {
      if (!(error instanceof RetryLaterError)) throw error;
      return answerCallback(ctx, ctx.words.later);
    }
    await answerCallback(ctx, outcome === "noted" ? ctx.words.goingOn : ctx.words.oldButton);
    const { text, keyboard } = await draw(ctx.account);
    await editOrReply(ctx, text, keyboard);
    if (outcome === "noted") await startSync(ctx.account);
  });

  return composer;
}

const isStoreBusy = (error: unknown) => error instanceof RetryLaterError && error.delayedBy === "us";
