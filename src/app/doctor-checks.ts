import { checkTelegram } from "../bot/telegram/check.ts";
import { doctorWords } from "../bot/words/doctor.ts";
import type { Words } from "../bot/words/words.ts";
import { TELEGRAM_PATH } from "../config/paths.ts";
import { ActionNeededError } from "../lib/errors.ts";
import type { Account } from "../sync/model/account.ts";
import type { Check, Problem } from "../sync/status/checks.ts";
import { type Audience, asking, type CheckContext, type ChecksDeps, GarminProbing } from "./check-context.ts";
import { checkLastRun } from "./last-run-check.ts";
import { isApplicationRefused } from "./vendors.ts";

/** Live checks of every precondition; each answers with one sentence, with the fix where one is needed. */
export function checksOf(deps: ChecksDeps, words: Words, audience: Audience) {
  const garmin = new GarminProbing(deps.app.garminSignIn, deps.clock);
  const context: CheckContext = { ...deps, ...audience, words, garmin };
  return {
    /** What the person who runs the program has to see to. */
    operation: [sealing(context), telegram(context), application(context), clock(context)],
    /** Whether Garmin takes sign-ins from here: the same for everybody. */
    signIn: garminSignIn(context),
    /** While sign-ins of this account rest, whatever Garmin takes from others. */
    signInRest: (account: Account) => signInRest(context, account),
    of: (account: Account) => ofAccount(context, account),
  };
}

function sealing({ app, words }: CheckContext): Check {
  return {
    name: doctorWords(words).check.sealing,
    asks: doctorWords(words).ownStore,
    run: async () => {
      let links = 0;
      for (const { telegramUserId } of await app.store.accounts.list()) {
        for (const vendor of ["withings", "garmin"] as const) {
          if (await app.store.links.read(telegramUserId, vendor)) links += 1;
        }
      }
      return doctorWords(words).sealing(links);
    },
  };
}

function telegram({ telegram: bot, isPolledElsewhere = () => false, web, words, clock }: CheckContext): Check {
  const webhookUrl = web?.publicUrl === undefined ? undefined : web.publicUrl + TELEGRAM_PATH;
  return {
    name: doctorWords(words).check.telegram,
    asks: "Telegram",
    run: () => checkTelegram({ ...bot, webhookUrl, isPolledElsewhere: isPolledElsewhere() }, doctorWords(words), clock),
  };
}

function application(context: CheckContext): Check {
  const { withings, words, clock } = context;
  return {
    name: doctorWords(words).check.application,
    asks: "Withings",
    run: asking(context, "Withings", async () => {
      if (await isApplicationRefused(withings, clock.now())) throw new ActionNeededError("fix_withings_application");
      return doctorWords(words).application;
    }),
  };
}

function clock(context: CheckContext): Check {
  const say = doctorWords(context.words);
  return {
    name: say.check.clock,
    asks: "Garmin",
    run: asking(context, "Garmin", async () => {
      const seconds = await context.garmin.clockOff();
      if (seconds === undefined) return { verdict: "later", text: say.noServerTime };
      return seconds === 0 ? say.clock : { verdict: "operator", text: say.clockOff(seconds), action: "fix_clock" };
    }),
  };
}

function garminSignIn(context: CheckContext): Check {
  const say = doctorWords(context.words);
  return {
    name: say.check.garminSignIn,
    asks: "Garmin",
    run: asking(context, "Garmin", async () => {
      const { verdict } = await context.garmin.probe();
      if (verdict === "reachable") return say.garminReachable;
      // Nobody has to do anything: a link that needs a new sign-in has a line of its own.
      if (verdict === "blocked") return say.garminPageOnly;
      return { verdict: "later", text: verdict === "rate_limited" ? say.garminLimits : say.garminOdd };
    }),
  };
}

async function signInRest({ app, words }: CheckContext, { telegramUserId: id }: Account): Promise<Problem | undefined> {
  const rest = await app.garminSignIn.rest(id);
  if (!rest) return undefined;
  // A damaged link has a line of its own.
  const link = await app.store.links.facts(id, "garmin").catch(() => undefined);
  return { verdict: "later", text: words.signInRests(rest.until, link?.state === "linked") };
}

async function ofAccount(context: CheckContext, account: Account): Promise<Check[]> {
  const { words, nameOf } = context;
  const id = account.telegramUserId;
  const reading = readWithings(context, id);
  let read: Promise<unknown> | undefined;
  return [
    {
      name: nameOf(doctorWords(words).check.withings),
      asks: "Withings",
      run: () => {
        const found = reading();
        read = found.catch(() => undefined);
        return found;
      },
    },
    // After the check of Withings, because both may renew the access token, and only one at a time can.
    ...(await notifications(context, id, async () => read)),
    { name: nameOf(doctorWords(words).check.garmin), asks: "Garmin", run: readGarmin(context, id) },
    {
      name: nameOf(doctorWords(words).check.lastRun),
      asks: doctorWords(words).ownStore,
      run: () => checkLastRun(context, account),
    },
  ];
}

function readWithings(context: CheckContext, id: number): Check["run"] {
  const { app, words } = context;
  return asking(context, "Withings", async () => {
    await app.withingsLinking.check(id);
    return doctorWords(words).withings;
  });
}

function readGarmin(context: CheckContext, id: number): Check["run"] {
  const { app, words } = context;
  return asking(context, "Garmin", async () => {
    const { displayName } = await app.tokens.link(id, "garmin");
    const consent = await app.garminSignIn.uploadConsent(id);
    const lastRun = await app.overviews.lastRun(id);
    const refusedAt = lastRun?.outcome.uploadRefusedAt;
    const isAsked = lastRun?.outcome.action === "grant_garmin_upload";
    // The consent says less than the last upload.
    if (consent === false || isAsked) throw new ActionNeededError("grant_garmin_upload");
    if (!refusedAt) return doctorWords(words).garmin(displayName, consent === true);
    return { verdict: "later", text: doctorWords(words).garminRefused(displayName, words.format.time(refusedAt)) };
  });
}

/** Without a public address, or a usable link, there is nothing to check. */
async function notifications(context: CheckContext, account: number, before: () => Promise<unknown>): Promise<Check[]> {
  const { app, web, words, nameOf } = context;
  if (web?.publicUrl === undefined) return [];
  // A damaged link has a line of its own.
  const link = await app.store.links.facts(account, "withings").catch(() => undefined);
  if (link?.state !== "linked") return [];
  const run = asking(context, "Withings", async () => {
    await before();
    const state = (await app.subscriptions.look(account)) ?? "off";
    const text = doctorWords(words).notifications[state];
    if (state === "on") return text;
    return { verdict: state === "unreachable" ? "operator" : "later", text };
  });
  return [{ name: nameOf(doctorWords(words).check.notifications), asks: "Withings", run }];
}
