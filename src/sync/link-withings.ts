import type { Clock } from "../clock.ts";
import type { Links, TokenSet, WithingsUsers } from "./ports.ts";

/** Withings' side of linking. */
export interface WithingsDoor {
  /** The consent page for the owner's browser. */
  authorizeUrl(state: string): string;
  /** Throws `UsageError` in words when the pasted text holds no usable code. */
  codeFromPasted(pasted: string, state: string): string;
  /** The code lives 30 seconds and works once. */
  exchangeCode(
    code: string,
  ): Promise<{ type: "linked"; withingsUserId: string; tokens: TokenSet } | { type: "code_expired" }>;
}

export type LinkResult =
  | { type: "linked"; withingsUserId: string }
  | { type: "code_expired" }
  /** This Withings person belongs to another account already. */
  | { type: "taken" };

export function createWithingsLinking(deps: { door: WithingsDoor; users: WithingsUsers; links: Links; clock: Clock }) {
  const { door, users, links, clock } = deps;

  return {
    authorizeUrl: door.authorizeUrl,

    async withPasted(account: number, pasted: string, state: string): Promise<LinkResult> {
      const exchange = await door.exchangeCode(door.codeFromPasted(pasted, state));
      if (exchange.type === "code_expired") return exchange;
      const { withingsUserId, tokens } = exchange;
      if ((await users.claim(withingsUserId, account)) !== account) return { type: "taken" };
      await links.replace(account, "withings", {
        state: "linked",
        linkedAt: clock.now(),
        vendorUserId: withingsUserId,
        displayName: withingsUserId,
        tokens,
      });
      return { type: "linked", withingsUserId };
    },
  };
}
export type WithingsLinking = ReturnType<typeof createWithingsLinking>;
