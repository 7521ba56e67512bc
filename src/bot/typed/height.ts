import { isHeight } from "../../sync/model/vendors.ts";

/** `impossible`: it's meant as a height, and nobody is that tall. */
export type TypedHeight = { heightM: number; isBare: boolean } | "impossible";

const LONGEST = 60;
const BEFORE =
  /^(?:i['\u2019]?m|i am|it['\u2019]?s|(?:my )?height(?: is)?:?|ich bin|(?:meine )?(?:größe|groesse)(?: ist)?:?) /;
const AFTER = / (?:tall|groß|gross)$/;

const CENTIMETRES = /^(\d{1,4}(?:[.,]\d)?) ?(?:cms?|centimet(?:er|re)s?|zentimeter)$/;
const METRES = /^(\d{1,2}(?:[.,]\d{1,3})?) ?(?:m|met(?:er|re)s?)$/;
const METRES_AND_CENTIMETRES = /^(\d) ?(?:m|met(?:er|re)s?) ?(\d{2})(?: ?cm)?$/;
const FEET =
  /^(\d{1,2}) ?(?:['\u2019\u2032]|ft\.?|feet|foot|fu(?:ß|ss))(?:(?: ?|, ?| and | und )(\d{1,2}(?:[.,]\d)?) ?(?:["\u201d\u2033]|''|in\.?|inch(?:es)?|zoll)?)?$/;
const BARE = /^\d{1,4}(?:[.,]\d{1,3})?$/;

const INCHES_PER_FOOT = 12;
const M_PER_INCH = 0.0254;
/** A bare number from here on, or below the other, is no weight; between them it may be one. */
const BARE_FROM = 100;
const BARE_BELOW = 20;

/** The height that an answer gives, in English or German: 175, 1.75 m, 1,75, 5'9" or 5 ft 9. Undefined if it's about something else. */
export function parseHeight(text: string): TypedHeight | undefined {
  if (text.length > LONGEST) return undefined;
  const plain = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[.!]+$/, "")
    .replace(BEFORE, "")
    .replace(AFTER, "");
  const centimetres = CENTIMETRES.exec(plain);
  if (centimetres) return height(numberOf(centimetres[1]) / 100);
  const both = METRES_AND_CENTIMETRES.exec(plain);
  if (both) return height(Number(both[1]) + Number(both[2]) / 100);
  const metres = METRES.exec(plain);
  if (metres) return height(numberOf(metres[1]));
  const feet = FEET.exec(plain);
  if (feet) return inFeet(Number(feet[1]), feet[2] === undefined ? 0 : numberOf(feet[2]));
  return BARE.test(plain) ? bare(plain) : undefined;
}

function bare(typed: string): TypedHeight | undefined {
  const number = numberOf(typed);
  const isBetween = number >= BARE_BELOW && number < BARE_FROM;
  if (isBetween) return undefined;
  // "2" may be anything.
  if (number < BARE_BELOW && !/[.,]/.test(typed)) return "impossible";
  return height(number >= BARE_FROM ? number / 100 : number, true);
}

function inFeet(feet: number, inches: number): TypedHeight {
  return inches >= INCHES_PER_FOOT ? "impossible" : height((feet * INCHES_PER_FOOT + inches) * M_PER_INCH);
}

function height(metres: number, isBare = false): TypedHeight {
  const heightM = Math.round(metres * 1000) / 1000;
  return isHeight(heightM) ? { heightM, isBare } : "impossible";
}

const numberOf = (typed = "") => Number(typed.replace(",", "."));
