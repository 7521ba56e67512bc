import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { createApp } from "../../src/app/app.ts";
import { SERVICE_SECTIONS } from "../../src/app/service.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { createDynamoTable } from "../../src/store/dynamodb/create.ts";
import type { TokenSet } from "../../src/sync/model/link.ts";
import { startSqs } from "../support/sqs.ts";

const TABLE = "weighbridge-bench";
const SIDE_BY_SIDE = 8;
/** The account's userid at Withings. */
export const userIdOf = (account: number) => 31_000_000 + account;
export const WEBHOOK_SECRET = "a-secret-of-the-webhook";
/** The vendors, and what the functions find on AWS, on this machine; with linked accounts. */
export async function startCloud(options: {
  clock: Clock;
  people: number;
  /** Where the vendors call. Undefined: they can't, and nobody subscribes. */
  publicUrl?: string;
  sandbox?: SandboxOptions;
}) {
  const { clock, publicUrl } = options;
  const thread = new Worker(new URL("./dynalite-thread.ts", import.meta.url));
  const [endpoint] = (await once(thread, "message")) as [string];
  const log = createLog({ level: "error" });
  await createDynamoTable({ tableName: TABLE, endpoint, clock, log });
  const sqs = await startSqs();
  const sandbox = await startSandbox({ clock, ...options.sandbox });
  const ids = Array.from({ length: options.people }, (_, index) => index + 1);
  const env = {
    ...sandbox.env(),
    ...sqs.env,
    STORE: "dynamodb",
    STAGE: "bench",
    TOKEN_TABLE_NAME: TABLE,
    DYNAMODB_ENDPOINT: endpoint,
    SEALING_KEY: randomBytes(32).toString("base64"),
    TELEGRAM_WEBHOOK_SECRET: WEBHOOK_SECRET,
    TELEGRAM_ALLOWED_IDS: ids.join(),
    BOT_INFO: JSON.stringify(sandbox.telegram.bot),
    MANUAL_SYNC_TOKEN: "a-token-that-is-long-enough",
    ...(publicUrl !== undefined && { PUBLIC_URL: publicUrl }),
  };
  // The SDK takes the queue, its region and its credentials from there.
  Object.assign(process.env, sqs.env);
  const config = readConfig(env, SERVICE_SECTIONS);
  const app = await createApp(config, { clock, log });

  async function settle(id: number) {
    const person = { userid: userIdOf(id), name: `person ${id}`, timezone: "Europe/Berlin" };
    const email = `person${id}@example.org`;
    sandbox.withings.addPerson(person);
    const { timezone } = person;
    const garmin = sandbox.garmin.addAccount({
      email,
      password: "unused",
      displayName: email,
      fullName: email,
      timezone,
    });
    await app.store.accounts.save(id, { language: "en", timezone });
    const about = { state: "linked" as const, linkedAt: clock.now(), displayName: person.name };
    await app.store.links.replace(id, "withings", {
      ...about,
      vendorUserId: String(person.userid),
      tokens: lasting(sandbox.withings.issueLink(person.userid)),
    });
    await app.store.links.replace(id, "garmin", {
      ...about,
      vendorUserId: String(garmin.profileId),
      tokens: lasting(sandbox.garmin.issueLink(email)),
    });
  }

  /** Valid for the whole scene. */
  const lasting = ({
    accessToken,
    refreshToken,
    ...more
  }: {
    accessToken: string;
    refreshToken: string;
    clientId?: string;
  }): TokenSet => ({
    ...{ accessToken, refreshToken, accessExpiresAt: inDays(1), refreshExpiresAt: inDays(365) },
    ...(more.clientId && { clientId: more.clientId }),
  });
  const inDays = (days: number) => new Date(clock.now().getTime() + days * 24 * 3600 * 1000);

  const waiting = ids.values();
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const id of waiting) await settle(id);
    }),
  );
  await app.close();
  return {
    env,
    config,
    sandbox,
    sqs,
    ids,
    async close() {
      await sandbox.close();
      await sqs.close();
      await thread.terminate();
    },
  };
}
