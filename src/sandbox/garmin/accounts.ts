import { randomUUID } from "node:crypto";
import type { StoredWeight } from "./weights.ts";

export interface StoredBloodPressure {
  /** The upload time in ms, unique: deleting needs it. */
  version: number;
  uploadedAt: Date;
  takenAt: Date;
  wallClockMs: number;
  calendarDate: string;
  systolic: number;
  diastolic: number;
  pulse: number | undefined;
  notes: string;
}

export type MfaMethod = "email" | "phone";

export interface NewAccount {
  email: string;
  password: string;
  displayName: string;
  fullName: string;
  timezone: string;
  mfa?: MfaMethod;
  /** The "Device Upload" consent; given by default. */
  uploadConsent?: boolean;
  /** `null`: the profile has none. */
  heightCm?: number | null;
}

export interface Account {
  readonly email: string;
  password: string;
  readonly displayName: string;
  readonly fullName: string;
  readonly guid: string;
  readonly profileId: number;
  timezone: string;
  mfa: MfaMethod | undefined;
  uploadConsent: boolean;
  heightCm: number | null;
  needsCaptcha: boolean;
  locked: boolean;
  readonly weights: StoredWeight[];
  readonly bloodPressures: StoredBloodPressure[];
}
export interface Message {
  email: string;
  method: MfaMethod;
  code: string;
  sentAt: Date;
}

export class Accounts {
  readonly #byEmail = new Map<string, Account>();

  add(about: NewAccount): Account {
    const account: Account = {
      email: about.email,
      password: about.password,
      displayName: about.displayName,
      fullName: about.fullName,
      timezone: about.timezone,
      guid: randomUUID(),
      profileId: 100_000_000 + this.#byEmail.size,
      mfa: about.mfa,
      uploadConsent: about.uploadConsent ?? true,
      heightCm: about.heightCm === undefined ? 172 : about.heightCm,
      needsCaptcha: false,
      locked: false,
      weights: [],
      bloodPressures: [],
    };
    this.#byEmail.set(about.email.toLowerCase(), account);
    return account;
  }

  find(email: string): Account | undefined {
    return this.#byEmail.get(email.trim().toLowerCase());
  }

  get(email: string): Account {
    const account = this.find(email);
    if (!account) throw new Error(`nobody at Garmin has the e-mail ${email}`);
    return account;
  }

  all(): Account[] {
    return [...this.#byEmail.values()];
  }
}
