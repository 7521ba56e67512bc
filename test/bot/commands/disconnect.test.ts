import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { leaseName } from "../../../src/sync/links/with-lease.ts";
import { ACCOUNT, OWNER, USERID } from "../../support/test-app.ts";
import { heard } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

const link = async (vendor: "withings" | "garmin") => (await house.app.store.links.read(ACCOUNT, vendor))?.value.state;

/** Every stored partition and sort key, read directly from the file. */
function stored(): string[] {
  const database = new DatabaseSync(`${house.dataDir}/weighbridge.sqlite`, { readOnly: true });
  const rows = database.prepare("SELECT pk, sk FROM weighbridge").all();
  database.close();
  return rows.map(({ pk, sk }) => `${pk} / ${sk}`);
}

async function ask(what: string) {
  house.owner.say("/disconnect");
  await heard(house, "What should I remove?");
  house.owner.tap(what);
  await heard(house, "?");
}

async function linkedWithReadings() {
  house = await startTestBot();
  for (const minutes of [90, 60]) {
    house.person.stepOnScale({ at: new Date(house.clock.now().getTime() - minutes * 60_000), weightKg: 80 });
  }
  await house.sync();
  house.startBot();
}

describe("/disconnect", () => {
  test("/disconnect asks first, and “Keep” changes nothing", async () => {
    await linkedWithReadings();
    await ask("Everything");
    house.owner.tap("Keep");
    await heard(house, "Nothing has changed");
    expect([await link("withings"), await link("garmin")]).toEqual(["linked", "linked"]);
  });

  test("removing one side keeps the other and the ledger, so nothing is sent twice after a new link", async () => {
    await linkedWithReadings();
    await ask("The Garmin link");
    house.owner.tap("Yes, remove");
    await heard(house, "I’ve removed the Garmin link. What I sent stays in Garmin Connect");
    expect([await link("withings"), await link("garmin")]).toEqual(["linked", undefined]);
    house.clock.advance(60);
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await heard(house, "Nothing new. Garmin has every reading.");
    expect(house.weights()).toHaveLength(2);
  });

  test("removing everything leaves no item of the account, and another account may link the same person", async () => {
    await linkedWithReadings();
    await ask("Everything");
    house.owner.tap("Yes, remove");
    const { text } = await heard(house, "I’ve removed everything of yours.");
    expect(text).toContain("remove me there under Profile, then Partner apps");
    // Claims on updates, the lease of this chat and the Withings rate limit expire by themselves.
    const others = /^(update|lease|once|rate-limit)#/;
    expect(stored().filter((key) => !others.test(key))).toEqual([]);
    expect(await house.app.store.withingsUsers.accountOf(String(USERID))).toBeUndefined();

    house.owner.say("/start");
    await heard(house, "Withings: not linked");
    await house.link();
    house.clock.advance(60);
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(house.weights()).toHaveLength(2);
  });

  test("removing everything forgets decisions, but a reading that was sent isn’t asked about or sent again", async () => {
    house = await startTestBot();
    const at = new Date(house.clock.now().getTime() - 3600_000);
    house.person.stepOnScale({ at, weightKg: 65, attrib: 1 });
    house.person.takeBloodPressure({ at, systolic: 121, diastolic: 79, attrib: 1 });
    await house.sync();
    house.startBot();
    for (const reading of ["65.00 kg", "121/79 mmHg"]) {
      house.owner.say("/status");
      await heard(house, `${reading}: held`);
      house.owner.tap(`Send ${reading}, today 12:00`);
      await heard(house, `${reading}, today 12:00: it’s in Garmin.`);
      await house.quiet();
    }
    expect([house.weights().length, house.pressures().length]).toEqual([1, 1]);
    await ask("Everything");
    house.owner.tap("Yes, remove");
    await heard(house, "I’ve removed everything of yours.");
    house.owner.say("/start");
    await heard(house, "Withings: not linked");
    await house.link();
    house.clock.advance(60);
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0, skipped: 2, held: 0 });
    house.owner.say("/status");
    expect((await heard(house, "Last sync")).text).not.toContain("held");
    house.clock.advance(60);
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0, held: 0 });
    expect([house.weights().length, house.pressures().length]).toEqual([1, 1]);
  });

  test("/disconnect removes nothing during a run, and says so", async () => {
    await linkedWithReadings();
    const account = await house.app.store.accounts.save(ACCOUNT, {});
    const lease = await house.app.store.leases.acquire(leaseName(account), 600);
    await ask("Everything");
    house.owner.tap("Yes, remove");
    await heard(house, "That didn’t work just now.");
    expect(await link("garmin")).toBe("linked");
    await lease?.release();
  });
});
