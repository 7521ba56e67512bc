import { randomUUID } from "node:crypto";
import { checkTelegram } from "../bot/telegram/check.ts";
import { lastRunText, sinceThen } from "../bot/views/last-sync.ts";
import { stuckText } from "../bot/views/status.ts";
import type { Words } from "../bot/words/words.ts";
import type { Config, StoreConfig, WebConfig } from "../config/config.ts";
import { TELEGRAM_PATH } from "../config/paths.ts";
import type { Clock } from "../lib/clock.ts";
import { type Action, ActionNeededError, RetryLaterError, UnexpectedAnswerError, UsageError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { Account, LastRun } from "../sync/model/account.ts";
import { VendorRestError } from "../sync/model/link.ts";
import {
  type Check,
  type CheckReport,
  clockOffSeconds,
  type Finding,
  type Line,
  type Problem,
  runChecks,
} from "../sync/status/checks.ts";
import { lastRunOf, overviewOf } from "../sync/status/overview.ts";
import { type App, objectionToApplication } from "./app.ts";
import { storeCheck } from "./store-check.ts";

/** A program that has not run for so many of its intervals has stopped, whatever else it says of itself. */
const INTERVALS_UNTIL_DEAD = 3;
/** Less than a check may take. */
const CLOCK_PATIENCE_MS = 5000;

export interface ChecksDeps {
  app: Pick<
    App,
    | "accounts"
    | "links"
    | "ledgers"
    | "tokens"
    | "run"
    | "garminSignIn"
    | "garminProbe"
    | "uploadConsent"
    | "subscriptions"
  >;
  store: StoreConfig;
  telegram: { botToken: string; apiRoot: string };
  /** Whether another program polls too: only the one that polls itself knows. */
  isPolledElsewhere?: () => boolean;
  withings: Config["withings"];
  web?: Pick<WebConfig, "publicUrl">;
  syncIntervalMinutes: number;
  clock: Clock;
}

/** How the one who asks is spoken to: in the chat about themselves, in the terminal about every account. */
export interface Audience {
  nameOf: (check: string) => string;
  /** Technical words of an outage, for those who ask further. */
  detail: (error: Error) => string;
  noRunYet: Problem;
  /** What the owner has to do. */
  needed: (action: Action) => string;
  /** What they send or type to see more. */
  status: string;
  /** They see whether the clock is right. */
  hasClockLine: boolean;
}

/** Every precondition, looked at live; each answers with one sentence, with the fix where one is needed. */
export function checksOf(
  deps: ChecksDeps,
  words: Words,
  { nameOf, detail, noRunYet, needed, status, hasClockLine }: Audience,
) {
  const { app, telegram, isPolledElsewhere = () => false, withings, web, syncIntervalMinutes, clock } = deps;
  const webhookUrl = web?.publicUrl === undefined ? undefined : web.publicUrl + TELEGRAM_PATH;
  const say = words.doctor;

  /** An outage is said with whom it concerns, and so is an answer that nobody here understands. */
  const asking =
    (vendor: string, run: Check["run"]): Check["run"] =>
    () =>
      run().catch((error: unknown) => {
        if (error instanceof VendorRestError)
          return { verdict: "later", text: say.asksToWait(vendor, words.format.time(error.until)) };
        if (error instanceof UnexpectedAnswerError)
          return { verdict: "later", text: words.unexpectedNow(error.vendor, detail(error)) };
        if (!(error instanceof RetryLaterError)) throw error;
        return { verdict: "later", text: words.notNow(error.delayedBy, detail(error)) };
      });

  /** Without a password, and once: it tells whether Garmin lets us in, and the time. */
  let probed: ReturnType<App["garminProbe"]> | undefined;
  const probe = () => {
    probed ??= app.garminProbe();
    return probed;
  };

  async function clockOff(): Promise<number | undefined> {
    const { serverTime } = await probe();
    return serverTime && clockOffSeconds(clock, serverTime);
  }

  /** The same for a check that has its own answer to give, also where Garmin has none. */
  async function clockOffSoon(): Promise<number | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), CLOCK_PATIENCE_MS);
    });
    return Promise.race([clockOff().catch(() => undefined), late]).finally(() => clearTimeout(timer));
  }

  return {
    /** What the person who runs the program has to see to. */
    operation: [
      {
        name: say.check.sealing,
        asks: say.ownStore,
        run: async () => {
          let links = 0;
          for (const { telegramUserId } of await app.accounts.list()) {
            for (const vendor of ["withings", "garmin"] as const) {
              if (await app.links.read(telegramUserId, vendor)) links += 1;
            }
          }
          return say.sealing(links);
        },
      },
      {
        name: say.check.telegram,
        asks: "Telegram",
        run: () => checkTelegram({ ...telegram, webhookUrl, isPolledElsewhere: isPolledElsewhere() }, say, clock),
      },
      {
        name: say.check.application,
        asks: "Withings",
        run: asking("Withings", async () => {
          if (await objectionToApplication(withings, clock.now()))
            throw new ActionNeededError("fix_withings_application");
          return say.application;
        }),
      },
      {
        name: say.check.clock,
        asks: "Garmin",
        run: asking("Garmin", async () => {
          const seconds = await clockOff();
          if (seconds === undefined) return { verdict: "later", text: say.noServerTime };
          return seconds === 0 ? say.clock : { verdict: "operator", text: say.clockOff(seconds), action: "fix_clock" };
        }),
      },
    ] satisfies Check[],

    /** Whether Garmin takes sign-ins from here: what concerns everybody. */
    signIn: {
      name: say.check.garminSignIn,
      asks: "Garmin",
      run: asking("Garmin", async () => {
        const { verdict } = await probe();
        if (verdict === "reachable") return say.garminReachable;
        // Nobody has to do anything: a link that needs a new sign-in has a line of its own.
        if (verdict === "blocked") return say.garminPageOnly;
        return { verdict: "later", text: verdict === "rate_limited" ? say.garminLimits : say.garminOdd };
      }),
    } satisfies Check,

    /** While sign-ins of this account rest, whatever Garmin takes from others. */
    async signInRest({ telegramUserId: id }: Account): Promise<Problem | undefined> {
      const rest = await app.garminSignIn.rest(id);
      if (!rest) return undefined;
      // A damaged link has a line of its own.
      const link = await app.links.facts(id, "garmin").catch(() => undefined);
      return { verdict: "later", text: words.signInRests(rest.until, link?.state === "linked") };
    },

    async of(account: Account): Promise<Check[]> {
      const id = account.telegramUserId;
      const reading = asking("Withings", async () => {
        await app.tokens.link(id, "withings");
        await app.run.source.changedSince(
          app.tokens.withAccess(id, "withings", undefined, { onlyLooks: true }),
          clock.now(),
        );
        return say.withings;
      });
      let read: Promise<unknown> | undefined;
      return [
        {
          name: nameOf(say.check.withings),
          asks: "Withings",
          run: () => {
            const found = reading();
            read = found.catch(() => undefined);
            return found;
          },
        },
        // If both renewed the access at once, one would find it in the other’s hands.
        ...(await notifications(id, async () => read)),
        {
          name: nameOf(say.check.garmin),
          asks: "Garmin",
          run: asking("Garmin", async () => {
            const { displayName } = await app.tokens.link(id, "garmin");
            const consent = await app.uploadConsent(id);
            const lastRun = await lastRunOf(app, id);
            const refusedAt = lastRun?.outcome.uploadRefusedAt;
            const isAsked = lastRun?.outcome.action === "grant_garmin_upload";
            // The consent says less than the last upload.
            if (consent === false || isAsked) throw new ActionNeededError("grant_garmin_upload");
            if (refusedAt)
              return { verdict: "later", text: say.garminRefused(displayName, words.format.time(refusedAt)) };
            return say.garmin(displayName, consent === true);
          }),
        },
        { name: nameOf(say.check.lastRun), asks: say.ownStore, run: () => lastRun(account) },
      ];
    },
  };

  /** Without a public address, or a usable link, there is nothing to check. */
  async function notifications(account: number, before: () => Promise<unknown>): Promise<Check[]> {
    if (web?.publicUrl === undefined) return [];
    // A damaged link has a line of its own.
    const link = await app.links.facts(account, "withings").catch(() => undefined);
    if (link?.state !== "linked") return [];
    const run = asking("Withings", async () => {
      await before();
      const state = (await app.subscriptions.look(account)) ?? "off";
      const text = say.notifications[state];
      if (state === "on") return text;
      return { verdict: state === "unreachable" ? "operator" : "later", text };
    });
    return [{ name: nameOf(say.check.notifications), asks: "Withings", run }];
  }

  async function lastRun(account: Account): Promise<string | Problem> {
    try {
      return await lastRunRead(account);
    } catch (error) {
      if (!(error instanceof RetryLaterError)) throw error;
      // How it ended is stored apart from the readings, and may still be readable.
      const delayed = putOff(await lastRunOf(app, account.telegramUserId));
      if (!delayed) throw error;
      return delayed;
    }
  }

  function putOff(last: LastRun | undefined): Problem | undefined {
    if (last?.outcome.status !== "retry_later") return undefined;
    const { delay } = last.outcome;
    return { verdict: "later", text: `${lastRunText(last, words)}.${delay ? ` ${words.delay(delay)}` : ""}` };
  }

  async function lastRunRead(account: Account): Promise<string | Problem> {
    const now = clock.now();
    const { lastRun, links, facts, attention, unreadable } = await overviewOf({ ...app, now }, account);
    const isLinked = links.withings?.state === "linked" && links.garmin?.state === "linked";
    // A missing link has a line of its own.
    if (!links.withings || !links.garmin) return say.noRunNeedsLinks;
    if (!lastRun) return noRunYet;
    const { finishedAt, outcome } = lastRun;
    const age = now.getTime() - finishedAt.getTime();
    const isTooOld = (ms: number) => ms > INTERVALS_UNTIL_DEAD * syncIntervalMinutes * 60_000;
    // By a clock that is ahead, any run seems long ago.
    if (isLinked && isTooOld(age) && isTooOld(age - ((await clockOffSoon()) ?? 0) * 1000)) {
      return { verdict: "operator", text: say.runTooOld(words.format.time(finishedAt), syncIntervalMinutes) };
    }
    if (outcome.action === "fix_clock") {
      const seconds = await clockOffSoon();
      if (seconds === 0) return { verdict: "later", text: say.noRunSinceClock };
      if (seconds !== undefined && hasClockLine) return { verdict: "note", text: say.runNeedsClock };
    }
    if (outcome.action) {
      return {
        verdict: "owner",
        text: `${needed(outcome.action)}${sinceThen(outcome, words)}`,
        action: outcome.action,
      };
    }
    if (outcome.unexpectedFrom) {
      return {
        verdict: "later",
        text: `${lastRunText(lastRun, words)}. ${words.unexpected(outcome.unexpectedFrom, outcome)}`,
      };
    }
    if (outcome.status === "error" && !outcome.onlyReadings)
      return { verdict: "broken", text: `${say.runBroke}${sinceThen(outcome, words)}` };
    // A new link has settled it, and no run has shown that since.
    if (outcome.status === "action_needed") return { verdict: "later", text: say.noRunSinceLink };
    const ended = lastRunText(lastRun, words);
    // A stuck reading isn't good news, however well the run ended.
    const stuck = stuckText({ facts, attention, unreadable }, status, words);
    const notAsSent = words.notAsSent(facts.fields);
    const text = [`${ended}.`, stuck, outcome.delay && words.delay(outcome.delay), notAsSent].filter(Boolean).join(" ");
    if (outcome.status === "success" && !stuck) return notAsSent ? { verdict: "note", text } : ended;
    const needsOwner = facts.differs.length > 0 || attention.length > 0;
    return { verdict: needsOwner ? "owner" : "later", text };
  }
}

/**
 * /doctor in the chat: the owner sees how the program is, and everybody how their own account is. What they cannot fix
 * themselves is said without its details.
 */
export function createDoctor(deps: ChecksDeps & { log: Log; answerSeconds?: number }) {
  const { app, store, log, answerSeconds } = deps;

  return async (
    account: Account,
    words: Words,
    isOwner: boolean,
    onProgress: (lines: Line[]) => void = () => {},
  ): Promise<CheckReport> => {
    const checks = checksOf(deps, words, {
      nameOf: (check) => check,
      detail: () => "",
      noRunYet: { verdict: "later", text: words.doctor.noRunYet },
      needed: words.action,
      status: "/status",
      hasClockLine: isOwner,
    });
    const all = [
      ...(isOwner ? [storeCheck(store, () => app.accounts.list(), words), ...checks.operation] : []),
      { ...checks.signIn, run: async () => (await checks.signInRest(account)) ?? checks.signIn.run() },
      ...(await checks.of(account)),
    ];
    const { findings, ended } = await runChecks(all, {
      sentence,
      noAnswer: words.doctor.noAnswer,
      onProgress: (lines) =>
        onProgress(lines.map(({ check, finding }) => ({ check, finding: finding && forReader(finding) }))),
      ...(answerSeconds !== undefined && { answerSeconds }),
    });
    return { findings: findings.map(forReader), ended };

    function sentence(error: unknown): string {
      if (error instanceof ActionNeededError) return words.action(error.action);
      if (error instanceof UsageError) return words.doctor.setup(error.message);
      if (error instanceof RetryLaterError) return words.notNow(error.delayedBy);
      const reportId = randomUUID().slice(0, 8);
      log.error("check_failed", { reportId, account: account.telegramUserId, ...errorFacts(error) });
      return words.brokeOnMySide(reportId);
    }

    function forReader(finding: Finding): Finding {
      if (isOwner || finding.verdict !== "operator") return finding;
      return { ...finding, verdict: "broken", text: words.doctor.forOperator };
    }
  };
}
