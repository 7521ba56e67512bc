import { errorFacts } from "../../lib/log.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Offer } from "../../sync/model/offers.ts";
import { offerOverText } from "../views/offer.ts";
import { wordsOf } from "../words/words.ts";
import { nameOf, type OfferNewsDeps } from "./offer-news.ts";

/** The question in the other one's chat goes. If that fails, its buttons say that it's closed. */
export async function closeTheirs(deps: OfferNewsDeps, from: Account, closed: Offer): Promise<void> {
  const to = await deps.accounts.find(closed.to);
  if (!to || closed.toMessageId === undefined) return;
  const words = await wordsAt(deps, to);
  const text = offerOverText(closed, await nameOf(deps, from.telegramUserId, words), words);
  await deps.api
    .editMessageText(to.telegramUserId, closed.toMessageId, text)
    .catch((error: unknown) => deps.log.info("offer_not_closed", errorFacts(error)));
}

export async function wordsAt({ overview, clock }: Pick<OfferNewsDeps, "overview" | "clock">, account: Account) {
  const { timezone } = await overview(account);
  return wordsOf(account, { timezone, now: clock.now() });
}
