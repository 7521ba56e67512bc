import type { Offer } from "../../sync/model/offers.ts";
import type { Measured } from "../../sync/model/vendors.ts";
import { handOnWords } from "../words/hand-on.ts";
import type { Words } from "../words/words.ts";
import { type Formatted, formatted } from "./question.ts";

/** In the chat of somebody whom a reading was handed on to. `who`: the one it came to. */
export function offerQuestion(offer: Measured, who: string, words: Words): Formatted {
  return formatted(handOnWords(words).question(offer, who));
}

/** Why it isn't asked any more. */
export function offerOverText(offer: Offer | undefined, who: string, words: Words): string {
  const { over } = handOnWords(words);
  if (offer?.state === "withdrawn") return over.withdrawn(offer, who);
  return offer?.state === "expired" ? over.expired(offer) : over.other;
}
