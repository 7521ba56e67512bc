import type { Settings } from "../model/account.ts";
import type { ProfileHeight, Progress } from "../model/ledger.ts";
import type { Height, Sinks } from "../model/vendors.ts";

export interface KnownHeight extends Height {
  from: "withings" | "owner" | "garmin";
}

/** What a BMI is computed with: Withings' height, or else what the owner has said here, or else in Garmin's profile. */
export function knownHeight(
  { height: said }: Settings,
  { height, profileHeight }: { [Name in "height" | "profileHeight"]?: Progress[Name] | undefined } = {},
): KnownHeight | undefined {
  if (height) return { ...height, from: "withings" };
  if (said) return { ...said, from: "owner" };
  const { lookedAt: takenAt, heightM } = profileHeight ?? {};
  return takenAt && heightM !== undefined ? { takenAt, heightM, from: "garmin" } : undefined;
}

/** Only its owner can say it: Withings and Garmin have been asked, and a weigh-in went without a BMI. */
export function isHeightMissing(settings: Settings, progress: Progress | undefined): boolean {
  return progress?.profileHeight !== undefined && knownHeight(settings, progress) === undefined;
}

/** Garmin is asked once, before the first weigh-in that would go without a BMI. */
export async function lookUpProfileHeight(
  { progress, sinks }: { progress: Progress; sinks: Sinks },
  run: { settings: Settings; height: Height | undefined; now: Date },
): Promise<ProfileHeight | undefined> {
  const { settings, height, now } = run;
  const { profileHeight, adopting } = progress;
  const isKnown = knownHeight(settings, { height }) !== undefined;
  if (isKnown || (profileHeight && !adopting)) return profileHeight;
  const found = await sinks.profileHeight();
  return found ? { lookedAt: now, ...found } : profileHeight;
}
