import { expect } from "vitest";
import type { App } from "../../src/app/app.ts";
import { makeLinks } from "./make-links.ts";
import type { TestApp } from "./test-app.ts";

/** Somebody else of the household, with a scale and a Garmin account of their own. */
export const OTHER = 4712;
export const OTHER_NAME = "Anna";
const OTHER_USERID = 31_400_777;
const OTHER_EMAIL = "anna@example.org";

type Household = Pick<TestApp, "app" | "sandbox"> & { clock: Pick<TestApp["clock"], "now"> };

export type SecondPerson = Awaited<ReturnType<typeof addSecondPerson>>;

/** Linked at both vendors, and allowed to use the bot if `env` names them. */
export async function addSecondPerson({ app, sandbox, clock }: Household, { timezone = "Europe/Berlin" } = {}) {
  const heights = [{ at: new Date("2020-01-01T00:00:00Z"), metres: 1.6 }];
  const person = sandbox.withings.addPerson({ userid: OTHER_USERID, name: "anna", timezone, heights });
  const profile = sandbox.garmin.addAccount({
    ...{ email: OTHER_EMAIL, password: "p", displayName: "anna", fullName: OTHER_NAME, timezone },
  });
  await app.store.accounts.save(OTHER, { name: OTHER_NAME, reportedTimezone: timezone });
  const account = async (on: App = app) => (await on.store.accounts.find(OTHER)) ?? expect.fail();
  const weights = () => sandbox.garmin.weights(OTHER_EMAIL);

  const link = () => makeLinks({ app, sandbox }, { account: OTHER, userid: OTHER_USERID, email: OTHER_EMAIL });
  await link();

  return {
    ...{ person, profile, account, link, weights },
    email: OTHER_EMAIL,
    weightsKg: () => weights().map(({ weightKg }) => weightKg),
    sync: async (on: App = app) => on.sync.run(await account(on), { ledgerIsCurrent: true }),
    ledger: () =>
      app.store.ledgers.of(OTHER, String(OTHER_USERID), String(sandbox.garmin.accounts.get(OTHER_EMAIL).profileId)),
    ago: (minutes: number) => new Date(clock.now().getTime() - minutes * 60_000),
  };
}
