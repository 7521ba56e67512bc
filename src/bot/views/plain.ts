import type { Action } from "../../lib/errors.ts";
import type { Sends } from "../../sync/model/account.ts";
import type { AttentionItem } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Cause } from "../../sync/status/missing.ts";
import { doctorWords } from "../words/doctor.ts";
import { VENDOR_NAME } from "../words/format.ts";
import { type PlainWords, plainWords } from "../words/plain.ts";
import type { Words } from "../words/words.ts";
import { delayText, notNowText } from "./delay.ts";
import { becameText } from "./held.ts";
import { sentKinds } from "./settings.ts";

/** Why a reading isn't in Garmin, in one or two sentences. */
export function causeText(cause: Cause, kind: ReadingKind, words: Words): string {
  const { cause: say } = plainWords(words);
  switch (cause.type) {
    case "to_do":
      return words.action(cause.action);
    case "kind_off":
      return say.kindOff(kind);
    case "paused":
      return words.notices.paused(kind, "/status");
    case "put_off":
      return notNowText(cause.by, words);
    case "unclear":
      return words.delays.unexpectedNow(cause.vendor, "");
    case "limited":
      return doctorWords(words).asksToWait(VENDOR_NAME[cause.vendor], words.format.time(cause.until));
    case "none_measured":
      return say.noneMeasured(kind, cause.days, cause.last);
    case "held":
      return heldText(cause.item, say);
    case "failed":
      return failedText(cause.item, words);
    case "before_start":
      return say.beforeStart(cause.reading, cause.startAt);
    case "left_out":
      return becameText(cause.entry, words);
    case "on_its_way":
      return cause.delay ? delayText(cause.delay, words) : say.onItsWay(cause.reading);
    case "not_shown":
      return say.notShown(cause.reading);
    case "gone":
      return say.gone(cause.reading);
    case "arrived":
      return cause.silentDays === undefined
        ? say.arrived(cause.reading, kind)
        : say.quiet(cause.reading, kind, cause.silentDays);
  }
}

function heldText(item: AttentionItem, say: PlainWords["cause"]): string {
  const { reason } = item.fate;
  if (reason === "no_timezone") return say.heldForZone(item);
  return reason === "in_the_future" || reason === "impossible_date" ? say.heldForDate(item) : say.held(item);
}

const failedText = (item: AttentionItem, { held: say }: Words) =>
  item.fate.state === "failed" ? say.isNotStored(item, item.fate.reason) : "";

export const causeFix = (cause: Cause): Action | undefined => (cause.type === "to_do" ? cause.action : undefined);

/** The one thing to do about it. Undefined where `causeFix` has a button. */
export function causeButton(
  cause: Cause,
  kind: ReadingKind,
  { button }: PlainWords,
): { label: string; tap: string } | undefined {
  switch (cause.type) {
    case "to_do":
      return undefined;
    case "kind_off":
      return { label: button.whatIsSent, tap: "set:sends" };
    case "held":
    case "failed":
    case "before_start":
    case "paused":
      return { label: button.decide, tap: "ask:status" };
    case "put_off":
    case "unclear":
    case "limited":
    case "not_shown":
      return { label: button.askAgain, tap: `ask:missing:${kind}` };
    case "on_its_way":
    case "gone":
      return { label: button.sync, tap: "ask:sync" };
    case "left_out":
      return { label: button.status, tap: "ask:status" };
    case "none_measured":
    case "arrived":
      return { label: button.doctor, tap: "ask:doctor" };
  }
}

/** What goes to Garmin as the settings are now. */
export function sentText(sends: Sends, { sent: say }: PlainWords): string {
  const kinds = new Set(sentKinds(sends));
  const parts = [
    ...(kinds.has("weight") ? [say.weight] : []),
    ...(kinds.has("composition") ? [kinds.has("muscle") ? say.compositionAndMuscle : say.composition] : []),
    ...(kinds.has("bloodPressure") ? [say.bloodPressure] : []),
  ];
  return parts.length > 0 ? say.some(parts) : say.nothing;
}
