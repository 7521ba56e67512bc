import { RetryLaterError } from "../../src/lib/errors.ts";
import type { RunOptions, RunReport } from "../../src/sync/engine/run.ts";
import { BusyError, type HeldLease, leaseName, withLease } from "../../src/sync/links/with-lease.ts";
import type { Account } from "../../src/sync/model/account.ts";
import type { Leases, SharedRateLimiter } from "../../src/sync/model/leases.ts";
import type { VirtualTime } from "./scale-time.ts";
import type { Vendors } from "./scale-vendors.ts";

/** Of app/vendors. */
const PATIENCE_SECONDS = 60;
/** Withings' access tokens are valid for three hours, and are renewed five minutes earlier. */
const TOKEN_SECONDS = 3 * 3600 - 300;
const CHECK_SECONDS = 24 * 3600;
/** A new reading is looked for, sent and read back. A ledger that isn't current costs another look. */
const GARMIN_REQUESTS = 3;
/** Ten years of daily weigh-ins: 37 pages of a hundred and one with the heights, and as many files. */
const BACKFILL = { pages: 38, files: 37, filesAtOnce: 5, everySeconds: 2 };
/** No work is begun in the last ninety of a worker's 300 seconds. */
const WORK_SECONDS = 210;

/** What the simulation knows of a person. */
export interface Person {
  id: number;
  /** Readings at Withings that are not in Garmin yet, by when they were taken. */
  waiting: Date[];
  tokenUntilMs: number;
  checkedAtMs: number;
  restsUntil?: Date;
  /** Files of a ten years' import that are still to be sent, and when it was asked for. */
  backfill?: { files: number; askedAt: Date };
}

interface RunDeps {
  time: VirtualTime;
  vendors: Vendors;
  leases: Leases;
  limiter: SharedRateLimiter;
  person: (account: Account) => Person;
  /** Seconds of the program's own work in a visit, and the store's. */
  ownSeconds: (visit: "idle" | "bringing") => number;
  onRead: (account: Account) => void;
  onArrived: (takenAt: Date) => void;
  onImported: (askedAt: Date) => void;
}

/** A run as the engine makes it, as far as leases, slots, requests and time go. Everything else in it takes no part here. */
export function createModelledRun(deps: RunDeps) {
  const { time, vendors, leases, limiter, person } = deps;
  const { clock } = time;

  async function withings() {
    await clock.sleep(await limiter.take(PATIENCE_SECONDS));
    await vendors.withings();
  }

  async function renewed(it: Person) {
    if (it.tokenUntilMs > clock.now().getTime()) return;
    await withings();
    it.tokenUntilMs = clock.now().getTime() + TOKEN_SECONDS * 1000;
  }

  async function run(account: Account, isCurrent: boolean, ensure: () => Promise<void>): Promise<number> {
    const it = person(account);
    const untilMs = clock.now().getTime() + WORK_SECONDS * 1000;
    if (it.restsUntil && it.restsUntil > clock.now()) throw new RetryLaterError("resting", { retryAfterSeconds: 1 });
    await renewed(it);
    const found = it.waiting.length;
    for (let page = 0; page < (it.backfill ? BACKFILL.pages : 1); page++) {
      await withings();
      if (page === 0) deps.onRead(account);
      await ensure();
    }
    await clock.sleep(deps.ownSeconds(found > 0 ? "bringing" : "idle"));
    if (it.backfill) await importAll(it, untilMs, ensure);
    if (found === 0) return 0;
    for (let request = isCurrent ? 1 : 0; request <= GARMIN_REQUESTS; request++) {
      await vendors.garmin({ isUpload: request === 2 });
    }
    for (const takenAt of it.waiting.splice(0, found)) deps.onArrived(takenAt);
    return found;
  }

  async function importAll(it: Person, untilMs: number, ensure: () => Promise<void>) {
    const { backfill } = it;
    for (let sent = 0; backfill && backfill.files > 0; sent++) {
      if (clock.now().getTime() > untilMs) throw new RetryLaterError("time is up");
      if (sent >= BACKFILL.filesAtOnce) await clock.sleep(BACKFILL.everySeconds);
      await vendors.garmin({ isUpload: false });
      await ensure();
      backfill.files--;
    }
    delete it.backfill;
    if (backfill) deps.onImported(backfill.askedAt);
  }

  return {
    importFiles: BACKFILL.files,

    async sync(account: Account, { ledgerIsCurrent = false, lease }: RunOptions): Promise<RunReport> {
      const nothing = { synced: 0, skipped: 0, held: 0, failed: 0 };
      try {
        let synced = 0;
        const work = async ({ ensure }: HeldLease) => {
          synced = await run(account, ledgerIsCurrent, ensure);
        };
        await (lease ? work(lease) : withLease(leases, leaseName(account.telegramUserId), work));
        return { ...nothing, status: "success", synced };
      } catch (error) {
        if (!(error instanceof RetryLaterError)) throw error;
        const { retryAfterSeconds, delayedBy } = error;
        const report: RunReport = { ...nothing, status: "retry_later" };
        if (error instanceof BusyError) return { ...report, busy: true };
        if (delayedBy !== "garmin_limited" || !retryAfterSeconds) return report;
        const until = new Date(clock.now().getTime() + retryAfterSeconds * 1000);
        person(account).restsUntil = until;
        return { ...report, rests: { vendor: "garmin", until } };
      }
    },

    /** Withings is asked once a day whether it still notifies us. What fails is asked again in an hour. */
    async keepSubscriptions(account: Account) {
      const it = person(account);
      const nowMs = clock.now().getTime();
      if (nowMs - it.checkedAtMs < CHECK_SECONDS * 1000) return;
      it.checkedAtMs = nowMs - (CHECK_SECONDS - 3600) * 1000;
      try {
        await renewed(it);
        await withings();
        it.checkedAtMs = nowMs;
      } catch (error) {
        if (!(error instanceof RetryLaterError)) throw error;
      }
    },
  };
}
