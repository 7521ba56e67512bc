import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER, USERID } from "../../support/test-app.ts";
import { heard } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const MATE = 4712;
const link = async () => (await harness.app.store.links.read(ACCOUNT, "withings"))?.value;

/** The program has no public address, so people paste the browser’s last one. Resolves to the consent page. */
async function pressLink(options: { language?: "de" } = {}): Promise<string> {
  harness = await startTestBot({ linked: false, allowedIds: [ACCOUNT, MATE] });
  if (options.language) await harness.app.store.accounts.save(ACCOUNT, { language: options.language });
  harness.startBot();
  harness.owner.say("/start");
  await harness.owner.waitForMessage();
  harness.owner.tap("withings");
  const { text, buttons } = await harness.owner.waitForMessage(
    (message) => message.buttons.flat()[0]?.url !== undefined,
  );
  expect(text).toContain(options.language ? "opiere ihre ganze Adresse" : "copy its whole address");
  return buttons.flat()[0]?.url ?? "";
}

const allow = (page: string) => harness.sandbox.withings.allow(USERID, page);

test("the pasted address links Withings, is deleted, and leads on to Garmin", async () => {
  const page = await pressLink();
  harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - 3600_000), weightKg: 80.25 });
  harness.owner.say(allow(page));
  await heard(
    harness,
    "I’ve deleted your message. Withings is linked: the profile whose last weigh-in was 80.25 kg, today 12:00.",
  );
  const next = await heard(harness, "Garmin: not linked");
  expect(next.buttons.flat().map(({ text }) => text)).toEqual(["Link Garmin"]);
  expect(await link()).toMatchObject({ state: "linked", vendorUserId: String(USERID) });
  expect(harness.owner.messages.filter(({ from }) => from === "person").map(({ text }) => text)).toEqual(["/start"]);
});

describe("a consent that doesn’t link", () => {
  const cases: Array<[string, RegExp, (page: string) => Promise<string> | string]> = [
    [
      "a code that came too late",
      /^I’ve deleted your message\. That came too late/,
      (page) => {
        const address = allow(page);
        harness.clock.advance(31);
        return address;
      },
    ],
    [
      "a button older than ten minutes",
      /older than 10 minutes/,
      (page) => {
        harness.clock.advance(601);
        return allow(page);
      },
    ],
    [
      "an address from elsewhere",
      /isn’t from my button/,
      () => harness.sandbox.withings.authorize(USERID, { state: "somebody-elses" }),
    ],
    [
      "a refused consent",
      /You didn’t allow it/,
      (page) => {
        const { searchParams } = new URL(page);
        return `${searchParams.get("redirect_uri")}?error=access_denied&state=${searchParams.get("state")}`;
      },
    ],
    ["the address of Withings' own page", /That address has no Withings code in it/, (page) => page],
    [
      "an answer at another callback, without the state",
      /isn’t from my button/,
      () => "https://example.org/elsewhere?code=0123456789abcdef0123",
    ],
    ["the page without an answer", /That address has no Withings code in it/, (page) => redirectOf(page)],
    [
      "an address of somebody else's chat",
      /belongs to somebody else’s chat/,
      () => allow(harness.app.withingsLinking.begin(MATE)),
    ],
    [
      "a profile that somebody else has linked",
      /already belongs to somebody else here/,
      async (page) => {
        await harness.app.store.accounts.save(MATE, {});
        await harness.app.withingsLinking.withPasted(MATE, allow(harness.app.withingsLinking.begin(MATE)));
        return allow(page);
      },
    ],
  ];
  const redirectOf = (page: string) => new URL(page).searchParams.get("redirect_uri") ?? "";

  test.each(cases)("%s gets its own sentence and a fresh button", async (_what, sentence, addressFrom) => {
    const page = await pressLink();
    harness.owner.say(await addressFrom(page));
    const { text, buttons } = await harness.owner.waitForMessage();
    expect(text).toMatch(sentence);
    const fresh = buttons.flat()[0]?.url ?? "";
    expect(fresh).toContain("/oauth2_user/authorize2?");
    expect(fresh).not.toBe(page);
    expect(await link()).toBeUndefined();
    expect(harness.owner.messages.filter(({ from }) => from === "person")).toHaveLength(1);
  });

  test("an address that was used before gets its own sentence and a fresh button", async () => {
    const page = await pressLink();
    const address = allow(page);
    harness.owner.say(address);
    await heard(harness, "Withings is linked");
    harness.owner.say(address);
    await heard(harness, "That address has already been used. Here’s a fresh button.");
    expect((await link())?.state).toBe("linked");
  });
});

describe("a different person from the linked one", () => {
  const OTHER = USERID + 1;
  const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);

  /** Linked; then a different person consented with the button of this chat. */
  async function askedAboutOther(options: { language?: "de" } = {}) {
    const page = await pressLink(options);
    harness.person.stepOnScale({ at: ago(60), weightKg: 80.25 });
    const other = harness.sandbox.withings.addPerson({ userid: OTHER, name: "other", timezone: "Europe/Berlin" });
    other.stepOnScale({ at: ago(30), weightKg: 64.1 });
    harness.owner.say(allow(page));
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Garmin:") || text.includes("\nGarmin:"));
    harness.owner.say(harness.sandbox.withings.allow(OTHER, harness.app.withingsLinking.begin(ACCOUNT)));
    return harness.owner.waitForMessage();
  }

  test("a different person is asked about by weight, time and number, and a yes switches the link", async () => {
    const { text, buttons } = await askedAboutOther();
    expect(text).toBe(
      "I’ve deleted your message. You’re linked to the Withings person whose last weigh-in was 80.25 kg, today 12:00 (number 31400001). The access given just now is for the Withings person whose last weigh-in was 64.10 kg, today 12:30 (number 31400002). Nothing has changed yet. Do you want me to read the other person’s scale from now on? You have 10 minutes to answer.",
    );
    expect(buttons.flat().map((it) => it.text)).toEqual(["Yes, switch", "No, keep the link"]);
    expect(await link()).toMatchObject({ vendorUserId: String(USERID) });
    harness.owner.tap("Yes, switch");
    await heard(harness, "Withings is linked: the profile whose last weigh-in was 64.10 kg, today 12:30.");
    expect(await link()).toMatchObject({ vendorUserId: String(OTHER) });
  });

  test("a different person doesn’t replace the link after a no, or after a late yes", async () => {
    await askedAboutOther();
    harness.owner.tap("No, keep the link");
    await harness.owner.waitUntil(({ messages }) =>
      messages.some(({ text }) => text.startsWith("Nothing has changed,")),
    );
    harness.owner.say(harness.sandbox.withings.allow(OTHER, harness.app.withingsLinking.begin(ACCOUNT)));
    await heard(harness, "Do you want me to read");
    harness.clock.advance(10 * 60);
    harness.owner.tap("Yes, switch");
    await harness.owner.waitUntil(({ messages }) =>
      messages.some(({ text }) => text.startsWith("That question has expired")),
    );
    expect(await link()).toMatchObject({ vendorUserId: String(USERID) });
    await harness.quiet();
    expect(harness.owner.unansweredTaps).toBe(0);
  });

  test("a different person is asked about in German", async () => {
    const { text, buttons } = await askedAboutOther({ language: "de" });
    expect(text).toContain("Du bist verbunden mit der Person bei Withings, die zuletzt 80,25 kg gewogen hat");
    expect(buttons.flat().map((it) => it.text)).toEqual(["Ja, wechseln", "Nein, so lassen"]);
  });
});

test("a bare code links Withings, and is deleted", async () => {
  const page = await pressLink();
  harness.owner.say(new URL(allow(page)).searchParams.get("code") ?? "");
  await heard(harness, "I’ve deleted your message. Withings is linked");
  expect(await link()).toMatchObject({ state: "linked", vendorUserId: String(USERID) });
});

test("an expired bare code is reported, with a fresh button", async () => {
  const page = await pressLink();
  harness.owner.say("0123456789abcdef0123456789abcdef01234567");
  const { text, buttons } = await harness.owner.waitForMessage();
  expect(text).toMatch(/^I’ve deleted your message\. That came too late/);
  expect(buttons.flat()[0]?.url).not.toBe(page);
});

test("a bare code links Withings even while the time zone dialog is open", async () => {
  const page = await pressLink();
  harness.owner.say("/settings");
  await harness.owner.waitForMessage();
  harness.owner.tap("Time zone");
  await harness.owner.waitForMessage();
  harness.owner.tap("Type it");
  await heard(harness, "Which time zone?");
  harness.owner.say(new URL(allow(page)).searchParams.get("code") ?? "");
  await heard(harness, "Withings is linked");
});

test("forty hexadecimal digits count as the Garmin password while a sign-in is open", async () => {
  const password = "0123456789abcdef0123456789abcdef01234567";
  await pressLink();
  const exchanges = () => harness.sandbox.withings.requests.length;
  harness.sandbox.garmin.accounts.get(OWNER.email).password = password;
  harness.owner.say("/connect");
  await harness.owner.waitForMessage();
  harness.owner.tap("Link Garmin");
  await heard(harness, "Two ways");
  harness.owner.tap("Here in the chat");
  await heard(harness, "Which e-mail address");
  harness.owner.say(OWNER.email);
  await heard(harness, "password for");
  const before = exchanges();
  harness.owner.say(password);
  await heard(harness, "Signed in to Garmin as Owner.");
  expect(exchanges()).toBe(before);
  expect((await harness.app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("linked");
});

describe("Withings’ page that refuses the callback address", () => {
  const PAGE =
    '{"errors":[{"message":"redirect_uri_mismatch: The redirect URI provided is missing or does not match partner callback url"}]}';

  test.each([
    ["as its text", PAGE],
    ["as an address", "https://account.withings.com/oauth2_user/authorize2?error=redirect_uri_mismatch&state=x"],
  ])("a refused callback address is understood %s, and the answer says where to enter it", async (_what, pasted) => {
    await pressLink();
    harness.owner.say(pasted);
    await heard(harness, "exactly as it is in my settings");
    expect(await link()).toBeUndefined();
  });

  test("a refused callback address is answered in German", async () => {
    await pressLink({ language: "de" });
    harness.owner.say(PAGE);
    await heard(harness, "genau wie in meinen Einstellungen");
  });

  test("the address alone doesn’t say what was refused, so the answer asks for the text of the page", async () => {
    const page = await pressLink();
    harness.owner.say(page);
    await heard(harness, "If that page says “redirect_uri_mismatch”, send me its text.");
  });
});

test("the answer to an unknown application says who needs to fix it", async () => {
  const page = await pressLink();
  harness.sandbox.faults.turnOn("withings_503_client_secret");
  harness.owner.say(allow(page));
  await heard(harness, "The person who runs me needs to copy both into my settings again, from");
});

test("the answer to an unknown application says so in German too", async () => {
  const page = await pressLink({ language: "de" });
  harness.owner.say(allow(page));
  await heard(harness, "Ich habe deine Nachricht gelöscht. Withings ist verbunden");
  const next = await heard(harness, "Garmin: nicht verbunden");
  expect(next.buttons.flat().map(({ text }) => text)).toEqual(["Garmin verbinden"]);
});
