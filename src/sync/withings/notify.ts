import * as z from "zod";
import type { Subscription } from "../model/withings-link.ts";
import { type WithingsCall, WithingsRefusal } from "./client.ts";
import { integer } from "./measure.ts";

/** Withings could not get through to the callback address, or does not take it (seen at Home Assistant since 2022). */
const CALLBACK_REFUSED = [293, 343];
const NO_SUCH_SUBSCRIPTION = [286, 294];

const Profile = z.object({ appli: integer, callbackurl: z.string() });
/** One odd entry, of another program perhaps, spoils no other. If none can be read, nobody knows what stands there. */
const ListBody = z.object({
  profiles: z
    .array(z.unknown())
    .transform((all) => ({ all, readable: all.flatMap((it) => Profile.safeParse(it).data ?? []) }))
    .refine(({ all, readable }) => all.length === 0 || readable.length > 0),
});

/**
 * What Withings tells any address about this person; with `appli` only of that kind.
 * https://developer.withings.com/api-reference/#tag/notify/operation/notify-list
 */
export async function listSubscriptions(
  call: WithingsCall,
  { accessToken, appli }: { accessToken: string; appli?: number | undefined },
): Promise<Subscription[]> {
  const params = { action: "list", ...(appli !== undefined && { appli }) };
  const { profiles } = await call({ path: "notify", params, body: ListBody, accessToken });
  return profiles.readable.map((profile) => ({ appli: profile.appli, callbackUrl: profile.callbackurl }));
}

/**
 * Withings asks the address with HEAD before it answers. The same twice is taken twice, and told twice.
 * https://developer.withings.com/api-reference/#tag/notify/operation/notify-subscribe
 */
export async function subscribe(
  call: WithingsCall,
  { accessToken, appli, callbackUrl }: Subscription & { accessToken: string },
): Promise<"subscribed" | "callback_unreachable"> {
  try {
    const params = { action: "subscribe", callbackurl: callbackUrl, appli };
    await call({ path: "notify", params, body: z.unknown(), accessToken });
    return "subscribed";
  } catch (error) {
    if (error instanceof WithingsRefusal && CALLBACK_REFUSED.includes(error.status)) return "callback_unreachable";
    throw error;
  }
}

/**
 * One that is gone already does no harm.
 * https://developer.withings.com/api-reference/#tag/notify/operation/notify-revoke
 */
export async function revoke(
  call: WithingsCall,
  { accessToken, appli, callbackUrl }: Subscription & { accessToken: string },
): Promise<void> {
  try {
    const params = { action: "revoke", callbackurl: callbackUrl, appli };
    await call({ path: "notify", params, body: z.unknown(), accessToken });
  } catch (error) {
    if (!(error instanceof WithingsRefusal && NO_SUCH_SUBSCRIPTION.includes(error.status))) throw error;
  }
}
