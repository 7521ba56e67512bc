import { afterEach, describe, expect, test } from "vitest";
import type { HttpRequest } from "../../../src/lib/http-client.ts";
import { readWeightFile } from "../../../src/sandbox/garmin/fit-file.ts";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

/** Garmin keeps everything it is sent, as often as it is sent, and shows it when it likes. */
let harness: TestApp;
afterEach(() => harness.close());

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const upload = { method: "POST", path: "/upload-service/upload" };

/** Runs as the schedule does, every half hour, for this long. */
async function hours(count: number, on = harness.app) {
  const statuses: string[] = [];
  for (let run = 0; run < count * 2; run++) {
    harness.clock.advance(1800);
    statuses.push((await harness.sync({}, on)).status);
  }
  return statuses;
}

describe("a weigh-in whose answer was lost is there once in the end", () => {
  test.each([124, 200, 600, 3 * 3600])("when Garmin shows every upload %i seconds late", async (seconds) => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = seconds;
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    harness.clock.advance(121);
    await harness.sync();
    const statuses = await hours(8);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.25]);
    expect(statuses.at(-1)).toBe("success");
  });

  test("when only the first copy comes late", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    const slow = await harness.newApp({
      wrapSend: (send) => async (request) => {
        try {
          return await send(request);
        } finally {
          const [first] = harness.sandbox.garmin.accounts.get(OWNER.email).weights;
          if (String(request.url).includes("/upload-service/") && first && harness.weights().length === 1) {
            first.uploadedAt = new Date(harness.clock.now().getTime() + 600_000);
          }
        }
      },
    });
    await harness.sync({}, slow);
    harness.clock.advance(130);
    expect(await harness.sync({}, slow)).toMatchObject({ status: "success", synced: 1 });
    await hours(2);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.25]);
  });

  test("when Garmin only says that it has removed the copy, and nobody looked for a day before that", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = 20 * 3600;
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    harness.clock.advance(121);
    await harness.sync();
    harness.clock.advance(26 * 3600);
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { method: "DELETE" }, times: 1 },
      effect: { type: "status", status: 204 },
    });
    await harness.sync();
    expect(harness.weights()).toHaveLength(2);
    await hours(1);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.25]);
    harness.requests();
    await harness.sync({ ledgerIsCurrent: true });
    expect(harness.requests().filter((it) => it.includes("garmin_connectapi"))).toEqual([]);
  });

  test("when it was edited before anything was seen", async () => {
    harness = await startTestApp();
    const id = harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = 600;
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    harness.person.edit(id, { weightKg: 79.5 });
    harness.clock.advance(121);
    await harness.sync();
    await hours(3);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([79.5]);
  });

  test("when it was edited while two copies were there", async () => {
    harness = await startTestApp();
    const id = harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = 200;
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    harness.clock.advance(121);
    await harness.sync();
    harness.person.edit(id, { weightKg: 79.5 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
    await hours(3);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([79.5]);
  });

  test("when a run was paused past its lease just before it sent", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    let isFirst = true;
    const paused = await harness.newApp({
      wrapSend: (send) => async (request) => {
        if (isFirst && String(request.url).includes("/upload-service/")) {
          isFirst = false;
          harness.clock.advance(125);
          await harness.sync();
        }
        return send(request);
      },
    });
    await harness.sync({}, paused);
    await hours(2);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.25]);
  });
});

test.each([90 * 60, 5 * 3600])(
  "an accepted weigh-in that Garmin shows %i seconds late is not sent again",
  async (seconds) => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = seconds;
    expect((await harness.sync()).status).toBe("retry_later");
    const statuses = await hours(7);
    expect(harness.weights()).toHaveLength(1);
    expect(statuses.at(-1)).toBe("success");
  },
);

describe("of two alike, neither is taken for the other", () => {
  test("pressures of one minute, the second days late and its upload dropped", async () => {
    harness = await startTestApp();
    const at = minutesAgo(60);
    harness.person.takeBloodPressure({ at, systolic: 120, diastolic: 80 });
    await harness.sync();
    harness.clock.advance(3 * 24 * 3600);
    harness.person.stepOnScale({ weightKg: 80 });
    await harness.sync();
    const second = new Date(at.getTime() + 40_000);
    harness.person.takeBloodPressure({ at: second, systolic: 120, diastolic: 80, createdAt: harness.clock.now() });
    harness.sandbox.faults.turnOn("garmin_upload_dropped", { times: 1 });
    await harness.sync();
    await hours(2);
    expect(harness.pressures().map((it) => it.takenAt)).toEqual([at, second]);
  });

  test("pressures of one second, one of them lost on the way and the other accepted", async () => {
    harness = await startTestApp();
    const at = minutesAgo(60);
    harness.person.takeBloodPressure({ at, systolic: 121, diastolic: 80 });
    harness.person.takeBloodPressure({ at, systolic: 121, diastolic: 80 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = 400;
    harness.sandbox.faults.turnOn("garmin_upload_dropped", { times: 1 });
    await harness.sync();
    harness.clock.advance(12);
    await harness.sync();
    const statuses = await hours(3);
    expect(harness.pressures()).toHaveLength(2);
    expect(statuses.at(-1)).toBe("success");
  });

  test("weights of one second, the second confirmed days later and its upload refused by a broken gateway", async () => {
    harness = await startTestApp();
    const at = minutesAgo(60);
    harness.person.stepOnScale({ at, weightKg: 80.2 });
    const guest = harness.person.stepOnScale({ at, weightKg: 80.2, attrib: 1 });
    await harness.sync();
    harness.clock.advance(3 * 24 * 3600);
    harness.person.edit(guest, { attrib: 0 });
    harness.sandbox.faults.add({ match: upload, times: 1, effect: { type: "status", status: 500 } });
    await harness.sync();
    await hours(2);
    expect(harness.weights().filter((it) => it.weightKg === 80.2)).toHaveLength(2);
  });

  test("weights either side of a batch's border, one of them without an answer", async () => {
    harness = await startTestApp();
    const { person, sandbox, clock } = harness;
    for (let i = 0; i < 99; i++) {
      person.stepOnScale({ at: minutesAgo(20_000 - i * 60), weightKg: 80 + (i % 7) / 10, attrib: 1 });
    }
    const lost = minutesAgo(600);
    person.stepOnScale({ at: lost, weightKg: 80 });
    sandbox.garmin.settings.readBackDelaySeconds = 60;
    sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    sandbox.garmin.settings.readBackDelaySeconds = 0;
    for (const group of [...person.groups]) if (group.attrib === 1) person.edit(group.grpid, { attrib: 0 });
    const before = new Date(lost.getTime() - 30_000);
    person.stepOnScale({ at: before, weightKg: 80, createdAt: clock.now() });
    clock.advance(121);
    await harness.sync();
    await hours(2);
    expect(harness.weights()).toHaveLength(101);
    const near = harness.weights().filter((it) => Math.abs(it.takenAt.getTime() - lost.getTime()) < 60_000);
    expect(near.map((it) => it.takenAt)).toEqual([before, lost]);
  });
});

function holds(body: HttpRequest["body"], weightKg: number): boolean {
  const records = typeof body === "object" && "file" in body ? readWeightFile(body.file) : [];
  return !("refused" in records) && records.some((it) => it.weightKg === weightKg);
}

describe("one reading's trouble doesn't affect another", () => {
  test("a record that breaks Garmin ends up alone, and the others arrive", async () => {
    harness = await startTestApp();
    const { person, sandbox } = harness;
    for (let i = 0; i < 8; i++) person.stepOnScale({ at: minutesAgo(60 * (i + 1)), weightKg: 80 + i / 10 });
    const breaking = await harness.newApp({
      wrapSend: (send) => async (request) => {
        return holds(request.body, 80.3) ? { status: 500, headers: {}, text: "" } : send(request);
      },
    });
    const statuses = await hours(12, breaking);
    expect(
      harness
        .weights()
        .map((it) => it.weightKg)
        .sort(),
    ).toEqual([80, 80.1, 80.2, 80.4, 80.5, 80.6, 80.7]);
    expect(statuses.at(-1)).toBe("retry_later");
    expect(sandbox.garmin.weights(OWNER.email)).toHaveLength(7);
  });

  test("a version that Garmin won't delete stops nothing else", async () => {
    harness = await startTestApp();
    const { person, sandbox } = harness;
    const id = person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    await harness.sync();
    harness.clock.advance(60);
    person.edit(id, { weightKg: 80.5 });
    person.stepOnScale({ weightKg: 80.1 });
    sandbox.faults.add({ match: { method: "DELETE" }, times: 1, effect: { type: "status", status: 400 } });
    expect((await harness.sync()).status).toBe("error");
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.25, 80.1]);
    harness.clock.advance(1800);
    expect((await harness.sync()).status).toBe("success");
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.5, 80.1]);
  });

  test.each([
    ["its upload was dropped", () => harness.sandbox.faults.turnOn("garmin_upload_dropped", { times: 1 }), 1800],
    [
      "Garmin refused it",
      () => harness.sandbox.faults.add({ match: upload, times: 1, effect: { type: "status", status: 400 } }),
      25 * 3600,
    ],
  ])("one that became ambiguous after %s is held, not sent again", async (_what, fail, seconds) => {
    harness = await startTestApp();
    const id = harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    fail();
    await harness.sync();
    harness.person.edit(id, { attrib: 1 });
    harness.clock.advance(seconds);
    expect(await harness.sync()).toMatchObject({ status: "success", held: 1, synced: 0 });
    expect(harness.weights()).toEqual([]);
  });
});

test("a change that Withings dates into the future doesn't hide what comes after it", async () => {
  harness = await startTestApp();
  const { person, clock } = harness;
  const group = person.group(person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 }));
  group.modified += 90 * 24 * 3600;
  await harness.sync();
  clock.advance(24 * 3600);
  person.stepOnScale({ weightKg: 80.5 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
});

test("a reading from the day after tomorrow is held", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ at: minutesAgo(-3 * 24 * 60), createdAt: harness.clock.now(), weightKg: 80.25 });
  expect(await harness.sync()).toMatchObject({ held: 1, synced: 0 });
});

describe("what was sent of a reading is not forgotten", () => {
  /** 80.2 kg, sent without an answer, shown late, and ambiguous by the time it is looked for. */
  async function heldWithALateCopy(shownAfterSeconds: number) {
    harness = await startTestApp();
    const id = harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.2 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = shownAfterSeconds;
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    harness.person.edit(id, { attrib: 1 });
    harness.clock.advance(125);
    expect(await harness.sync()).toMatchObject({ held: 1 });
    return id;
  }

  test("when it is edited while it is held", async () => {
    const id = await heldWithALateCopy(3 * 3600);
    harness.person.edit(id, { weightKg: 80.5 });
    await hours(1);
    harness.person.edit(id, { attrib: 0 });
    await hours(8);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.5]);
  });

  test("when its late copy shows while it is held, and it is edited after it was confirmed", async () => {
    const id = await heldWithALateCopy(600);
    await hours(1);
    harness.person.edit(id, { attrib: 0 });
    await hours(2);
    harness.person.edit(id, { weightKg: 79 });
    await hours(3);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([79]);
  });

  test("when a new one beside it could take its late copy for its own", async () => {
    harness = await startTestApp();
    const { person, clock, sandbox } = harness;
    const at = minutesAgo(30);
    person.stepOnScale({ at, weightKg: 80.2 });
    const beside = person.stepOnScale({ at: new Date(at.getTime() + 60_000), weightKg: 80.25, attrib: 1 });
    sandbox.garmin.settings.readBackDelaySeconds = 200;
    sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    clock.advance(121);
    await harness.sync();
    person.edit(beside, { attrib: 0 });
    await hours(3);
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80.2, 80.25]);
  });
});

test("several records that break Garmin don't hold up what is new", async () => {
  harness = await startTestApp();
  for (let i = 0; i < 8; i++) harness.person.stepOnScale({ at: minutesAgo(60 * (10 - i)), weightKg: 80 + i / 10 });
  const breaking = await harness.newApp({
    wrapSend: (send) => async (request) => {
      const isBad = [80.1, 80.3, 80.4].some((it) => holds(request.body, it));
      return isBad ? { status: 500, headers: {}, text: "" } : send(request);
    },
  });
  await hours(5, breaking);
  harness.person.stepOnScale({ weightKg: 80.05 });
  await hours(1, breaking);
  expect(harness.weights().map((it) => it.weightKg)).toEqual([80, 80.2, 80.5, 80.6, 80.7, 80.05]);
});

test("a held weight is not cleared by a long pause", async () => {
  harness = await startTestApp();
  for (let day = 8; day > 3; day--)
    harness.person.stepOnScale({ at: minutesAgo(24 * 60 * day), weightKg: 80 + day / 10 });
  await harness.sync();
  harness.person.stepOnScale({ weightKg: 42 });
  expect(await harness.sync()).toMatchObject({ held: 1 });
  harness.clock.advance(95 * 24 * 3600);
  await harness.link();
  harness.person.stepOnScale({ weightKg: 80.3 });
  await hours(2);
  expect(harness.weights().map((it) => it.weightKg)).not.toContain(42);
});

test("attempts that Garmin did not accept don't count when a reading is declared never to have appeared", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  harness.sandbox.faults.add({
    server: "garmin_connectapi",
    match: upload,
    times: 2,
    effect: { type: "status", status: 503 },
  });
  for (let run = 0; run < 2; run++) {
    await harness.sync();
    harness.clock.advance(200);
  }
  // Accepted, and not kept.
  const yes = { detailedImportResult: { failures: [] } };
  harness.sandbox.faults.add({
    server: "garmin_connectapi",
    match: upload,
    effect: { type: "status", status: 201, body: yes },
  });
  await harness.sync();
  expect(harness.weights()).toEqual([]);
  harness.clock.advance(25 * 3600);
  await harness.link();
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, failed: 0 });
  expect(harness.weights()).toHaveLength(1);
});
