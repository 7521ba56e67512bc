import type { InlineKeyboard } from "grammy/web";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { Offer } from "../../sync/model/offers.ts";
import { answerOfferData } from "../ui/hand-on-buttons.ts";
import { handOnWords } from "../words/hand-on.ts";
import type { Words } from "../words/words.ts";
import { nameOf } from "./offer-news.ts";

/** For /status: whom the account has asked, and what it's asked itself, each with a button. */
export async function openOffers(
  deps: { accounts: Pick<Accounts, "find"> },
  { telegramUserId }: Account,
  offers: Offer[],
  words: Words,
) {
  const { status: say, button } = handOnWords(words);
  const open = await Promise.all(
    offers.map(async (offer) => {
      const isOwn = offer.from === telegramUserId;
      const who = await nameOf(deps, isOwn ? offer.to : offer.from, words);
      return isOwn
        ? { line: say.asked(offer, who), label: button.stopAsking(who), data: `held:undo:${offer.reading}` }
        : { line: say.toAnswer(offer, who), label: button.answer(who), data: answerOfferData(offer) };
    }),
  );
  return {
    lines: open.map(({ line }) => line),
    onto: (keyboard: InlineKeyboard) => open.reduce((all, it) => all.row().text(it.label, it.data), keyboard),
  };
}
