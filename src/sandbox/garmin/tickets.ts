import { randomInt } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";

const TICKET_SECONDS = 60;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** The services a ticket is given for: Garmin's own addresses and nobody else's. */
export function isGarminService(service: string, ssoUrl: string): boolean {
  return [
    "https://mobile.integration.garmin.com/gcm/ios",
    "https://mobile.integration.garmin.com/gcm/android",
    "https://connect.garmin.com/app",
    "https://sso.garmin.com/sso/embed",
    `${ssoUrl}/sso/embed`,
  ].includes(service);
}

/** Proofs of a sign-in: one use, sixty seconds, good for exactly the service they were asked for. */
export class Tickets {
  readonly #clock: Clock;
  readonly #open = new Map<string, { email: string; service: string; diesAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tickets of the JSON sign-in end in -sso, those of the web pages in -cas. */
  mint(email: string, service: string, suffix: "sso" | "cas"): string {
    const letters = Array.from({ length: 20 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
    const ticket = `ST-${randomInt(100_000, 1_000_000)}-${letters}-${suffix}`;
    const diesAtMs = this.#clock.now().getTime() + TICKET_SECONDS * 1000;
    this.#open.set(ticket, { email, service, diesAtMs });
    return ticket;
  }

  /** Spends the ticket, whatever comes of it; the caller looks at the service. */
  spend(ticket: string): { email: string; service: string } | undefined {
    const found = this.#open.get(ticket);
    this.#open.delete(ticket);
    return found && this.#clock.now().getTime() < found.diesAtMs ? found : undefined;
  }
}
