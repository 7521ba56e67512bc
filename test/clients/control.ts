import type { MfaMethod } from "../../src/sandbox/garmin/accounts.ts";
import type { FaultName } from "../../src/sandbox/named-faults.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { serve } from "../../src/sandbox/serve.ts";
import type { WeighIn } from "../../src/sandbox/withings/person.ts";

const USERID = 31_400_001;

/** What a check can do besides calling the vendors: act as people, clocks and mail servers. */
const ACTIONS = {
  account: ({ garmin }, { email, mfa }: { email: string; mfa?: MfaMethod }) => {
    const about = { displayName: email.split("@")[0] ?? "", fullName: "Ada L.", timezone: "Europe/Berlin" };
    garmin.addAccount({ email, password: "right", ...about, ...(mfa && { mfa }) });
  },
  codes: ({ garmin }, { email }: { email: string }) =>
    garmin.inbox.filter((message) => message.email === email).map(({ code }) => code),
  consent: ({ garmin }, { email, given }: { email: string; given: boolean }) => garmin.setConsent(email, given),
  expire: ({ garmin }, { email }: { email: string }) => garmin.expireAccessToken(email),
  garmin_settings: ({ garmin }, settings: object) => void Object.assign(garmin.settings, settings),
  stored: ({ garmin }, { email }: { email: string }) => ({
    weights: garmin.weights(email),
    pressures: garmin.bloodPressures(email),
  }),
  fault: ({ faults }, { name, times }: { name: FaultName; times: number }) => void faults.turnOn(name, { times }),
  person: ({ withings }) => {
    const heights = [{ at: new Date("2020-01-01T07:00:00Z"), metres: 1.68 }];
    withings.addPerson({ userid: USERID, name: "Ada", timezone: "Europe/Berlin", heights });
    return { userid: USERID, ...withings.application };
  },
  weigh: ({ withings }, { at, ...values }: Omit<WeighIn, "at"> & { at: number }) =>
    withings.person(USERID).stepOnScale({ ...values, at: new Date(at * 1000) }),
  press: ({ withings }, { at, ...values }: { at: number; systolic: number; diastolic: number; pulse: number }) =>
    withings.person(USERID).takeBloodPressure({ ...values, at: new Date(at * 1000) }),
  withings_link: ({ withings }, { scope }: { scope?: string }) => withings.issueLink(USERID, scope),
  withings_kill_refresh: ({ withings }) => withings.killRefreshToken(USERID),
  withings_limits: ({ withings }, limits: object) => void Object.assign(withings.limits, limits),
} satisfies Record<string, (sandbox: Sandbox, given: never) => unknown>;

/** POST /{action} answers with the action's JSON. */
export function serveControl(sandbox: Sandbox) {
  return serve(async (_request, seen) => {
    const action = ACTIONS[seen.path.slice(1) as keyof typeof ACTIONS] as
      | ((sandbox: Sandbox, given: unknown) => unknown)
      | undefined;
    if (!action) return new Response(`no action ${seen.path}`, { status: 404 });
    return Response.json((await action(sandbox, JSON.parse(seen.body))) ?? null);
  });
}
