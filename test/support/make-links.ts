import type { App } from "../../src/app/app.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { LinkSaver } from "../../src/sync/links/save-link.ts";
import type { TokenSet, Vendor } from "../../src/sync/model/link.ts";

interface Owner {
  account: number;
  userid: number;
  email: string;
}

const YEAR_SECONDS = 365 * 24 * 3600;

/**
 * What a consent and a sign-in end with, without their requests: most tests begin after them, and they cost more than the rest
 * of such a start.
 */
export async function makeLinks({ app, sandbox }: { app: App; sandbox: Sandbox }, { account, userid, email }: Owner) {
  const { store, clock, log } = app;
  const users = { withings: store.withingsUsers, garmin: store.garminUsers };
  const saver = new LinkSaver({ ...store, users, subscriptions: store.subscriptionMemory, clock, log });
  const endOf = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000);

  async function save(vendor: Vendor, vendorUserId: string, displayName: string, tokens: TokenSet) {
    const link = { state: "linked", linkedAt: clock.now(), vendorUserId, displayName, tokens } as const;
    const result = await saver.save(account, vendor, link);
    if (result !== "saved") throw new Error(`the ${vendor} link of the tests: ${result}`);
  }

  const withings = sandbox.withings.issueLink(userid);
  await save("withings", withings.userid, withings.userid, {
    accessToken: withings.accessToken,
    accessExpiresAt: endOf(withings.expiresInSeconds),
    refreshToken: withings.refreshToken,
    refreshExpiresAt: endOf(YEAR_SECONDS),
  });
  const { profileId, fullName } = sandbox.garmin.accounts.get(email);
  const { expiresInSeconds, refreshTokenExpiresInSeconds, ...garmin } = sandbox.garmin.issueLink(email);
  await save("garmin", String(profileId), fullName, {
    ...garmin,
    accessExpiresAt: endOf(expiresInSeconds),
    refreshExpiresAt: endOf(refreshTokenExpiresInSeconds),
  });
}
