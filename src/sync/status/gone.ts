import type { Gone } from "../model/ledger.ts";

/** What its owner is asked about in one message. */
export interface GoneQuestion {
  /** Stays the same for as long as it's the same question. */
  id: string;
  items: [Gone, ...Gone[]];
}

export function goneQuestions(gone: Gone[] = []): GoneQuestion[] {
  const asked = gone.filter(({ askedAt }) => askedAt !== undefined);
  const byQuestion = Map.groupBy(asked, (it) => `${it.isOfMany ? "many" : it.id}#${it.askedAt?.getTime()}`);
  return [...byQuestion].flatMap(([id, [first, ...more]]) => (first ? [{ id, items: [first, ...more] }] : []));
}
