import { randomInt } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";

const TICKET_SECONDS = 60;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Garmin gives tickets for its own addresses only. */
export function isGarminService(service: string, ssoUrl: string): boolean {
  return [
    "https://mobile.integration.garmin.com/gcm/ios",
    "https://mobile.integration.garmin.com/gcm/android",
    "https://connect.garmin.com/app",
    "https://sso.garmin.com/sso/embed",
    `${ssoUrl}/sso/embed`,
  ].includes(service);
}

/** Tickets work once, within sixty seconds, and only for the service they were issued for. */
export class Tickets {
  readonly #clock: Clock;
  readonly #open = new Map<string, { email: string; service: string; diesAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tickets of the JSON sign-in end in -sso, those of the pages in -cas. */
  mint(email: string, service: string, suffix: "sso" | "cas"): string {
    const letters = Array.from({ length: 20 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
    const ticket = `ST-${randomInt(100_000, 1_000_000)}-${letters}-${suffix}`;
    const diesAtMs = this.#clock.now().getTime() + TICKET_SECONDS * 1000;
    this.#open.set(ticket, { email, service, diesAtMs });
    return ticket;
  }

  /** Spends the ticket in any case; the caller checks the service. */
  spend(ticket: string): { email: string; service: string } | undefined {
    const found = this.#open.get(ticket);
    this.#open.delete(ticket);
    return found && this.#clock.now().getTime() < found.diesAtMs ? found : undefined;
  }
}
