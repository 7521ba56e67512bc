import type { Health } from "../model/health.ts";
import type { Gone, Removal } from "../model/ledger.ts";

/** Taken out of Garmin by a run after the one that was asked to. */
export interface RemovedNews {
  type: "removed";
  removal: Removal;
}

/** Its words are loaded on demand. */
export type GoneNews =
  /** The same of several that were asked about together. */
  | { type: "removed_together"; removals: Removal[]; askedAt: Date }
  /** Gone at Withings, and still in Garmin. */
  | { type: "gone"; question: GoneQuestion };

export const isAboutGone = (news: { type: string }): news is GoneNews =>
  news.type === "gone" || news.type === "removed_together";

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

/** Undefined: it couldn't be read. */
interface KnownGone {
  removals: Removal[] | undefined;
  gone: Gone[] | undefined;
}

/** What of it the owner has heard and still matters. */
export function goneStillTold(
  { removalsTold = [], goneTold = [] }: Health,
  { removals, gone }: KnownGone,
): Pick<Health, "removalsTold" | "goneTold"> {
  const removed = removalsTold.filter((told) => removals?.some((it) => removalId(it) === told) ?? true);
  const questions = goneTold.filter((id) => !gone || goneQuestions(gone).some((it) => it.id === id));
  return {
    ...(removed.length > 0 && { removalsTold: removed }),
    ...(questions.length > 0 && { goneTold: questions }),
  };
}

export function newsOfGone(
  { removalsTold = [], goneTold = [] }: Health,
  { removals = [], gone }: KnownGone,
): Array<RemovedNews | GoneNews> {
  const news = removals.filter((it) => it.isNews && !removalsTold.includes(removalId(it)));
  const alone = news.filter(({ together }) => !together);
  const others = Map.groupBy(
    news.filter(({ together }) => together),
    ({ together }) => together?.getTime() ?? 0,
  );
  return [
    ...alone.map((removal): RemovedNews => ({ type: "removed", removal })),
    ...[...others].map(([at, all]): GoneNews => ({ type: "removed_together", removals: all, askedAt: new Date(at) })),
    ...goneQuestions(gone)
      .filter(({ id }) => !goneTold.includes(id))
      .map((question): GoneNews => ({ type: "gone", question })),
  ];
}

export function goneAfterTelling(health: Health, news: RemovedNews | GoneNews): Health {
  if (news.type === "gone") return { ...health, goneTold: [...(health.goneTold ?? []), news.question.id] };
  const told = "removals" in news ? news.removals : [news.removal];
  return { ...health, removalsTold: [...(health.removalsTold ?? []), ...told.map(removalId)] };
}

/** Taken out again after it was restored, it's another piece of news. */
const removalId = ({ id, removedAt }: Removal) => `${id}#${removedAt?.getTime()}`;
