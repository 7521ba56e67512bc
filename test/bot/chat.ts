import type { Update } from "grammy/types";
import { expect } from "vitest";
import { RetryLaterError } from "../../src/lib/errors.ts";
import { ACCOUNT, OWNER } from "../support/test-app.ts";
import { startTestBot, type TestBot } from "./test-bot.ts";

export const labels = (message: { buttons: Array<Array<{ text: string }>> }) =>
  message.buttons.flat().map(({ text }) => text);

/** What the bot has written to the owner. */
export const botTexts = ({ owner }: TestBot) =>
  owner.messages.filter(({ from }) => from === "bot").map(({ text }) => text);

/** The owner’s next message that contains `text`. */
export const heard = ({ owner }: TestBot, text: string) => owner.waitForMessage((it) => it.text.includes(text));

/** A GET of the same path is only the probe. */
export const isLogin = ({ method, path }: { method: string; path: string }) =>
  method === "POST" && path === "/mobile/api/login";

/** Withings is linked and Garmin isn’t. A new program on the same store handles every update. */
export async function startBeforeGarmin(options: { mfa?: "email" } = {}): Promise<TestBot> {
  const harness = await startTestBot({ linked: false });
  await harness.linkWithings();
  await harness.app.store.accounts.save(ACCOUNT, { reportedTimezone: "Europe/Berlin" });
  harness.sandbox.garmin.accounts.get(OWNER.email).mfa = options.mfa;
  harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - 90 * 60_000), weightKg: 80.25 });
  harness.serveEachAnew();
  return harness;
}

/** A sign-in in the chat that has asked for the password; Garmin will send a code by mail. */
export async function startBeforePassword() {
  const harness = await startTestBot({ linked: false });
  harness.sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  const bot = harness.startBot();
  await giveEmail(harness);
  return { harness, bot };
}

/** Chooses to sign in to Garmin in the chat. Resolves to the bot’s answer. */
export async function chooseSignInHere(harness: TestBot) {
  harness.owner.say("/connect");
  await heard(harness, "Withings: ");
  harness.owner.tap("Link Garmin");
  await heard(harness, "Two ways");
  harness.owner.tap("Here in the chat");
  return harness.owner.waitForMessage();
}

/** Up to the question for the password. */
export async function giveEmail(harness: TestBot) {
  const { buttons } = await chooseSignInHere(harness);
  if (labels({ buttons }).includes(OWNER.email)) harness.owner.tap(OWNER.email);
  else harness.owner.say(OWNER.email);
  await heard(harness, `password for ${OWNER.email}`);
}

export async function typePassword(harness: TestBot, password = OWNER.password) {
  harness.owner.say(password);
  return harness.owner.waitForMessage();
}

/** The newest code that Garmin has mailed. */
export const mailedCode = ({ sandbox }: TestBot) => sandbox.garmin.inbox.at(-1)?.code ?? "";

const from = { id: ACCOUNT, is_bot: false, first_name: "Owner" };
/** What every message in the owner’s chat has. */
export const inChat = {
  ...{ date: 1_795_000_000, from },
  chat: { id: ACCOUNT, type: "private" as const, first_name: "Owner" },
};

let updates = 990_000;
/** An update for tests that hand it to a bot directly. */
export const newUpdate = (content: Omit<Update, "update_id">): Update => ({ update_id: updates++, ...content });
export const newMessage = (text: string) => newUpdate({ message: { ...inChat, message_id: updates, text } });

/** Hands an update to a new bot, once the update before it has given the chat back. */
export async function hand({ newBot }: TestBot, update: Update, ...instead: Parameters<TestBot["newBot"]>) {
  const bot = newBot(...instead);
  await expect
    .poll(() =>
      bot.handleUpdate(update).then(
        () => "handled",
        (error: unknown) => {
          if (!(error instanceof RetryLaterError)) throw error;
          return "busy";
        },
      ),
    )
    .toBe("handled");
}

/** A tap on a message that the bot doesn’t know. */
export const newTap = ({ telegram }: TestBot, data: string) =>
  newUpdate({
    callback_query: {
      ...{ id: "1", from, chat_instance: "1", data },
      message: { ...inChat, message_id: 9_000_000, from: telegram.bot, text: "?" },
    },
  });
