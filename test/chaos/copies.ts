import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTable } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/lib/log.ts";
import type { RunReport } from "../../src/sync/engine/run.ts";
import { killInItsRound } from "./kill.ts";
import { pairName } from "./model.ts";
import { type Plant, type Program, startProgram } from "./program.ts";
import { randomFrom } from "./random.ts";
import type { Scene } from "./scene.ts";
import { ACCOUNTS, type AccountId, type Step } from "./steps.ts";
import { Actor, type Death } from "./turns.ts";

/** In memory if possible: every store write is synced, and disks are not what this tests. */
const TEMPORARY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
/** A run that has not renewed its lease for this long may be taken for dead. */
const LEASE_SECONDS = 120;

/** The copies of the program: one that always runs, and now and then a second one, on the same store. */
export class Copies {
  readonly actors = [new Actor(), new Actor()] as const;
  readonly lastReports = new Map<AccountId, RunReport>();
  /** When the account's last run ended. */
  readonly ranMs = new Map<AccountId, number>();
  /** Pairs with a run that succeeded. */
  readonly started = new Set<string>();
  readonly #scene: Scene;
  readonly #plant: Plant | undefined;
  readonly #folder = mkdtempSync(path.join(TEMPORARY, "chaos-"));
  readonly #dataDir = path.join(this.#folder, "data");
  readonly #copyDir = path.join(this.#folder, "copy");
  readonly #env: Record<string, string>;
  /** Since when each copy runs an account. */
  readonly #underWay = new Map<AccountId, Map<Actor, number>>(ACCOUNTS.map((id) => [id, new Map()]));
  #main: Program | undefined;
  snapshotMs = 0;
  #hasSnapshot = false;

  constructor(scene: Scene, plant: Plant | undefined) {
    const { sandbox, aws, schedule } = scene;
    this.#scene = scene;
    this.#plant = plant;
    this.actors[0].skewSeconds = schedule.firstSkewSeconds;
    this.#env = {
      ...sandbox.env(),
      DATA_DIR: this.#dataDir,
      TELEGRAM_ALLOWED_IDS: ACCOUNTS.join(","),
      ...(aws && {
        STORE: "dynamodb",
        DYNAMODB_ENDPOINT: aws.url,
        SEALING_KEY: Buffer.alloc(32, 9).toString("base64"),
        TOKEN_TABLE_NAME: `chaos-${process.pid}-${path.basename(this.#folder)}`,
      }),
    };
  }

  get main(): Program {
    if (!this.#main) throw new Error("the program was not started");
    return this.#main;
  }

  async startMain(): Promise<void> {
    const { aws, turns } = this.#scene;
    if (aws) await createTable(readConfig(this.#env, ["store"]).store, turns.clock, this.#log());
    this.#main = await this.#start(this.actors[0]);
  }

  async restart(): Promise<void> {
    await this.main.close().catch(() => undefined);
    const [actor] = this.actors;
    actor.isDead = false;
    actor.diesAt(undefined);
    this.#main = await this.#start(actor);
  }

  async close(): Promise<void> {
    await this.main.close().catch(() => undefined);
  }

  removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** In turns, if calls of one copy could overtake each other on their way. */
  alone(work: () => Promise<unknown>): Promise<void> {
    const { aws, turns, schedule } = this.#scene;
    return aws ? turns.together(randomFrom(schedule.seed), [work]) : work().then(() => undefined);
  }

  async crash({ program, death }: Extract<Step, { do: "crash" }>): Promise<void> {
    this.#scene.facts.crashes += 1;
    const isMain = program === 0;
    const other = isMain ? this.main : await this.#start(this.actors[1]);
    this.actors[program].diesAt(death);
    await this.alone(async () => {
      for (const account of ACCOUNTS) await other.sync(account);
      await other.round();
    });
    if (isMain) await this.restart();
    else await this.#endSecond(other);
  }

  async kill(death: Death): Promise<void> {
    const { facts, turns, schedule, trace } = this.#scene;
    facts.kills += 1;
    this.#scene.endFaults();
    await this.main.close();
    await killInItsRound({ env: this.#env, death, turns, accounts: ACCOUNTS, seed: schedule.seed, trace });
    await this.restart();
  }

  async both({ seed, isBusy }: Extract<Step, { do: "both" }>): Promise<void> {
    this.#scene.facts.both += 1;
    const other = await this.#start(this.actors[1]);
    const [a, b] = ACCOUNTS;
    const works = [
      () => this.main.sync(a),
      () => other.sync(a),
      () => other.sync(b),
      ...(isBusy ? [() => this.main.round()] : []),
    ];
    await this.#scene.turns.together(randomFrom(seed), works);
    await this.#endSecond(other);
  }

  takeSnapshot(): void {
    rmSync(this.#copyDir, { recursive: true, force: true });
    cpSync(this.#dataDir, this.#copyDir, { recursive: true });
    this.#hasSnapshot = true;
    this.snapshotMs = this.#scene.turns.nowMs;
  }

  /** False without a snapshot. */
  async putSnapshotBack(): Promise<boolean> {
    if (!this.#hasSnapshot) return false;
    await this.main.close();
    rmSync(this.#dataDir, { recursive: true });
    cpSync(this.#copyDir, this.#dataDir, { recursive: true });
    await this.restart();
    return true;
  }

  /** The next second copy starts from scratch, except for its clock. */
  async #endSecond(program: Program) {
    await program.close().catch(() => undefined);
    this.actors[1].isDead = false;
    this.actors[1].diesAt(undefined);
  }

  #start(actor: Actor): Promise<Program> {
    const { turns, line } = this.#scene;
    for (const runs of this.#underWay.values()) runs.delete(actor);
    return startProgram(
      this.#env,
      {
        clock: turns.clockOf(actor),
        call: (work) => turns.outside(actor, work),
        wrapSend: line.wrap,
        plant: this.#plant,
      },
      {
        log: this.#log(),
        onReport: (account, report) => this.#onReport(account as AccountId, report),
        onRun: (account, what) => this.#onRun(actor, account as AccountId, what),
      },
    );
  }

  #log() {
    const { trace, turns } = this.#scene;
    return createLog({
      level: "info",
      write: (text) => trace?.(`      ${new Date(turns.nowMs).toISOString()} ${text.trim()}`),
    });
  }

  #onReport(account: AccountId, report: RunReport) {
    const { facts, turns, model, trace } = this.#scene;
    facts.runs += 1;
    this.lastReports.set(account, report);
    this.ranMs.set(account, turns.nowMs);
    const pairing = model.current(account);
    if (report.status === "success" && pairing) this.started.add(`${account} ${pairName(pairing)}`);
    trace?.(`    run of ${account}: ${JSON.stringify(report)}`);
  }

  #onRun(actor: Actor, account: AccountId, what: "begins" | "ends") {
    const { turns, violations } = this.#scene;
    const runs = this.#underWay.get(account);
    if (what === "ends") {
      runs?.delete(actor);
      return;
    }
    for (const [other, sinceMs] of runs ?? []) {
      // Copies whose clocks differ may each think that the other's lease is over.
      const isRival = other !== actor && !other.isDead && other.skewSeconds === actor.skewSeconds;
      if (isRival && turns.nowMs - sinceMs < LEASE_SECONDS * 1000) violations.add(`two runs of ${account} at once`);
    }
    if (!runs?.has(actor)) runs?.set(actor, turns.nowMs);
  }
}
