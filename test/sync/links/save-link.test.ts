import { expect, test } from "vitest";
import { VENDORS } from "../../../src/sync/model/link.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

/** Which links a new account has after `link`, who has claimed their people, and when it is due. */
async function storedAfter(link: (harness: TestApp) => Promise<void>) {
  const harness = await startTestApp({ linked: false });
  const { app, sandbox, close } = harness;
  try {
    // Otherwise random.
    sandbox.garmin.settings.accessSeconds = { from: 64_000, to: 64_000 };
    await link(harness);
    const { links, schedule, withingsUsers, garminUsers } = app.store;
    const { profileId } = sandbox.garmin.accounts.get(OWNER.email);
    const read = VENDORS.map(async (vendor) => {
      const { tokens, ...link } = (await links.read(ACCOUNT, vendor))?.value ?? expect.fail(`no ${vendor} link`);
      const secrets = { accessToken: tokens.accessToken.length, refreshToken: tokens.refreshToken.length };
      return { ...link, tokens: { ...tokens, ...secrets } };
    });
    const claims = [withingsUsers.accountOf(String(USERID)), garminUsers.accountOf(String(profileId))];
    return await Promise.all([...read, ...claims, schedule.read(ACCOUNT)]);
  } finally {
    await close();
  }
}

test("the links that tests begin with are those that a consent and a sign-in make", async () => {
  const made = await storedAfter(({ link }) => link());
  const walked = await storedAfter(async ({ linkWithings, signInAs }) => {
    await linkWithings();
    await signInAs(OWNER.email);
  });
  expect(made).toEqual(walked);
});
