import type { App } from "../app/app.ts";
import { type Action, UsageError } from "../lib/errors.ts";
import type { SignInResult } from "../sync/links/garmin-sign-in.ts";
import type { LinkResult, MadeLink } from "../sync/links/withings-consent.ts";
import type { MobileClient } from "../sync/model/garmin-sign-in.ts";
import type { LinkFacts, Vendor } from "../sync/model/link.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";
import { garminPage, signInWords, terminalWords } from "./words.ts";

const WORDS = terminalWords("UTC", new Date(0));

export interface LoginDeps {
  app: App;
  terminal: Terminal;
  account: number;
  timezone: string;
}

export async function loginWithings(
  deps: LoginDeps,
  /** Withings leads the browser to the deployed program, which links by itself. */
  { comesBack }: { comesBack: boolean },
): Promise<number> {
  const { app, terminal, account } = deps;
  const before = await app.store.links.facts(account, "withings");
  terminal.say(
    `Open this address, choose whose scale it is, and allow access:\n\n${app.withingsLinking.begin(account)}\n`,
  );
  const question = comesBack
    ? "When its last page says that Withings is linked, press Enter. If it doesn’t open, paste its address (within 30 seconds):"
    : "Then paste the address the browser ended on (within 30 seconds):";
  const pasted = await terminal.ask(question);
  const seen =
    comesBack && pasted === ""
      ? await linkedSince(app, account, before)
      : await app.withingsLinking.withPasted(account, pasted);
  const result = seen.type === "other_person" ? await answerWhichPerson(deps, seen) : seen;
  if (result.type === "kept") {
    const { withingsUserId } = result;
    return terminal.result({ status: "success", account, vendor: "withings", withingsUserId }, WORDS.keptLink);
  }
  if (result.type !== "linked") return ownerActs(deps, "link_withings", NOT_LINKED[result.type]);
  // Its time zone is for the local times of the first dry run. If it can't be asked, the link is made all the same.
  const person = await app.withingsLinking.person(account).catch(() => undefined);
  if (await app.store.accounts.find(account))
    await app.store.accounts.save(account, { reportedTimezone: person?.timezone });
  const { withingsUserId } = result;
  return terminal.result(
    { status: "success", account, vendor: "withings", withingsUserId },
    `Linked to Withings user ${withingsUserId}.\n${await nextStep(deps)}`,
  );
}

async function answerWhichPerson(
  { app, terminal, account }: LoginDeps,
  { linkedUserId, withingsUserId }: Extract<LinkResult, { type: "other_person" }>,
): Promise<MadeLink | { type: "late_state" } | { type: "kept"; withingsUserId: string }> {
  const [linked, other] = await Promise.all(
    [app.withingsLinking.person(account), app.withingsLinking.personInQuestion(account)].map((asked) =>
      asked.catch(() => undefined),
    ),
  );
  const timezone = (await app.store.accounts.find(account))?.timezone ?? linked?.timezone ?? other?.timezone ?? "UTC";
  terminal.say(
    terminalWords(timezone, app.clock.now()).otherWithingsPerson(
      { id: linkedUserId, lastWeighIn: linked?.lastWeighIn },
      { id: withingsUserId, lastWeighIn: other?.lastWeighIn },
    ),
  );
  if (!(await saysYes(terminal))) {
    await app.withingsLinking.keepPerson(account);
    return { type: "kept", withingsUserId: linkedUserId };
  }
  const answered = await app.withingsLinking.switchPerson(account, withingsUserId);
  return answered.type === "late_answer" ? { type: "late_state" } : answered;
}

const saysYes = async (terminal: Terminal) => /^y(es)?$/i.test(await terminal.ask("Switch? (yes or no)"));

/** Who has been linked since `before`, or is being asked about. It compares links, not times, because two clocks may differ. */
async function linkedSince(app: App, account: number, before: LinkFacts | undefined): Promise<LinkResult> {
  const question = await app.withingsLinking.question(account);
  if (question) return question;
  const link = await app.store.links.facts(account, "withings");
  const isNew = link?.state === "linked" && link.linkedAt.getTime() !== before?.linkedAt.getTime();
  return isNew ? { type: "linked", withingsUserId: link.vendorUserId } : { type: "no_code" };
}

const NOT_LINKED: Record<Exclude<LinkResult["type"], "linked" | "other_person">, string> = {
  code_expired: "That code has expired: it works once, within 30 seconds. Please start again.",
  scope_missing:
    "Withings doesn’t let me read your measurements. Start again, and leave everything ticked on Withings' page.",
  taken: "This Withings person already belongs to another account here. Choose another person on Withings' page.",
  account_removed:
    "This account has been removed in the meantime, so nothing was linked. Press Start in the chat with your bot, then start again.",
  refused: "Withings says that access was refused. Start again, and choose Allow on its page.",
  wrong_state: "That address belongs to another sign-in. Start again, and open the address that is printed then.",
  late_state: "That took longer than ten minutes. Please start again.",
  used_state: "That address was used already. If its page said that Withings is linked, there’s nothing left to do.",
  other_chat: "That address was made for another account. Start again, and open the address that is printed then.",
  no_code:
    "That address has no code in it. Paste the address the browser ended on after you chose Allow. If that page says “redirect_uri_mismatch”, paste its text.",
  not_an_address: "That’s neither an address nor a code. Paste the whole address the browser ended on.",
};

export async function loginGarmin(deps: LoginDeps, client: MobileClient): Promise<number> {
  const { app, terminal, account } = deps;
  const { garminSignIn } = app;
  const known = (await garminSignIn.lookAgain(account)) ?? (await garminSignIn.obstacle(account));
  if (known) return conclude(deps, known);
  if (garminSignIn.isInCloud)
    terminal.say("Garmin often refuses passwords from cloud networks. Its own page works: use --ticket.");
  const email = await terminal.ask("Garmin e-mail:");
  // What is surely wrong isn't tried: after a few tries Garmin blocks sign-ins for hours.
  if (!/^\S+@\S+$/.test(email)) throw new UsageError("That isn’t an e-mail address. Please start again.");
  const password = await terminal.ask("Garmin password:", { secret: true });
  if (!password) throw new UsageError("Garmin needs a password. Please start again.");
  let result = await garminSignIn.withPassword(account, email, password, client);
  let question = "Code:";
  while (result.type === "mfa_required" || result.type === "wrong_code") {
    terminal.say(wordsOf(deps, result));
    if (result.type === "mfa_required") {
      terminal.say("Type it here; like a password, it stays hidden.");
      if (result.sentBy === "email") question = "Code from the mail:";
    }
    const code = (await terminal.ask(question, { secret: true })).replaceAll(/\s/g, "");
    result = code ? await garminSignIn.withCode(account, code) : { type: "wrong_code" };
  }
  return conclude(deps, result);
}

export async function loginGarminByTicket(
  deps: LoginDeps,
  { asSomebodyElse }: { asSomebodyElse: boolean },
): Promise<number> {
  const { app, terminal, account } = deps;
  const kept = asSomebodyElse ? undefined : await app.garminSignIn.lookAgain(account);
  if (kept) return conclude(deps, kept);
  terminal.say(garminPage(app.garminSignIn.pageUrl({ asSomebodyElse })));
  const question = "Paste the whole address of that last page here, within a minute:";
  const pasted = await terminal.ask(question, { pasted: true });
  return conclude(deps, await app.garminSignIn.withPasted(account, pasted));
}

async function nextStep({ app, account }: LoginDeps): Promise<string> {
  const isLinked = async (vendor: Vendor) =>
    (await app.store.links.read(account, vendor).catch(() => undefined))?.value.state === "linked";
  if (!(await isLinked("withings"))) return `Next: npx weighbridge login withings --account ${account}`;
  if (!(await isLinked("garmin"))) return `Next: npx weighbridge login garmin --account ${account} --ticket`;
  return `Next: npx weighbridge sync --account ${account}`;
}

const wordsOf = ({ app, account, timezone }: LoginDeps, result: SignInResult) =>
  signInWords(result, terminalWords(timezone, app.clock.now()), account);

async function conclude(deps: LoginDeps, result: SignInResult): Promise<number> {
  const { app, terminal, account } = deps;
  const text = wordsOf(deps, result);
  switch (result.type) {
    case "other_profile": {
      terminal.say(text);
      if (await saysYes(terminal))
        return conclude(deps, await app.garminSignIn.switchProfile(account, result.profile.profileId));
      await app.garminSignIn.keepProfile(account);
      const { displayName } = result.linked;
      return terminal.result({ status: "success", account, vendor: "garmin", displayName }, WORDS.keptLink);
    }
    case "signed_in": {
      const { displayName, uploadConsent = null } = result;
      return terminal.result(
        { status: "success", account, vendor: "garmin", displayName, uploadConsent },
        `${text}\n${await nextStep(deps)}`,
      );
    }
    default: {
      const next = NEXT[result.type] ?? "relink_garmin";
      return next === "retry_later"
        ? terminal.result({ status: next, account }, text, EXIT.retryLater)
        : ownerActs(deps, next, text);
    }
  }
}

/** For the rest, the owner signs in again. */
const NEXT: Partial<Record<SignInResult["type"], Action | "retry_later">> = {
  ...{ resting: "retry_later", network_limited: "retry_later", profile_unknown: "retry_later" },
  ...{ too_many_codes: "retry_later", account_locked: "unlock_garmin_account", captcha: "use_garmin_page" },
  ...{ blocked: "use_garmin_page", password_expired: "use_garmin_page", terms_changed: "use_garmin_page" },
  ...{ account_disabled: "use_garmin_page", client_refused: "use_garmin_page", unclear: "use_garmin_page" },
};

const ownerActs = ({ terminal, account }: LoginDeps, action: Action, text: string): number =>
  terminal.result({ status: "action_needed", account, action }, text, EXIT.actionNeeded);
