import { unseal } from "../app/open-stores.ts";
import { goneLines } from "../bot/views/gone.ts";
import { statusText } from "../bot/views/status.ts";
import { readConfig } from "../config/config.ts";
import { signInRest } from "../sync/links/sign-in-rest.ts";
import { VENDORS } from "../sync/model/link.ts";
import { createOverviews, type Overview } from "../sync/status/overview.ts";
import { type CommandDeps, withStore } from "./open.ts";
import { needed, terminalWords } from "./words.ts";

interface Seen {
  overview: Overview;
  signInRestsUntil: Date | undefined;
}

/** Prints every account's status without contacting a vendor. */
export async function statusCommand(deps: CommandDeps): Promise<number> {
  const { env, terminal, clock } = deps;
  const config = readConfig(env, ["store", "sealing", "logging"]);
  return withStore(deps, async (store) => {
    const { links, signInMemory: memory } = unseal(store, config, deps);
    const overviews = createOverviews({ ...store, links, clock });
    const seen: Seen[] = [];
    for (const account of await store.accounts.list()) {
      // If the key is wrong, this read fails and says so; otherwise everybody would look signed out.
      for (const vendor of VENDORS) await links.read(account.telegramUserId, vendor);
      const rest = await signInRest({ memory, ...deps }, account.telegramUserId);
      seen.push({ overview: await overviews.of(account), signInRestsUntil: rest?.until });
    }
    const texts = seen.map(({ overview, ...more }) => {
      const words = terminalWords(overview.timezone, clock.now());
      const gone = goneLines(overview.progress?.gone, words);
      const status = statusText(overview, { ...more, gone }, words);
      return `Account ${overview.account.telegramUserId}\n${status}${howToGoOn(overview)}`;
    });
    return terminal.result({ accounts: seen.map(toJson) }, texts.join("\n\n") || needed("add_account"));
  });
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
    gone: (overview.progress?.gone ?? []).filter(({ askedAt }) => askedAt),
    paused: [...facts.differs, ...facts.closed].map(({ kind, pause }) => ({ kind, ...pause })),
    lastRun: lastRun ?? null,
  };
}
