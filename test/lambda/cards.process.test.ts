import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { localDateTime } from "../../src/lib/local-time.ts";
import type { Settings } from "../../src/sync/model/account.ts";
import { ACCOUNT } from "../support/test-app.ts";
import { buildFunctions } from "./built-functions.ts";
import { startTestAws, type TestAws } from "./test-aws.ts";

vi.setConfig({ testTimeout: 90_000 });
let built: Awaited<ReturnType<typeof buildFunctions>>;
let aws: TestAws;
beforeAll(async () => {
  built = await buildFunctions();
});
afterEach(() => aws.close());

const DAY = 24 * 3600;
const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);

/** The first readings have come, and each update and each run from here on meets a new process. */
async function start(settings: Partial<Settings>) {
  aws = await startTestAws(built.folder);
  const timezone = zoneAtNoon(aws.clock.now());
  await aws.app.store.accounts.save(ACCOUNT, { timezone, settings: { cards: "needed" } });
  aws.person.stepOnScale({ weightKg: 80.25 });
  await aws.runSweep();
  await aws.app.store.accounts.save(ACCOUNT, { settings });
  aws.http.isFresh = true;
  return timezone;
}

/** A zone where it is past noon, because nothing comes at night. */
function zoneAtNoon(now: Date): string {
  const west = now.getUTCHours() - 12;
  return `Etc/GMT${west < 0 ? west : `+${west}`}`;
}

test("the card of the day comes at its hour, once", async () => {
  const timezone = await start({ cards: "daily", summaryHour: 13 });
  aws.person.stepOnScale({ weightKg: 80.5 });
  const before = aws.told().length;
  const said = () => aws.told().slice(before);
  const hourNow = () => Number(localDateTime(aws.clock.now(), timezone).slice(11, 13));
  for (let visits = 0; visits < 4; visits++) {
    if (hourNow() < 13) expect(said()).toEqual([]);
    const next = (await aws.app.store.schedule.read(ACCOUNT))?.dueAt ?? aws.clock.now();
    await aws.advance(Math.max(0, (next.getTime() - aws.clock.now().getTime()) / 1000 + 1));
    await aws.runSweep();
  }
  expect(said()).toEqual([expect.stringMatching(/^80\.5 kg ✓ in Garmin/)]);
});

/** Weighs in, half an hour later. */
async function weighIn(weightKg: number) {
  await aws.advance(31 * 60);
  aws.person.stepOnScale({ weightKg });
  await aws.runSweep();
}

test("a card with every reading is one message, and its Undo takes the reading out in another one", async () => {
  aws = await startTestAws(built.folder);
  await aws.app.store.accounts.save(ACCOUNT, { timezone: zoneAtNoon(aws.clock.now()), settings: { cards: "each" } });
  aws.http.isFresh = true;
  aws.person.stepOnScale({ weightKg: 80.25 });
  await aws.runSweep();
  const first = await aws.heard("80.3 kg is in Garmin.");
  expect(labels(first)).toEqual(["Weight in Garmin", "Undo"]);
  aws.chat.tap("Undo", first.id);
  expect(labels(await aws.heard("no longer in Garmin"))).toEqual(["Restore"]);
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([]);
  await weighIn(80.5);
  const card = await aws.heard("80.5 kg ✓ in Garmin");
  expect(labels(card)).toEqual(["Undo"]);
  await weighIn(80.6);
  const edited = await aws.heard("80.6 kg ✓ in Garmin · 2 weigh-ins");
  expect(edited.id).toBe(card.id);
  expect(labels(edited)).toEqual(["Take one out…"]);
  aws.chat.tap("Take one out…", card.id);
  const list = await aws.heard("Which one shall I take out of Garmin?");
  aws.chat.tap("1", list.id);
  const question = await aws.heard("Take it out?");
  aws.chat.tap("Take it out", question.id);
  await vi.waitFor(() => expect(aws.weightsKg()).toEqual([80.6]), { timeout: 20_000 });
  await aws.quiet();
  expect(aws.sqs.dead()).toEqual([]);
});

test("the digest of the week comes on Monday, once", async () => {
  const timezone = await start({ cards: "weekly", summaryHour: 9 });
  await weighIn(80.75);
  const before = aws.told().length;
  const dayNow = () => new Date(localDateTime(aws.clock.now(), timezone).slice(0, 10)).getUTCDay();
  do await aws.advance(DAY);
  while (dayNow() !== 1);
  for (let visits = 0; visits < 2; visits++) {
    await aws.runSweep();
    await aws.advance(31 * 60);
  }
  const digests = aws.told().filter((text) => text.startsWith("Your week, "));
  expect(digests).toEqual([expect.stringContaining("Weight: 80.5 kg on average (2 weigh-ins)")]);
  expect(aws.told().slice(before)).toEqual(digests);
});

test("how tall its owner is, asked in the chat, gives the next weigh-in its BMI", async () => {
  aws = await startTestAws(built.folder, { profileHeightCm: null });
  aws.http.isFresh = true;
  aws.person.stepOnScale({ weightKg: 80.25 });
  await aws.runSweep();
  await aws.heard("How tall are you?");
  aws.chat.say("175");
  await aws.heard("1.75 m.");
  await aws.quiet();
  await weighIn(80.25);
  expect(aws.weights().map(({ bmi }) => bmi)).toEqual([undefined, 26.2]);
});
