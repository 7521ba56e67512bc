import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { leaseName } from "../../../src/sync/links/with-lease.ts";
import { VENDORS } from "../../../src/sync/model/link.ts";
import { ACCOUNT, OWNER, USERID } from "../../support/test-app.ts";
import { heard } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const link = async (vendor: "withings" | "garmin") =>
  (await harness.app.store.links.read(ACCOUNT, vendor))?.value.state;

/** Every stored partition and sort key, read directly from the file. */
function stored(): string[] {
  const database = new DatabaseSync(`${harness.dataDir}/weighbridge.sqlite`, { readOnly: true });
  const rows = database.prepare("SELECT pk, sk FROM weighbridge").all();
  database.close();
  return rows.map(({ pk, sk }) => `${pk} / ${sk}`);
}

async function ask(what: string) {
  harness.owner.say("/disconnect");
  await heard(harness, "What should I remove?");
  harness.owner.tap(what);
  await heard(harness, "?");
}

async function linkedWithReadings() {
  harness = await startTestBot();
  for (const minutes of [90, 60]) {
    harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - minutes * 60_000), weightKg: 80 });
  }
  await harness.sync();
  harness.startBot();
}

describe("/disconnect", () => {
  test("/disconnect asks first, and “Keep” changes nothing", async () => {
    await linkedWithReadings();
    await ask("Everything");
    harness.owner.tap("Keep");
    await heard(harness, "Nothing has changed");
    expect([await link("withings"), await link("garmin")]).toEqual(["linked", "linked"]);
  });

  test("removing one side keeps the other and the ledger, so nothing is sent twice after a new link", async () => {
    await linkedWithReadings();
    await ask("The Garmin link");
    harness.owner.tap("Yes, remove");
    await heard(harness, "I’ve removed the Garmin link. What I sent stays in Garmin Connect");
    expect([await link("withings"), await link("garmin")]).toEqual(["linked", undefined]);
    harness.clock.advance(60);
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    await heard(harness, "Nothing new. Garmin has every reading.");
    expect(harness.weights()).toHaveLength(2);
  });

  test("removing everything leaves no item of the account, and another account may link the same person", async () => {
    await linkedWithReadings();
    await ask("Everything");
    harness.owner.tap("Yes, remove");
    const { text } = await heard(harness, "I’ve removed everything of yours.");
    expect(text).toContain("remove me there under Profile, then Partner apps");
    // The turn in this chat, leases and the Withings rate limit expire by themselves.
    const others = /^(turn|lease|once|rate-limit)#/;
    expect(stored().filter((key) => !others.test(key))).toEqual([]);
    expect(await harness.app.store.withingsUsers.accountOf(String(USERID))).toBeUndefined();

    harness.owner.say("/start");
    await heard(harness, "Withings: not linked");
    await harness.link();
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(harness.weights()).toHaveLength(2);
  });

  test.each([
    [["withings", "garmin"], "Remove both links, the list of", "Beide Verbindungen, die Liste der"],
    [["withings"], "Remove the Withings link, the list of", "Die Verbindung zu Withings, die Liste der"],
    [["garmin"], "Remove the Garmin link, the list of", "Die Verbindung zu Garmin, die Liste der"],
    [[], "Remove the list of", "Die Liste der"],
  ] as const)("the question about everything names only the links that exist: %j", async (linked, english, german) => {
    const links: readonly string[] = linked;
    harness = await startTestBot();
    for (const vendor of VENDORS) if (!links.includes(vendor)) await harness.app.store.links.remove(ACCOUNT, vendor);
    harness.startBot();
    await ask("Everything");
    await heard(harness, english);
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    harness.owner.say("/disconnect");
    await heard(harness, "Was soll ich entfernen?");
    harness.owner.tap("Alles");
    await heard(harness, german);
    harness.owner.tap("Ja, entfernen");
    const { text } = await heard(harness, "Hier ist alles gelöscht.");
    expect(text.includes("Bei Withings stehe ich noch unter deinen Apps")).toBe(links.includes("withings"));
  });

  test("removing everything forgets decisions, but a reading that was sent isn’t asked about or sent again", async () => {
    harness = await startTestBot();
    const at = new Date(harness.clock.now().getTime() - 3600_000);
    harness.person.stepOnScale({ at, weightKg: 65, attrib: 1 });
    harness.person.takeBloodPressure({ at, systolic: 121, diastolic: 79, attrib: 1 });
    await harness.sync();
    harness.startBot();
    for (const reading of ["65.00 kg", "121/79 mmHg"]) {
      harness.owner.say("/status");
      await heard(harness, `${reading} is held`);
      harness.owner.tap(`Send ${reading}, today 12:00`);
      await heard(harness, `${reading}, today 12:00: it’s in Garmin.`);
      await harness.quiet();
    }
    expect([harness.weights().length, harness.pressures().length]).toEqual([1, 1]);
    await ask("Everything");
    harness.owner.tap("Yes, remove");
    await heard(harness, "I’ve removed everything of yours.");
    harness.owner.say("/start");
    await heard(harness, "Withings: not linked");
    await harness.link();
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, skipped: 2, held: 0 });
    harness.owner.say("/status");
    expect((await heard(harness, "Last sync")).text).not.toContain("held");
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 0 });
    expect([harness.weights().length, harness.pressures().length]).toEqual([1, 1]);
  });

  test("/disconnect removes nothing during a run, and says so", async () => {
    await linkedWithReadings();
    const lease = await harness.app.store.leases.acquire(leaseName(ACCOUNT), 600);
    await ask("Everything");
    harness.owner.tap("Yes, remove");
    await heard(harness, "That didn’t work just now.");
    expect(await link("garmin")).toBe("linked");
    await lease?.release();
  });
});
