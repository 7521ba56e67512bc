import type { Clock } from "../clock.ts";
import { type Environment, readConfig } from "../config.ts";
import type { Log } from "../log.ts";
import { openStore, unseal } from "../stores.ts";
import { type Overview, overviewOf } from "../sync/overview.ts";
import { VENDORS } from "../sync/ports.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";
import { needed, terminalWords } from "./words.ts";

/** How every account is doing. Asks no vendor. */
export async function statusCommand(
  env: Environment,
  terminal: Terminal,
  deps: { clock: Clock; log: Log },
): Promise<number> {
  const config = readConfig(env, ["store", "sealing"]);
  const store = await openStore(config.store, deps);
  try {
    const { links } = unseal(store, config, deps);
    const now = deps.clock.now();
    const overviews: Overview[] = [];
    for (const account of await store.accounts.list()) {
      // Whoever runs this with a wrong key has to hear of the key, and not that everybody is signed out.
      for (const vendor of VENDORS) await links.read(account.telegramUserId, vendor);
      overviews.push(await overviewOf({ ...store, links, now }, account));
    }
    const text = overviews
      .map(
        (it) =>
          `Account ${it.account.telegramUserId}\n${terminalWords(it.timezone, now).status(it, {})}${howToGoOn(it)}`,
      )
      .join("\n\n");
    terminal.result({ accounts: overviews.map(toJson) }, text || needed("add_account"));
    return EXIT.success;
  } finally {
    await store.close();
  }
}

const howToGoOn = ({ facts }: Overview) =>
  facts.differs.length > 0 ? "\nTo go on, in a terminal: npx weighbridge sync --go-on" : "";

function toJson({ account, links, lastReadings, attention, facts, timezone, lastRun }: Overview) {
  return {
    account: account.telegramUserId,
    timezone,
    links: { withings: links.withings ?? null, garmin: links.garmin ?? null },
    lastReadings,
    attention,
    paused: [...facts.differs, ...facts.closed].map(({ kind, pause }) => ({ kind, ...pause })),
    lastRun: lastRun ?? null,
  };
}
