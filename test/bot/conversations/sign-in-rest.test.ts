import { afterEach, describe, expect, test } from "vitest";
import type { Language } from "../../../src/sync/model/account.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const WITHOUT_LINK: Record<Language, string> = {
  en: "Garmin is limiting sign-ins to this account, so I won’t try a password or code until 15:00. You can still sign in on Garmin’s own page.",
  de: "Garmin begrenzt gerade die Anmeldungen bei diesem Konto, darum versuche ich bis 15:00 Uhr kein Passwort und keinen Code. Auf Garmins eigener Seite kannst du dich trotzdem anmelden.",
};
const WITH_LINK: Record<Language, string> = {
  en: `${WITHOUT_LINK.en} Syncing continues: your link works without a new sign-in.`,
  de: `${WITHOUT_LINK.de} Der Abgleich läuft weiter: Deine Verbindung braucht keine neue Anmeldung.`,
};
const LANGUAGES: Language[] = ["en", "de"];

/** At 13:00, Garmin answers one sign-in of the owner with a 429. */
async function limited(language: Language) {
  harness = await startTestBot();
  await harness.app.store.accounts.save(ACCOUNT, { language });
  await harness.sync();
  harness.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
  expect(await harness.app.garminSignIn.withPassword(ACCOUNT, OWNER.email, OWNER.password)).toMatchObject({
    type: "resting",
  });
  harness.startBot();
}

async function doctor(): Promise<string> {
  harness.owner.say("/doctor");
  const isDone = ({ edited, text }: { edited: boolean; text: string }) =>
    edited && !/checking…|wird geprüft/.test(text);
  return (await harness.owner.waitForMessage(isDone)).text;
}

async function status(): Promise<string> {
  harness.owner.say("/status");
  return (await harness.owner.waitForMessage()).text;
}

describe("while Garmin limits sign-ins", () => {
  test.each(LANGUAGES)("/doctor and /status say until when, and that syncing continues (%s)", async (language) => {
    await limited(language);
    const report = await doctor();
    const [later, check] = language === "en" ? ["later", "Garmin sign-in"] : ["später", "Anmeldung bei Garmin"];
    expect(report.split("\n").filter((line) => line.includes(`${check}: `))).toEqual([
      `${later} · ${check}: ${WITH_LINK[language]}`,
    ]);
    expect(await status()).toContain(`\n${WITH_LINK[language]}\n`);
  });

  test.each(LANGUAGES)(
    "/doctor and /status don’t promise that syncing continues without a working link (%s)",
    async (language) => {
      await limited(language);
      harness.sandbox.garmin.revoke(OWNER.email);
      harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 80.25 });
      expect(await harness.sync()).toMatchObject({ action: "relink_garmin" });
      expect(await doctor()).toContain(`${WITHOUT_LINK[language]}\n`);
      expect(await status()).toContain(`\n${WITHOUT_LINK[language]}\n`);
    },
  );

  test("/doctor and /status mention a limit only until it is over", async () => {
    await limited("en");
    harness.clock.advance(2 * 3600);
    await harness.sync();
    expect(await doctor()).toMatch(/^✅ All good\.\n(.*\n)+ok · Garmin sign-in: reachable from here\n/);
    expect(await status()).not.toContain("limiting");
  });

  test("one person’s limit doesn’t stop other people from signing in", async () => {
    await limited("en");
    await harness.app.store.people.accept(await harness.app.store.people.invite(), {
      telegramUserId: 4712,
      name: "Anna",
    });
    const anna = harness.telegram.user({ id: 4712, firstName: "Anna" });
    anna.say("/doctor");
    const { text } = await anna.waitForMessage(({ edited, text }) => edited && !text.includes("checking…"));
    expect(text).toContain("ok · Garmin sign-in: reachable from here\n");
  });
});
