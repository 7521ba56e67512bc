import { readFileSync } from "node:fs";
import type { FunctionName } from "../../build/bundle.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { deriveSecret, parseSealingKeys } from "../../src/store/seal.ts";
import { functionUrlEvent, scheduleEvent, sqsEvent } from "../lambda/events.ts";
import { startCloud, userIdOf, WEBHOOK_SECRET } from "./cloud.ts";
import { startInstances } from "./instances.ts";
import type { Kind } from "./month-life.ts";

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;
const COLD_TURNS = 3;
const WARM_TURNS = 20;
const OWNER = 1;
const PUBLIC_URL = "https://weighbridge.example.org";

export interface Time {
  name: FunctionName;
  /** Of a whole core, without waiting. Cold: from the start of a process to the end of its first call. */
  coldMs: number;
  warmMs: number;
  vendorCalls: number;
}

/** In the built function's own process. */
export async function takeTimes(): Promise<Map<Kind, Time>> {
  const cloud = await startCloud({
    clock: systemClock,
    people: OWNER,
    publicUrl: PUBLIC_URL,
  });
  const { sandbox, sqs, env } = cloud;
  const owner = sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const person = sandbox.withings.person(userIdOf(OWNER));
  const [key] = parseSealingKeys(env.SEALING_KEY);
  const notifyKey = key ? deriveSecret(key, "withings notification key v1").toString("base64url") : "";

  const jobEvent = () => {
    const job = { account: OWNER, reason: "withings_notified", dueAt: new Date() };
    return sqsEvent({ Body: JSON.stringify(job), MessageId: "1", ReceiptHandle: "1" }, sqs.queueArn);
  };
  const post = (path: string, body: string, headers: Record<string, string>) =>
    functionUrlEvent(new Request(PUBLIC_URL + path, { method: "POST", body, headers }));
  let updateId = 1;
  const events: Array<[Kind, FunctionName, () => unknown]> = [
    ["sweep", "sweep", scheduleEvent],
    [
      "update",
      "http",
      () => {
        const message = { message_id: updateId, date: 0, chat: { id: OWNER, type: "private" }, text: "/status" };
        const from = { id: OWNER, is_bot: false, first_name: "Owner" };
        const entities = [{ type: "bot_command", offset: 0, length: 7 }];
        const update = { update_id: updateId++, message: { ...message, from, entities } };
        return post("/telegram", JSON.stringify(update), {
          "content-type": "application/json",
          "x-telegram-bot-api-secret-token": WEBHOOK_SECRET,
        });
      },
    ],
    [
      "notification",
      "http",
      () => {
        const fields = new URLSearchParams({
          userid: String(userIdOf(OWNER)),
          appli: "1",
          startdate: "1",
          enddate: "2",
        });
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        return post(`/withings/notify?key=${notifyKey}`, String(fields), headers);
      },
    ],
    ["run that finds nothing", "worker", jobEvent],
    [
      "run that brings a reading",
      "worker",
      () => {
        person.stepOnScale({ weightKg: 80 + updateId++ / 100, fatRatioPercent: 18.3 });
        return jobEvent();
      },
    ],
  ];

  const times = new Map<Kind, Time>();
  for (const [kind, name, eventOf] of events) {
    const functions = await startInstances(name, 1, env);
    const requests = () =>
      sandbox.withings.requests.length + sandbox.garmin.requests.length + sandbox.telegram.requests.length;
    const once = async () => functions.invoke(await eventOf());
    // The first call loads files and does the daily work.
    await once();
    const cold = [];
    for (let turn = 0; turn < COLD_TURNS; turn++) {
      for (const each of functions.all) await each.kill();
      await once();
      cold.push(cpuMs());
    }
    const before = { cpuMs: cpuMs(), requests: requests() };
    for (let turn = 0; turn < WARM_TURNS; turn++) await once();
    times.set(kind, {
      name,
      coldMs: cold.toSorted((a, b) => a - b)[Math.floor(COLD_TURNS / 2)] ?? 0,
      warmMs: (cpuMs() - before.cpuMs) / WARM_TURNS,
      vendorCalls: (requests() - before.requests) / WARM_TURNS,
    });
    const failed = functions.all.flatMap(({ lines }) => lines).filter((line) => /_failed"|"level":"error"/.test(line));
    if (failed.length > 0) throw new Error(`${kind} failed: ${failed[0]}`);
    const runs = functions.all.flatMap(({ lines }) => lines).filter((line) => line.includes('"run_ended"'));
    const putOff = runs.find((line) => !line.includes('"success"'));
    if (putOff) throw new Error(`${kind} was put off: ${putOff}`);
    await functions.close();
  }
  if (owner.messages.length === 0) throw new Error("nobody was answered");
  await cloud.close();
  return times;
}

/** The processor time that the running function's process has used. */
function cpuMs(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  const pid = children.find((each) => readFileSync(`/proc/${each}/cmdline`, "utf8").includes("index.handler"));
  // The name before it is in brackets; user and system time are fields 12 and 13.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
