import { InlineKeyboard } from "grammy/web";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts } from "../../lib/log.ts";
import type { Answered } from "../../sync/decisions/offer-answer.ts";
import type { Account } from "../../sync/model/account.ts";
import type { HandOnJob } from "../../sync/model/jobs.ts";
import type { LedgerEntry } from "../../sync/model/ledger.ts";
import type { Offer, Offers } from "../../sync/model/offers.ts";
import { handedReadingId } from "../../sync/model/typed.ts";
import { isLinked } from "../notifications/others.ts";
import { isGone } from "../telegram/errors.ts";
import { offerButtons, undoOfferButton, withOthers } from "../ui/hand-on-buttons.ts";
import { becameText } from "../views/held.ts";
import { offerOverText, offerQuestion } from "../views/offer.ts";
import { handOnWords } from "../words/hand-on.ts";
import type { Words } from "../words/words.ts";
import type { Answer } from "./asked-again.ts";
import { nameOf, offerNews } from "./offer-news.ts";
import { closeTheirs, wordsAt } from "./offer-over.ts";
import { bring, type ReadingActsDeps } from "./reading-answers.ts";

export interface HandOnDeps extends ReadingActsDeps {
  offers: Pick<Offers, "find">;
}

const UNDONE_WITHIN_MS = 24 * 3600 * 1000;

interface Task {
  account: Account;
  job: HandOnJob;
  words: Words;
}

/** Does it, and says in the account's chat what became of it. Without an answer, its message stays as it is. */
export function handOnAnswer(deps: HandOnDeps, task: Task): Promise<Answer | undefined> {
  switch (task.job.act) {
    case "offer":
      return offer(deps, task);
    case "heard":
      return heard(deps, task);
    case "expire":
      return expire(deps, task);
    case "settled":
      return settled(deps, task);
    case "theirs":
    case "not_theirs":
    case "undo_theirs":
      return answer(deps, task);
  }
}

/** That it didn't work, with the buttons that ask for it once more. */
export async function failedAnswer(deps: HandOnDeps, { account, job, words }: Task): Promise<Answer> {
  const { act, reading, other = 0 } = job;
  const isAsked = act === "theirs" || act === "not_theirs" || act === "undo_theirs";
  const found = await deps.offers.find(isAsked ? other : account.telegramUserId, reading);
  const about = found?.value ?? (isAsked ? undefined : await deps.entryOf(account, reading));
  if (!about) return { text: words.later };
  const text = handOnWords(words).failed(about);
  if (act === "undo_theirs") return { text, keyboard: undoOfferButton({ from: other, reading }, words) };
  if (isAsked) return { text, keyboard: offerButtons({ from: other, reading }, words) };
  const whom = [{ id: other, name: await nameOf(deps, other, words) }];
  return { text, ...(act === "offer" && { keyboard: withOthers(new InlineKeyboard(), reading, whom, words) }) };
}

async function offer(deps: HandOnDeps, { account, job, words }: Task): Promise<Answer> {
  const { reading, messageId, other = 0 } = job;
  const handOn = await deps.handOn();
  let offered = await handOn.offer(account, { reading, to: other, fromMessageId: messageId });
  if (offered.type === "not_held" && offered.entry?.garminKey) {
    return { text: handOnWords(words).earlierIsThere(offered.entry) };
  }
  if (offered.type === "asked" && offered.offer.toMessageId === undefined) {
    if (!(await ask(deps, account, offered.offer))) offered = await handOn.settle(account, reading, "unreachable");
  }
  return offerNews(deps, account, { offered, reading, words });
}

/** Whether the other one's chat took the question. A crash may repeat it. */
async function ask(deps: HandOnDeps, from: Account, offer: Offer): Promise<boolean> {
  const to = await deps.accounts.find(offer.to);
  if (!to) return false;
  const words = await wordsAt(deps, to);
  const { text, entities } = offerQuestion(offer, await nameOf(deps, from.telegramUserId, words), words);
  const shown = { reply_markup: offerButtons(offer, words), ...(entities && { entities }) };
  const sent = await deps.api.sendMessage(to.telegramUserId, text, shown).catch((error: unknown) => {
    deps.log.warn("offer_not_shown", { account: to.telegramUserId, ...errorFacts(error) });
    if (isGone(error)) return undefined;
    throw new RetryLaterError("Telegram didn't take the question for somebody else");
  });
  if (sent) await (await deps.handOn()).shownIn(offer, sent.message_id);
  return sent !== undefined;
}

async function heard(deps: HandOnDeps, { account, job, words }: Task): Promise<Answer> {
  const offered = await (await deps.handOn()).settle(account, job.reading);
  return offerNews(deps, account, { offered, reading: job.reading, words });
}

/** The owner has to decide again, so this is a message of its own. */
async function expire(deps: HandOnDeps, { account, job, words }: Task): Promise<Answer | undefined> {
  const { reading } = job;
  const before = await deps.offers.find(account.telegramUserId, reading);
  const offered = await (await deps.handOn()).settle(account, reading, "expired");
  const news = await offerNews(deps, account, { offered, reading, words });
  if (offered.type !== "held") return news;
  if (before?.value.state === "asked") await closeTheirs(deps, account, { ...before.value, state: "expired" });
  await deps.api.sendMessage(account.telegramUserId, news.text, {
    ...(news.keyboard && { reply_markup: news.keyboard }),
    ...(news.entities && { entities: news.entities }),
  });
  return undefined;
}

async function answer(deps: HandOnDeps, { account, job, words }: Task): Promise<Answer> {
  const { reading, other: from = 0, messageId, act } = job;
  const handOn = await deps.handOn();
  const isLate = act === "undo_theirs" && (await isTooLate(deps, from, reading));
  if (isLate) return { text: words.question.tooLateToUndo };
  const answered =
    act === "theirs"
      ? await handOn.accept(account, from, reading)
      : act === "not_theirs"
        ? await handOn.decline(account, from, reading)
        : await handOn.reconsider(account, from, reading);
  const { offer } = answered;
  if (offer && offer.toMessageId !== messageId) await handOn.shownIn(offer, messageId);
  if (offer && answered.type !== "over") await tell(deps, offer);
  const text = await answerText(deps, account, answered, words);
  // By now it may be in their Garmin.
  if (answered.type === "accepted") await tell(deps, answered.offer);
  return text;
}

async function isTooLate({ offers, clock }: HandOnDeps, from: number, reading: string): Promise<boolean> {
  const { state, at } = (await offers.find(from, reading))?.value ?? {};
  const isAnswered = state === "accepted" || state === "declined";
  return isAnswered && at !== undefined && clock.now().getTime() - at.getTime() > UNDONE_WITHIN_MS;
}

/** Has the message of the one it came to say what's true now. */
const tell = ({ queue, clock }: HandOnDeps, { from: account, reading, fromMessageId: messageId }: Offer) =>
  queue.put([{ account, reason: "handed_on", act: "heard", reading, messageId, dueAt: clock.now() }]);

async function answerText(deps: HandOnDeps, account: Account, answered: Answered, words: Words): Promise<Answer> {
  const { offer } = answered;
  const say = handOnWords(words);
  const who = offer ? await nameOf(deps, offer.from, words) : "";
  switch (answered.type) {
    case "accepted":
      return accepted(deps, account, answered, words);
    case "declined":
      return { text: say.notYours(answered.offer), keyboard: undoOfferButton(answered.offer, words) };
    case "elsewhere":
      return { text: words.undo.elsewhere(answered.offer) };
    case "asked": {
      const question = offerQuestion(answered.offer, who, words);
      const keyboard = offerButtons(answered.offer, words);
      if (answered.outcome?.type !== "pending") return { ...question, keyboard };
      return { ...question, text: `${question.text} ${say.leavesWithNextSync}`, keyboard };
    }
    case "over":
      return { text: offerOverText(offer, who, words) };
  }
}

async function accepted(
  deps: HandOnDeps,
  account: Account,
  { offer }: Extract<Answered, { type: "accepted" }>,
  words: Words,
): Promise<Answer> {
  if (!(await isLinked(deps.links, account.telegramUserId))) {
    return { text: handOnWords(words).yoursUntilLinked(offer), keyboard: undoOfferButton(offer, words) };
  }
  return becameTheirs(offer, await bring(deps, account, handedReadingId(offer)), words);
}

/** Unless they have taken their yes back. */
async function settled(deps: HandOnDeps, { account, job, words }: Task): Promise<Answer | undefined> {
  const offer = (await deps.offers.find(job.other ?? 0, job.reading))?.value;
  if (offer?.to !== account.telegramUserId || offer.state !== "accepted") return undefined;
  return becameTheirs(offer, await deps.entryOf(account, handedReadingId(offer)), words);
}

function becameTheirs(offer: Offer, entry: LedgerEntry | undefined, words: Words): Answer {
  const keyboard = undoOfferButton(offer, words);
  if (!entry) return { text: words.undo.willBeSent(offer), keyboard };
  switch (entry.fate.state) {
    case "seen":
      return { text: words.undo.inGarmin(entry), keyboard };
    case "sending":
    case "sent":
      return { text: words.undo.willBeSent(entry), keyboard };
    case "skipped":
      if (entry.fate.reason === "already_in_garmin") return { text: words.question.alreadyThere(entry) };
      return { text: becameText(entry, words), keyboard };
    default:
      return { text: becameText(entry, words), keyboard };
  }
}
