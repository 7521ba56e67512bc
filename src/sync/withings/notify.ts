import * as z from "zod";
import type { Subscription, WithingsNotifyApi } from "../model/withings-link.ts";
import { type WithingsCall, WithingsRefusal } from "./client.ts";
import { integer } from "./measure.ts";

/** Withings couldn't reach the callback address, or doesn't take it (seen at Home Assistant since 2022). */
const CALLBACK_REFUSED = [293, 343];
const NO_SUCH_SUBSCRIPTION = [286, 294];

const Profile = z.object({ appli: integer, callbackurl: z.string() });
/** An odd entry, of another program perhaps, doesn't spoil the others. If none can be read, nobody knows what is there. */
const ListBody = z.object({
  profiles: z
    .array(z.unknown())
    .transform((all) => ({ all, readable: all.flatMap((it) => Profile.safeParse(it).data ?? []) }))
    .refine(({ all, readable }) => all.length === 0 || readable.length > 0),
});

export function createWithingsNotify(call: WithingsCall): WithingsNotifyApi {
  return {
    list: (withAccess, appli) => withAccess((accessToken) => listSubscriptions(call, { accessToken, appli })),
    subscribe: (withAccess, it) => withAccess((accessToken) => subscribe(call, { accessToken, ...it })),
    revoke: (withAccess, it) => withAccess((accessToken) => revoke(call, { accessToken, ...it })),
  };
}

/**
 * All subscriptions for this person, at any address.
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
 * Withings asks the address with HEAD before it answers. Subscribing twice means being notified twice.
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

/** No harm if it's gone already. https://developer.withings.com/api-reference/#tag/notify/operation/notify-revoke */
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
