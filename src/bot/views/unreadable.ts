import type { UnreadableRecord } from "../../sync/model/vendors.ts";
import type { Words } from "../words/words.ts";
import { ATTENTION_SHOWN } from "./held.ts";

export function unreadableText(records: UnreadableRecord[], { unreadable: say }: Words): string {
  const [one, ...more] = records;
  if (one && more.length === 0) return say.one(one.takenAt);
  const times = records.flatMap(({ takenAt }) => takenAt ?? []);
  return say.several(records.length, times.slice(-ATTENTION_SHOWN));
}
