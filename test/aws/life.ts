import { spawn } from "node:child_process";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { SNSEvent } from "aws-lambda";
import { FUNCTIONS } from "../../build/bundle.ts";
import type { Environment } from "../../src/config/environment.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { type Served, serve } from "../../src/sandbox/serve.ts";
import { functionUrlEvent, responseOf, scheduleEvent, snsEvent } from "../lambda/events.ts";
import { arn, REGION } from "./calls.ts";
import { type Deployed, keyOf, openFunctions, startPoller } from "./functions.ts";

export const OWNER = 4711;
export const DEPLOYER = "DEPLOYER";
const PERSON = { userid: 31_400_001, name: "owner", timezone: "Europe/Berlin" };
const EMAIL = "owner@example.org";
const COMMAND_MINUTES = 4;
const WAIT_SECONDS = 60;

/** A machine with the program, an AWS account, the vendors, and a person with a scale and a phone. */
export interface World {
  run(command: string, input?: string[]): Promise<{ exit: number | null; said: string }>;
  functions(): Promise<Deployed>;
  sandbox: Awaited<ReturnType<typeof startSandbox>>;
  chat: ReturnType<Awaited<ReturnType<typeof startSandbox>>["telegram"]["user"]>;
  url: string;
  /** Everything that was written to the bot or queued is done. */
  settled(): Promise<void>;
  /** Waits for it, a minute at most. */
  until(isSo: () => boolean): Promise<void>;
  /** The archives and settings of the functions are read again before the next call. */
  redeployed(): Promise<void>;
  raiseAlarm(name: string): Promise<void>;
  weighIn(weightKg: number): void;
  weights(): number[];
  failedJobs(): unknown[];
  /** What functions wrote about trouble. */
  troubles(): string[];
  close(): Promise<void>;
}

/** Where the function URL will be, before there are functions. */
export async function startAddress() {
  let answer = async (_: Request) => new Response(null, { status: 502 });
  const served = await serve((request) => answer(request()));
  return {
    served,
    to(handler: typeof answer) {
      answer = handler;
    },
  };
}

export async function startWorld(to: {
  moto: string;
  aws: string;
  python: string;
  folder: string;
  address: { served: Served; to(handler: (request: Request) => Promise<Response>): void };
}): Promise<World> {
  const { aws, address } = to;
  const sandbox = await startSandbox();
  sandbox.withings.addPerson(PERSON);
  sandbox.garmin.addAccount({
    email: EMAIL,
    password: "unused",
    displayName: "owner",
    fullName: "owner",
    timezone: "Europe/Berlin",
  });
  const { url } = address.served;
  sandbox.withings.application.redirectUrls = [`${url}/withings/callback`];
  const chat = sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const vendors = withoutSettings(sandbox.env());
  const lines: string[] = [];
  let opened: Promise<Deployed> | undefined;
  const functions = () => {
    opened ??= openFunctions({ ...to, vendors, folder: path.join(to.folder, "functions") }).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  async function redeployed() {
    const before = await opened?.catch(() => undefined);
    opened = undefined;
    if (!before) return;
    for (const name of FUNCTIONS) lines.push(...before[name].lines().map((line) => `${name}: ${line}`));
    await before.close();
  }
  address.to(async (request) => {
    try {
      const { http } = await functions();
      return responseOf((await http.invoke(await functionUrlEvent(request))) as Parameters<typeof responseOf>[0]);
    } catch {
      return new Response("Internal Server Error", { status: 502 });
    }
  });
  const poller = startPoller(aws, async (event) => (await functions()).worker.invoke(event));
  return {
    ...{ sandbox, chat, url, functions, redeployed },
    run: (command, input = []) => run(command, input, { ...vendors, ...deployersEnvironment(aws) }, to.folder),
    async settled() {
      const isQuiet = () => sandbox.telegram.pendingUpdates() === 0 && !poller.isBusy();
      for (let calm = 0; calm < 10; calm = isQuiet() ? calm + 1 : 0) await seconds(0.1);
    },
    async until(isSo) {
      for (let waited = 0; !isSo() && waited < WAIT_SECONDS; waited += 0.1) await seconds(0.1);
    },
    async raiseAlarm(name) {
      const { alarm } = await functions();
      const event: SNSEvent = snsEvent(
        JSON.stringify({
          ...{ AlarmName: name, NewStateValue: "ALARM", OldStateValue: "OK" },
          AlarmArn: arn("cloudwatch", `alarm:${name}`),
        }),
      );
      await alarm.invoke(event);
    },
    weighIn: (weightKg) =>
      void sandbox.withings.person(PERSON.userid).stepOnScale({ at: new Date(Date.now() - 3_600_000), weightKg }),
    weights: () => sandbox.garmin.weights(EMAIL).map(({ weightKg }) => weightKg),
    failedJobs: () => poller.failed,
    troubles: () => lines.filter((line) => /"level":"error"|"errorType"/.test(line)),
    async close() {
      await poller.stop();
      await redeployed();
      await address.served.close();
      await sandbox.close();
    },
  };
}

export const ticket = ({ sandbox }: World) => sandbox.garmin.mintTicket(EMAIL);

/** Allows the access at Withings, as its person. */
export async function consent({ sandbox, chat }: World): Promise<number> {
  const { buttons } = await chat.waitForMessage(({ text: it }) => it.includes("on its own page"), WAIT_SECONDS * 1000);
  const address = buttons.flat()[0]?.url ?? "";
  return (await fetch(sandbox.withings.allow(PERSON.userid, address), { redirect: "manual" })).status;
}

export const sweep = async (world: World) => {
  await (await world.functions()).sweep.invoke(scheduleEvent());
  await world.settled();
};

/** Lambda writes a function's log with the rights of the function. */
export async function writeLogs(aws: string): Promise<number[]> {
  const statuses = [];
  for (const name of FUNCTIONS) {
    const logGroupName = `/aws/lambda/weighbridge-prod-${name}`;
    const about = { logGroupName, logStreamName: `2026/11/24/[$LATEST]${Date.now()}` };
    const ask = (operation: string, input: object) =>
      fetch(aws, {
        method: "POST",
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${keyOf(name)}/20260101/${REGION}/logs/aws4_request`,
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": `Logs_20140328.${operation}`,
        },
        body: JSON.stringify(input),
      });
    statuses.push((await ask("CreateLogStream", about)).status);
    const logEvents = [{ timestamp: Date.now(), message: "{}" }];
    statuses.push((await ask("PutLogEvents", { ...about, logEvents })).status);
  }
  return statuses;
}

/** Where the vendors are. Who somebody is to them is what setup asks for. */
function withoutSettings(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => /_(URL|ROOT)$/.test(name) && name !== "WITHINGS_REDIRECT_URL"),
  );
}

const deployersEnvironment = (aws: string) => ({
  ...{ AWS_ENDPOINT_URL: aws, AWS_REGION: REGION, AWS_ACCESS_KEY_ID: DEPLOYER, AWS_SECRET_ACCESS_KEY: "unused" },
  // AWS needs minutes for a stack, and osls asks every five seconds; moto needs none.
  ...{ SLS_TELEMETRY_DISABLED: "1", SLS_NOTIFICATIONS_MODE: "off", SLS_AWS_MONITORING_FREQUENCY: "250" },
});

async function run(command: string, input: string[], env: Environment, cwd: string) {
  const child = spawn(process.execPath, [path.resolve("bin/weighbridge.js"), ...command.split(" ")], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    cwd,
    timeout: COMMAND_MINUTES * 60_000,
  });
  for (const line of input) child.stdin.write(`${line}\n`);
  child.stdin.end();
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exit: await exit, said: out + err };
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));
