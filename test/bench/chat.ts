import { availableParallelism, loadavg } from "node:os";
import { openTable } from "../../src/app/open-stores.ts";
import { chatName } from "../../src/bot/middleware/sequentialize.ts";
import { WEBHOOK_CONNECTIONS } from "../../src/bot/telegram/webhook.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { keys } from "../../src/store/keys.ts";
import { startCloud, WEBHOOK_SECRET } from "./cloud.ts";
import { startFunctionUrl, startInstances } from "./instances.ts";

const UPDATES_A_SECOND = 50;
const SECONDS = 60;
const PEOPLE = 200;
const DRAIN_SECONDS = 60;
/** In percent: updates that Telegram sends again, and updates that it sends twice at the same moment. */
const AGAIN_PERCENT = 4;
const TWICE_PERCENT = 3;
const SAYINGS = { help: "/help", status: "/status", sync: "/sync", other: "What a day" } as const;
/** In percent; the rest are taps. */
const MIX = { help: 15, status: 30, sync: 15, other: 15 } as const;
type Saying = keyof typeof SAYINGS;
type Person = ReturnType<Sandbox["telegram"]["user"]>;
type Message = Person["messages"][number];

/** Telegram's updates by webhook on the built function, many a second for a minute. None may be lost or handled twice. */
export async function chatScene(): Promise<void> {
  const cloud = await startCloud({ clock: systemClock, people: PEOPLE, publicUrl: "https://weighbridge.example.org" });
  const { sandbox } = cloud;
  const functions = await startInstances("http", WEBHOOK_CONNECTIONS, cloud.env);
  const saidAt = new Map<number, number>();
  const acknowledged: number[] = [];
  const waited: number[] = [];
  let refused = 0;
  let isMeasured = false;
  const front = await startFunctionUrl(functions, {
    twice: () => isMeasured && percent() < TWICE_PERCENT,
    seen(updateId, ms, status) {
      if (!isMeasured) return;
      if (status !== 200) return void refused++;
      acknowledged.push(ms);
      const at = saidAt.get(updateId);
      if (at !== undefined) waited.push(performance.now() - at);
      saidAt.delete(updateId);
    },
  });
  await setWebhook(sandbox, `${front.url}/telegram`);
  const people = cloud.ids.map((id) => sandbox.telegram.user({ id, firstName: `Person ${id}`, started: true }));

  const firstWords = await learn(people, sandbox);
  const from = sandbox.telegram.outbox.length;
  const expected = new Map<string, number>();
  const updates: number[] = [];
  const jobsBefore = cloud.sqs.waiting();
  let taps = 0;
  let repeated = 0;
  isMeasured = true;
  const [others = 0] = loadavg();
  const startedMs = performance.now();
  for (let tick = 0; tick < UPDATES_A_SECOND * SECONDS; tick++) {
    const restMs = startedMs + (tick * 1000) / UPDATES_A_SECOND - performance.now();
    if (restMs > 0) await systemClock.sleep(restMs / 1000);
    const earlier = updates[Math.floor(Math.random() * (updates.length - 200))];
    const person = people[Math.floor(Math.random() * people.length)];
    if (!person) continue;
    if (earlier !== undefined && percent() < AGAIN_PERCENT) {
      repeated++;
      person.redeliver(earlier);
      continue;
    }
    const saying = pick();
    const { updateId } = saying ? person.say(SAYINGS[saying]) : tapAnything(person);
    if (saying) expected.set(`${person.id} ${saying}`, (expected.get(`${person.id} ${saying}`) ?? 0) + 1);
    else taps++;
    updates.push(updateId);
    saidAt.set(updateId, performance.now());
  }
  while (sandbox.telegram.pendingUpdates() > 0 && performance.now() - startedMs < (SECONDS + DRAIN_SECONDS) * 1000) {
    await systemClock.sleep(0.05);
  }
  const seconds = (performance.now() - startedMs) / 1000;

  const answers = new Map<string, number>();
  const tapped = new Map<string, number>();
  const unexpected = new Set<string>();
  for (const { method, params, error } of sandbox.telegram.outbox.slice(from)) {
    if (error) continue;
    if (method === "answerCallbackQuery") count(tapped, params.callback_query_id ?? "");
    if (method !== "sendMessage") continue;
    const saying = firstWords.get(firstWordsOf(params.text ?? ""));
    count(answers, `${params.chat_id} ${saying ?? "unexpected"}`);
    if (!saying) unexpected.add(params.text ?? "");
  }
  const wanted = [...new Set([...expected.keys(), ...answers.keys()])];
  const off = wanted.map((each) => (answers.get(each) ?? 0) - (expected.get(each) ?? 0));
  const jobs = cloud.sqs.waiting() - jobsBefore;
  const syncs = [...expected].reduce((sum, [each, times]) => sum + (each.endsWith(" sync") ? times : 0), 0);
  const lost = sum(off.map((it) => Math.max(0, -it))) + Math.max(0, taps - tapped.size) + Math.max(0, syncs - jobs);
  const doubled =
    sum(off.map((it) => Math.max(0, it))) +
    sum([...tapped.values()].map((times) => times - 1)) +
    Math.max(0, jobs - syncs);
  const unsettled = await unsettledOf(updates, cloud);

  console.log(`\nchat: ${UPDATES_A_SECOND} updates a second for ${SECONDS} s, ${WEBHOOK_CONNECTIONS} processes`);
  print("updates, and again", `${updates.length} + ${repeated}`);
  print("acknowledged, ms", `p50 ${at(acknowledged, 0.5)}   p99 ${at(acknowledged, 0.99)}`);
  print("with Telegram's own queue, ms", `p50 ${at(waited, 0.5)}   p99 ${at(waited, 0.99)}`);
  print("refused, to come again", refused);
  print("carried a second", ((updates.length + repeated) / seconds).toFixed(1));
  print("lost, doubled, unsettled", `${lost}, ${doubled}, ${unsettled}`);
  for (const text of unexpected) print("not an answer to anything", JSON.stringify(text));
  if (seconds > SECONDS + 3) {
    const busy = `${availableParallelism()} cores, load ${others.toFixed(1)} before it began`;
    console.log(`  This machine (${busy}) could not keep up: it took ${seconds.toFixed(0)} s.`);
  }
  if (lost + doubled + unsettled > 0) process.exitCode = 1;

  front.close();
  await functions.close();
  await cloud.close();
}

/** How each answer starts. It also gives everybody buttons to tap, and warms up every process. */
async function learn(people: Person[], sandbox: Sandbox) {
  const [first] = people;
  const known = new Map<string, Saying>();
  for (const saying of Object.keys(SAYINGS) as Saying[]) {
    first?.say(SAYINGS[saying]);
    const answer = await first?.waitForMessage(undefined, 20_000);
    known.set(firstWordsOf(answer?.text ?? ""), saying);
    await idle(sandbox);
  }
  for (const person of people) person.say("/settings");
  await idle(sandbox);
  return known;
}

async function idle(sandbox: Sandbox) {
  while (sandbox.telegram.pendingUpdates() > 0) await systemClock.sleep(0.02);
}

async function setWebhook({ telegram }: Sandbox, url: string) {
  await fetch(`${telegram.apiRoot}/bot${telegram.token}/setWebhook`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url, secret_token: WEBHOOK_SECRET, max_connections: WEBHOOK_CONNECTIONS }),
  });
}

/** Updates that don't count as handled. */
async function unsettledOf(
  updates: number[],
  { config, ids }: Awaited<ReturnType<typeof startCloud>>,
): Promise<number> {
  const table = await openTable(config.store, systemClock);
  const handled = new Set<unknown>();
  for (const id of ids) {
    const turn = await table.get(keys.turn(chatName(id)));
    for (const updateId of (turn?.value?.handled ?? []) as number[]) handled.add(updateId);
  }
  await table.close();
  return updates.filter((updateId) => !handled.has(updateId)).length;
}

/** The first button below the settings. */
function tapAnything(person: Person) {
  // Not one below another answer, which would send a message.
  const dataOf = ({ buttons }: Message) => buttons[0]?.[0]?.data;
  const message = person.messages.find((it) => dataOf(it)?.startsWith("set:"));
  const data = message && dataOf(message);
  if (!message || data === undefined) throw new Error(`there is nothing to tap for ${person.person.firstName}`);
  return person.tap(data, message.id);
}

const percent = () => Math.random() * 100;

function pick(): Saying | undefined {
  let rest = percent();
  for (const [saying, share] of Object.entries(MIX)) {
    rest -= share;
    if (rest < 0) return saying as Saying;
  }
  return undefined;
}

const firstWordsOf = (answer: string) => answer.slice(0, 12);
const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
const sum = (numbers: number[]) => numbers.reduce((total, it) => total + it, 0);
const at = (values: number[], share: number) =>
  (values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0).toFixed(0);
const print = (name: string, value: string | number) => console.log(`  ${name.padEnd(32)}${value}`);
