import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../../src/app/app.ts";
import type { Service } from "../../../src/app/service.ts";
import type { RunReport } from "../../../src/sync/engine/run.ts";
import type { Settings } from "../../../src/sync/model/account.ts";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
/** In Berlin, where 9:00 is 8:00 UTC. A Tuesday, so that no digest is near. */
beforeEach(start);
afterEach(() => harness.close());

/** How often a process did die: a day may have fewer calls than the one that was counted. */
let died = 0;

async function start() {
  harness = await startTestApp({ at: new Date("2026-11-24T05:00:00Z"), heightM: 1.75 });
  // The one that lives.
  harness.service();
  died = 0;
}

type Moment = Readonly<Parameters<typeof crashAt>>;
const NEVER: Moment = [Number.POSITIVE_INFINITY, "before"];
const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
/** Of the bot, with where they are in time. */
const told = () => harness.sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner" }).messages;
const texts = () => told().map(({ text }) => text);
const choose = (settings: Partial<Settings>) => harness.app.store.accounts.save(ACCOUNT, { settings });

async function goTo(instant: string) {
  harness.clock.advance((Date.parse(instant) - harness.clock.now().getTime()) / 1000);
  // The links live for a year and for a month.
  await harness.link();
}

/** A process that dies at this moment does it, and half an hour later one that lives. Resolves to the moments there are. */
async function twice(moment: Moment, what: (service: Service, app: App) => Promise<unknown>): Promise<Moment[]> {
  const crash = crashAt(...moment);
  const app = await harness.newApp(crash);
  const dying = harness.newService(app);
  dying.chat.telegram.bot.api.config.use(
    (call, ...asked) => crash.outside(() => call(...asked)) as ReturnType<typeof call>,
  );
  await what(dying, app).catch(() => undefined);
  await dying.chat.telegram.stop();
  died += Number(crash.isDead());
  harness.clock.advance(1800);
  await what(harness.service(), harness.app);
  return crash.moments();
}

const summarize = (report?: RunReport) => async (service: Service) => service.chat.summarize(await account(), report);

async function weighIn(weightKg: number): Promise<RunReport> {
  harness.person.stepOnScale({ weightKg });
  return harness.app.sync.run(await account());
}

const dayOf = (index: number) => `2026-12-${String(index + 1).padStart(2, "0")}`;
/** Different for each day, and as cards write it. */
const weightOf = (index: number) => 80 + index / 10;
/** How many weigh-ins the cards have told of, each as often as one did. */
const counted = () =>
  texts()
    .filter((text) => text.includes("✓ in Garmin"))
    .reduce((sum, text) => sum + Number(/· (\d+) weigh-ins/.exec(text)?.[1] ?? 1), 0);

test("stopped at any outside call, a day has one card at most, and what it says is in none later than the next day’s", async () => {
  await harness.app.store.summary.write(ACCOUNT, { firstSaidAt: harness.clock.now() }, undefined);
  await choose({ tellsSilence: { weigh_in: false, blood_pressure: false } });
  const day = async (index: number, moment: Moment) => {
    await goTo(`${dayOf(index)}T06:00:00Z`);
    await weighIn(weightOf(index));
    await goTo(`${dayOf(index)}T08:00:00Z`);
    const before = told().length;
    const moments = await twice(moment, summarize());
    return { moments, sent: told().length - before };
  };
  const { moments, sent } = await day(0, NEVER);
  expect(sent).toBe(1);
  expect(moments.length).toBeGreaterThan(3);
  let late = 0;
  let days = 1;
  for (const moment of moments) {
    const { sent } = await day(days, moment);
    expect(sent, String(moment)).toBeLessThanOrEqual(1);
    if (sent === 0) late += 1;
    expect((await day(days + 1, NEVER)).sent).toBe(1);
    days += 2;
  }
  expect(died).toBe(moments.length);
  // Only what ended between the note and the message comes a day later, and only what ended right after it comes twice.
  expect(late).toBe(1);
  expect(counted()).toBe(days + 1);
});

test("stopped at any outside call, the message of the day is edited and no other is sent", async () => {
  await harness.app.store.summary.write(ACCOUNT, { firstSaidAt: harness.clock.now() }, undefined);
  await choose({ cards: "each" });
  const day = async (index: number, moment: Moment) => {
    await goTo(`${dayOf(index)}T09:00:00Z`);
    await weighIn(weightOf(index));
    await summarize()(harness.service());
    const before = told().length;
    await goTo(`${dayOf(index)}T14:00:00Z`);
    await weighIn(weightOf(index) + 0.02);
    const moments = await twice(moment, summarize());
    expect(told()).toHaveLength(before);
    expect(texts().at(-1)).toContain(" · 2 weigh-ins");
    return moments;
  };
  const moments = await day(0, NEVER);
  expect(moments.length).toBeGreaterThan(2);
  for (const [index, moment] of moments.entries()) await day(index + 1, moment);
  expect(died).toBeGreaterThan(2);
  expect(texts()).toHaveLength(moments.length + 1);
});

describe("what came first", () => {
  async function first(moment: Moment) {
    await goTo("2026-12-01T09:00:00Z");
    const report = await weighIn(80);
    const moments = await twice(moment, async (service) =>
      // The run is made again, and has nothing new to bring.
      service.chat.summarize(await account(), { ...report, delivered: undefined } as unknown as RunReport),
    );
    await goTo("2026-12-02T09:00:00Z");
    await summarize()(harness.service());
    return moments;
  }

  test("stopped at any outside call, it’s said once, then or in the card of the next day", async () => {
    const moments = await first(NEVER);
    expect(texts()).toEqual([expect.stringMatching(/^80\.0 kg is in Garmin\.\nGarmin now has your weight/)]);
    for (const moment of moments) {
      await harness.close();
      await start();
      await first(moment);
      const said = texts().filter((text) => text.startsWith("80.0 kg"));
      expect(said.length, String(moment)).toBeGreaterThanOrEqual(1);
      expect(said.filter((text) => text.includes("is in Garmin.")).length, String(moment)).toBeLessThanOrEqual(1);
    }
  });
});

test("stopped at any outside call, a question about a held reading is asked, and twice only if nobody could note the first", async () => {
  await harness.sync();
  const ask = async (index: number, moment: Moment) => {
    await goTo(`${dayOf(index)}T09:00:00Z`);
    harness.person.stepOnScale({ weightKg: weightOf(index), attrib: 1 });
    const report = await harness.app.sync.run(await account());
    const moments = await twice(moment, async (service) => service.chat.notify(await account(), report));
    const asked = texts().filter(
      (text) => text.includes(`${weightOf(index).toFixed(1)} kg, `) && text.includes("Was that you?"),
    );
    return { moments, asked: asked.length };
  };
  const { moments, asked } = await ask(0, NEVER);
  expect(asked).toBe(1);
  const repeated: Moment[] = [];
  for (const [index, moment] of moments.entries()) {
    const { asked } = await ask(index + 1, moment);
    expect(asked, String(moment)).toBeGreaterThanOrEqual(1);
    expect(asked, String(moment)).toBeLessThanOrEqual(2);
    if (asked === 2) repeated.push(moment);
  }
  expect(died).toBeGreaterThan(2);
  expect(repeated).toHaveLength(1);
});
