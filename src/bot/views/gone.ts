import type { Gone } from "../../sync/model/ledger.ts";
import { goneQuestions } from "../../sync/status/gone.ts";
import { goneWords } from "../words/gone.ts";
import type { Words } from "../words/words.ts";
import { type Formatted, formatted } from "./question.ts";

const LISTED = 8;

/** About one reading, or several that are asked about together. */
export function goneText(items: Gone[], words: Words): Formatted {
  const say = goneWords(words);
  const [one] = items;
  if (one && !one.isOfMany) return formatted(say.ask[one.why](one));
  const more = items.length - LISTED;
  const lines = [...items.slice(0, LISTED).map(words.format.short), ...(more > 0 ? [say.more(more)] : [])];
  const [why = "both", ...others] = new Set(items.map((it) => it.why));
  const head = say.askMany[others.length > 0 ? "both" : why](items.length);
  return formatted({ head, rest: `\n${[...lines, say.many].join("\n")}` });
}

/** What waits for an answer, for /status. */
export function goneLines(gone: Gone[] | undefined, words: Words): string[] {
  const say = goneWords(words);
  return goneQuestions(gone).map(({ items: [one, ...more] }) =>
    more.length === 0 ? say.status[one.why](one) : say.statusMany(more.length + 1),
  );
}
