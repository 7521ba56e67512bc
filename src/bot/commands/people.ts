import { type Api, Composer, InlineKeyboard } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Disconnect } from "../../sync/links/disconnect.ts";
import { withLease } from "../../sync/links/with-lease.ts";
import type { Accounts, Language } from "../../sync/model/account.ts";
import type { ChatTurns, People, Person } from "../../sync/model/people.ts";
import type { Joined } from "../middleware/authorize.ts";
import { chatName } from "../middleware/sequentialize.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply, orLater } from "../ui/edit-message.ts";
import type { Message } from "../ui/keyboards.ts";
import type { Questions } from "../ui/questions.ts";
import { type Words, wordsIn } from "../words/words.ts";

export interface PeopleDeps {
  allowedIds: number[];
  accounts: Accounts;
  people: People;
  disconnect: Disconnect;
  turns: ChatTurns;
  questions: Questions;
  log: Log;
}

/** /invite and /people, for the owner alone. Of other people they show the name and since when they are here, no more. */
export function createPeopleCommands(api: Api, deps: PeopleDeps) {
  const { allowedIds, accounts, people, questions, log } = deps;

  async function say(telegramUserId: number, text: string) {
    await api
      .sendMessage(telegramUserId, text)
      .catch((error: unknown) => log.warn("not_told", { account: telegramUserId, ...errorFacts(error) }));
  }

  async function redraw(ctx: BotContext) {
    const { text, keyboard } = await drawList(deps, ctx.words);
    await questions.asked(ctx.account, "people", await editOrReply(ctx, text, keyboard));
  }

  async function removePerson(ctx: BotContext, { telegramUserId, name }: Person) {
    const language = await orLater(ctx, () => remove(deps, telegramUserId));
    if (language) await answerCallback(ctx, ctx.words.people.removed(name));
    await redraw(ctx);
    if (language) await say(telegramUserId, wordsIn(language).people.farewell);
  }

  const commands = new Composer<BotContext>();
  const forOwner = commands.filter(({ isOwner }) => isOwner);
  forOwner.command("invite", async (ctx) => {
    const { sendInvitation } = await import("./invitation.ts");
    await sendInvitation(ctx, await people.invite());
  });
  forOwner.command("people", async (ctx) => {
    const { text, keyboard } = await drawList(deps, ctx.words);
    await questions.ask(ctx, "people", text, keyboard);
  });
  forOwner.callbackQuery("people", redraw);
  forOwner.callbackQuery(/^people:remove:(\d+)(:yes)?$/, async (ctx) => {
    const [data, id, isSure] = ctx.match;
    const person = (await people.list()).find(({ telegramUserId }) => String(telegramUserId) === id);
    if (!person) {
      await answerCallback(ctx, ctx.words.oldButton);
      return redraw(ctx);
    }
    if (isSure) return removePerson(ctx, person);
    const { button } = ctx.words;
    const keyboard = new InlineKeyboard().text(button.yesRemove, `${data}:yes`).text(button.keep, "people");
    const messageId = await editOrReply(ctx, ctx.words.people.sure(person.name), keyboard);
    await questions.asked(ctx.account, "people", messageId);
  });

  return {
    commands,
    /** Says to both: who has joined, and who has invited them. */
    async notifyOfJoining({ telegramUserId, name, language }: Joined) {
      const [owner] = allowedIds;
      if (owner === undefined) return;
      const account = await accounts.find(owner).catch(() => undefined);
      const { ABOUT } = await import("../words/about.ts");
      await say(telegramUserId, ABOUT[language].invitedBy(account?.name ?? ABOUT[language].somebody));
      await say(owner, wordsIn(account?.language ?? "en").people.joined(name));
    },
  };
}

async function drawList({ allowedIds, accounts, people }: PeopleDeps, words: Words): Promise<Message> {
  const named: Array<{ telegramUserId: number; name?: string; createdAt?: Date }> = [];
  for (const id of allowedIds) named.push({ telegramUserId: id, ...(await accounts.find(id)) });
  // Removing somebody whom the configuration names as well would change nothing.
  const invited = (await people.list()).filter(({ telegramUserId }) => !allowedIds.includes(telegramUserId));

  const all = [...named, ...invited];
  const nameOf = ({ telegramUserId: id, name }: (typeof all)[number]) => {
    if (name === undefined) return words.people.nameless(id);
    return all.some((it) => it.name === name && it.telegramUserId !== id) ? `${name} (${id})` : name;
  };
  const lines: string[] = [words.people.title];
  for (const person of named) {
    const you = person.telegramUserId === allowedIds[0] ? ` (${words.people.you})` : "";
    lines.push(words.people.named(nameOf(person) + you, person.createdAt));
  }
  const keyboard = new InlineKeyboard();
  for (const person of invited) {
    lines.push(words.people.invited(nameOf(person), person.invitedAt));
    keyboard.text(words.people.remove(nameOf(person)), `people:remove:${person.telegramUserId}`).row();
  }
  return { text: lines.join("\n"), keyboard };
}

/** Takes the turn in their chat, because a message from them would make a new account. */
function remove({ accounts, people, disconnect, turns, log }: PeopleDeps, telegramUserId: number): Promise<Language> {
  return withLease(turns, chatName(telegramUserId), async () => {
    const account = await accounts.find(telegramUserId);
    // The person goes last: if this stops half-way, they are still on the list, and can be removed again.
    if (account) await disconnect(account, "everything");
    await people.remove(telegramUserId);
    log.info("person_removed", { account: telegramUserId });
    return account?.language ?? "en";
  });
}
