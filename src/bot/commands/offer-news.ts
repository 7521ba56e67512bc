import type { Api } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { HandOn } from "../../sync/decisions/hand-on.ts";
import type { Offered } from "../../sync/decisions/offer.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { LedgerEntry } from "../../sync/model/ledger.ts";
import type { Links } from "../../sync/model/link.ts";
import type { Offer } from "../../sync/model/offers.ts";
import { handedReadingId } from "../../sync/model/typed.ts";
import { isLinked } from "../notifications/others.ts";
import { undoAnswerButton } from "../ui/question-buttons.ts";
import { becameText } from "../views/held.ts";
import { handOnWords } from "../words/hand-on.ts";
import type { Words } from "../words/words.ts";
import { type Answer, type AskingDeps, askedAgain } from "./asked-again.ts";

export interface OfferNewsDeps extends AskingDeps {
  entryOf: (account: Account, readingId: string) => Promise<LedgerEntry | undefined>;
  handOn: () => Promise<HandOn>;
  accounts: Pick<Accounts, "find">;
  links: Pick<Links, "facts">;
  api: Pick<Api, "sendMessage" | "editMessageText">;
  clock: Clock;
  log: Log;
}

/** For the one it came to: how far its offer has got. Of the other one it says yes or no, and nothing else. */
export async function offerNews(
  deps: OfferNewsDeps,
  account: Account,
  { offered, reading, words }: { offered: Offered; reading: string; words: Words },
): Promise<Answer> {
  const say = handOnWords(words);
  if (offered.type === "asked") {
    const { offer } = offered;
    return { text: say.asked(offer, await nameOf(deps, offer.to, words)), keyboard: undoAnswerButton(reading, words) };
  }
  if (offered.type === "accepted") return { text: await yesText(deps, offered.offer, words) };
  const { entry, offer } = offered;
  const because = await whyAskedAgain(deps, account, offer, words);
  const question = offered.type === "held" && (await askedAgain(deps, account, reading, words, because));
  if (question) return question;
  return { text: entry ? becameText(entry, words) : words.undo.unknown };
}

async function whyAskedAgain(
  deps: OfferNewsDeps,
  { telegramUserId }: Account,
  offer: Offer | undefined,
  words: Words,
): Promise<string | undefined> {
  const { because } = handOnWords(words);
  if (!offer) return because.gone;
  const { state } = offer;
  if (state !== "declined" && state !== "expired" && state !== "unreachable") return undefined;
  const who = await nameOf(deps, offer.to, words);
  const isLast = state === "declined" && (await deps.others(telegramUserId, offer.reading)).length === 0;
  return (isLast ? because.lastDeclined : because[state])(who);
}

async function yesText(deps: OfferNewsDeps, offer: Offer, words: Words): Promise<string> {
  const { saidYes } = handOnWords(words);
  const other = await deps.accounts.find(offer.to);
  const who = await nameOf(deps, offer.to, words);
  if (!other) return saidYes.only(offer, who);
  if (!(await isLinked(deps.links, offer.to))) return saidYes.unlinked(offer, who);
  const { fate } = (await deps.entryOf(other, handedReadingId(offer))) ?? {};
  if (fate?.state === "seen" || (fate?.state === "skipped" && fate.reason === "already_in_garmin")) {
    return saidYes.there(offer, who);
  }
  const isOnItsWay = fate === undefined || fate.state === "sending" || fate.state === "sent";
  return (isOnItsWay ? saidYes.soon : saidYes.only)(offer, who);
}

/** As Telegram gives it. */
export async function nameOf({ accounts }: Pick<OfferNewsDeps, "accounts">, id: number, words: Words): Promise<string> {
  return (await accounts.find(id))?.name ?? words.people.nameless(id);
}
