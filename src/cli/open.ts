import { type App, type AppConfig, createApp } from "../app/app.ts";
import { isStoreMade, openStore, type Store } from "../app/open-stores.ts";
import { type Config, readConfig, type StoreConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Clock } from "../lib/clock.ts";
import { ActionNeededError, UsageError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Account, Accounts } from "../sync/model/account.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandDeps {
  env: Environment;
  terminal: Terminal;
  clock: Clock;
  log: Log;
}

interface Opening {
  /** Only a command that adds to the store makes one. Any other, in the wrong folder, would leave an empty one behind. */
  makesStore?: boolean;
}

/** @throws UsageError if there is none */
export function checkStore(store: StoreConfig): void {
  if (store.engine !== "sqlite" || isStoreMade(store)) return;
  throw new UsageError(
    `There is no data in ${store.dataDir}: set DATA_DIR to the folder that has it, or start the program, which makes it.`,
  );
}

export async function withStore<T>(
  deps: Omit<CommandDeps, "terminal">,
  work: (store: Store) => Promise<T>,
  { makesStore = false }: Opening = {},
): Promise<T> {
  const { store } = readConfig(deps.env, ["store", "logging"]);
  if (!makesStore) checkStore(store);
  return withStoreAt(store, deps, work);
}

export async function withStoreAt<T>(
  store: StoreConfig,
  deps: Omit<CommandDeps, "terminal" | "env">,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  return using(await openStore(store, deps), work);
}

/** For a command that doesn't talk to this vendor: its variables may be missing. */
const UNUSED = {
  withings: { apiUrl: "", clientId: "", clientSecret: "" },
  garmin: {
    ssoUrl: "https://localhost",
    diauthUrl: "https://localhost",
    connectapiUrl: "https://localhost",
    clientId: "",
  },
} satisfies Partial<AppConfig>;

type Vendors = ReadonlyArray<"withings" | "withingsLogin" | "garmin">;

export async function withApp<T>(
  deps: CommandDeps,
  vendors: Vendors,
  work: (app: App) => Promise<T>,
  { makesStore = false }: Opening = {},
): Promise<T> {
  const sections = ["store", "sealing", "logging", ...vendors] as const;
  const config: Pick<Config, "store" | "sealing"> & Partial<Config> = readConfig(deps.env, sections);
  if (!makesStore) checkStore(config.store);
  return using(await createApp({ ...UNUSED, ...config }, deps), work);
}

/** For a command that asks no vendor. The caller closes it. */
export async function openStoredApp(deps: Omit<CommandDeps, "terminal">): Promise<App> {
  const config = readConfig(deps.env, ["store", "sealing"]);
  checkStore(config.store);
  return createApp({ ...UNUSED, ...config }, deps);
}

async function using<O extends { close(): Promise<void> }, T>(opened: O, work: (opened: O) => Promise<T>): Promise<T> {
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

export async function findAccount(accounts: Accounts, telegramUserId: number | undefined): Promise<Account> {
  if (telegramUserId === undefined) return theOnlyOne(await accounts.list());
  const account = await accounts.find(telegramUserId);
  if (account) return account;
  throw new UsageError(
    `There is no account ${telegramUserId}. Add it with: npx weighbridge account add --telegram-id ${telegramUserId}`,
  );
}

function theOnlyOne(all: Account[]): Account {
  const [first, ...others] = all;
  if (!first) throw new ActionNeededError("add_account");
  if (others.length === 0) return first;
  const ids = all.map(({ telegramUserId }) => telegramUserId).join(", ");
  throw new UsageError(`There are ${all.length} accounts: ${ids}. Say which one with --account.`);
}
