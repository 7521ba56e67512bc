import type { App } from "../app/app.ts";
import { UsageError } from "../lib/errors.ts";
import type { SignInResult } from "../sync/links/garmin-sign-in.ts";
import type { LinkResult, MadeLink } from "../sync/links/withings-consent.ts";
import type { MobileClient } from "../sync/model/garmin-sign-in.ts";
import type { LinkFacts, Vendor } from "../sync/model/link.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";
import { garminPage, signInWords, terminalWords } from "./words.ts";

const WORDS = terminalWords("UTC", new Date(0));

export async function loginWithings(
  app: App,
  terminal: Terminal,
  account: number,
  /** Withings leads the browser to the program itself, which links by itself. */
  { comesBack }: { comesBack: boolean },
): Promise<number> {
  const before = await app.store.links.facts(account, "withings");
  terminal.say(
    `Open this address, choose whose scale it is, and allow access:\n\n${app.withingsLinking.begin(account)}\n`,
  );
  const question = comesBack
    ? "When its last page says that Withings is linked, press Enter. If it does not open, paste its address (within 30 seconds):"
    : "Then paste the address the browser ended on (within 30 seconds):";
  const pasted = await terminal.ask(question);
  const seen =
    comesBack && pasted === ""
      ? await linkedSince(app, account, before)
      : await app.withingsLinking.withPasted(account, pasted);
  const result = seen.type === "other_person" ? await answerWhichPerson(app, terminal, account, seen) : seen;
  if (result.type === "kept") {
    const { withingsUserId } = result;
    terminal.result({ status: "success", account, vendor: "withings", withingsUserId }, WORDS.keptLink);
    return EXIT.success;
  }
  if (result.type !== "linked") return ownerActs(terminal, account, "link_withings", NOT_LINKED[result.type]);
  // The zone, so that the first dry run tells local times. That it could not be asked takes nothing away from the link.
  const person = await app.withingsLinking.person(account).catch(() => undefined);
  if (await app.store.accounts.find(account))
    await app.store.accounts.save(account, { reportedTimezone: person?.timezone });
  terminal.result(
    { status: "success", account, vendor: "withings", withingsUserId: result.withingsUserId },
    `Linked to Withings user ${result.withingsUserId}.\n${await nextStep(app, account)}`,
  );
  return EXIT.success;
}

async function answerWhichPerson(
  app: App,
  terminal: Terminal,
  account: number,
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
  if (!isYes(await terminal.ask("Switch? (yes or no)"))) {
    await app.withingsLinking.keepPerson(account);
    return { type: "kept", withingsUserId: linkedUserId };
  }
  const answered = await app.withingsLinking.switchPerson(account, withingsUserId);
  return answered.type === "late_answer" ? { type: "late_state" } : answered;
}

const isYes = (answer: string) => /^y(es)?$/i.test(answer);

/** Who was linked since the link `before`, or is being asked about. Compares links and not times, because two clocks may differ. */
async function linkedSince(app: App, account: number, before: LinkFacts | undefined): Promise<LinkResult> {
  const question = await app.withingsLinking.question(account);
  if (question) return question;
  const link = await app.store.links.facts(account, "withings");
  const isNew = link?.state === "linked" && link.linkedAt.getTime() !== before?.linkedAt.getTime();
  return isNew ? { type: "linked", withingsUserId: link.vendorUserId } : { type: "no_code" };
}

const NOT_LINKED: Record<Exclude<LinkResult["type"], "linked" | "other_person">, string> = {
  code_expired: "That code has run out: it lives 30 seconds and works once. Please begin again.",
  scope_missing:
    "Withings doesn’t let me read your measurements. Begin again, and leave everything ticked on Withings' page.",
  taken: "This Withings person belongs to another account here already. Choose another person on Withings' page.",
  account_removed:
    "This account has been removed meanwhile, so nothing was linked. Press Start in the chat with your bot, then begin again.",
  refused: "Withings says that the consent was refused. Begin again, and choose Allow on its page.",
  wrong_state: "That address belongs to another sign-in. Begin again, and open the address printed then.",
  late_state: "That took longer than ten minutes. Please begin again.",
  used_state: "That address was used already. If its page said that Withings is linked, nothing is left to do.",
  other_chat: "That address was made for another account. Begin again, and open the address printed then.",
  no_code:
    "That address carries no code. Paste the address the browser ended on after you chose Allow. If that page says “redirect_uri_mismatch”, paste its text.",
  not_an_address: "That is neither an address nor a code. Paste the whole address the browser ended on.",
};

export interface GarminLogin {
  /** As which of Garmin's apps. */
  client: MobileClient;
  timezone: string;
}

export async function loginGarmin(app: App, terminal: Terminal, account: number, login: GarminLogin): Promise<number> {
  const { garminSignIn } = app;
  const { client, timezone } = login;
  const conclude = (result: SignInResult) => report(app, terminal, account, result, timezone);
  const kept = await garminSignIn.lookAgain(account);
  if (kept) return conclude(kept);
  const obstacle = await garminSignIn.obstacle(account);
  if (obstacle) return conclude(obstacle);
  if (app.garminSignIn.isInCloud)
    terminal.say("Garmin often refuses passwords from cloud networks. Its own page works: use --ticket.");
  const email = await terminal.ask("Garmin e-mail:");
  // What is surely wrong is not tried: after a few tries Garmin rests for hours.
  if (!/^\S+@\S+$/.test(email)) throw new UsageError("That isn’t an e-mail address. Please begin again.");
  const password = await terminal.ask("Garmin password:", { secret: true });
  if (!password) throw new UsageError("Garmin needs a password. Please begin again.");
  let result = await garminSignIn.withPassword(account, email, password, client);
  let question = "Code:";
  while (result.type === "mfa_required" || result.type === "wrong_code") {
    terminal.say(signInWords(result, terminalWords(timezone, app.clock.now()), account));
    if (result.type === "mfa_required") {
      // Said once, because the prompt is short.
      terminal.say("Type it here; like a password, it stays hidden.");
      if (result.sentBy === "email") question = "Code from the mail:";
    }
    const code = (await terminal.ask(question, { secret: true })).replaceAll(/\s/g, "");
    // An empty line is surely wrong, and Garmin's patience is not known.
    result = code ? await garminSignIn.withCode(account, code) : { type: "wrong_code" };
  }
  return conclude(result);
}

export async function loginGarminByTicket(
  app: App,
  terminal: Terminal,
  account: number,
  login: { timezone: string; asSomebodyElse: boolean },
): Promise<number> {
  const { timezone, asSomebodyElse } = login;
  const kept = asSomebodyElse ? undefined : await app.garminSignIn.lookAgain(account);
  if (kept) return report(app, terminal, account, kept, timezone);
  terminal.say(garminPage(app.garminSignIn.pageUrl({ asSomebodyElse })));
  const pasted = await terminal.ask("Paste the whole address of that last page here, within a minute:", {
    pasted: true,
  });
  return report(app, terminal, account, await app.garminSignIn.withPasted(account, pasted), timezone);
}

/** What is still missing until the first sync. */
async function nextStep(app: App, account: number): Promise<string> {
  // A link that cannot be read has to be made again.
  const isLinked = async (vendor: Vendor) =>
    (await app.store.links.read(account, vendor).catch(() => undefined))?.value.state === "linked";
  if (!(await isLinked("withings"))) return `Next: npx weighbridge login withings --account ${account}`;
  if (!(await isLinked("garmin"))) return `Next: npx weighbridge login garmin --account ${account} --ticket`;
  return `Next: npx weighbridge sync --account ${account}`;
}

async function report(
  app: App,
  terminal: Terminal,
  account: number,
  result: SignInResult,
  timezone: string,
): Promise<number> {
  const text = signInWords(result, terminalWords(timezone, app.clock.now()), account);
  switch (result.type) {
    case "other_profile":
      terminal.say(text);
      if (!isYes(await terminal.ask("Switch? (yes or no)"))) {
        await app.garminSignIn.keepProfile(account);
        const { displayName } = result.linked;
        terminal.result({ status: "success", account, vendor: "garmin", displayName }, WORDS.keptLink);
        return EXIT.success;
      }
      return report(
        app,
        terminal,
        account,
        await app.garminSignIn.switchProfile(account, result.profile.profileId),
        timezone,
      );
    case "signed_in": {
      const { displayName, uploadConsent } = result;
      terminal.result(
        { status: "success", account, vendor: "garmin", displayName, uploadConsent: uploadConsent ?? null },
        `${text}\n${await nextStep(app, account)}`,
      );
      return EXIT.success;
    }
    case "resting":
    case "network_limited":
    case "profile_unknown":
    case "too_many_codes":
      terminal.result({ status: "retry_later", account }, text);
      return EXIT.retryLater;
    case "account_locked":
      return ownerActs(terminal, account, "unlock_garmin_account", text);
    case "captcha":
    case "blocked":
    case "password_expired":
    case "terms_changed":
    case "account_disabled":
    case "client_refused":
    case "unclear":
      return ownerActs(terminal, account, "use_garmin_page", text);
    default:
      return ownerActs(terminal, account, "relink_garmin", text);
  }
}

function ownerActs(terminal: Terminal, account: number, action: string, text: string): number {
  terminal.result({ status: "action_needed", account, action }, text);
  return EXIT.actionNeeded;
}
