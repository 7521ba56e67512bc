import { randomBytes } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";

const CODE_SECONDS = 30;
const ACCESS_SECONDS = 3 * 3600;
const OLD_REFRESH_SECONDS = 8 * 3600;
const REFRESH_SECONDS = 365 * 86_400;

interface Code {
  code: string;
  userid: number;
  scope: string;
  redirectUri: string;
  diesAtMs: number;
}

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  accessDiesAtMs: number;
  refreshDiesAtMs: number;
}

/** `previous` is the refresh token before this pair, while it still works. */
export interface Grant {
  userid: number;
  scope: string;
  pair: TokenPair;
  previous: { refreshToken: string; diesAtMs: number } | undefined;
}

export class Grants {
  readonly expiresInSeconds = ACCESS_SECONDS;
  readonly #clock: Clock;
  #codes: Code[] = [];
  #grants: Grant[] = [];
  readonly #lastUsed = new Map<number, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  newCode(userid: number, scope: string, redirectUri: string): string {
    const code = randomBytes(20).toString("hex");
    this.#codes.push({ code, userid, scope, redirectUri, diesAtMs: this.#inMs(CODE_SECONDS) });
    return code;
  }

  /** A code is spent by the attempt, even if that fails. */
  redeem(code: string, redirectUri: string): Grant | "invalid code" | "invalid redirect_uri" {
    const known = this.#codes.find((other) => other.code === code);
    this.#codes = this.#codes.filter((other) => other !== known);
    if (!known || this.#nowMs() >= known.diesAtMs) return "invalid code";
    if (known.redirectUri !== redirectUri) return "invalid redirect_uri";
    return this.grant(known.userid, known.scope);
  }

  grant(userid: number, scope: string): Grant {
    const grant: Grant = { userid, scope, pair: this.#newPair(), previous: undefined };
    this.#grants.push(grant);
    return grant;
  }

  /**
   * The new pair replaces the old one. The old refresh token works for 8 more hours, or until the new access token is first
   * used: a program that lost this answer can ask again.
   */
  refresh(refreshToken: string): Grant | undefined {
    const nowMs = this.#nowMs();
    for (const grant of this.#grants) {
      const { pair, previous } = grant;
      if (pair.refreshToken === refreshToken && nowMs < pair.refreshDiesAtMs) {
        grant.previous = { refreshToken, diesAtMs: this.#inMs(OLD_REFRESH_SECONDS) };
        grant.pair = this.#newPair();
        return grant;
      }
      if (previous?.refreshToken === refreshToken && nowMs < previous.diesAtMs) {
        grant.pair = this.#newPair();
        return grant;
      }
    }
    return undefined;
  }

  takes(refreshToken: string): boolean {
    const nowMs = this.#nowMs();
    return this.#grants.some(
      ({ pair, previous }) =>
        (pair.refreshToken === refreshToken && nowMs < pair.refreshDiesAtMs) ||
        (previous?.refreshToken === refreshToken && nowMs < previous.diesAtMs),
    );
  }

  /** The first use of an access token ends the previous refresh token. */
  use(accessToken: string): Grant | undefined {
    const grant = this.#grants.find(({ pair }) => pair.accessToken === accessToken);
    if (!grant || this.#nowMs() >= grant.pair.accessDiesAtMs) return undefined;
    grant.previous = undefined;
    this.#lastUsed.set(grant.userid, accessToken);
    return grant;
  }

  lastUsedAccessToken(userid: number): string | undefined {
    return this.#lastUsed.get(userid);
  }

  expireAccessToken(userid: number): void {
    for (const grant of this.#of(userid)) grant.pair.accessDiesAtMs = this.#nowMs();
  }

  killRefreshToken(userid: number): void {
    for (const grant of this.#of(userid)) {
      grant.pair.refreshDiesAtMs = this.#nowMs();
      grant.previous = undefined;
    }
  }

  revoke(userid: number): void {
    this.#grants = this.#grants.filter((grant) => grant.userid !== userid);
  }

  #of(userid: number): Grant[] {
    return this.#grants.filter((grant) => grant.userid === userid);
  }

  #newPair(): TokenPair {
    return {
      accessToken: randomBytes(20).toString("hex"),
      refreshToken: randomBytes(20).toString("hex"),
      accessDiesAtMs: this.#inMs(ACCESS_SECONDS),
      refreshDiesAtMs: this.#inMs(REFRESH_SECONDS),
    };
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }

  #inMs(seconds: number): number {
    return this.#nowMs() + seconds * 1000;
  }
}
