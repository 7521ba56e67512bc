import { describe, expect, test } from "vitest";
import { delayText } from "../../../src/bot/views/delay.ts";
import { type NewsInWords, newsText } from "../../../src/bot/views/news.ts";
import { syncOutcomeText } from "../../../src/bot/views/sync-outcome.ts";
import { wordsFor, wordsIn } from "../../../src/bot/words/words.ts";
import { DELAY_CAUSES, type DelayCause } from "../../../src/lib/errors.ts";
import type { RunReport } from "../../../src/sync/engine/run.ts";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import type { Health } from "../../../src/sync/model/health.ts";
import type { AttentionItem } from "../../../src/sync/model/ledger.ts";
import type { Vendor } from "../../../src/sync/model/link.ts";
import { isAboutGone } from "../../../src/sync/status/gone.ts";
import { factsOf } from "../../../src/sync/status/kind-notices.ts";
import {
  afterRun,
  afterTelling,
  coveredByAnswer,
  type HealthNews,
  isQuiet,
  pendingNotices,
} from "../../../src/sync/status/notices.ts";
import type { LinkOverview, Overview } from "../../../src/sync/status/overview.ts";

const NO_FACTS = factsOf(undefined, DEFAULT_SETTINGS);
const COUNTS = { synced: 0, skipped: 0, held: 0, failed: 0 };
const success: RunReport = { status: "success", ...COUNTS };
const START = new Date("2026-11-21T07:12:00Z");
/** What a run that had to wait says; since when is known only from the run before. */
const waits = (cause: DelayCause, since = START): RunReport => ({
  ...{ status: "retry_later", ...COUNTS },
  delay: { cause, since, waiting: 1, newest: { takenAt: START, values: { kind: "weigh_in", weightKg: 80.25 } } },
});
const later = waits("withings_silent");
const broken: RunReport = { status: "error", ...COUNTS, cause: "a bug" };
const brokenAnew: RunReport = { status: "error", ...COUNTS, cause: "a worse bug" };
const refused: RunReport = { status: "error", ...COUNTS, failed: 1, cause: "refused_by_garmin" };
const signedOut: RunReport = { status: "action_needed", ...COUNTS, action: "relink_garmin" };
const noConsent: RunReport = { status: "action_needed", ...COUNTS, action: "grant_garmin_upload" };
const both: RunReport = { ...broken, action: "grant_garmin_upload" };
const busy: RunReport = { ...later, busy: true };
const DAY = 24;

/** An account whose owner gets the news, run by run. */
function life({ patienceHours = 6 } = {}) {
  let health: Health = { attentionTold: [] };
  let now = START;
  let attention: AttentionItem[] = [];
  let links: Overview["links"] = {};
  const newsNow = () => pendingNotices(health, { attention, unreadable: [], facts: NO_FACTS, now, patienceHours });
  return {
    health: () => health,
    newsNow,
    /** How far away the end of a link is, and how far it was at its last renewal. */
    link(
      vendor: Vendor,
      daysToLive: number,
      lifeDays = 30,
      state: LinkOverview["state"] = "linked",
      { linkedAt = "kept" } = {},
    ) {
      const endsAt = new Date(now.getTime() + daysToLive * DAY * 3_600_000);
      links = {
        ...links,
        [vendor]: {
          ...{ state, displayName: "owner", linkedAt: linkedAt === "now" ? now : (links[vendor]?.linkedAt ?? START) },
          ...{ daysLeft: Math.floor(daysToLive), endsAt, lifeDays },
        },
      };
    },
    pass: (hours: number) => {
      now = new Date(now.getTime() + hours * 3_600_000);
    },
    waits: (...items: AttentionItem[]) => {
      attention = items;
    },
    /** Resolves to what was sent: nothing while Telegram is away. */
    run(report: RunReport, { telegram = "there" }: { telegram?: "there" | "away" } = {}): string {
      health = stored(afterRun(health, report, { now, attention, links }));
      const news = newsNow();
      if (telegram === "away") return "";
      for (const each of news) health = stored(afterTelling(health, each, now));
      return news.map(shortly).join(" ");
    },
    runUnread(report: RunReport) {
      health = afterRun(health, report, { now, attention: undefined, links: undefined });
    },
    /** A run that was asked for in the chat. Resolves to what is left to report. */
    ask(report: RunReport): string {
      health = afterRun(health, report, { now, attention, links });
      const news = coveredByAnswer(report, newsNow());
      for (const each of news) health = afterTelling(health, each, now);
      return newsNow().map(shortly).join(" ");
    },
    texts: () =>
      newsNow().map((each) =>
        isAboutGone(each)
          ? each.type
          : newsText(each as NewsInWords, wordsFor({ language: "en", units: "kg", timezone: "UTC", now })),
      ),
  };
}

/** Nothing may depend on more than what is stored. */
const stored = (health: Health): Health => structuredClone(health);

function shortly(news: HealthNews): string {
  if (isAboutGone(news)) return news.type;
  if (news.type === "unreadable") return `unreadable: ${news.records.map(({ id }) => id)}`;
  const quietly = isQuiet(news) ? "quietly:" : "";
  if (news.type === "healed") return `${quietly}healed(${news.synced})`;
  if (news.type === "before_start") return `before_start(${news.items.length})`;
  if (news.type === "question") return `question(${news.item.measureGroupId})`;
  if (news.type === "questions") return `questions(${news.items.map((it) => it.measureGroupId)})`;
  if (news.type === "attention") return `attention(${news.items.map((it) => it.measureGroupId)})`;
  if (news.type === "notice") return `${quietly}${news.notice.type}`;
  if (news.type === "removed") return `${quietly}removed(${news.removal.id})`;
  if (news.type === "subscriptions") return `${quietly}subscriptions(${news.news})`;
  if (news.type === "expiry") return `${news.vendor}(${news.daysLeft})`;
  const { what, cause } = news.trouble;
  return `${news.isReminder ? "again:" : ""}${quietly}${what}${cause ? `(${cause})` : ""}`;
}

test("what has to wait is dated from the first run that failed, whatever its trouble was, and the cause by its own time", () => {
  const { run, pass, texts } = life();
  const at = (hours: number) => new Date(START.getTime() + hours * 3_600_000);
  run(signedOut);
  pass(1);
  run(waits("withings_silent", at(1)));
  pass(1);
  run(signedOut);
  pass(1);
  run(waits("withings_silent", at(1)));
  pass(7);
  run(waits("withings_silent", at(1)), { telegram: "away" });
  expect(texts()[0]).toMatch(
    /^Not everything has got through since 07:12\..*Withings hasn’t answered properly since 08:12\./s,
  );
});

test.each<[string, RunReport[], string[]]>([
  ["all is well", [success, success], ["", ""]],
  [
    "a trouble is said when it begins and when it ends",
    [signedOut, signedOut, success, success],
    ["relink_garmin", "", "healed(0)", ""],
  ],
  ["having to wait in between repeats nothing", [signedOut, later, signedOut], ["relink_garmin", "", ""]],
  ["and does not swallow the good news", [signedOut, later, later, success], ["relink_garmin", "", "", "healed(0)"]],
  ["having to wait for a while is nothing to talk about", [success, later, later, success], ["", "", "", ""]],
  ["another trouble is said", [signedOut, noConsent, success], ["relink_garmin", "grant_garmin_upload", "healed(0)"]],
  ["what is broken is said once", [broken, broken, later, broken, success], ["broken(a bug)", "", "", "", "healed(0)"]],
  [
    "a new cause is said, and neither of the two again",
    [broken, brokenAnew, broken, brokenAnew],
    ["broken(a bug)", "broken(a worse bug)", "", ""],
  ],
  [
    "what the owner can do is said even when something is broken as well",
    [broken, both, both, success],
    ["broken(a bug)", "grant_garmin_upload", "", "healed(0)"],
  ],
  [
    "a trouble that comes back after all was well is said again",
    [signedOut, success, signedOut],
    ["relink_garmin", "healed(0)", "relink_garmin"],
  ],
  ["a run that stood back counts for nothing", [signedOut, busy, signedOut], ["relink_garmin", "", ""]],
  [
    "a reading that Garmin refused is no outage, and its end is no healing",
    [refused, success, broken, refused, success],
    ["", "", "broken(a bug)", "", "healed(0)"],
  ],
  [
    "all that arrived meanwhile is counted",
    [
      { ...signedOut, synced: 1 },
      { ...later, synced: 2 },
      { ...refused, synced: 4 },
      { ...success, synced: 8 },
    ],
    ["relink_garmin", "", "", "healed(15)"],
  ],
  [
    "numbers that change from run to run are no new cause",
    [
      { ...broken, cause: "reading 4711001 is odd" },
      { ...broken, cause: "reading 4711002 is odd" },
      { ...broken, cause: "HTTP 500" },
      { ...broken, cause: "HTTP 403" },
    ],
    ["broken(reading … is odd)", "", "broken(HTTP 500)", "broken(HTTP 403)"],
  ],
  [
    "a run that says nothing of why is told as broken",
    [
      { ...signedOut, action: undefined } as unknown as RunReport,
      { status: "error", ...COUNTS, problem: "The key is wrong." },
    ],
    ["broken", "broken(The key is wrong.)"],
  ],
])("%s", (_name, runs, told) => {
  const { run } = life();
  expect(runs.map((report) => run(report))).toEqual(told);
});

describe("a link that its owner has made again", () => {
  const signedInAgain = () => {
    const it = life();
    it.link("garmin", 30, 30, "stale");
    it.pass(1);
    return { ...it, signIn: () => it.link("garmin", 30, 30, "linked", { linkedAt: "now" }) };
  };

  test("and that ends again is reported again, although nothing was well in between", () => {
    const { run, link, pass, signIn } = signedInAgain();
    expect([run(signedOut), run(signedOut)]).toEqual(["relink_garmin", ""]);
    pass(1);
    signIn();
    expect(run(later)).toBe("");
    pass(1);
    link("garmin", 30, 30, "stale", { linkedAt: "kept" });
    expect([run(signedOut), run(signedOut)]).toEqual(["relink_garmin", ""]);
  });

  test("by a clock that was a year ahead, and that has ended, is reported once and not after every run", () => {
    const { run, link, pass } = life();
    pass(365 * DAY);
    link("garmin", 30, 30, "linked", { linkedAt: "now" });
    pass(-365 * DAY);
    link("garmin", 30, 30, "stale");
    expect(run(signedOut)).toBe("relink_garmin");
    pass(1);
    expect([run(signedOut), run(signedOut)]).toEqual(["", ""]);
  });

  test("isn't said to have ended, although Telegram took nothing until then", () => {
    const { run, signIn } = signedInAgain();
    expect(run(signedOut, { telegram: "away" })).toBe("");
    signIn();
    expect([run(later), run(success)]).toEqual(["", ""]);
  });
});

describe("an owner's patience", () => {
  test("ends after six hours, with one quiet message", () => {
    const { run, pass } = life();
    expect(run(later)).toBe("");
    pass(5.9);
    expect(run(later)).toBe("");
    pass(0.1);
    expect(run(later)).toBe("quietly:waiting(withings_silent)");
    for (let day = 1; day <= 30; day++) {
      pass(DAY);
      expect(run(later)).toBe("");
    }
    expect(run({ ...success, synced: 3 })).toBe("quietly:healed(3)");
    expect(run(success)).toBe("");
  });

  test.each([0.5, 2, 12])("is as long as they choose: %d hours", (patienceHours) => {
    const { run, pass } = life({ patienceHours });
    run(later);
    pass(patienceHours - 0.1);
    expect(run(later)).toBe("");
    pass(0.1);
    expect(run(later)).toBe("quietly:waiting(withings_silent)");
  });

  test("starts over with every run that was well", () => {
    const { run, pass } = life();
    for (let times = 0; times < 5; times++) {
      run(later);
      pass(5);
      run(later);
      pass(5);
      expect(run(success)).toBe("");
    }
  });

  test("also ends when the owner did what was asked, and isn't asked for it again in the meantime", () => {
    const { run, pass } = life();
    expect(run(signedOut)).toBe("relink_garmin");
    pass(DAY);
    run(later);
    pass(6);
    expect(run(later)).toBe("quietly:waiting(withings_silent)");
    pass(10 * DAY);
    expect(run(later)).toBe("");
    expect(run(signedOut)).toBe("again:relink_garmin");
    expect(run(success)).toBe("healed(0)");
  });

  test("counts all the waiting the first time, whatever its causes; another cause has to last by itself", () => {
    const { run, pass } = life();
    const at = (hours: number) => new Date(START.getTime() + hours * 3_600_000);
    run(waits("withings_silent"));
    pass(4);
    expect(run(waits("garmin_limited", at(4)))).toBe("");
    pass(2);
    expect(run(waits("garmin_limited", at(4)))).toBe("quietly:waiting(garmin_limited)");
    pass(1);
    expect(run(waits("garmin_silent", at(7)))).toBe("");
    pass(5.9);
    expect(run(waits("garmin_silent", at(7)))).toBe("");
    pass(0.1);
    expect(run(waits("garmin_silent", at(7)))).toBe("quietly:waiting(garmin_silent)");
    pass(12);
    expect(run(waits("garmin_limited", at(13)))).toBe("");
  });

  test("is kept by what the store remembers, if a run doesn't know since when", () => {
    const { run, pass, health } = life();
    run({ ...later, delay: { cause: "us", since: START } });
    pass(3);
    run({ ...later, delay: { cause: "us", since: new Date(START.getTime() + 3 * 3_600_000) } });
    expect(health().outage?.delay?.since).toEqual(START);
  });

  test("doesn't keep worse news from being sent at once", () => {
    const { run, pass } = life();
    run(later);
    pass(7);
    expect(run(later)).toBe("quietly:waiting(withings_silent)");
    expect(run(signedOut)).toBe("relink_garmin");
  });
});

describe("reminders", () => {
  test("of what the owner has to do come after three days, and then weekly", () => {
    const { run, pass } = life();
    const days: number[] = [];
    for (let hours = 0; hours <= 20 * DAY; hours += 12) {
      if (run(signedOut) !== "") days.push(hours / DAY);
      pass(12);
    }
    expect(days).toEqual([0, 3, 10, 17]);
  });

  test("of what is ours to fix don't come", () => {
    const { run, pass } = life();
    run(broken);
    pass(30 * DAY);
    expect(run(broken)).toBe("");
  });

  test("come for the one of two that is due", () => {
    const { run, pass } = life();
    run(broken);
    pass(DAY);
    run(both);
    pass(3 * DAY);
    expect(run(both)).toBe("again:grant_garmin_upload");
  });
});

describe("a clock that was years ahead, and is right again,", () => {
  const YEARS = 4 * 365 * DAY;

  test("keeps nobody from hearing that runs still wait", () => {
    const { run, pass } = life();
    pass(YEARS);
    run(later);
    pass(-YEARS);
    expect(run(later)).toBe("");
    pass(5);
    expect(run(later)).toBe("");
    pass(1);
    expect(run(later)).toBe("quietly:waiting(withings_silent)");
  });

  test("puts off no reminder, and no message about a link that was made again and has ended again", () => {
    const { run, pass, link } = life();
    link("garmin", 30);
    pass(YEARS);
    expect(run(signedOut)).toBe("relink_garmin");
    pass(1 - YEARS);
    expect(run(signedOut)).toBe("");
    pass(72);
    expect(run(signedOut)).toBe("again:relink_garmin");
    pass(1);
    link("garmin", 30, 30, "linked", { linkedAt: "now" });
    expect(run(later)).toBe("");
    pass(1);
    expect(run(signedOut)).toBe("relink_garmin");
  });
});

describe("a link that has ended while something else stops the runs", () => {
  const relinkWithings: RunReport = { ...signedOut, action: "relink_withings" };

  test("is told at once, and both are over together", () => {
    const { run, link, pass } = life();
    link("withings", 300, 365, "stale");
    link("garmin", 30);
    pass(1);
    expect(run(relinkWithings)).toBe("relink_withings");
    link("garmin", 30, 30, "stale");
    expect(run(relinkWithings)).toBe("relink_garmin");
    expect(run(relinkWithings)).toBe("");
    link("withings", 365, 365, "linked", { linkedAt: "now" });
    expect(run(signedOut)).toBe("");
    link("garmin", 30, 30, "linked", { linkedAt: "now" });
    expect(run(success)).toBe("healed(0)");
  });

  test("is told at once while the other vendor is down", () => {
    const { run, link } = life();
    link("withings", 300, 365);
    link("garmin", 30, 30, "stale");
    expect(run(later)).toBe("relink_garmin");
  });

  test("is told again if it was made again and has ended once more", () => {
    const { run, link, pass } = life();
    link("withings", 300, 365, "stale");
    link("garmin", 30, 30, "stale");
    pass(1);
    expect(run(relinkWithings)).toBe("relink_withings relink_garmin");
    pass(1);
    link("garmin", 30, 30, "linked", { linkedAt: "now" });
    expect(run(relinkWithings)).toBe("");
    pass(1);
    link("garmin", 30, 30, "stale");
    expect(run(relinkWithings)).toBe("relink_garmin");
  });

  test("is no part of what the answer to /sync says, so it's told beside it", () => {
    const { ask, link } = life();
    link("withings", 300, 365, "stale");
    link("garmin", 30, 30, "stale");
    expect(ask(relinkWithings)).toBe("relink_garmin");
  });
});

describe("what Telegram didn't take", () => {
  const away = { telegram: "away" } as const;

  test("stays news, whatever comes in between", () => {
    const { run } = life();
    run(signedOut, away);
    run(later, away);
    expect(run(signedOut)).toBe("relink_garmin");
    run({ ...success, synced: 1 }, away);
    expect(run({ ...success, synced: 1 })).toBe("healed(2)");
    expect(run(success)).toBe("");
  });

  test("stays news even if the next run only has a refused reading to report", () => {
    const { run } = life();
    run(broken, away);
    expect(run(refused)).toBe("broken(a bug)");
  });

  test("and nobody hears the end of what they never heard of", () => {
    const { run } = life();
    run(signedOut, away);
    expect(run(success)).toBe("");
  });

  test("isn't reported when the same trouble is back before its end was reported", () => {
    const { run, pass } = life();
    run(signedOut);
    pass(DAY);
    run(success, away);
    expect(run(signedOut)).toBe("");
    pass(2 * DAY);
    expect(run(signedOut)).toBe("again:relink_garmin");
  });
});

test("good news that arrives after the trouble is back makes the trouble news once more", () => {
  const { run, health, newsNow } = life();
  run(signedOut);
  run(success, { telegram: "away" });
  const [healed] = newsNow();
  run(signedOut);
  const after = afterTelling(health(), healed as HealthNews, START);
  expect(pendingNotices(after, { attention: [], now: START, patienceHours: 6 }).map(shortly)).toEqual([
    "relink_garmin",
  ]);
});

describe("a link that is about to end", () => {
  /** Half-hourly runs that don't renew it. Resolves to what was said, and on which day before the end. */
  function said(world: ReturnType<typeof life>, days: number, report: RunReport) {
    const words: string[] = [];
    for (let hours = 0; hours <= days * DAY; hours += 12) {
      const told = world.run(report);
      if (told) words.push(told);
      world.pass(12);
    }
    return words;
  }

  test("is announced two weeks, five days and one day before, once each, and no more after it", () => {
    const world = life();
    world.link("garmin", 23);
    expect(said(world, 30, success)).toEqual(["garmin(14)", "garmin(5)", "garmin(1)"]);
  });

  test("is announced while runs do nothing but wait", () => {
    const world = life();
    world.link("garmin", 23);
    expect(said(world, 30, later)).toEqual([
      "quietly:waiting(withings_silent)",
      "garmin(14)",
      "garmin(5)",
      "garmin(1)",
    ]);
  });

  test("is announced once if several warnings were missed, with the days that are left", () => {
    const world = life();
    world.link("garmin", 3.5);
    expect(said(world, 5, success)).toEqual(["garmin(4)", "garmin(1)"]);
  });

  test("is not announced while it is renewed, and again with the next end", () => {
    const world = life();
    world.link("garmin", 13);
    expect(world.run(success)).toBe("garmin(13)");
    world.link("garmin", 30);
    expect(world.run(success)).toBe("");
    expect(world.health()).not.toHaveProperty("expiries");
    world.pass(17 * DAY);
    expect(world.run(success)).toBe("garmin(13)");
  });

  test("is announced only as far ahead as the link lives longer", () => {
    const world = life();
    world.link("withings", 13, 14);
    expect(said(world, 14, success)).toEqual(["withings(5)", "withings(1)"]);
    const short = life();
    short.link("withings", 1, 1);
    expect(said(short, 2, success)).toEqual([]);
  });

  test("is announced for each of two", () => {
    const world = life();
    world.link("withings", 5);
    world.link("garmin", 4);
    expect(world.run(success)).toBe("withings(5) garmin(4)");
    expect(world.run(success)).toBe("");
  });

  test("isn't announced if it has ended already, nor forgotten because the links couldn't be read", () => {
    const world = life();
    world.link("garmin", 10, 30, "stale");
    expect(world.run(success)).toBe("");
    world.link("garmin", 10);
    expect(world.run(success)).toBe("garmin(10)");
    world.runUnread(broken);
    expect(world.run(success)).toBe("");
  });

  test("stays news until Telegram takes it, and is in no answer", () => {
    const world = life();
    world.link("garmin", 10);
    world.run(success, { telegram: "away" });
    expect(world.ask(success)).toBe("garmin(10)");
    expect(world.run(success)).toBe("garmin(10)");
  });
});

describe("an account that isn't complete", () => {
  test.each(["link_withings", "link_garmin", "add_account"] as const)("isn't in trouble: %s", (action) => {
    const { run, health } = life();
    const incomplete: RunReport = { status: "action_needed", ...COUNTS, action };
    expect(run(incomplete)).toBe("");
    expect(health()).not.toHaveProperty("outage");
  });

  test("is no longer reminded of a link that its owner has removed", () => {
    const { run, pass } = life();
    expect(run(signedOut)).toBe("relink_garmin");
    expect(run({ ...signedOut, action: "link_garmin" })).toBe("");
    pass(30 * DAY);
    expect(run({ ...signedOut, action: "link_garmin" })).toBe("");
    expect(run(success)).toBe("");
    expect(run(signedOut)).toBe("relink_garmin");
  });
});

test("an outage counts how often was tried since it started", () => {
  const { run, ask, health, newsNow } = life();
  run(success);
  for (const report of [signedOut, later, busy, refused]) run(report);
  ask(signedOut);
  expect(health().outage?.runs).toBe(4);
  run(noConsent, { telegram: "away" });
  expect(newsNow()).toMatchObject([{ type: "trouble", runs: 5 }]);
});

describe("held and failed readings", () => {
  test("are reported once, with the next one beside them too, and remembered only as long as they are listed", () => {
    const { run, waits, health } = life();
    waits(item(1), item(2));
    expect(run(success)).toBe("question(1) question(2)");
    expect(run(success)).toBe("");
    waits(item(1), item(2), item(3));
    expect(run(success)).toBe("question(3)");
    waits(item(3));
    run(success);
    expect(health().attentionTold).toHaveLength(1);
  });

  test("are reported again when they were held and Garmin refuses them later", () => {
    const { run, waits } = life();
    waits(item(1));
    run(success);
    waits({ ...item(1), fate: { state: "failed", reason: "refused_by_garmin" } });
    expect(run(refused)).toBe("attention(1)");
  });

  test("are not forgotten because they couldn't be read once", () => {
    const { run, runUnread, waits } = life();
    waits(item(1));
    run(success);
    runUnread(broken);
    expect(run(broken)).toBe("broken(a bug)");
  });
});

describe("a run that was asked for in the chat", () => {
  test("says in its answer what the owner need not hear again", () => {
    const { ask, run, waits } = life();
    expect(ask(signedOut)).toBe("");
    expect(run(signedOut)).toBe("");
    expect(ask(success)).toBe("");
    expect(run(success)).toBe("");
    waits(item(1));
    // Its answer counts what is held. The question is a message of its own.
    expect(ask({ ...success, held: 1 })).toBe("question(1)");
    expect(run(success)).toBe("question(1)");
    expect(run(success)).toBe("");
  });

  test("leaves for later what its answer doesn't say", () => {
    const { ask, run, waits } = life();
    run(signedOut, { telegram: "away" });
    waits(item(1));
    expect(ask(later)).toBe("relink_garmin question(1)");
    expect(run(signedOut)).toBe("relink_garmin question(1)");
  });

  test("names in its answer both what is broken and what the owner can do", () => {
    const { ask } = life();
    expect(ask(both)).toBe("");
    expect(syncOutcomeText(both, {}, wordsIn("en"))).toMatch(/wrong on my side(.|\n)*Device Upload/);
  });
});

describe("in words", () => {
  test.each<[RunReport, RunReport, number, number, string]>([
    [signedOut, success, 4, 3 * DAY, "Garmin lets me in again. 4 readings from the last 3 days are now in Garmin."],
    [signedOut, success, 1, 1, "Garmin lets me in again. 1 reading from the last hour is now in Garmin."],
    [signedOut, success, 2, 30, "Garmin lets me in again. 2 readings from the last 30 hours are now in Garmin."],
    [signedOut, success, 0, 30, "Garmin lets me in again. No reading has been missed since 21 Nov 07:12."],
    [
      signedOut,
      signedOut,
      0,
      3 * DAY,
      `Not everything has arrived since 21 Nov 07:12. ${wordsIn("en").action("relink_garmin")}`,
    ],
    [
      success,
      broken,
      0,
      1,
      "Something is wrong on my side, so readings may not arrive in Garmin. Nothing is lost, and I’ll keep trying. My log says more: a bug",
    ],
  ])("%#", (first, second, synced, hours, text) => {
    const { run, pass, texts } = life();
    run(first);
    pass(hours);
    run({ ...second, synced }, { telegram: "away" });
    expect(texts()).toEqual([text]);
  });

  test("having to wait", () => {
    const { run, pass, texts } = life();
    run(later);
    pass(7);
    run(later, { telegram: "away" });
    expect(texts()).toEqual([
      "Withings hasn’t answered properly since 07:12. 1 reading (80.3 kg, 07:12) is waiting, safe at Withings. I’ll keep trying (2 tries so far) and tell you when it’s over; you don’t have to do anything.",
    ]);
  });

  test.each([
    [[waits("garmin_not_showing")], "Garmin now shows what it accepted. 1 reading from"],
    [[signedOut, waits("garmin_silent")], "Garmin lets me in again. Garmin is answering again. 1 reading from"],
    [[signedOut, broken, noConsent], "I’m working again. 1 reading from"],
    [[noConsent], "Garmin is accepting uploads again. 1 reading from"],
  ])("what is over is what had been reported: %#", (reports, text) => {
    const { run, pass, texts } = life({ patienceHours: 0 });
    for (const report of reports) run(report);
    pass(1);
    run({ ...success, synced: 1 }, { telegram: "away" });
    expect(texts()).toEqual([expect.stringContaining(text)]);
  });

  test.each<[string, Partial<Parameters<typeof pendingNotices>[1]>, string]>([
    [
      "a reading that was held since then",
      { attention: [item(1, START)] },
      " Waiting for you: 1 held. /status shows it.",
    ],
    [
      "a reading that was held before",
      { attention: [item(1, new Date(0))] },
      " No reading has been missed since 07:12.",
    ],
    [
      "a reading that Garmin refused",
      { attention: [{ ...item(1), fate: { state: "failed", reason: "refused_by_garmin" } }] },
      " Waiting for you: 1 not stored. /status shows it.",
    ],
    ["a measurement that can’t be read", { unreadable: [{ id: "1", takenAt: START }] }, ""],
    ["an account that couldn’t be read", { facts: undefined }, ""],
  ])("the end of trouble doesn’t say that no reading was missed if that isn’t known: %s", (_what, known, rest) => {
    const { run, health } = life();
    run(signedOut);
    run(success, { telegram: "away" });
    const all = { attention: [], unreadable: [], facts: NO_FACTS, now: START, patienceHours: 6, ...known };
    const [healed] = pendingNotices(health(), all);
    const words = wordsFor({ language: "en", units: "kg", timezone: "UTC", now: START });
    expect(healed && !isAboutGone(healed) && newsText(healed as NewsInWords, words)).toBe(
      `Garmin lets me in again.${rest}`,
    );
  });

  test("no message says that Garmin takes uploads when none was taken", () => {
    const { run, texts } = life();
    run(noConsent);
    run(success, { telegram: "away" });
    expect(texts()).toEqual(["I’m working again. No reading has been missed since 07:12."]);
  });

  test.each(["en", "de"] as const)(
    "every delay has its own words, in the answer, by itself and when it is over (%s)",
    (language) => {
      const words = wordsFor({ language, units: "kg", timezone: "UTC", now: START });
      const said = DELAY_CAUSES.map((cause) => {
        const delay = { cause, since: START };
        const trouble = { what: "waiting", cause } as const;
        const lasts = newsText(
          {
            type: "trouble",
            trouble,
            since: START,
            runs: 2,
            delay,
            isReminder: false,
          },
          words,
        );
        const over = newsText({ type: "healed", since: START, synced: 0, told: [trouble] }, words);
        return [delayText(delay, words), lasts, over];
      });
      for (const place of [0, 1, 2]) expect(new Set(said.map((texts) => texts[place])).size).toBe(DELAY_CAUSES.length);
    },
  );

  test("a link that comes to its end", () => {
    const { run, link, texts } = life();
    link("garmin", 1);
    run(success, { telegram: "away" });
    expect(texts()).toEqual([expect.stringMatching(/^My access to Garmin ends in 1 day, .* sign in again now\.$/)]);
  });

  test("many held readings make one message", () => {
    const { run, waits, texts } = life();
    waits(...Array.from({ length: 12 }, (_, n) => item(n)));
    run(success, { telegram: "away" });
    expect(texts()).toHaveLength(1);
    expect(texts()[0]?.split("\n")).toHaveLength(6);
    expect(texts()[0]).toMatch(/^12 readings\. Which of them are yours\?\n1\. 41\.0 kg, today 07:00\n/);
  });
});

function item(measureGroupId: number, waitsSince?: Date): AttentionItem {
  const takenAt = new Date("2026-11-21T07:00:00Z");
  return {
    ...{ measureGroupId, kind: "weigh_in", takenAt, modifiedAt: takenAt },
    values: { kind: "weigh_in", weightKg: 41 },
    fate: { state: "held", reason: "ambiguous_person" },
    ...(waitsSince && { waitsSince }),
  };
}
