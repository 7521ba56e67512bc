import { othersOf } from "../bot/notifications/others.ts";
import type { JobQueue, NewJob } from "../sync/model/jobs.ts";
import type { HandedOn } from "../sync/model/ledger.ts";
import type { Offer } from "../sync/model/offers.ts";
import { readingId } from "../sync/model/reading.ts";
import { handedReadingId, readingOf } from "../sync/model/typed.ts";
import type { App } from "./app.ts";

/** Whom an account can hand this reading on to. */
export async function othersIn(
  store: App["store"],
  { allowedIds }: { allowedIds: number[] },
  account: number,
  reading: string,
) {
  const others = await othersOf({ ...store, allowedIds }, account);
  const { saidNo } = (others.length > 0 && (await store.offers.find(account, reading))?.value) || {};
  return saidNo ? others.filter(({ id }) => !saidNo.includes(id)) : others;
}

/** Readings that were handed on days ago, without an answer. */
export function unansweredJobs(account: number, handedOn: HandedOn[], dueAt: Date): NewJob[] {
  return handedOn.map(({ id: reading, messageId }) => {
    return { account, reason: "handed_on", act: "expire", reading, messageId, dueAt };
  });
}

/** Has both chats say what became of what was handed on to this account. Only then it's told, so a crash may repeat that. */
export async function tellOfHanded(
  { offers, typed }: Pick<App["store"], "offers" | "typed">,
  queue: JobQueue,
  { account, ids, now: dueAt }: { account: number; ids: string[]; now: Date },
): Promise<void> {
  const isMeant = (it: Offer) => it.to === account && it.state === "accepted" && ids.includes(handedReadingId(it));
  const about = { reason: "handed_on", dueAt } as const;
  const jobs = (await offers.of(account)).filter(isMeant).flatMap((offer): NewJob[] => {
    const { from, reading, fromMessageId, toMessageId } = offer;
    const theirs = { ...about, account: from, act: "heard", reading, messageId: fromMessageId } as const;
    if (toMessageId === undefined) return [theirs];
    return [theirs, { ...about, account, act: "settled", reading, messageId: toMessageId, other: from }];
  });
  if (jobs.length > 0) await queue.put(jobs);
  const told = (await typed.read(account)).filter(
    (it) => it.settledIn !== undefined && !it.isTold && ids.includes(readingId(readingOf(it))),
  );
  if (told.length > 0) await typed.settle(account, new Map(told.map((it) => [it.id, { ...it, isTold: true }])));
}

/** The account is gone, and what others here had handed on to it goes back to them. If this fails, it does so after some days. */
export function leftJobs(offers: Offer[], account: number, dueAt: Date): NewJob[] {
  return offers
    .filter(({ to, state }) => to === account && state === "asked")
    .map(({ from, reading, fromMessageId: messageId }) => {
      return { account: from, reason: "handed_on", act: "heard", reading, messageId, dueAt };
    });
}
