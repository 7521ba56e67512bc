import type { Account } from "./garmin/accounts.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Person } from "./withings/person.ts";

export interface SandboxUser {
  person: Person;
  account: Account;
}

const DAY_MS = 86_400_000;

/** Whom the demo is about, in Telegram and at both vendors. */
export const DEMO_NAME = "Robin";

/** Gets a code by mail at sign-in, and has a scale that measures everything. */
const OWNER = {
  userid: 31_400_001,
  name: DEMO_NAME,
  email: "owner@example.org",
  password: "owner-password",
  displayName: "sandbox-owner",
  fullName: DEMO_NAME,
  mfa: "email",
  heightM: 1.68,
  weightKg: 64.2,
  fatRatioPercent: 24.1,
} as const;

export const HOUSEMATE_NAME = "Sam";

/** Has no second factor, and hasn't given the upload consent yet. */
const HOUSEMATE = {
  userid: 31_400_002,
  name: HOUSEMATE_NAME,
  email: "housemate@example.org",
  password: "housemate-password",
  displayName: "sandbox-housemate",
  fullName: "Sandbox Housemate",
  mfa: undefined,
  heightM: 1.84,
  weightKg: 82.6,
  fatRatioPercent: 19.3,
} as const;

/** Two people who share a scale, with accounts at both vendors and `days` of weigh-ins. */
export function addPeople(sandbox: Sandbox, options: { days?: number; timezone?: string } = {}) {
  const { days = 30, timezone = "Europe/Berlin" } = options;
  const owner = addPerson(sandbox, OWNER, timezone);
  const housemate = addPerson(sandbox, HOUSEMATE, timezone);
  housemate.account.uploadConsent = false;
  const nowMs = sandbox.clock.now().getTime();
  for (let day = days; day > 0; day--) {
    const at = new Date(nowMs - day * DAY_MS);
    owner.person.stepOnScale({ at, ...bodyOf(OWNER, day), visceralFat: 2.4, bmrKcal: 1388, siblings: true });
    if (day % 2 === 0)
      housemate.person.stepOnScale({ at: new Date(at.getTime() + 600_000), ...bodyOf(HOUSEMATE, day) });
    if (day % 5 === 0) {
      owner.person.takeBloodPressure({
        at: new Date(at.getTime() + 300_000),
        systolic: 116 + (day % 9),
        diastolic: 74 + (day % 7),
        pulse: 58 + (day % 6),
      });
    }
  }
  return { owner, housemate };
}

function addPerson(sandbox: Sandbox, who: typeof OWNER | typeof HOUSEMATE, timezone: string): SandboxUser {
  const measuredAt = new Date(sandbox.clock.now().getTime() - 400 * DAY_MS);
  const heights = [{ at: measuredAt, metres: who.heightM }];
  const person = sandbox.withings.addPerson({ userid: who.userid, name: who.name, timezone, heights });
  const { email, password, displayName, fullName } = who;
  const account = sandbox.garmin.addAccount({
    ...{ email, password, displayName, fullName, timezone },
    ...(who.mfa ? { mfa: who.mfa } : {}),
    heightCm: who.heightM * 100,
  });
  return { person, account };
}

/** Drifts a little, and is the same in every run. */
function bodyOf(who: { weightKg: number; fatRatioPercent: number }, daysAgo: number) {
  const weightKg = who.weightKg + Math.sin(daysAgo / 5) * 0.6 + daysAgo * 0.02;
  const fatRatioPercent = who.fatRatioPercent + Math.sin(daysAgo / 7) * 0.4;
  const leanKg = weightKg * (1 - fatRatioPercent / 100);
  return { weightKg, fatRatioPercent, muscleKg: leanKg * 0.95, boneKg: leanKg * 0.05, waterKg: leanKg * 0.73 };
}
