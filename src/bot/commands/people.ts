import { type Api, Composer, InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Disconnect } from "../../sync/links/disconnect.ts";
import { withLease } from "../../sync/links/with-lease.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { People, Person } from "../../sync/model/people.ts";
import { chatLease } from "../middleware/sequentialize.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";
import { type Words, wordsIn, wordsOf } from "../words/words.ts";

export interface PeopleDeps {
  /** Those whom the configuration names; the first is the owner. */
  allowedIds: number[];
  accounts: Accounts;
  people: People;
  disconnect: Disconnect;
  leases: Leases;
  questions: Questions;
  clock: Clock;
  log: Log;
}

/** /invite and /people, for the owner alone. Of anybody else nothing is shown but the name and since when they are here. */
export function createPeopleCommands(api: Api, deps: PeopleDeps) {
  const { allowedIds, accounts, people, disconnect, leases, questions, clock, log } = deps;

  async function draw(words: Words) {
    const named: Array<{ telegramUserId: number; name?: string; createdAt?: Date }> = [];
    for (const id of allowedIds) named.push({ telegramUserId: id, ...(await accounts.find(id)) });
    // Taking back the invitation of somebody who is named as well would change nothing.
    const invited = (await people.list()).filter(({ telegramUserId }) => !allowedIds.includes(telegramUserId));

    const all = [...named, ...invited];
    const nameOf = ({ telegramUserId: id, name }: (typeof all)[number]) => {
      if (name === undefined) return words.people.nameless(id);
      // Of two with the same name the wrong one might be removed.
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

  /** Throws `RetryLaterError` while a run is at work on their account, or while they are writing to the bot. */
  async function remove(telegramUserId: number): Promise<Account | undefined> {
    // In between nobody may open the chat, which would make an account that outlives this.
    return withLease(leases, chatLease(telegramUserId), async () => {
      const account = await accounts.find(telegramUserId);
      // The person goes last: should this stop half-way, they are still on the list, and can be removed once more.
      if (account) await disconnect(account, "everything");
      await people.remove(telegramUserId);
      log.info("person_removed", { account: telegramUserId });
      return account;
    });
  }

  const invitedPerson = async (id: string | undefined) =>
    (await people.list()).find(({ telegramUserId }) => String(telegramUserId) === id);

  async function redrawList(ctx: BotContext) {
    const { text, keyboard } = await draw(ctx.words);
    await questions.asked(ctx.account, "people", await editOrReply(ctx, text, keyboard));
  }

  const commands = new Composer<BotContext>();
  const forOwner = commands.filter(({ isOwner }) => isOwner);

  forOwner.command("invite", async (ctx) => {
    const token = await people.invite();
    await ctx.reply(ctx.words.people.invitation(`https://t.me/${ctx.me.username}?start=${token}`));
  });

  forOwner.command("people", async (ctx) => {
    const { text, keyboard } = await draw(ctx.words);
    await questions.ask(ctx, "people", text, keyboard);
  });
  forOwner.callbackQuery("people", redrawList);

  forOwner.callbackQuery(/^people:remove:(\d+)(:yes)?$/, async (ctx) => {
    const [, id, isSure] = ctx.match;
    const person = await invitedPerson(id);
    if (!person) {
      await answerCallback(ctx, ctx.words.oldButton);
      return redrawList(ctx);
    }
    const { name, telegramUserId } = person;
    if (!isSure) {
      const keyboard = new InlineKeyboard()
        .text(ctx.words.button.yesRemove, `people:remove:${telegramUserId}:yes`)
        .text(ctx.words.button.keep, "people");
      return questions.asked(ctx.account, "people", await editOrReply(ctx, ctx.words.people.sure(name), keyboard));
    }
    let account: Account | undefined;
    try {
      account = await remove(telegramUserId);
    } catch (error) {
      if (!(error instanceof RetryLaterError)) throw error;
      await answerCallback(ctx, ctx.words.later);
      return redrawList(ctx);
    }
    await answerCallback(ctx, ctx.words.people.removed(name));
    await redrawList(ctx);
    await say(telegramUserId, wordsIn(account?.language ?? "en").people.farewell);
  });

  /** Nothing depends on it: a person who has blocked the bot does not hear it. */
  async function say(telegramUserId: number, text: string) {
    await api
      .sendMessage(telegramUserId, text)
      .catch((error: unknown) => log.warn("not_told", { account: telegramUserId, ...errorFacts(error) }));
  }

  return {
    commands,
    /** Tells the owner that an invitation was taken up. */
    async tellJoined({ name }: Pick<Person, "name">) {
      const [owner] = allowedIds;
      if (owner === undefined) return;
      const account = await accounts.find(owner).catch(() => undefined);
      const words = account ? wordsOf(account, { timezone: "UTC", now: clock.now() }) : wordsIn("en");
      await say(owner, words.people.joined(name));
    },
  };
}
