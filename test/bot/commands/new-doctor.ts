import { createDoctor } from "../../../src/app/doctor.ts";
import { readConfig } from "../../../src/config/config.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { TestBot } from "../test-bot.ts";

/** The checks of /doctor on one machine, except for what a test replaces. */
export function newDoctor(harness: TestBot, instead: Partial<Parameters<typeof createDoctor>[0]> = {}) {
  const { app, clock, telegram, dataDir } = harness;
  return createDoctor({
    app,
    store: { engine: "sqlite", tableName: "weighbridge", dataDir },
    telegram: { botToken: telegram.token, apiRoot: telegram.apiRoot },
    ...readConfig(harness.env, ["withings"]),
    syncIntervalMinutes: 30,
    clock,
    log: createLog({ level: "silent" }),
    ...instead,
  });
}

export const isDone = ({ edited, text }: { edited: boolean; text: string }) =>
  edited && !/checking…|wird geprüft/.test(text);

/** The finished answer to /doctor. */
export async function askDoctor(harness: TestBot, person = harness.owner) {
  person.say("/doctor");
  return person.waitForMessage(isDone);
}

export const ANNA = 4712;

/** A person whom the owner has invited. */
export async function inviteAnna({ app, telegram }: TestBot, languageCode = "en") {
  const { people } = app.store;
  await people.accept(await people.invite(), { telegramUserId: ANNA, name: "Anna" });
  return telegram.user({ id: ANNA, firstName: "Anna", languageCode });
}
