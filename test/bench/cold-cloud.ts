import { TELEGRAM_PATH } from "../../src/config/paths.ts";
import { isSharedSecret, SECRETS_PARAMETER } from "../../src/config/secrets.ts";
import { PARAMETERS } from "../../src/lambda/parameters.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { type LocalAws, startAws } from "../../src/sandbox/aws.ts";
import { jobOf } from "../../src/sync/jobs/worker.ts";
import { functionUrlEvent, scheduleEvent, snsEvent, sqsEvent } from "../lambda/events.ts";
import { CERTIFICATE_FILE, startTls } from "../support/tls.ts";
import { startCloud, WEBHOOK_SECRET } from "./cloud.ts";

const OWNER = 1;
const PUBLIC_URL = "https://weighbridge.example.org";
const PARAMETER_PATH = "/weighbridge/bench/";

/** One linked account, and what the functions talk to, all behind TLS: the vendors, DynamoDB, SQS and SSM. */
export async function startColdCloud() {
  const cloud = await startCloud({ clock: systemClock, people: OWNER, publicUrl: PUBLIC_URL });
  const ssm = await startAws({ accessKeyId: "local" });
  const fronts: Array<{ close(): void }> = [];
  const behindTls = async (url: string) => {
    const front = await startTls(url);
    fronts.push(front);
    return front.url;
  };
  const { telegram } = cloud.sandbox;
  const owner = telegram.user({ id: OWNER, firstName: "Owner", started: true });
  await setWebhook(telegram);

  const { DYNAMODB_ENDPOINT, AWS_ENDPOINT_URL_SQS, ...settings } = keepSecrets(cloud.env, ssm);
  const env: Record<string, string> = {
    ...settings,
    PARAMETER_PATH,
    NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE,
    AWS_ENDPOINT_URL_DYNAMODB: await behindTls(DYNAMODB_ENDPOINT ?? ""),
    AWS_ENDPOINT_URL_SQS: await behindTls(AWS_ENDPOINT_URL_SQS ?? ""),
    AWS_ENDPOINT_URL_SSM: await behindTls(ssm.env().AWS_ENDPOINT_URL_SSM ?? ""),
  };
  for (const name of VENDORS) env[name] = await behindTls(env[name] ?? "");
  const { TELEGRAM_API_ROOT = "" } = env;

  // Never deleted, so that its receipt stays valid.
  await cloud.sqs.send(OWNER, JSON.stringify(jobOf(OWNER, "withings_notified", new Date(Date.now() - 60_000))));
  const [message = {}] = await cloud.sqs.receive(1);
  let updateId = 1;
  return {
    env,
    echoEnv: {
      ...{ TELEGRAM_API_ROOT, NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE },
      TELEGRAM_BOT_TOKEN: telegram.token,
      BOT_INFO: JSON.stringify(telegram.bot),
    },
    /** How often the owner was written to. */
    told: () => owner.messages.length,
    events: {
      help: () => helpEvent(updateId++),
      visit: async () => sqsEvent(message, cloud.sqs.queueArn),
      sweep: async () => scheduleEvent(),
      alarm: async () => snsEvent(ALARM),
    },
    async close() {
      for (const front of fronts) front.close();
      await ssm.close();
      await cloud.close();
    },
  };
}
export type ColdCloud = Awaited<ReturnType<typeof startColdCloud>>;

const VENDORS = [
  "TELEGRAM_API_ROOT",
  "WITHINGS_API_URL",
  "WITHINGS_ACCOUNT_URL",
  "GARMIN_SSO_URL",
  "GARMIN_DIAUTH_URL",
  "GARMIN_CONNECTAPI_URL",
];

/** What is left of the environment once SSM has what it has on AWS. */
function keepSecrets(env: Record<string, string>, ssm: LocalAws): Record<string, string> {
  const parameters = new Set<string>(Object.values(PARAMETERS).flat());
  const secrets = Object.entries(env).filter(([name]) => isSharedSecret(name));
  ssm.set(PARAMETER_PATH + SECRETS_PARAMETER, JSON.stringify(Object.fromEntries(secrets)), "SecureString");
  for (const name of parameters) if (env[name] !== undefined) ssm.set(PARAMETER_PATH + name, env[name], "SecureString");
  return Object.fromEntries(Object.entries(env).filter(([name]) => !parameters.has(name) && !isSharedSecret(name)));
}

async function setWebhook({ apiRoot, token }: { apiRoot: string; token: string }) {
  await fetch(`${apiRoot}/bot${token}/setWebhook`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: PUBLIC_URL + TELEGRAM_PATH, secret_token: WEBHOOK_SECRET, max_connections: 10 }),
  });
}

function helpEvent(updateId: number) {
  const message = {
    message_id: updateId,
    date: Math.floor(Date.now() / 1000),
    chat: { id: OWNER, type: "private", first_name: "Owner" },
    from: { id: OWNER, is_bot: false, first_name: "Owner" },
    text: "/help",
    entities: [{ type: "bot_command", offset: 0, length: 5 }],
  };
  const headers = { "content-type": "application/json", "x-telegram-bot-api-secret-token": WEBHOOK_SECRET };
  const body = JSON.stringify({ update_id: updateId, message });
  return functionUrlEvent(new Request(PUBLIC_URL + TELEGRAM_PATH, { method: "POST", body, headers }));
}

const ALARM = JSON.stringify({
  AlarmName: "weighbridge-bench-broken",
  NewStateValue: "ALARM",
  OldStateValue: "OK",
  AlarmArn: "arn:aws:cloudwatch:eu-central-1:000000000000:alarm:weighbridge-bench-broken",
});
