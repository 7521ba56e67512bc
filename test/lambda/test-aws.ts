import path from "node:path";
import type { APIGatewayProxyStructuredResultV2, SQSEvent } from "aws-lambda";
import { beforeAll, expect, vi } from "vitest";
import { FUNCTIONS, type FunctionName } from "../../build/bundle.ts";
import { ALLOWED_UPDATES } from "../../src/bot/telegram/webhook.ts";
import type { Environment } from "../../src/config/environment.ts";
import { TELEGRAM_PATH, WITHINGS_PATHS } from "../../src/config/paths.ts";
import { createLog } from "../../src/lib/log.ts";
import { startAws } from "../../src/sandbox/aws.ts";
import { createManualClock, createRunningClock } from "../../src/sandbox/manual-clock.ts";
import { type Answer, serve } from "../../src/sandbox/serve.ts";
import { createDynamoTable } from "../../src/store/dynamodb/create.ts";
import { openDynamoTable } from "../../src/store/dynamodb/table.ts";
import { readItem } from "../../src/store/item-json.ts";
import { keys } from "../../src/store/keys.ts";
import { LedgerItem } from "../../src/store/ledger-items.ts";
import { startAwsProxy } from "../support/aws-proxy.ts";
import { startDynalite } from "../support/dynalite.ts";
import { startSqs } from "../support/sqs.ts";
import { ACCOUNT, OWNER, startTestApp, USERID } from "../support/test-app.ts";
import { buildFunctions } from "./built-functions.ts";
import { functionUrlEvent, responseOf, scheduleEvent, snsEvent } from "./events.ts";
import { createFleet, type Fleet } from "./fleet.ts";
import { startPump } from "./pump.ts";
import { SIZES } from "./sizes.ts";

const STAGE = "prod";
const TABLE = `weighbridge-${STAGE}`;
export const PARAMETER_PATH = `/weighbridge/${STAGE}/`;
/** An upload to Garmin, for faults. */
export const UPLOAD = { server: "garmin_connectapi", match: { method: "POST", path: /^\/upload-service\// } } as const;
export const MANUAL_SYNC_TOKEN = "a-token-of-many-characters-for-tests";
const WEBHOOK_SECRET = "a-secret-of-the-webhook";
const WAIT_MS = 60_000;
const DAY_SECONDS = 24 * 3600;
const log = createLog({ level: "silent" });

/**
 * The deployment on this machine: the built functions in processes of their own, at an address that Telegram and Withings
 * really call, with DynamoDB, SQS and SSM beside them. Its owner is linked at both vendors and in the chat.
 */
export async function startTestAws(
  folder: string,
  options: {
    linked?: boolean;
    profileHeightCm?: number | null;
    /** How far the clocks of functions are ahead of all others. */
    aheadSeconds?: Partial<Record<FunctionName, number>>;
    timeoutSeconds?: Partial<Record<FunctionName, number>>;
    /** For every function, besides what the deployment gives it. */
    env?: Environment;
  } = {},
) {
  const { linked = true } = options;
  // A notification waits eight seconds for the others of its weigh-in. By this worker's clock they are over.
  const aheadSeconds: Partial<Record<FunctionName, number>> = { worker: 10, ...options.aheadSeconds };
  const clock = createRunningClock();
  // At noon no day ends, and no summary is due.
  clock.advance((DAY_SECONDS * 1.5 - ((Date.now() / 1000) % DAY_SECONDS)) % DAY_SECONDS);
  // The functions that answer there need to know the address.
  let answer = async (_: Request): Promise<Answer> => new Response(null, { status: 502 });
  const address = await serve((request) => answer(request()));
  const { url } = address;

  const dynalite = await startDynalite();
  const { endpoint } = dynalite;
  await createDynamoTable({ tableName: TABLE, endpoint, clock: createManualClock(new Date()), log });
  const [dynamo, sqs] = await Promise.all([startAwsProxy(endpoint), startSqs()]);
  const queue = await startAwsProxy(sqs.env.AWS_ENDPOINT_URL_SQS);
  const sealingKey = Buffer.alloc(32, 7).toString("base64");
  const testApp = await startTestApp({
    clock,
    linked,
    ...(options.profileHeightCm !== undefined && { profileHeightCm: options.profileHeightCm }),
    env: {
      STORE: "dynamodb",
      TOKEN_TABLE_NAME: TABLE,
      DYNAMODB_ENDPOINT: endpoint,
      SEALING_KEY: sealingKey,
      PUBLIC_URL: url,
      WITHINGS_REDIRECT_URL: "",
    },
    sandbox: { withingsRedirectUrl: url + WITHINGS_PATHS.callback },
  });
  const { telegram } = testApp.sandbox;
  const table = openDynamoTable({ tableName: TABLE, endpoint, clock });

  const ssm = await startAws({ accessKeyId: "local" });
  const {
    TELEGRAM_BOT_TOKEN = "",
    WITHINGS_CLIENT_ID = "",
    WITHINGS_CLIENT_SECRET = "",
    WITHINGS_REDIRECT_URL: _,
    ...vendors
  } = testApp.sandbox.env();
  const secrets = {
    ...{ TELEGRAM_BOT_TOKEN, WITHINGS_CLIENT_ID, WITHINGS_CLIENT_SECRET, MANUAL_SYNC_TOKEN },
    TELEGRAM_WEBHOOK_SECRET: WEBHOOK_SECRET,
  };
  const parameters = {
    SECRETS: JSON.stringify(secrets),
    SEALING_KEY: sealingKey,
    TELEGRAM_ALLOWED_IDS: String(ACCOUNT),
    BOT_INFO: JSON.stringify(telegram.bot),
    PUBLIC_URL: url,
  };
  for (const [name, value] of Object.entries(parameters)) ssm.set(PARAMETER_PATH + name, value, "SecureString");

  const env = {
    ...vendors,
    STAGE,
    STORE: "dynamodb",
    TOKEN_TABLE_NAME: TABLE,
    PARAMETER_PATH,
    DYNAMODB_ENDPOINT: dynamo.url,
    AWS_ENDPOINT_URL_SSM: ssm.env().AWS_ENDPOINT_URL_SSM,
    AWS_ENDPOINT_URL_SQS: queue.url,
    ...options.env,
  };
  const fleet = (name: FunctionName): Fleet =>
    createFleet({
      name,
      folder: path.join(folder, name),
      env: name === "alarm" ? env : { ...env, QUEUE_URL: sqs.queueUrl },
      ...SIZES[name],
      ...(options.timeoutSeconds?.[name] !== undefined && { timeoutSeconds: options.timeoutSeconds[name] }),
      aheadSeconds: () => clock.aheadSeconds + (aheadSeconds[name] ?? 0),
    });
  const functions = { http: fleet("http"), worker: fleet("worker"), sweep: fleet("sweep"), alarm: fleet("alarm") };
  const fleets = FUNCTIONS.map((name) => functions[name]);

  answer = async (request) => {
    const event = await functionUrlEvent(request);
    try {
      return responseOf((await functions.http.invoke(event)) as APIGatewayProxyStructuredResultV2);
    } catch {
      // AWS answers this if a function failed.
      return new Response("Internal Server Error", { status: 502 });
    }
  };
  const pump = startPump(sqs, [(event: SQSEvent) => functions.worker.invoke(event)]);

  const call = (method: string, params: object = {}) =>
    fetch(`${telegram.apiRoot}/bot${telegram.token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(params),
    });
  await call("setWebhook", {
    url: url + TELEGRAM_PATH,
    secret_token: WEBHOOK_SECRET,
    allowed_updates: ALLOWED_UPDATES,
    max_connections: 10,
  });
  const chat = telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });

  async function runSweep() {
    await functions.sweep.invoke(scheduleEvent());
    await pump.empty();
  }

  return {
    ...testApp,
    ...functions,
    clock,
    url,
    chat,
    table,
    sqs,
    queue,
    dynamo,
    ssm,
    pump,
    call,
    notifyUrl: `${url}${WITHINGS_PATHS.notify}?key=${testApp.app.store.notifyKey}`,
    heard: (text: string) => chat.waitForMessage((message) => message.text.includes(text), WAIT_MS),
    weightsKg: () => testApp.weights().map(({ weightKg }) => weightKg),
    /** Files that were sent to Garmin, accepted or not. */
    uploads: () => testApp.sandbox.garmin.requests.filter(({ path: it }) => it === "/upload-service/upload").length,
    /** The answers to Telegram's updates. */
    outcomes: () => telegram.deliveries.map(({ outcome }) => outcome),
    told: () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text),
    /** All that was written to the bot is delivered and done. */
    async quiet() {
      await vi.waitFor(
        () => {
          expect(telegram.pendingUpdates()).toBe(0);
          expect(telegram.deliveries.map(({ outcome }) => outcome)).not.toContain("under way");
        },
        { timeout: WAIT_MS },
      );
      await pump.empty();
    },
    /** One sweep, and what it has queued is done. */
    runSweep,
    /** Moves all clocks forward, including those of the functions. */
    async advance(seconds: number) {
      clock.advance(seconds);
      await Promise.all(fleets.map((each) => each.kill()));
    },
    raiseAlarm: (message: string) => functions.alarm.invoke(snsEvent(message)),
    logged: () => fleets.flatMap((each) => each.logged()),
    async fates() {
      const profileId = testApp.sandbox.garmin.accounts.get(OWNER.email).profileId;
      const ledger = keys.ledger(ACCOUNT, String(USERID), String(profileId));
      const entries = await table.list(ledger, { from: "reading#", to: "reading$" });
      return entries.map((entry) => readItem(entry, LedgerItem).fate.state);
    },
    async close() {
      await table.close();
      await pump.stop();
      await Promise.all(fleets.map((each) => each.close()));
      await testApp.close();
      await address.close();
      await Promise.all([dynamo.close(), queue.close(), ssm.close()]);
      await Promise.all([sqs.close(), dynalite.close()]);
    },
  };
}
export type TestAws = Awaited<ReturnType<typeof startTestAws>>;

/** For a file of tests: the functions, and deployments to run them in. */
export function awsTests() {
  let built: Awaited<ReturnType<typeof buildFunctions>>;
  beforeAll(async () => {
    built = await buildFunctions();
  });
  return {
    built: () => built,
    /** Most faults wait for something to be over, so these tests run side by side, each with a deployment of its own. */
    async withAws(story: (aws: TestAws) => Promise<void>, options: Parameters<typeof startTestAws>[1] = {}) {
      const aws = await startTestAws(built.folder, options);
      try {
        await story(aws);
      } finally {
        await aws.close();
      }
    },
  };
}
