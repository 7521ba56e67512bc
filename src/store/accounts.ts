import { inParallel } from "../lib/in-parallel.ts";
import type { Log } from "../lib/log.ts";
import {
  type Account,
  type AccountChanges,
  type Accounts,
  DEFAULT_SETTINGS,
  type Question,
} from "../sync/model/account.ts";
import type { Schedule } from "../sync/model/schedule.ts";
import { readAt, readItem, readThoseIntact, toJson } from "./item-json.ts";
import { AccountItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Item, Table } from "./table.ts";
import { type Change, overwrite, update } from "./update.ts";

const READ_AT_ONCE = 10;
const what = "the account";

export function createAccounts(table: Table, schedule: Schedule, now: () => Date, log: Log): Accounts {
  return {
    async list() {
      const entries = await table.list(keys.accounts);
      const items = await inParallel(entries, READ_AT_ONCE, ({ key }) => table.get(keys.account(Number(key.sk))));
      return readThoseIntact(
        items.filter((it) => it !== undefined),
        AccountItem,
        log,
        "account_damaged",
      );
    },

    find: (telegramUserId) => readAt(table, keys.account(telegramUserId), AccountItem),

    async save(telegramUserId, changes) {
      const change = async (item: Item | undefined): Promise<Change<Account>> => {
        const before = item
          ? readItem(item, AccountItem)
          : { telegramUserId, createdAt: now(), settings: DEFAULT_SETTINGS };
        const account = changed(before, changes);
        if (item && JSON.stringify(toJson(account)) === JSON.stringify(item.value)) return { result: account };
        if (!item) {
          // First, because nobody looks at an account that isn't listed, or has no scheduled run.
          await overwrite(table, keys.accountEntry(telegramUserId), {}, { what });
          await schedule.set(telegramUserId, { dueAt: now(), failures: 0 });
        }
        return { value: account, result: account };
      };
      return update(table, keys.account(telegramUserId), change, { what });
    },

    async saveQuestion(telegramUserId, topic, next) {
      const change = (item: Item | undefined): Change<Question | undefined> => {
        // The account may have been removed meanwhile.
        if (!item) return { result: undefined };
        const account = readItem(item, AccountItem);
        const before = account.questions?.[topic];
        const question = next(before);
        if (before?.messageId === question.messageId && before.isOpen === question.isOpen) return { result: before };
        if (!before && !question.isOpen) return { result: undefined };
        return { value: { ...account, questions: { ...account.questions, [topic]: question } }, result: before };
      };
      return update(table, keys.account(telegramUserId), change, { what });
    },
  };
}

function changed(before: Account, changes: AccountChanges): Account {
  const { timezone: zoneBefore, blockedAt: silencedBefore, ...rest } = before;
  const { name, reportedTimezone, language, settings } = changes;
  const timezone = changes.timezone === undefined ? zoneBefore : changes.timezone;
  const blockedAt = changes.blockedAt === undefined ? silencedBefore : changes.blockedAt;
  return {
    ...rest,
    ...(name && { name }),
    ...(timezone && { timezone }),
    ...(reportedTimezone && { reportedTimezone }),
    ...(language && { language }),
    settings: { ...before.settings, ...settings },
    ...(blockedAt && { blockedAt }),
  };
}
