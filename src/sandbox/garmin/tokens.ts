import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import type { Account } from "./accounts.ts";

export const CLIENT_IDS = [
  "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2",
  "GARMIN_CONNECT_MOBILE_ANDROID_DI_2024Q4",
  "GARMIN_CONNECT_MOBILE_ANDROID_DI",
  "GARMIN_CONNECT_MOBILE_IOS_DI",
] as const;

const REFRESH_SECONDS = 2_591_999;

export interface GarminLink {
  accessToken: string;
  refreshToken: string;
  expiresInSeconds: number;
  refreshTokenExpiresInSeconds: number;
  clientId: string;
}

interface StoredToken {
  account: Account;
  clientId: string;
  diesAtMs: number;
}

export interface TokenSettings {
  refreshGraceSeconds: number;
  /** Random between the two. */
  accessSeconds: { from: number; to: number };
}

/** A refresh token works once. */
export class Tokens {
  readonly #clock: Clock;
  readonly #settings: TokenSettings;
  readonly #access = new Map<string, StoredToken>();
  readonly #refresh = new Map<string, StoredToken>();
  #signedOutBy: object | undefined;

  constructor(clock: Clock, settings: TokenSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  issue(account: Account, clientId: string): GarminLink {
    const nowMs = this.#clock.now().getTime();
    const { from, to } = this.#settings.accessSeconds;
    const expiresInSeconds = randomInt(from, to + 1);
    const accessToken = jwt({
      iss: "https://diauth.garmin.com",
      client_id: clientId,
      garmin_guid: account.guid,
      scope: ["CONNECT_READ", "CONNECT_WRITE", "GHS_UPLOAD"],
      iat: Math.floor(nowMs / 1000),
      exp: Math.floor(nowMs / 1000) + expiresInSeconds,
      jti: randomUUID(),
    });
    const refreshToken = randomBytes(48).toString("base64url");
    this.#access.set(accessToken, { account, clientId, diesAtMs: nowMs + expiresInSeconds * 1000 });
    this.#refresh.set(refreshToken, { account, clientId, diesAtMs: nowMs + REFRESH_SECONDS * 1000 });
    return { accessToken, refreshToken, expiresInSeconds, refreshTokenExpiresInSeconds: REFRESH_SECONDS, clientId };
  }

  refresh(refreshToken: string, clientId: string): GarminLink | undefined {
    const stored = this.#alive(this.#refresh, refreshToken);
    if (!stored || stored.clientId !== clientId) return undefined;
    const graceEndsAtMs = this.#clock.now().getTime() + this.#settings.refreshGraceSeconds * 1000;
    stored.diesAtMs = Math.min(stored.diesAtMs, graceEndsAtMs);
    return this.issue(stored.account, clientId);
  }

  accountOf(accessToken: string): Account | undefined {
    return this.#alive(this.#access, accessToken)?.account;
  }

  /** Doesn't spend it. */
  takes(refreshToken: string): boolean {
    return this.#alive(this.#refresh, refreshToken) !== undefined;
  }

  expireAccess(account: Account): void {
    this.#endOf(this.#access, account);
  }

  revoke(account: Account): void {
    this.#endOf(this.#access, account);
    this.#endOf(this.#refresh, account);
  }

  /** Once for each `cause`: tokens issued afterwards work. */
  signOutEverybody(cause: object | undefined): void {
    if (cause === undefined || cause === this.#signedOutBy) return;
    this.#access.clear();
    this.#refresh.clear();
    this.#signedOutBy = cause;
  }

  #alive(tokens: Map<string, StoredToken>, token: string): StoredToken | undefined {
    const stored = tokens.get(token);
    return stored && this.#clock.now().getTime() < stored.diesAtMs ? stored : undefined;
  }

  #endOf(tokens: Map<string, StoredToken>, account: Account): void {
    for (const [token, stored] of tokens) if (stored.account === account) tokens.delete(token);
  }
}

/** Well formed, with a signature nobody can check: clients must not look inside. */
function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signature = randomBytes(64).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT", kid: "di-oauth-signer-prod" })}.${part(claims)}.${signature}`;
}
