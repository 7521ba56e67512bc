import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { GarminProfile } from "../model/garmin-sign-in.ts";
import { type GarminCall, readBody } from "./client.ts";

const text = lazy(() => z.string().nullish().catch(undefined));
const SocialProfile = lazy(() =>
  z
    .object({
      profileId: z
        .union([z.number(), z.string().min(1)])
        .nullish()
        .catch(undefined),
      garminGUID: z.string().min(1).nullish().catch(undefined),
      displayName: text(),
      fullName: text(),
    })
    // Either one tells accounts apart; the numeric one has been seen more often.
    .transform(({ profileId, garminGUID, ...names }) => ({
      ...names,
      profileId: String(profileId ?? garminGUID ?? ""),
    }))
    .refine(({ profileId }) => profileId !== ""),
);

/** Asked after every sign-in, because people do connect the wrong account. */
export async function socialProfile(call: GarminCall): Promise<GarminProfile> {
  const answer = await call({ method: "GET", path: "/userprofile-service/socialProfile" });
  const { profileId, displayName, fullName } = readBody("Garmin profile", answer, SocialProfile());
  return { profileId, displayName: fullName || displayName || profileId };
}

const Feature = lazy(() => z.object({ userOption: z.string().nullish() }));

/** Accounts in the EU have to allow uploads once; until then every write answers 412. */
export async function uploadConsent(call: GarminCall): Promise<boolean | undefined> {
  const answer = await call({ method: "GET", path: "/gdprconsent-service/feature/UPLOAD" });
  // Outside the EU there may be nothing to consent to.
  if (answer.status === 404) return undefined;
  const { userOption } = readBody("Garmin upload consent", answer, Feature());
  return userOption == null ? undefined : userOption.toLowerCase() === "opt-in";
}
