import { Composer, InlineKeyboard } from "grammy/web";
import type { GarminSignIn, SignInResult } from "../../sync/links/garmin-sign-in.ts";
import type { LinkResult, WithingsLinking } from "../../sync/links/withings-consent.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { deletion, GARMIN_DIALOG, offerDoors } from "../conversations/garmin-sign-in.ts";
import { answerTo, SWITCH_PROFILE } from "../conversations/sign-in-answers.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import { CALLBACK, consentButtons, withGarminPage } from "../ui/keyboards.ts";
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
  /** Has an account looked at soon, without a word in the chat. */
  runSoon: (account: number) => Promise<void>;
  /** Brings over what waits, and shows it in the chat. */
  startSync: (account: Account) => Promise<void>;
  questions: Questions;
}

/** /start and /connect: what is linked, and a button for what is missing. */
export function createLinking(deps: LinkingDeps) {
  const { garminSignIn, withingsLinking, overview, startSync, questions } = deps;

  /** `again`: also for what is linked, because it may be somebody else's. */
  async function showLinks(chat: Chat, { before = "", again = false } = {}) {
    const { links } = await overview(chat.account);
    const keyboard = new InlineKeyboard();
    let isComplete = true;
    for (const [vendor, link, relink] of [
      ["withings", chat.words.button.linkWithings, chat.words.button.relinkWithings],
      ["garmin", chat.words.button.linkGarmin, chat.words.button.signInGarmin],
    ] as const) {
      if (links[vendor]?.state !== "linked") isComplete = false;
      else if (!again) continue;
      keyboard.text(links[vendor] ? relink : link, CALLBACK[vendor]).row();
    }
    const lines = [
      linkLines({ links }, chat.words).join("\n"),
      isComplete ? chat.words.allLinked : chat.words.oneMissing,
    ];
    await questions.ask(chat, "links", [before, ...lines].filter(Boolean).join("\n\n"), keyboard);
  }

  async function offerWithings(chat: Chat, before = "") {
    const text = `${before}${chat.words.withingsOffer(deps.answersByItself)}`;
    const address = withingsLinking.begin(chat.account.telegramUserId);
    await questions.ask(chat, "withings", text, new InlineKeyboard().url(chat.words.button.openWithings, address));
  }

  /** What became of a consent, in the chat it belongs to. */
  async function onWithings(chat: Chat, result: LinkResult) {
    if (result.type === "other_person") return askWhichPerson(chat, result);
    if (result.type !== "linked") {
      return offerWithings(chat, `${deletion(chat)}${chat.words.withingsRefused[result.type]}\n\n`);
    }
    const { telegramUserId } = chat.account;
    // That it could not be looked at takes nothing away from the link.
    const person = await withingsLinking.person(telegramUserId).catch(() => undefined);
    // The owner has removed it in the meantime, and nothing of it may come back.
    if (!(await deps.accounts.find(telegramUserId))) return;
    const account = await deps.accounts.save(telegramUserId, { reportedTimezone: person?.timezone });
    const words = await deps.wordsAt({ ...chat, account });
    await chat.reply(`${deletion(chat)}${words.withingsLinked(result.withingsUserId, person?.lastWeighIn)}`);
    await questions.close(account, "withings");
    await goOn(chat);
  }

  async function askWhichPerson(chat: Chat, result: Extract<LinkResult, { type: "other_person" }>) {
    const { telegramUserId } = chat.account;
    const words = await deps.wordsAt(chat);
    const [linked, other] = await Promise.all(
      [withingsLinking.person(telegramUserId), withingsLinking.personInQuestion(telegramUserId)].map((asked) =>
        asked.catch(() => undefined),
      ),
    );
    const text = words.otherWithingsPerson(
      { id: result.linkedUserId, lastWeighIn: linked?.lastWeighIn },
      { id: result.withingsUserId, lastWeighIn: other?.lastWeighIn },
    );
    const keyboard = new InlineKeyboard()
      .text(words.button.switchLink, `withings:switch:${result.withingsUserId}`)
      .text(words.button.keepLink, CALLBACK.keepWithings);
    await questions.ask(chat, "withings", `${deletion(chat)}${text}`, keyboard);
  }

  async function onSignedIn(chat: Chat, result: Extract<SignInResult, { type: "signed_in" }>) {
    await chat.reply(`${deletion(chat)}${chat.words.signIn(result)}`);
    await questions.close(chat.account, "sign_in_choice");
    if (result.uploadConsent === false) return askConsent(chat, chat.words.action("grant_garmin_upload"));
    await questions.close(chat.account, "garmin");
    await goOn(chat);
  }

  /** Shows the result of a sign-in outside the dialog. */
  async function onSignIn(chat: Chat, result: SignInResult) {
    if (result.type === "signed_in") return onSignedIn(chat, result);
    if (result.type === "mfa_required") throw new Error("a ticket asked for a code");
    const { text, keyboard } = answerTo(result, await deps.wordsAt(chat), garminSignIn);
    await questions.ask(chat, "garmin", `${deletion(chat)}${text}`, keyboard);
  }

  const askConsent = (chat: Chat, text: string) => questions.ask(chat, "garmin", text, consentButtons(chat.words));

  /** To the other side if that is missing, else to what waits. */
  async function goOn(chat: Chat) {
    const { links } = await overview(chat.account);
    if (links.withings?.state === "linked" && links.garmin?.state === "linked") {
      await questions.close(chat.account, "links");
      return startSync(chat.account);
    }
    // What one side alone allows is done already: Withings can be asked to tell of new readings.
    await deps.runSoon(chat.account.telegramUserId);
    await showLinks(chat);
  }

  /**
   * What somebody copied back. Runs before any dialog: an address may come at any time, and ends an open sign-in. A bare
   * Withings code does not, because it may be the password that the sign-in waits for.
   */
  const pasted = new Composer<BotContext>();
  pasted
    .filter((ctx) => ctx.secret !== undefined)
    .use(async (ctx, next) => {
      const text = ctx.secret?.text ?? "";
      const account = ctx.account.telegramUserId;
      if (garminSignIn.isPasted(text)) {
        await ctx.conversation.exitAll();
        await onSignIn(ctx, await garminSignIn.withPasted(account, text));
      } else if (withingsLinking.isPasted(text, { isPasswordAwaited: ctx.conversation.active(GARMIN_DIALOG) > 0 })) {
        await ctx.conversation.exitAll();
        await onWithings(ctx, await withingsLinking.withPasted(account, text));
      } else await next();
    });

  const commands = new Composer<BotContext>();
  commands.command("start", (ctx) => showLinks(ctx, { before: ctx.words.greeting }));
  commands.command("connect", async (ctx) => {
    // A kept sign-in comes first: it expires after ten minutes.
    const kept = await garminSignIn.lookAgain(ctx.account.telegramUserId);
    await (kept ? onSignIn(ctx, kept) : showLinks(ctx, { again: true }));
  });
  commands.callbackQuery(CALLBACK.withings, async (ctx) => {
    // For the page that the consent ends on. Linking goes on without it.
    await deps.accounts.save(ctx.account.telegramUserId, { name: ctx.from.first_name }).catch(() => undefined);
    await offerWithings(ctx);
  });
  commands.callbackQuery(/^withings:switch:(\d+)$/, async (ctx) => {
    const result = await withingsLinking.switchPerson(ctx.account.telegramUserId, ctx.match[1] ?? "");
    // The question counts as answered, whatever the outcome.
    await questions.close(ctx.account, "withings");
    if (result.type === "late_answer") return void (await editOrReply(ctx, ctx.words.lateAnswer));
    await onWithings(ctx, result);
  });
  commands.callbackQuery(CALLBACK.keepWithings, async (ctx) => {
    await withingsLinking.keepPerson(ctx.account.telegramUserId);
    await editOrReply(ctx, ctx.words.keptLink);
    await questions.close(ctx.account, "withings", { redrawn: true });
  });
  commands.callbackQuery(CALLBACK.garmin, (ctx) => offerDoors(ctx, deps));
  for (const [tap, client] of [
    [CALLBACK.garminHere, "ios"],
    [CALLBACK.garminHereAndroid, "android"],
  ] as const) {
    commands.callbackQuery(tap, async (ctx) => {
      await ctx.conversation.exitAll();
      await ctx.conversation.enter(GARMIN_DIALOG, client);
    });
  }
  commands.callbackQuery(CALLBACK.garminLook, async (ctx) => {
    const kept = await garminSignIn.lookAgain(ctx.account.telegramUserId);
    await onSignIn(ctx, kept ?? { type: "sign_in_forgotten" });
  });
  commands.callbackQuery(SWITCH_PROFILE, async (ctx) => {
    await onSignIn(ctx, await garminSignIn.switchProfile(ctx.account.telegramUserId, ctx.match[1] ?? ""));
  });
  commands.callbackQuery(CALLBACK.keepGarmin, async (ctx) => {
    await garminSignIn.keepProfile(ctx.account.telegramUserId);
    // The browser still has that person signed in, so the page has to ask again.
    const page = garminSignIn.pageUrl({ asSomebodyElse: true });
    const { text, keyboard } = withGarminPage(ctx.words.keptProfile, ctx.words, page);
    await editOrReply(ctx, text, keyboard);
  });
  commands.callbackQuery(CALLBACK.consent, async (ctx) => {
    const consent = await garminSignIn.uploadConsent(ctx.account.telegramUserId);
    if (consent === false) return askConsent(ctx, ctx.words.consentStillMissing);
    // Whether Garmin takes uploads shows with an upload, and not before.
    if (consent) await ctx.reply(ctx.words.consentGiven);
    await questions.close(ctx.account, "garmin");
    await goOn(ctx);
  });

  return { pasted, commands, onSignedIn, onWithings, showLinks };
}
