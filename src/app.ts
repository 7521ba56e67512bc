import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import type { Clock } from "./clock.ts";
import { type Config, type StoreConfig, TABLE_NAME_VARIABLE, WITHINGS_PATHS } from "./config.ts";
import { ActionNeededError, UsageError } from "./errors.ts";
import type { Log } from "./log.ts";
import { createSpacing } from "./spacing.ts";
import { createAccounts } from "./store/accounts.ts";
import { createAgenda } from "./store/agenda.ts";
import { createBudget } from "./store/budget.ts";
import { createDialogs } from "./store/dialogs.ts";
import { createErasure } from "./store/erasure.ts";
import { createHealthStore } from "./store/health.ts";
import { createJobs } from "./store/jobs.ts";
import { createJournals } from "./store/journals.ts";
import { createLeases } from "./store/leases.ts";
import { createLinkStates } from "./store/link-state.ts";
import { createLinks } from "./store/links.ts";
import { createPeople } from "./store/people.ts";
import {
  createSealer,
  deriveSecret,
  exchangeSealingKey,
  loadOrCreateSealingKey,
  parseSealingKeys,
} from "./store/seal.ts";
import { createSignInMemory } from "./store/sign-in-memory.ts";
import { createSubscriptionMemory } from "./store/subscriptions.ts";
import { createSummaryStore } from "./store/summary.ts";
import type { Table } from "./store/table.ts";
import { createUpdateClaims } from "./store/update-claims.ts";
import { createVendorUsers } from "./store/vendor-users.ts";
import { createDisconnect } from "./sync/disconnect.ts";
import { createBloodPressureSink } from "./sync/garmin/blood-pressure.ts";
import { createGarminCall } from "./sync/garmin/client.ts";
import { socialProfile, uploadConsent } from "./sync/garmin/profile.ts";
import { createGarminSso } from "./sync/garmin/sso.ts";
import { isGarminsAddress, signInPageUrl, ticketFromPasted } from "./sync/garmin/ticket.ts";
import { createDiTokens } from "./sync/garmin/tokens.ts";
import { createWeightSink } from "./sync/garmin/weight.ts";
import { createWithingsLinking } from "./sync/link-withings.ts";
import type { Budget, ReadingSource, WithAccess } from "./sync/ports.ts";
import type { WeighIn } from "./sync/reading.ts";
import type { RunDeps } from "./sync/run.ts";
import { createGarminSignIn } from "./sync/sign-in.ts";
import { createSubscriptions } from "./sync/subscriptions.ts";
import { createTokens } from "./sync/tokens.ts";
import { createWithingsCall, type Schedule } from "./sync/withings/client.ts";
import { listSubscriptions, revoke, subscribe } from "./sync/withings/notify.ts";
import {
  authorizeUrl,
  consentAnswer,
  isConsentAnswer,
  pastedAnswer,
  requestTokenByCode,
  requestTokenByRefresh,
} from "./sync/withings/oauth.ts";
import { createWithingsSource } from "./sync/withings/source.ts";
import { createTransport, type Transport } from "./transport.ts";

/**
 * Withings allows an application 120 requests a minute. A slot every 632 milliseconds and twenty at once after a rest are at
 * most 115 in any sixty seconds, and let a normal run go without waiting. What is left is for the codes of new links: they
 * live 30 seconds and wait for no slot.
 */
const WITHINGS_BUDGET = { name: "withings", everySeconds: 0.632, burst: 20 };
/** Who would wait longer comes back later. A lease without a heartbeat outlives this wait and the request after it. */
const WITHINGS_PATIENCE_SECONDS = 60;
/** Garmin's limits are unknown; a ten-year import was seen to pass at one file every two seconds. */
const GARMIN_FILE_PAUSE_SECONDS = 2;
const GARMIN_PRESSURE_PAUSE_SECONDS = 0.5;

/** One who has not weighed themselves for so long is not recognised by it. */
const LAST_WEIGH_IN_DAYS = 60;

/** Opens the store; SQLite makes its file on the way, DynamoDB's table has to exist. */
export async function openTable(config: StoreConfig, clock: Clock): Promise<Table> {
  const { tableName } = config;
  // Loaded on demand: each of the engines is dead weight to those who use the other.
  if (config.engine === "sqlite") {
    const { openSqliteTable } = await import("./store/sqlite.ts");
    return openSqliteTable({ file: databaseIn(config.dataDir), tableName, clock });
  }
  const { openDynamoTable } = await import("./store/dynamodb.ts");
  return openDynamoTable({ tableName, clock, ...(config.endpoint && { endpoint: config.endpoint }) });
}

/** Makes the table where it does not make itself. Twice does no harm. */
export async function createTable(config: StoreConfig, clock: Clock, log: Log): Promise<"created" | "present"> {
  if (config.engine === "sqlite") {
    await (await openTable(config, clock)).close();
    return "present";
  }
  const { createDynamoTable } = await import("./store/dynamodb-create.ts");
  const { tableName, endpoint } = config;
  return createDynamoTable({ tableName, clock, log, ...(endpoint && { endpoint }) });
}

/** Whether there is a table that `createTable` need not make. */
export async function tableExists({ tableName, endpoint }: StoreConfig & { engine: "dynamodb" }, clock: Clock) {
  const { dynamoTableExists } = await import("./store/dynamodb-create.ts");
  return dynamoTableExists({ tableName, endpoint, clock });
}

/** Whether Withings raises an objection to client id and secret, without anybody's consent. */
export async function objectionToApplication(withings: Config["withings"], now: Date): Promise<boolean> {
  const transport = createTransport();
  const call = createWithingsCall({ apiUrl: withings.apiUrl, send: transport.send, schedule: (task) => task() });
  try {
    // A refresh token that nobody was given: refused for its own sake only where the application is right.
    await requestTokenByRefresh(call, { ...withings, redirectUrl: "" }, randomUUID(), now);
    return false;
  } catch (error) {
    if (error instanceof ActionNeededError) return true;
    throw error;
  } finally {
    await transport.close();
  }
}

/** What can be read and written without a key. */
export async function openStore(
  config: StoreConfig,
  deps: { clock: Clock; log: Log; wrapTable?: ((table: Table) => Table) | undefined },
) {
  const { clock, log, wrapTable = (table) => table } = deps;
  const table = wrapTable(await openTable(config, clock));
  const agenda = createAgenda(table, clock, log);
  return {
    table,
    agenda,
    accounts: createAccounts(table, agenda, clock.now, log),
    journals: createJournals(table),
    leases: createLeases(table, clock),
    withingsBudget: createBudget(table, clock, WITHINGS_BUDGET),
    health: createHealthStore(table, log),
    summary: createSummaryStore(table, log),
    claims: createUpdateClaims(table, clock),
    withingsUsers: createVendorUsers(table, "withings"),
    garminUsers: createVendorUsers(table, "garmin"),
    jobs: createJobs(table, clock, log),
    subscriptionMemory: createSubscriptionMemory(table),
    people: createPeople(table, clock),
    erasure: createErasure(table, agenda),
    close: () => table.close(),
  };
}
export type Store = Awaited<ReturnType<typeof openStore>>;

/** What is sealed: links, and sign-ins that wait for their code. And what is signed with keys of the same origin. */
export function unseal(
  { table }: Store,
  config: Pick<Config, "store" | "sealing">,
  { clock, log }: { clock: Clock; log: Log },
) {
  const keys = parseSealingKeys(sealingKeys(config));
  const sealer = createSealer({ keys, tableName: config.store.tableName });
  const secretFor = (purpose: string) => (keys[0] ? deriveSecret(keys[0], purpose).toString("base64url") : "");
  return {
    links: createLinks(table, sealer, clock),
    signInMemory: createSignInMemory(table, sealer, log),
    dialogs: createDialogs(table, sealer, clock, log),
    linkStates: createLinkStates(table, keys, clock),
    notifyKey: secretFor("withings notification key v1"),
    webhookSecret: secretFor("telegram webhook secret v1"),
  };
}

export type App = Awaited<ReturnType<typeof createApp>>;
export type AppConfig = Pick<Config, "store" | "sealing" | "withings" | "garmin"> &
  Partial<Pick<Config, "withingsLogin" | "web">>;

/** The only place that names adapters: configuration in, the working program out. Close it at the end. */
export async function createApp(
  config: AppConfig,
  deps: {
    clock: Clock;
    log: Log;
    wrapTable?: (table: Table) => Table;
    wrapSend?: (send: Transport) => Transport;
    spaceUploads?: boolean;
    /** Until when this process may work; undefined: as long as it takes. */
    deadlineAt?: () => Date | undefined;
  },
) {
  const { clock, log, wrapTable, wrapSend = (it) => it, spaceUploads = true } = deps;
  const { withings, garmin, withingsLogin, web } = config;
  const store = await openStore(config.store, { clock, log, wrapTable });
  const { accounts, journals, leases, withingsUsers, garminUsers, subscriptionMemory } = store;
  const { links, signInMemory, dialogs, linkStates, notifyKey, webhookSecret } = unseal(store, config, deps);
  const transport = createTransport();
  const send = wrapSend(transport.send);

  const withingsCall = createWithingsCall({
    apiUrl: withings.apiUrl,
    send,
    schedule: within(store.withingsBudget, clock),
  });
  const application = {
    clientId: withings.clientId,
    clientSecret: withings.clientSecret,
    redirectUrl: withingsLogin?.redirectUrl ?? "",
  };

  const spaced = (pauseSeconds: number) => createSpacing(clock, spaceUploads ? pauseSeconds : 0);
  const garminCall = createGarminCall({ connectapiUrl: garmin.connectapiUrl, send });
  const sso = createGarminSso({ ssoUrl: garmin.ssoUrl, send, now: clock.now });
  const diTokens = createDiTokens({ diauthUrl: garmin.diauthUrl, send, now: clock.now });

  const tokens = createTokens({
    links,
    leases,
    refresh: {
      withings: (link) => requestTokenByRefresh(withingsCall, application, link.tokens.refreshToken, clock.now()),
      garmin: (link) => diTokens.refresh(link),
    },
    clock,
    log,
  });

  const run: RunDeps = {
    accounts,
    journals,
    leases,
    tokens,
    source: createWithingsSource(withingsCall),
    sinks: {
      weigh_in: createWeightSink({ call: garminCall, schedule: spaced(GARMIN_FILE_PAUSE_SECONDS) }),
      blood_pressure: createBloodPressureSink({ call: garminCall, schedule: spaced(GARMIN_PRESSURE_PAUSE_SECONDS) }),
    },
    ...(deps.deadlineAt && { deadlineAt: deps.deadlineAt }),
    clock,
    log,
  };

  const subscriptions = createSubscriptions({
    door: {
      list: (withAccess, appli) => withAccess((accessToken) => listSubscriptions(withingsCall, { accessToken, appli })),
      subscribe: (withAccess, it) => withAccess((accessToken) => subscribe(withingsCall, { accessToken, ...it })),
      revoke: (withAccess, it) => withAccess((accessToken) => revoke(withingsCall, { accessToken, ...it })),
    },
    memory: subscriptionMemory,
    tokens,
    callbackUrl: web?.publicUrl === undefined ? undefined : `${web.publicUrl}${WITHINGS_PATHS.notify}?key=${notifyKey}`,
    clock,
    log,
  });

  return {
    accounts,
    agenda: store.agenda,
    people: store.people,
    dialogs,
    links,
    journals,
    leases,
    tokens,
    run,
    health: store.health,
    summary: store.summary,
    claims: store.claims,
    jobs: store.jobs,
    withingsUsers,
    withingsLinking: createWithingsLinking({
      door: {
        authorizeUrl: (state) => authorizeUrl(withingsLogin?.accountUrl ?? "", application, state),
        consentAnswer,
        pastedAnswer,
        isAnswer: (text) => isConsentAnswer(text, application.redirectUrl, withingsLogin?.accountUrl ?? ""),
        exchangeCode: (code) => requestTokenByCode(withingsCall, application, code, clock.now()),
      },
      accounts,
      states: linkStates,
      users: withingsUsers,
      links,
      subscriptions: subscriptionMemory,
      clock,
      log,
    }),
    subscriptions,
    subscriptionMemory,
    notifyKey,
    /** What Telegram shows at the webhook, where the configuration says nothing else. */
    webhookSecret,
    garminSignIn: createGarminSignIn({
      door: {
        ...sso,
        ...diTokens,
        signInPageUrl: () => signInPageUrl(garmin.ssoUrl),
        isGarminsAddress: (text) => isGarminsAddress(text, garmin.ssoUrl),
        ticketFromPasted: (pasted) => ticketFromPasted(pasted, garmin.ssoUrl),
        socialProfile: (withAccess) => socialProfile(garminCall, withAccess),
        uploadConsent: (withAccess) => uploadConsent(garminCall, withAccess),
      },
      memory: signInMemory,
      users: garminUsers,
      links,
      clock,
      log,
    }),
    signInPageUrl: () => signInPageUrl(garmin.ssoUrl),
    garminProbe: sso.probe,
    disconnect: createDisconnect({
      leases,
      links,
      users: { withings: withingsUsers, garmin: garminUsers },
      erasure: store.erasure,
      unsubscribe: (account) => subscriptions.remove(account),
    }),
    personAtWithings: (account: number) =>
      personAtWithings(run.source, tokens.withAccess(account, "withings"), clock.now()),
    uploadConsent: (account: number) => uploadConsent(garminCall, tokens.withAccess(account, "garmin")),
    async close() {
      await transport.close();
      await store.close();
    },
  };
}

/** Each request waits for its slot. An urgent one takes a slot too, so that the others make room, but does not wait for it. */
function within(budget: Budget, clock: Clock): Schedule {
  return async (task, { urgent }) => {
    if (!urgent) {
      const waitSeconds = await budget.take(WITHINGS_PATIENCE_SECONDS);
      if (waitSeconds > 0) await clock.sleep(waitSeconds);
      return task();
    }
    const counted = budget.take(Number.POSITIVE_INFINITY).catch(() => undefined);
    try {
      return await task();
    } finally {
      await counted;
    }
  };
}

/** Who was linked: Withings tells no names, but by their last weigh-in people recognise themselves. */
async function personAtWithings(source: ReadingSource, withAccess: WithAccess, now: Date) {
  const since = new Date(now.getTime() - LAST_WEIGH_IN_DAYS * 24 * 3600 * 1000);
  const { readings, timezone } = await source.changedSince(withAccess, since);
  return { lastWeighIn: readings.findLast((reading): reading is WeighIn => reading.kind === "weigh_in"), timezone };
}

function sealingKeys({ sealing, store }: Pick<Config, "sealing" | "store">): string {
  if (sealing.keys !== undefined) return sealing.keys;
  if (store.engine !== "sqlite") throw new Error("DynamoDB without a sealing key got past the configuration");
  return loadOrCreateSealingKey(keyFileIn(store.dataDir));
}

const databaseIn = (dataDir: string) => path.join(dataDir, "weighbridge.sqlite");
const keyFileIn = (dataDir: string) => path.join(dataDir, "sealing.key");

export interface BackupOptions {
  file: string;
  /** Replaces what is there. */
  force: boolean;
}

/**
 * Everything that is kept on this machine in one file, also while the program runs. A sealing key from the environment is
 * kept where it is; one from DATA_DIR goes with it.
 */
export async function backUp(
  config: Pick<Config, "store" | "sealing">,
  { file, force }: BackupOptions,
  now: Date,
): Promise<{ holdsKey: boolean }> {
  const { dataDir, tableName } = onThisMachine(config.store);
  const { writeBackup } = await import("./store/sqlite-backup.ts");
  const database = databaseIn(dataDir);
  // Not to make a key where there is nothing yet.
  const sealing = existsSync(database) ? sealingKeys(config) : undefined;
  const facts = {
    ...{ madeAt: now, tableName, keyIds: sealing === undefined ? [] : parseSealingKeys(sealing).map(({ id }) => id) },
    ...(config.sealing.keys === undefined && { sealingKeys: sealing }),
  };
  writeBackup({ database, file, facts, force });
  return { holdsKey: config.sealing.keys === undefined };
}

/** Puts a backup in the place of what is kept on this machine. Whatever happens, the one or the other is there whole. */
export async function restore(
  config: Pick<Config, "store" | "sealing">,
  { file, force }: BackupOptions,
): Promise<{ madeAt: Date }> {
  const { dataDir, tableName } = onThisMachine(config.store);
  const { openBackup, restoreBackup } = await import("./store/sqlite-backup.ts");
  const backup = openBackup(file);
  try {
    const { facts } = backup;
    if (facts.tableName !== tableName) {
      throw new UsageError(
        `${file} holds the table ${facts.tableName}, and the configuration names ${tableName}: name the same one.`,
      );
    }
    const target = { backup, database: databaseIn(dataDir), force };
    const { sealingKeys: kept } = facts;
    if (config.sealing.keys === undefined && kept !== undefined) {
      exchangeSealingKey(keyFileIn(dataDir), kept, (beforeCommit) => void restoreBackup({ ...target, beforeCommit }));
      return facts;
    }
    const ours = config.sealing.keys === undefined ? [] : parseSealingKeys(config.sealing.keys).map(({ id }) => id);
    const missing = facts.keyIds.filter((id) => !ours.includes(id));
    if (missing.length > 0) {
      throw new UsageError(
        kept === undefined
          ? `${file} holds no key: set SEALING_KEY as it was when the backup was made (key ${missing.join(", ")}), and restore again.`
          : `${file} was sealed with another key than SEALING_KEY: take SEALING_KEY out, and the key in the backup is used.`,
      );
    }
    restoreBackup({ ...target, beforeCommit: () => {} });
    return facts;
  } finally {
    backup.close();
  }
}

function onThisMachine(store: StoreConfig) {
  if (store.engine === "sqlite") return store;
  throw new UsageError(
    `${store.tableName} is a table in DynamoDB, which keeps its own backups: restore it there to a point in time.`,
  );
}
