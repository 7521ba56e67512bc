import { openStore, unseal } from "../app/open-stores.ts";
import { statusText } from "../bot/views/status.ts";
import { readConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { signInRest } from "../sync/links/sign-in-rest.ts";
import { VENDORS } from "../sync/model/link.ts";
import { createOverviews, type Overview } from "../sync/status/overview.ts";
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
    const { links, signInMemory: memory } = unseal(store, config, deps);
    const now = deps.clock.now();
    const overviews = createOverviews({ ...store, links, clock: deps.clock });
    const seen: Seen[] = [];
    for (const account of await store.accounts.list()) {
      // With a wrong key, say so, and not that everybody is signed out.
      for (const vendor of VENDORS) await links.read(account.telegramUserId, vendor);
      const overview = await overviews.of(account);
      const signInRestsUntil = (await signInRest({ memory, ...deps }, account.telegramUserId))?.until;
      seen.push({ overview, signInRestsUntil });
    }
    const text = seen
      .map(({ overview, ...more }) => {
        const status = statusText(overview, more, terminalWords(overview.timezone, now));
        return `Account ${overview.account.telegramUserId}\n${status}${howToGoOn(overview)}`;
      })
      .join("\n\n");
    terminal.result({ accounts: seen.map(toJson) }, text || needed("add_account"));
    return EXIT.success;
  } finally {
    await store.close();
  }
}

interface Seen {
  overview: Overview;
  signInRestsUntil: Date | undefined;
}

const howToGoOn = ({ facts }: Overview) =>
  facts.differs.length > 0 ? "\nTo go on, in a terminal: npx weighbridge sync --go-on" : "";

function toJson({ overview, signInRestsUntil }: Seen) {
  const { account, links, lastReadings, attention, facts, timezone, lastRun } = overview;
  return {
    account: account.telegramUserId,
    timezone,
    links: { withings: links.withings ?? null, garmin: links.garmin ?? null },
    signInRestsUntil: signInRestsUntil ?? null,
    lastReadings,
    attention,
    paused: [...facts.differs, ...facts.closed].map(({ kind, pause }) => ({ kind, ...pause })),
    lastRun: lastRun ?? null,
  };
}
