import * as z from "zod";
import type { Clock } from "../lib/clock.ts";
import { parseJson } from "../lib/json.ts";
import { lazy } from "../lib/lazy.ts";
import type { SignInSessions } from "../sync/model/garmin-sign-in.ts";
import { instant } from "./item-json.ts";
import { keys } from "./keys.ts";
import { SealError, type Sealer } from "./seal.ts";

const SESSION_SECONDS = 15 * 60;
const TOKEN = /^([1-9]\d{0,15})\.([\w.-]+)$/;
const Sealed = lazy(() => z.object({ openedAt: instant(), endsAt: instant() }));

/** As `<account>.<sealed text>`: under another account's number it doesn't open. */
export function createSignInSessions(sealer: Sealer, clock: Clock): SignInSessions {
  const placeOf = (account: number) => ({ key: keys.signInSession(account), field: "session" });

  return {
    begin({ account, openedAt }) {
      const endsAt = new Date(clock.now().getTime() + SESSION_SECONDS * 1000);
      return `${account}.${sealer.seal(JSON.stringify({ openedAt, endsAt }), placeOf(account))}`;
    },

    read(token) {
      const [, digits, sealed = ""] = TOKEN.exec(token) ?? [];
      const account = Number(digits);
      if (!Number.isSafeInteger(account)) return undefined;
      try {
        const { openedAt, endsAt } = Sealed().parse(parseJson(sealer.open(sealed, placeOf(account))));
        return clock.now() < endsAt ? { account, openedAt } : undefined;
      } catch (error) {
        if (error instanceof SealError) return undefined;
        throw error;
      }
    },
  };
}
