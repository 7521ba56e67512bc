import { randomBytes } from "node:crypto";
import type { Reply } from "../reply.ts";
import type { RecordedRequest } from "../serve.ts";
import type { PendingLogin } from "./mfa.ts";

/** A browser's session with Garmin's sign-in, on one of Garmin's machines. */
export interface Session {
  readonly id: string;
  readonly machine: string;
  readonly balancer: string;
  csrf: string;
  pending: PendingLogin | undefined;
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #signedIn = new Map<string, string>();

  open(): Session {
    const session: Session = {
      id: randomHex(24),
      machine: randomHex(12),
      balancer: randomHex(32),
      csrf: randomHex(32),
      pending: undefined,
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** Without the load balancer's cookies the request reaches another machine, which doesn't know the session. */
  of(seen: RecordedRequest): Session | undefined {
    const cookies = cookiesOf(seen);
    const session = this.#sessions.get(cookies.SESSION ?? "");
    const isOnItsMachine = cookies.__VCAP_ID__ === session?.machine && cookies.__cflb === session?.balancer;
    return isOnItsMachine ? session : undefined;
  }

  /** The cookie that signs a browser in without a password. */
  remember(email: string): string {
    const castgc = `TGT-${randomHex(20)}-cas`;
    this.#signedIn.set(castgc, email);
    return castgc;
  }

  emailOf(seen: RecordedRequest): string | undefined {
    return this.#signedIn.get(cookiesOf(seen).CASTGC ?? "");
  }

  forget(email: string): void {
    for (const [castgc, owner] of this.#signedIn) if (owner === email) this.#signedIn.delete(castgc);
  }
}

export type CookiePath = "api" | "page";

export function setSessionCookies(response: Reply, session: Session, path: CookiePath): Reply {
  setCookie(response, "SESSION", session.id, path);
  setCookie(response, "__VCAP_ID__", session.machine, path);
  setCookie(response, "__cflb", session.balancer, path);
  setCookie(response, "__cf_bm", `${randomHex(16)}-1.0.1.1`, path);
  setCookie(response, "_cfuvid", randomHex(16), path);
  return response;
}

export function setSignedInCookies(response: Reply, castgc: string, guid: string, path: CookiePath): Reply {
  setCookie(response, "CASTGC", castgc, path);
  setCookie(response, "GARMIN-SSO", "1", path);
  setCookie(response, "GARMIN-SSO-CUST-GUID", guid, path);
  return response;
}

function setCookie(response: Reply, name: string, value: string, path: CookiePath): void {
  // The expiry contains a comma, at which clients have split. The pages' cookies can't be Secure, because a browser wouldn't
  // send them back to a local server without TLS.
  const expires = "Expires=Wed, 21 Oct 2037 07:28:00 GMT";
  const secure = path === "api" ? "; Secure" : "";
  response.headers.append("set-cookie", `${name}=${value}; ${expires}; Path=/; HttpOnly; SameSite=Lax${secure}`);
}

function cookiesOf(seen: RecordedRequest): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const pair of (seen.headers.cookie ?? "").split(/;\s*/)) {
    const at = pair.indexOf("=");
    if (at > 0) cookies[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return cookies;
}

export function randomHex(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString("hex")
    .slice(0, length);
}
