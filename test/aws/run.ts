import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FunctionName } from "../../build/bundle.ts";
import { RUNTIME_CLIENT } from "../lambda/runtime-client.ts";
import { CannotRun, pythonWith } from "../support/python.ts";
import { callsOfCloudFormation } from "./cloudformation.ts";
import { keyOf } from "./functions.ts";
import { type Call, type Statement, unneeded } from "./iam.ts";
import { consent, DEPLOYER, OWNER, startAddress, startWorld, sweep, ticket, type World, writeLogs } from "./life.ts";
import { startMoto } from "./moto.ts";
import { startRecorder } from "./recorder.ts";
import { deployersPolicy, policiesOfFunctions, refusals } from "./rights.ts";

/**
 * What is used where this life doesn't lead: a list entry that belongs to nobody, a worker that brings the next of many accounts,
 * and CloudFormation's own lists.
 */
const RARELY_NEEDED = [
  `${keyOf("sweep")} dynamodb:DeleteItem`,
  `${keyOf("worker")} sqs:SendMessage`,
  `${DEPLOYER} lambda:ListEventSourceMappings`,
  `${DEPLOYER} ssm:DescribeParameters`,
];
/** osls asks for images in case a function has one, and takes a refusal for none. */
const MAY_BE_REFUSED = `${DEPLOYER}: ecr:DescribeRepositories on `;

let failures = 0;
function check(step: string, isRight: boolean, detail: unknown = "") {
  if (!isRight) failures++;
  const seconds = Math.round(performance.now() / 1000);
  console.log(`${isRight ? "pass" : "FAIL"}  ${String(seconds).padStart(3)} s  ${step}${isRight ? "" : `\n${detail}`}`);
}

async function setUp(world: World) {
  const { clientId, clientSecret } = world.sandbox.withings.application;
  const answers = [world.sandbox.telegram.token, String(OWNER), clientId, clientSecret, "owner@example.org"];
  const { exit, said } = await world.run("setup", answers);
  check("setup", exit === 0, said);
}

async function deploy(world: World, words = /Deployed\. Next:/) {
  await world.redeployed();
  const { exit, said } = await world.run("deploy");
  check(`deploy says ${words.source}`, exit === 0 && words.test(said), said.slice(-4000));
}

async function command(world: World, words: RegExp, line: string, input: string[] = []) {
  const { exit, said } = await world.run(line, input);
  check(`${line} says ${words.source}`, (exit === 0 || exit === 3) && words.test(said), `exit ${exit}\n${said}`);
}

async function linking(world: World) {
  const { chat } = world;
  chat.say("/start");
  await world.settled();
  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  check("the bot answers /start, by way of its function URL", told().length > 0, told());
  check("Withings brings the person back to the function URL", (await consent(world)) < 400);
  await world.settled();
  await command(world, /Garmin/, "login garmin --stage prod --ticket", [ticket(world)]);
}

async function weighIn(world: World, weightKg: number) {
  world.weighIn(weightKg);
  await sweep(world);
  // Where the account isn't due, the notification brings it.
  await world.until(() => world.weights().includes(weightKg));
  check(`sweep or notification, queue, worker: ${weightKg} kg is in Garmin`, world.weights().includes(weightKg));
}

async function working(world: World) {
  await weighIn(world, 80.25);
  world.weighIn(80.5);
  world.chat.say("/sync");
  // The notification of the weigh-in may have been faster.
  await world.chat.waitForMessage(({ text }) => /is in Garmin\.|Garmin has every reading/.test(text), 60_000);
  check(
    "/sync, or the notification before it, brings the next one",
    world.weights().join() === "80.25,80.5",
    world.weights(),
  );
  await command(world, /80\.50 kg/, "status --stage prod");
  await command(world, /ok +key: opens both stored links/, "doctor --stage prod");
  world.chat.say("/people");
  await world.settled();
  await world.raiseAlarm("weighbridge-prod-dead-jobs");
  const last = world.chat.lastMessage?.text ?? "";
  check("an alarm reaches the owner in plain words", last.startsWith("A job failed seven times"), last);
}

async function life(world: World, aws: string): Promise<Map<string, Statement[]>> {
  await setUp(world);
  await deploy(world);
  await command(world, /There is no account yet/, "doctor --stage prod");
  await linking(world);
  await working(world);
  const statuses = await writeLogs(aws);
  check(
    "each function can write its log",
    statuses.every((status) => status === 200),
    statuses,
  );
  await deploy(world);
  const rights = new Map<string, Statement[]>([[DEPLOYER, deployersPolicy()]]);
  for (const [name, statements] of policiesOfFunctions()) rights.set(keyOf(name as FunctionName), statements);
  await weighIn(world, 80.75);
  await command(world, /Removed\. What is left/, "remove", ["prod"]);
  await setUp(world);
  await deploy(world, /already exists: it is used with everything in it/);
  await command(world, /ok +key: opens both stored links/, "doctor --stage prod");
  await weighIn(world, 81);
  check("no weigh-in is in Garmin twice", world.weights().length === 4, world.weights());
  return rights;
}

function judge(rights: Map<string, Statement[]>, calls: readonly Call[]) {
  const found = refusals(rights, calls).filter((it) => !it.startsWith(MAY_BE_REFUSED));
  const counted = [...rights.keys()].map((caller) => `${caller} ${calls.filter((it) => it.caller === caller).length}`);
  check(`IAM allows every call (${counted.join(", ")})`, found.length === 0, found.join("\n"));
  for (const [caller, statements] of rights) {
    const own = calls.filter((it) => it.caller === caller);
    const idle = unneeded(statements, own).filter(
      (right) => !RARELY_NEEDED.some((it) => `${caller} ${right}`.startsWith(`${it} `)),
    );
    // So this finds a right that is missing, and one that is given for nothing.
    check(
      `${caller} needs each of its rights: without any of them a call would be refused`,
      idle.length === 0,
      idle.join("\n"),
    );
  }
}

async function main(): Promise<number> {
  let python: string;
  try {
    python = pythonWith("aws", path.join(import.meta.dirname, "requirements.txt"), console.log);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`Not run. ${error.message}`);
    return 3;
  }
  console.log(RUNTIME_CLIENT.says);
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-aws-"));
  const closing: Array<() => unknown> = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const address = await startAddress();
    const moto = await startMoto(python, { functionUrl: `${address.served.url}/`, folder });
    closing.push(() => moto.close());
    const recorder = await startRecorder(moto.url);
    closing.push(() => recorder.close());
    const world = await startWorld({ moto: moto.url, aws: recorder.url, python, folder, address });
    closing.push(() => world.close());
    const rights = await life(world, recorder.url);
    check("no job failed", world.failedJobs().length === 0, world.failedJobs().join("\n"));
    await world.redeployed();
    check("no function logged an error", world.troubles().length === 0, world.troubles().join("\n"));
    check("every request could be judged", recorder.strange.length === 0, [...new Set(recorder.strange)].join("\n"));
    judge(rights, [...recorder.calls, ...callsOfCloudFormation(python, DEPLOYER)]);
  } finally {
    for (const close of closing.reverse()) await close();
  }
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();
