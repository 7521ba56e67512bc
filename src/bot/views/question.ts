import type { MessageEntity } from "grammy/types";
import { isFarOff } from "../../sync/engine/plausibility.ts";
import type { AttentionItem, LedgerEntry } from "../../sync/model/ledger.ts";
import type { Measured } from "../../sync/model/vendors.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { Words } from "../words/words.ts";

/** A text with a bold beginning. */
export interface Formatted {
  text: string;
  entities?: MessageEntity[];
}

export type Asked = Pick<LedgerEntry, "kind" | "takenAt" | "values"> & { fate: AttentionItem["fate"] };
type LastReadings = Overview["lastReadings"];

export const LISTED = 5;

export function lastBefore(
  { kind, takenAt }: Pick<Asked, "kind" | "takenAt">,
  last: LastReadings,
): Measured | undefined {
  const known = last[kind];
  return known && known.takenAt.getTime() !== takenAt.getTime() ? known : undefined;
}

export function isAskedTwice(item: Pick<Asked, "kind" | "takenAt" | "values">, last: LastReadings): boolean {
  const { values } = item;
  if (values.kind !== "weigh_in") return false;
  const known = lastBefore(item, last)?.values;
  return isFarOff(values.weightKg, known?.kind === "weigh_in" ? known.weightKg : undefined);
}

export function heldQuestion(item: Asked, last: LastReadings, words: Words): Formatted {
  const { question: say } = words;
  switch (item.fate.reason) {
    case "in_the_future":
      return formatted(say.inTheFuture(item));
    case "impossible_date":
      return formatted(say.impossibleDate(item));
    case "no_timezone":
      return formatted(say.noTimezone(item));
    default: {
      const before = lastBefore(item, last);
      return formatted({ ...say.wasThatYou(item), ...(before && { rest: say.yourLast(before) }) });
    }
  }
}

export function sureQuestion(item: Omit<Asked, "fate">, last: LastReadings, { question: say }: Words): Formatted {
  return formatted(say.areYouSure(item, lastBefore(item, last)));
}

export function heldList(
  items: Measured[],
  page: number,
  { question: { list } }: Words,
  head = list.head(items.length),
): Formatted {
  const first = page * LISTED;
  const lines = items.slice(first, first + LISTED).map((it, index) => list.item(first + index + 1, it));
  return formatted({ head, rest: `\n${lines.join("\n")}` });
}

export function formatted({ head, rest }: { head: string; rest?: string }): Formatted {
  const text = rest ? `${head}${rest.startsWith("\n") ? "" : " "}${rest}` : head;
  return { text, entities: [{ type: "bold", offset: 0, length: head.length }] };
}
