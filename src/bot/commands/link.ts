import { Composer, InlineKeyboard } from "grammy/web";
import type { GarminSignIn, SignInResult } from "../../sync/links/garmin-sign-in.ts";
import type { LinkResult, WithingsLinking } from "../../sync/links/withings-consent.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { deletion, GARMIN_DIALOG } from "../conversations/garmin-sign-in.ts";
import { answerTo, SWITCH_PROFILE } from "../conversations/sign-in-answers.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import { CALLBACK, consentButtons, withGarminPage, withSignInChoice } from "../ui/keyboards.ts";
import type { Questions } from "../ui/questions.ts";
import { linkLines } from "../views/links.ts";
import type { Words } from "../words/words.ts";

export interface LinkingDeps {
  garminSignIn: GarminSignIn;
  withingsLinking: WithingsLinking;
  /** Whether Withings sends the browser to us; otherwise the owner copies the address it ends on. */
  answersByItself: boolean;
  overview: (account: Account) => Promise<Overview>;
  accounts: Accounts;
  wordsAt: (chat: Pick<Chat, "account" | "words">) => Promise<Words>;
  runSoon: (account: number) => Promise<void>;
  startSync: (account: Account) => Promise<void>;
  questions: Questions;
}

export type SignedIn = Extract<SignInResult, { type: "signed_in" }>;
type OtherPerson = Extract<LinkResult, { type: "other_person" }>;

/** /start and /connect, the buttons that link a side, and the addresses that people paste. */
export function createLinking(deps: LinkingDeps) {
  return {
    pasted: pastedAddresses(deps),
    commands: new Composer<BotContext>(linkCommands(deps), withingsButtons(deps), garminButtons(deps)),
    showLinks: (chat: Chat) => showLinks(deps, chat),
    onWithings: (chat: Chat, result: LinkResult) => onWithings(deps, chat, result),
    onSignedIn: (chat: Chat, result: SignedIn) => onSignedIn(deps, chat, result),
  };
}

/** A bare Withings code doesn't end an open sign-in, because it may be the password that is asked for. */
function pastedAddresses(deps: LinkingDeps): Composer<BotContext> {
  const { garminSignIn, withingsLinking } = deps;
  const composer = new Composer<BotContext>();
  composer.use(async (ctx, next) => {
    const text = ctx.secret?.text;
    if (text === undefined) return next();
    const account = ctx.account.telegramUserId;
    if (garminSignIn.isPasted(text)) {
      await ctx.conversation.exitAll();
      return onSignIn(deps, ctx, await garminSignIn.withPasted(account, text));
    }
    const isPasswordAwaited = ctx.conversation.active(GARMIN_DIALOG) > 0;
    if (!withingsLinking.isPasted(text, { isPasswordAwaited })) return next();
    await ctx.conversation.exitAll();
    await onWithings(deps, ctx, await withingsLinking.withPasted(account, text));
  });
  return composer;
}

function linkCommands(deps: LinkingDeps): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command("start", (ctx) => showLinks(deps, ctx, { before: ctx.words.greeting }));
  composer.command("connect", async (ctx) => {
    // A kept sign-in comes first: it expires after ten minutes.
    const kept = await deps.garminSignIn.lookAgain(ctx.account.telegramUserId);
    await (kept ? onSignIn(deps, ctx, kept) : showLinks(deps, ctx, { again: true }));
  });
  return composer;
}

/** `again`: with buttons for linked sides too, because they may be linked to somebody else's profile. */
async function showLinks(deps: LinkingDeps, chat: Chat, { before = "", again = false } = {}): Promise<void> {
  const { button, allLinked, oneMissing } = chat.words;
  const { links } = await deps.overview(chat.account);
  const keyboard = new InlineKeyboard();
  for (const [vendor, link, relink] of [
    ["withings", button.linkWithings, button.relinkWithings],
    ["garmin", button.linkGarmin, button.signInGarmin],
  ] as const) {
    if (!again && links[vendor]?.state === "linked") continue;
    const label = links[vendor] ? relink : link;
    // Where Withings sends the browser back to us, its page needs no instructions first.
    if (vendor === "withings" && deps.answersByItself) keyboard.url(label, consentAddress(deps, chat)).row();
    else keyboard.text(label, CALLBACK[vendor]).row();
  }
  const isOffered = deps.answersByItself && links.withings?.state !== "linked";
  const offer = isOffered ? chat.words.withingsOffer(true) : "";
  const lines = linkLines({ links }, chat.words).join("\n");
  const text = [before, lines, isComplete(links) ? allLinked : oneMissing, offer].filter(Boolean).join("\n\n");
  await deps.questions.ask(chat, "links", text, keyboard);
}

async function continueLinking(deps: LinkingDeps, chat: Chat): Promise<void> {
  const { links } = await deps.overview(chat.account);
  if (isComplete(links)) {
    await deps.questions.close(chat.account, "links");
    return deps.startSync(chat.account);
  }
  // With Withings alone, notifications can be subscribed already.
  await deps.runSoon(chat.account.telegramUserId);
  await showLinks(deps, chat);
}

const isComplete = ({ withings, garmin }: Overview["links"]) =>
  withings?.state === "linked" && garmin?.state === "linked";

function withingsButtons(deps: LinkingDeps): Composer<BotContext> {
  const { withingsLinking, questions } = deps;
  const composer = new Composer<BotContext>();
  composer.callbackQuery(CALLBACK.withings, async (ctx) => {
    await deps.accounts.save(ctx.account.telegramUserId, { name: ctx.from.first_name }).catch(() => undefined);
    await offerWithings(deps, ctx);
  });
  composer.callbackQuery(/^withings:switch:(\d+)$/, async (ctx) => {
    const result = await withingsLinking.switchPerson(ctx.account.telegramUserId, ctx.match[1] ?? "");
    await questions.close(ctx.account, "withings");
    if (result.type === "late_answer") return void (await editOrReply(ctx, ctx.words.lateAnswer));
    await onWithings(deps, ctx, result);
  });
  composer.callbackQuery(CALLBACK.keepWithings, async (ctx) => {
    await withingsLinking.keepPerson(ctx.account.telegramUserId);
    await editOrReply(ctx, ctx.words.keptLink);
    await questions.close(ctx.account, "withings", { redrawn: true });
  });
  return composer;
}

const consentAddress = ({ withingsLinking }: LinkingDeps, { account }: Chat) =>
  withingsLinking.begin(account.telegramUserId);

async function offerWithings(deps: LinkingDeps, chat: Chat, before = "") {
  const keyboard = new InlineKeyboard().url(chat.words.button.openWithings, consentAddress(deps, chat));
  const text = `${before}${chat.words.withingsOffer(deps.answersByItself)}`;
  await deps.questions.ask(chat, "withings", text, keyboard);
}

async function onWithings(deps: LinkingDeps, chat: Chat, result: LinkResult): Promise<void> {
  if (result.type === "other_person") return askWhichPerson(deps, chat, result);
  if (result.type !== "linked") {
    return offerWithings(deps, chat, `${deletion(chat)}${chat.words.withingsRefused[result.type]}\n\n`);
  }
  const { telegramUserId } = chat.account;
  const person = await deps.withingsLinking.person(telegramUserId).catch(() => undefined);
  // Saving an account that was removed in the meantime would bring it back.
  if (!(await deps.accounts.find(telegramUserId))) return;
  const account = await deps.accounts.save(telegramUserId, { reportedTimezone: person?.timezone });
  const words = await deps.wordsAt({ ...chat, account });
  await chat.reply(`${deletion(chat)}${words.withingsLinked(result.withingsUserId, person?.lastWeighIn)}`);
  await deps.questions.close(account, "withings");
  await continueLinking(deps, chat);
}

async function askWhichPerson(deps: LinkingDeps, chat: Chat, { linkedUserId, withingsUserId }: OtherPerson) {
  const { telegramUserId } = chat.account;
  const words = await deps.wordsAt(chat);
  const [linked, other] = await Promise.all([
    deps.withingsLinking.person(telegramUserId).catch(() => undefined),
    deps.withingsLinking.personInQuestion(telegramUserId).catch(() => undefined),
  ]);
  const text = words.otherWithingsPerson(
    { id: linkedUserId, lastWeighIn: linked?.lastWeighIn },
    { id: withingsUserId, lastWeighIn: other?.lastWeighIn },
  );
  const keyboard = new InlineKeyboard()
    .text(words.button.switchLink, `withings:switch:${withingsUserId}`)
    .text(words.button.keepLink, CALLBACK.keepWithings);
  await deps.questions.ask(chat, "withings", `${deletion(chat)}${text}`, keyboard);
}

function garminButtons(deps: LinkingDeps): Composer<BotContext> {
  const { garminSignIn, questions } = deps;
  const composer = new Composer<BotContext>();
  composer.callbackQuery(CALLBACK.garmin, (ctx) => offerGarmin(deps, ctx));
  for (const [tap, client] of [
    [CALLBACK.garminHere, "ios"],
    [CALLBACK.garminHereAndroid, "android"],
  ] as const) {
    composer.callbackQuery(tap, async (ctx) => {
      await ctx.conversation.exitAll();
      await ctx.conversation.enter(GARMIN_DIALOG, client);
    });
  }
  composer.callbackQuery(CALLBACK.garminLook, async (ctx) => {
    const kept = await garminSignIn.lookAgain(ctx.account.telegramUserId);
    await onSignIn(deps, ctx, kept ?? { type: "sign_in_forgotten" });
  });
  composer.callbackQuery(SWITCH_PROFILE, async (ctx) => {
    await onSignIn(deps, ctx, await garminSignIn.switchProfile(ctx.account.telegramUserId, ctx.match[1] ?? ""));
  });
  composer.callbackQuery(CALLBACK.keepGarmin, async (ctx) => {
    await garminSignIn.keepProfile(ctx.account.telegramUserId);
    // The browser still has that person signed in, so the page has to ask again.
    const somebodyElse = { asSomebodyElse: true };
    const { text, keyboard } = withGarminPage(ctx.words.keptProfile, ctx.words, garminSignIn, somebodyElse);
    await editOrReply(ctx, text, keyboard);
  });
  composer.callbackQuery(CALLBACK.consent, async (ctx) => {
    const consent = await garminSignIn.uploadConsent(ctx.account.telegramUserId);
    if (consent === false) return askConsent(deps, ctx, ctx.words.consentStillMissing);
    if (consent) await ctx.reply(ctx.words.consentGiven);
    await questions.close(ctx.account, "garmin");
    await continueLinking(deps, ctx);
  });
  return composer;
}

/** All ways to sign in; without the one in the chat while passwords rest. */
async function offerGarmin(deps: LinkingDeps, chat: Chat): Promise<void> {
  const { garminSignIn, wordsAt, questions } = deps;
  const rest = await garminSignIn.rest(chat.account.telegramUserId);
  const { isInCloud, ownPageUrl } = garminSignIn;
  const choice = () => chat.words.garminSignInChoice(isInCloud, ownPageUrl !== undefined);
  const { text, keyboard } = rest
    ? answerTo(rest, await wordsAt(chat), garminSignIn)
    : withSignInChoice(choice(), chat.words, garminSignIn);
  await questions.ask(chat, "sign_in_choice", text, keyboard);
}

async function onSignIn(deps: LinkingDeps, chat: Chat, result: SignInResult): Promise<void> {
  if (result.type === "signed_in") return onSignedIn(deps, chat, result);
  if (result.type === "mfa_required") throw new Error("a ticket asked for a code");
  const { text, keyboard } = answerTo(result, await deps.wordsAt(chat), deps.garminSignIn);
  await deps.questions.ask(chat, "garmin", `${deletion(chat)}${text}`, keyboard);
}

async function onSignedIn(deps: LinkingDeps, chat: Chat, result: SignedIn): Promise<void> {
  await chat.reply(`${deletion(chat)}${chat.words.signIn(result)}`);
  await deps.questions.close(chat.account, "sign_in_choice");
  if (result.uploadConsent === false) return askConsent(deps, chat, chat.words.action("grant_garmin_upload"));
  await deps.questions.close(chat.account, "garmin");
  await continueLinking(deps, chat);
}

const askConsent = ({ questions }: LinkingDeps, chat: Chat, text: string) =>
  questions.ask(chat, "garmin", text, consentButtons(chat.words));
