import { type App, type AppConfig, createApp } from "../app/app.ts";
import { openStore, type Store } from "../app/open-stores.ts";
import { type Config, readConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Clock } from "../lib/clock.ts";
import { ActionNeededError, UsageError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Account, Accounts } from "../sync/model/account.ts";

/** Opens what a command needs, and closes it whatever happens. */
export async function withStore<T>(
  env: Environment,
  deps: { clock: Clock; log: Log },
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore(readConfig(env, ["store"]).store, deps);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** For a command that does not talk to this vendor: its variables may be missing. */
const UNUSED = {
  withings: { apiUrl: "", clientId: "", clientSecret: "" },
  garmin: {
    ssoUrl: "https://localhost",
    diauthUrl: "https://localhost",
    connectapiUrl: "https://localhost",
    clientId: "",
  },
} satisfies Partial<AppConfig>;

/** With the vendors that the command talks to. */
export async function withApp<T>(
  env: Environment,
  deps: { clock: Clock; log: Log },
  vendors: ReadonlyArray<"withings" | "withingsLogin" | "garmin">,
  work: (app: App) => Promise<T>,
): Promise<T> {
  const config: Pick<Config, "store" | "sealing"> & Partial<Config> = readConfig(env, ["store", "sealing", ...vendors]);
  const app = await createApp({ ...UNUSED, ...config }, deps);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** The account that was named; without a name the only one there is. */
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
