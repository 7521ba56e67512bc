import { createChat } from "../../../src/app/chat.ts";
import type { RunReport } from "../../../src/sync/engine/run.ts";
import type { AccountChanges } from "../../../src/sync/model/account.ts";
import { ACCOUNT, NOON, startTestApp } from "../../support/test-app.ts";

/** In Berlin, where 9:00 is 8:00 UTC. It’s 13:00 unless said otherwise. */
export async function startSummaries(
  changes: AccountChanges = {},
  { isScaleUsed = true, isStarted = true, now = NOON } = {},
) {
  const harness = await startTestApp({ at: now });
  const { app, clock, sandbox, person } = harness;
  const owner = sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: isStarted });
  const config = { botToken: sandbox.telegram.token, apiRoot: sandbox.telegram.apiRoot, allowedIds: [ACCOUNT] };
  const deps = {
    answersByItself: false,
    doctor: async () => ({ findings: [], ended: Promise.resolve() }),
    report: async () => ({ name: "report.json", text: "{}" }),
    queue: app.store.jobs,
    version: "1",
  };
  await app.store.accounts.save(ACCOUNT, changes);
  if (isScaleUsed) person.stepOnScale({ at: new Date("2026-11-21T06:00:00Z"), weightKg: 80.25, fatRatioPercent: 20 });
  clock.advance(60);
  await harness.sync();

  /** Moves the clock, and lets a new program check whether a summary is due. */
  async function at(instant: string, report?: RunReport) {
    clock.advance((new Date(instant).getTime() - clock.now().getTime()) / 1000);
    const { summarize, telegram } = createChat(config, app, deps);
    const account = await app.store.accounts.save(ACCOUNT, {});
    await summarize(account, report);
    await telegram.close();
  }
  const told = () => owner.messages.map(({ text }) => text);
  /** Without the digests of Mondays and of the first. */
  const cards = () =>
    told()
      .map((text) => text.split("\n\n")[0] ?? "")
      .filter((text) => !/^(Your|Deine?) /.test(text));
  return { harness, at, owner, told, cards };
}
