import { expect } from "vitest";
import { othersIn, tellOfHanded, unansweredJobs } from "../../../src/app/handing-on.ts";
import { createNotifier, type Notifier } from "../../../src/bot/notifications/notifier.ts";
import type { RunOptions, RunReport } from "../../../src/sync/engine/run.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { heard } from "../chat.ts";
import { startTestBot } from "../test-bot.ts";

export type NotifiedBot = Awaited<ReturnType<typeof startNotifiedBot>>;

/** A bot that polls and sends notices after runs. It’s 13:00 in Berlin. */
export async function startNotifiedBot(
  account: { language?: "de" } = {},
  {
    allowedIds = [ACCOUNT],
    others,
    ...options
  }: Parameters<typeof startTestBot>[0] & { others?: Notifier["others"] | undefined } = {},
) {
  const harness = await startTestBot({ ...options, allowedIds });
  const { app, clock, sandbox } = harness;
  await app.store.accounts.save(ACCOUNT, account);
  const told = (): Pick<Notifier, "conclude" | "noteAsked" | "others"> => notifier;
  const notifier: Notifier = createNotifier({
    ...{ accounts: app.store.accounts, health: app.store.health, summary: app.store.summary, clock, log: app.log },
    overview: app.overviews.of,
    async send(to, text, { keyboard, entities }) {
      const { bot, offered } = harness.newBot(told());
      const shown = { ...(keyboard && { reply_markup: keyboard }), ...(entities && { entities }) };
      const { message_id: messageId } = await bot.api.sendMessage(to, text, shown);
      if (keyboard) await offered({ telegramUserId: to }, messageId, keyboard);
    },
    others: others ?? ((id, reading) => othersIn(app.store, { allowedIds }, id, reading)),
    onUnanswered: (id, handedOn) => harness.queue.put(unansweredJobs(id, handedOn, clock.now())),
    onHanded: (id, ids) => tellOfHanded(app.store, harness.queue, { account: id, ids, now: clock.now() }),
    garminSignIn: { pageUrl: () => "https://sso.example.org/sign-in", ownPageUrl: undefined },
  });
  harness.startBot(told());
  harness.owner.say("/help");
  await heard(harness, "/status");

  return {
    ...harness,
    ago: ({ days = 0, minutes = 0 }) => new Date(clock.now().getTime() - (days * 24 * 60 + minutes) * 60_000),
    addByHand: (at: Date, weightKg: number) => sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg }),
    notify: async (id: number, report: RunReport) =>
      notifier.afterRun((await app.store.accounts.find(id)) ?? expect.fail(), report),
    /** A run that nobody asked for, with its messages. */
    async scheduledRun(options: RunOptions = {}) {
      const report = await harness.sync(options);
      await notifier.afterRun((await app.store.accounts.find(ACCOUNT)) ?? expect.fail(), report);
      return report;
    },
  };
}
