import { othersOf } from "../bot/notifications/others.ts";
import type { NewJob } from "../sync/model/jobs.ts";
import type { HandedOn } from "../sync/model/ledger.ts";
import type { Offer } from "../sync/model/offers.ts";
import type { App } from "./app.ts";

/** Whom an account can hand a reading on to. */
export function othersIn(store: App["store"], { allowedIds }: { allowedIds: number[] }, account: number) {
  return othersOf({ ...store, allowedIds }, account);
}

/** Readings that were handed on days ago, without an answer. */
export function unansweredJobs(account: number, handedOn: HandedOn[], dueAt: Date): NewJob[] {
  return handedOn.map(({ id: reading, messageId }) => {
    return { account, reason: "handed_on", act: "expire", reading, messageId, dueAt };
  });
}

/** The account is gone, and what others here had handed on to it goes back to them. If this fails, it does so after some days. */
export function leftJobs(offers: Offer[], account: number, dueAt: Date): NewJob[] {
  return offers
    .filter(({ to, state }) => to === account && state === "asked")
    .map(({ from, reading, fromMessageId: messageId }) => {
      return { account: from, reason: "handed_on", act: "heard", reading, messageId, dueAt };
    });
}
