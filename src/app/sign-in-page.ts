import { endDialog } from "../bot/conversations/end-dialog.ts";
import { GARMIN_DIALOG } from "../bot/conversations/garmin-sign-in.ts";
import { wordsOf } from "../bot/words/words.ts";
import type { Config } from "../config/config.ts";
import type { Http } from "../http/routes.ts";
import { errorFacts } from "../lib/log.ts";
import { createSignInPage } from "../page/sign-in-page.ts";
import { createSignInSessions } from "../store/sign-in-sessions.ts";
import { zoneOf } from "../sync/model/account.ts";
import type { App } from "./app.ts";
import type { Chat } from "./chat.ts";

/** The page for signing in to Garmin. Loaded when somebody opens it. */
export function createPage(
  { telegram: { botToken, allowedIds } }: Pick<Config, "telegram">,
  app: App,
  deps: { publicUrl: string; telegram: Chat["telegram"]; afterwards: (work: Promise<void>) => void },
): Http {
  const { store, garminSignIn, overviews, clock, log } = app;
  const { accounts, people, links } = store;
  const { telegram, afterwards } = deps;
  return createSignInPage({
    ...{ botToken, allowedIds, accounts, people, links, garminSignIn, clock, log },
    origin: new URL(deps.publicUrl).origin,
    sessions: createSignInSessions(store.sealer, clock),
    async wordsOf(account) {
      const seen = await overviews.of(account).catch(() => undefined);
      return wordsOf(account, { timezone: seen?.timezone ?? zoneOf(account), now: clock.now() });
    },
    inTurn: telegram.inTurn,
    async onSignedIn(account, result) {
      // A password or a code that comes later isn't for a sign-in.
      await endDialog(store.dialogs, String(account.telegramUserId), GARMIN_DIALOG);
      const told = telegram
        .showSignIn(account, result)
        .catch((error: unknown) => log.warn("sign_in_not_told", errorFacts(error)));
      afterwards(told);
    },
  });
}
