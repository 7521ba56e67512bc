import { expect, test } from "vitest";
import { AccountItem } from "../../src/store/items.ts";
import { DEFAULT_SETTINGS } from "../../src/sync/model/account.ts";

test.each(["daily", "when_new", "off"])(
  "an account with an older version's summary, %s, has the default cards",
  (summaryMode) => {
    const stored = {
      telegramUserId: 1,
      createdAt: "2026-11-21T12:00:00.000Z",
      settings: { summaryMode, summaryHour: 21 },
    };
    expect(AccountItem().parse(stored).settings).toEqual({ ...DEFAULT_SETTINGS, summaryHour: 21 });
  },
);
