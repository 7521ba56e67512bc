import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { WithAccess } from "../model/link.ts";
import type { WithingsNotifyApi } from "../model/withings-link.ts";
import { type WithingsCall, WithingsRefusal } from "./client.ts";
import { integer } from "./measure.ts";

/** Withings couldn't reach the callback address, or doesn't take it (seen at Home Assistant since 2022). */
const CALLBACK_REFUSED = [293, 343];
const NO_SUCH_SUBSCRIPTION = [286, 294];

const Profile = lazy(() => z.object({ appli: integer(), callbackurl: z.string() }));
/** An odd entry, perhaps another program's, is left out. If none can be read, what is there is unknown. */
const ListBody = lazy(() =>
  z.object({
    profiles: z
      .array(z.unknown())
      .transform((all) => ({ all, readable: all.flatMap((it) => Profile().safeParse(it).data ?? []) }))
      .refine(({ all, readable }) => all.length === 0 || readable.length > 0),
  }),
);

/** https://developer.withings.com/api-reference/#tag/notify */
export function createWithingsNotify(call: WithingsCall): WithingsNotifyApi {
  const ask = <T>(withAccess: WithAccess, params: Record<string, string | number>, body: z.ZodType<T>) =>
    withAccess((accessToken) => call({ path: "notify", params, body, accessToken }));
  return {
    async list(withAccess, appli) {
      const params = { action: "list", ...(appli !== undefined && { appli }) };
      const { profiles } = await ask(withAccess, params, ListBody());
      return profiles.readable.map((profile) => ({ appli: profile.appli, callbackUrl: profile.callbackurl }));
    },

    async subscribe(withAccess, { appli, callbackUrl }) {
      try {
        await ask(withAccess, { action: "subscribe", callbackurl: callbackUrl, appli }, z.unknown());
        return "subscribed";
      } catch (error) {
        if (error instanceof WithingsRefusal && CALLBACK_REFUSED.includes(error.status)) return "callback_unreachable";
        throw error;
      }
    },

    async revoke(withAccess, { appli, callbackUrl }) {
      try {
        await ask(withAccess, { action: "revoke", callbackurl: callbackUrl, appli }, z.unknown());
      } catch (error) {
        if (!(error instanceof WithingsRefusal && NO_SUCH_SUBSCRIPTION.includes(error.status))) throw error;
      }
    },
  };
}
