import { notNowText } from "../bot/views/delay.ts";
import { doctorWords } from "../bot/words/doctor.ts";
import type { Words } from "../bot/words/words.ts";
import type { Config, StoreConfig, WebConfig } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import { type Action, RetryLaterError, UnexpectedAnswerError } from "../lib/errors.ts";
import type { GarminProbe } from "../sync/model/garmin-sign-in.ts";
import { VendorWaitError } from "../sync/model/link.ts";
import { type Check, clockOffSeconds, type Problem } from "../sync/status/checks.ts";
import type { App } from "./app.ts";

/** Less than a check may take. */
const CLOCK_WAIT_MS = 5000;

export interface ChecksDeps {
  app: App;
  store: StoreConfig;
  telegram: { botToken: string; apiRoot: string };
  /** Whether another program polls too: only the one that polls itself knows. */
  isPolledElsewhere?: () => boolean;
  withings: Config["withings"];
  web?: Pick<WebConfig, "publicUrl">;
  syncIntervalMinutes: number;
  clock: Clock;
}

/** Who reads the answers: a person in the chat, about their own account, or the terminal, about every account. */
export interface Audience {
  nameOf: (check: string) => string;
  /** The technical words of an outage, where the reader gets them. */
  detail: (error: Error) => string;
  noRunYet: Problem;
  /** What the owner has to do. */
  needed: (action: Action) => string;
  /** What they send or type to see more. */
  status: string;
  /** They see whether the clock is right. */
  hasClockLine: boolean;
}

/** What the checks of one /doctor share. */
export interface CheckContext extends ChecksDeps, Audience {
  words: Words;
  garmin: GarminProbing;
}

/** Names the vendor in an outage, and in an answer that we don't understand. */
export function asking({ words, detail }: CheckContext, vendor: string, run: Check["run"]): Check["run"] {
  return () =>
    run().catch((error: unknown) => {
      if (error instanceof VendorWaitError)
        return { verdict: "later", text: doctorWords(words).asksToWait(vendor, words.format.time(error.until)) };
      if (error instanceof UnexpectedAnswerError)
        return { verdict: "later", text: words.delays.unexpectedNow(error.vendor, detail(error)) };
      if (!(error instanceof RetryLaterError)) throw error;
      return { verdict: "later", text: notNowText(error.delayedBy, words, detail(error)) };
    });
}

/** Garmin's sign-in, asked once without a password: it tells whether Garmin lets us in, and the time. */
export class GarminProbing {
  readonly #signIn: App["garminSignIn"];
  readonly #clock: Clock;
  #answer: Promise<GarminProbe> | undefined;

  constructor(signIn: App["garminSignIn"], clock: Clock) {
    this.#signIn = signIn;
    this.#clock = clock;
  }

  probe(): Promise<GarminProbe> {
    this.#answer ??= this.#signIn.probe();
    return this.#answer;
  }

  /** By how many seconds our clock is off; undefined when Garmin did not tell the time. Rejects when Garmin cannot be asked. */
  async clockOff(): Promise<number | undefined> {
    const { serverTime } = await this.probe();
    return serverTime && clockOffSeconds(this.#clock, serverTime);
  }

  /** The same for a check that needn't know it: undefined after a few seconds, or if Garmin can't be asked. */
  async clockOffSoon(): Promise<number | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), CLOCK_WAIT_MS);
    });
    return Promise.race([this.clockOff().catch(() => undefined), late]).finally(() => clearTimeout(timer));
  }
}
