import { statSync } from "node:fs";
import path from "node:path";
import type { Config, StoreConfig } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { createAccounts } from "../store/accounts.ts";
import { createChatTurns } from "../store/chat-turns.ts";
import { createDialogs } from "../store/dialogs.ts";
import { createErasure } from "../store/erasure.ts";
import { createHealthStore } from "../store/health.ts";
import { createStoreIdentity } from "../store/identity.ts";
import { createJobs } from "../store/jobs.ts";
import { loadOrCreateSealingKey } from "../store/key-file.ts";
import { createLeases } from "../store/leases.ts";
import { createLedgers } from "../store/ledgers.ts";
import { createLinks } from "../store/links.ts";
import { createOAuthStates } from "../store/oauth-state.ts";
import { createOffers } from "../store/offers.ts";
import { createOnce } from "../store/once.ts";
import { createPendingLinks } from "../store/pending-links.ts";
import { createPeople } from "../store/people.ts";
import { createSchedule } from "../store/schedule.ts";
import { withSchemaVersion } from "../store/schema-version.ts";
import { createSealer, deriveSecret, parseSealingKeys } from "../store/seal.ts";
import { createSharedRateLimiter } from "../store/shared-rate-limiter.ts";
import { createSignInMemory } from "../store/sign-in-memory.ts";
import { withSnapshots } from "../store/snapshots.ts";
import { createSubscriptionMemory } from "../store/subscriptions.ts";
import { createSummaryStore } from "../store/summary.ts";
import type { Table } from "../store/table.ts";
import { createTypedReadings } from "../store/typed.ts";
import { createVendorAnswersStore } from "../store/vendor-answers.ts";
import { createVendorUsers } from "../store/vendor-users.ts";

/**
 * Withings allows an application 120 requests a minute. A slot every 632 milliseconds and twenty at once after a rest are at
 * most 115 in any sixty seconds, and let a normal run go without waiting. What is left is for the codes of new links: they
 * live 30 seconds and wait for no slot.
 */
export const WITHINGS_RATE = { everySeconds: 0.632, burst: 20 };

/** Opens the store; SQLite makes its file on the way, DynamoDB's table has to exist. */
export async function openTable(config: StoreConfig, clock: Clock): Promise<Table> {
  const { tableName } = config;
  // Loaded on demand: each of the engines is dead weight to those who use the other.
  if (config.engine === "sqlite") {
    const { openSqliteTable } = await import("../store/sqlite/table.ts");
    return openSqliteTable({ file: databaseIn(config.dataDir), tableName, clock });
  }
  const { openDynamoTable } = await import("../store/dynamodb/table.ts");
  return openDynamoTable({ tableName, clock, ...(config.endpoint && { endpoint: config.endpoint }) });
}

/** Whether the store exists already. True if that can't be seen: opening it then fails too, and says why. */
export function isStoreMade(config: StoreConfig): boolean {
  if (config.engine !== "sqlite") return true;
  try {
    statSync(databaseIn(config.dataDir));
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ENOENT");
  }
}

/** Creates the table in DynamoDB; SQLite creates its own when it's opened. Calling it twice does no harm. */
export async function createTable(config: StoreConfig, clock: Clock, log: Log): Promise<"created" | "present"> {
  if (config.engine === "sqlite") {
    await (await openTable(config, clock)).close();
    return "present";
  }
  const { createDynamoTable } = await import("../store/dynamodb/create.ts");
  const { tableName, endpoint } = config;
  return createDynamoTable({ tableName, clock, log, ...(endpoint && { endpoint }) });
}

/** Whether DynamoDB has the table already. */
export async function tableExists({ tableName, endpoint }: StoreConfig & { engine: "dynamodb" }, clock: Clock) {
  const { dynamoTableExists } = await import("../store/dynamodb/create.ts");
  return dynamoTableExists({ tableName, endpoint, clock });
}

/** What can be read and written without a key. */
export async function openStore(
  config: StoreConfig,
  deps: { clock: Clock; log: Log; wrapTable?: ((table: Table) => Table) | undefined },
) {
  const { clock, log, wrapTable = (table) => table } = deps;
  const opened = wrapTable(withSchemaVersion(await openTable(config, clock)));
  const { table, snapshots } = withSnapshots(opened, clock);
  const schedule = createSchedule(table, clock, log);
  return {
    table,
    snapshots,
    schedule,
    accounts: createAccounts(table, schedule, clock.now, log),
    ledgers: createLedgers(table),
    typed: createTypedReadings(table, log),
    leases: createLeases(table, clock, snapshots),
    withingsRateLimiter: createSharedRateLimiter(table, clock, { name: "withings", ...WITHINGS_RATE }),
    health: createHealthStore(table, log),
    summary: createSummaryStore(table, log),
    turns: createChatTurns(table, clock, log),
    once: createOnce(table, clock),
    withingsUsers: createVendorUsers(table, "withings"),
    garminUsers: createVendorUsers(table, "garmin"),
    jobs: createJobs(table, clock, log),
    subscriptionMemory: createSubscriptionMemory(table),
    people: createPeople(table, clock, log),
    offers: createOffers(table, clock, log),
    erasure: createErasure(table, schedule),
    identity: createStoreIdentity(table),
    close: () => table.close(),
  };
}
export type Store = Awaited<ReturnType<typeof openStore>>;

/** Seals links, tokens that are not a link yet, and sign-ins waiting for their code; signs with keys derived from the same key. */
export function unseal(
  { table }: Store,
  config: Pick<Config, "store" | "sealing">,
  { clock, log }: { clock: Clock; log: Log },
) {
  const keys = parseSealingKeys(sealingKeys(config));
  const sealer = createSealer({ keys, tableName: config.store.tableName });
  const secretFor = (purpose: string) => (keys[0] ? deriveSecret(keys[0], purpose).toString("base64url") : "");
  return {
    sealer,
    links: createLinks(table, sealer, clock),
    pendingLinks: createPendingLinks(table, sealer, clock, log),
    signInMemory: createSignInMemory(table, sealer, log),
    dialogs: createDialogs(table, sealer, clock, log),
    vendorAnswers: createVendorAnswersStore(table, sealer, log),
    oauthStates: createOAuthStates(table, keys, clock),
    notifyKey: secretFor("withings notification key v1"),
    webhookSecret: secretFor("telegram webhook secret v1"),
  };
}

/** The key of the configuration; on one machine the one beside the data, made by the first who asks. */
export function sealingKeys({ sealing, store }: Pick<Config, "sealing" | "store">): string {
  if (sealing.keys !== undefined) return sealing.keys;
  if (store.engine !== "sqlite") throw new Error("DynamoDB without a sealing key got past the configuration");
  return loadOrCreateSealingKey(keyFileIn(store.dataDir));
}

export const databaseIn = (dataDir: string) => path.join(dataDir, "weighbridge.sqlite");
export const keyFileIn = (dataDir: string) => path.join(dataDir, "sealing.key");
