import * as z from "zod";
import { asksToWait, RetryLaterError, UnexpectedAnswerError } from "../../lib/errors.ts";
import { lazy } from "../../lib/lazy.ts";
import type { GarminProfile } from "../model/garmin-sign-in.ts";
import { RefusedHereError, type WithAccess } from "../model/link.ts";
import { isHeight } from "../model/vendors.ts";
import { type GarminCall, readBody } from "./client.ts";
import { numberOf } from "./entries.ts";

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

const UserSettings = lazy(() => z.object({ userData: z.object({ height: z.unknown().optional() }).nullish() }));

/**
 * Without a height if this address refuses us or its answer has none that can be one: then only the owner knows. Undefined if it
 * gives no answer for now. Only that stops no reading: a wait or a link that can't be renewed concerns every call.
 */
export async function profileHeight(
  openGarmin: (withAccess: WithAccess) => GarminCall,
  withAccess: WithAccess,
): Promise<{ heightM?: number } | undefined> {
  try {
    return await withAccess((token) =>
      heightIn(openGarmin((use) => use(token))).catch((error: unknown) => {
        if (error instanceof UnexpectedAnswerError) return {};
        if (error instanceof RetryLaterError && !asksToWait(error)) return undefined;
        throw error;
      }),
    );
  } catch (error) {
    if (error instanceof RefusedHereError) return {};
    throw error;
  }
}

/** In centimetres there. */
async function heightIn(call: GarminCall): Promise<{ heightM?: number }> {
  const answer = await call({ method: "GET", path: "/userprofile-service/userprofile/user-settings" });
  const height = readBody("Garmin user settings", answer, UserSettings()).userData?.height;
  if (height == null || height === 0) return {};
  const heightM = (numberOf(height) ?? Number.NaN) / 100;
  if (isHeight(heightM)) return { heightM };
  answer.note("userData.height", height);
  return {};
}
