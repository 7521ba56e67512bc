import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTable } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/lib/log.ts";
import type { FaultEffect } from "../../src/sandbox/fault.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { RunReport } from "../../src/sync/engine/run.ts";
import type { Vendor } from "../../src/sync/model/link.ts";
import { readingId } from "../../src/sync/model/reading.ts";
import type { AwsProxy } from "../support/aws-proxy.ts";
import { killInItsRound } from "./kill.ts";
import { Line } from "./line.ts";
import { type Known, Model, pairName } from "./model.ts";
import { type Plant, type Program, startProgram } from "./program.ts";
import { randomFrom } from "./random.ts";
import {
  ACCOUNTS,
  type AccountId,
  DAY,
  GARMINS,
  type GarminName,
  HOMES,
  HOUR,
  PEOPLE,
  type PersonName,
  type Schedule,
  type Step,
} from "./steps.ts";
import { Actor, type Death, Turns } from "./turns.ts";

export const USERIDS: Record<PersonName, number> = { ann: 31_400_001, bob: 31_400_002, cy: 31_400_003 };
export const mailOf = (garmin: GarminName) => `${garmin}@example.org`;
const USUAL: Record<PersonName, number> = { ann: 80, bob: 61, cy: 95 };
/** In memory if possible: every store write is synced, and disks are not what this tests. */
const TEMPORARY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const ACCESS_SECONDS = 86_400;
/** A run that has not renewed its lease for this long may be taken for dead. */
const LEASE_SECONDS = 120;
const VENDORS = ["withings", "garmin"] as const;

export type Fact = "runs" | "faults" | "crashes" | "kills" | "both" | "put backs" | "links ended";

export interface WorldOptions {
  aws?: AwsProxy | undefined;
  plant?: Plant | undefined;
  /** What happens, line by line. */
  trace?: ((line: string) => void) | undefined;
}

function isRefusal(effect: FaultEffect): boolean {
  if (effect.type === "status") return effect.status === 401;
  if (effect.type !== "body" || typeof effect.body !== "object" || effect.body === null) return false;
  return "status" in effect.body && effect.body.status === 401;
}

/** Vendors, people, and copies of the program between them, in a time of their own. */
export async function startWorld(schedule: Schedule, { aws, plant, trace }: WorldOptions = {}) {
  const turns = new Turns(Date.parse(schedule.startsAt));
  const model = new Model();
  const sandbox = await startSandbox({ clock: turns.clock });
  const line = new Line(turns.clock);
  const { timezone } = schedule;
  for (const name of PEOPLE) sandbox.withings.addPerson({ userid: USERIDS[name], name, timezone });
  for (const name of GARMINS) {
    const email = mailOf(name);
    sandbox.garmin.addAccount({ email, password: "x", displayName: name, fullName: name, timezone });
  }
  for (const id of ACCOUNTS) sandbox.telegram.user({ id, firstName: String(id), started: true });
  sandbox.withings.settings.pageSize = schedule.pageSize;
  sandbox.garmin.settings.accessSeconds = { from: ACCESS_SECONDS, to: ACCESS_SECONDS };

  const folder = mkdtempSync(path.join(TEMPORARY, "chaos-"));
  const dataDir = path.join(folder, "data");
  const copyDir = path.join(folder, "copy");
  const env: Record<string, string> = {
    ...sandbox.env(),
    DATA_DIR: dataDir,
    TELEGRAM_ALLOWED_IDS: ACCOUNTS.join(","),
    ...(aws && {
      STORE: "dynamodb",
      DYNAMODB_ENDPOINT: aws.url,
      SEALING_KEY: Buffer.alloc(32, 9).toString("base64"),
      TOKEN_TABLE_NAME: `chaos-${process.pid}-${path.basename(folder)}`,
    }),
  };
  const log = createLog({
    level: "debug",
    write: (text) => trace?.(`      ${new Date(turns.nowMs).toISOString()} ${text.trim()}`),
  });
  const facts: Record<Fact, number> = {
    ...{ runs: 0, faults: 0, crashes: 0, kills: 0, both: 0, "put backs": 0 },
    ...{ "links ended": 0 },
  };
  const violations = new Set<string>();
  const lastReports = new Map<AccountId, RunReport>();
  const ranMs = new Map<AccountId, number>();
  /** Pairs that had a run to its end. */
  const begun = new Set<string>();
  /** When the account last had nothing outstanding, by Garmin's content and by the result of its run. */
  const wellAtMs = new Map<AccountId, number>(ACCOUNTS.map((id) => [id, turns.nowMs]));
  /** Since when a run may have known that something is outstanding, and how many rounds the program has had since. */
  const owing = new Map<AccountId, { sinceMs: number; rounds: number; wasLong: boolean }>();
  /** When vendors were made to refuse tokens that are good. */
  const refusedMs = new Map<Vendor, number[]>();
  /** Vendors that refused while a copy's clock was wrong by ten minutes or more. */
  const refusedByWrongClock = new Set<Vendor>();
  /** From when on a link may have ended, which is seen a while later. */
  const endedMs = new Map<string, number>();
  /** When the last thing happened that excuses silence. */
  let disturbedMs = turns.nowMs;
  let wasTelegramDisturbed = false;
  let lastWatchMs = turns.nowMs;
  let copied: { atMs: number } | undefined;

  const actors = [new Actor(), new Actor()] as const;
  actors[0].skewSeconds = schedule.firstSkewSeconds;
  const onReport = (account: number, report: RunReport) => {
    facts.runs += 1;
    lastReports.set(account as AccountId, report);
    ranMs.set(account as AccountId, turns.nowMs);
    const pairing = model.current(account as AccountId);
    if (report.status === "success" && pairing) begun.add(`${account} ${pairName(pairing)}`);
    trace?.(`    run of ${account}: ${JSON.stringify(report)}`);
  };
  /** Runs that have begun, by account and copy of the program. */
  const underWay = new Map<AccountId, Map<Actor, number>>(ACCOUNTS.map((id) => [id, new Map()]));
  const onRun = (actor: Actor) => (account: number, what: "begins" | "ends") => {
    const runs = underWay.get(account as AccountId);
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
  };
  const start = (actor: Actor) => {
    for (const runs of underWay.values()) runs.delete(actor);
    return startProgram(
      env,
      { clock: turns.clockOf(actor), call: (work) => turns.outside(actor, work), wrapSend: line.wrap, plant },
      { log, onReport, onRun: onRun(actor) },
    );
  };
  /** Serialised where calls of one copy could overtake each other on the way. */
  const alone = (work: () => Promise<unknown>) =>
    aws ? turns.together(randomFrom(schedule.seed), [work]) : work().then(() => undefined);

  const random = Math.random;
  Math.random = randomFrom(schedule.seed).next;
  if (aws) await createTable(readConfig(env, ["store"]).store, turns.clock, log);
  let main = await start(actors[0]);

  async function restart() {
    await main.close().catch(() => undefined);
    const { skewSeconds } = actors[0];
    const actor = Object.assign(actors[0], { isDead: false, skewSeconds });
    actor.diesAt(undefined);
    main = await start(actor);
  }

  /* people */

  const usedSeconds = new Set<number>();
  function freshSecond(agoSeconds: number): number {
    let at = Math.floor(turns.nowMs / 1000) - agoSeconds;
    const apart = schedule.twins ? 1 : 130;
    while ([...usedSeconds].some((other) => Math.abs(other - at) < apart)) at -= 7;
    usedSeconds.add(at);
    return at;
  }

  function groupOf(known: Known) {
    return sandbox.withings.person(USERIDS[known.person]).groups.find((it) => it.grpid === known.grpid);
  }

  /** Withings' values, as they should be in Garmin. */
  function versionOf(known: Known): string | undefined {
    const group = groupOf(known);
    if (!group) return undefined;
    const value = (type: number) => {
      const found = group.measures.find((it) => it.type === type);
      return found && Number(`${found.value}e${found.unit}`);
    };
    if (known.kind === "blood_pressure") return `${value(10)}/${value(9)}`;
    return `${(Math.round(Number(((value(1) ?? 0) * 100).toPrecision(12))) / 100).toFixed(2)} kg`;
  }

  function measure(step: Extract<Step, { do: "measure" }>) {
    const person = sandbox.withings.person(USERIDS[step.who]);
    const at = freshSecond(step.agoSeconds);
    const createdMs = Math.min(turns.nowMs, Math.max(at * 1000, turns.nowMs - step.lateSeconds * 1000));
    const when = { at: new Date(at * 1000), createdAt: new Date(createdMs), attrib: step.attrib };
    const { value, second, pulse, siblings = false } = step;
    const grpid =
      step.kind === "weigh_in"
        ? person.stepOnScale({ ...when, weightKg: value, fatRatioPercent: second, siblings })
        : person.takeBloodPressure({ ...when, systolic: value, diastolic: second, ...(pulse && { pulse }) });
    const isForeign = [1, 4, 99].includes(step.attrib);
    const known: Known = {
      ...{ id: step.id, person: step.who, grpid, kind: step.kind, date: at, earlier: [], createdMs: turns.nowMs },
      ...{ isOwn: !isForeign && !step.isFar, isForeign, versions: [], isDeleted: false, said: new Map() },
      isEither: model.accountsOf(step.who).some((account) => !model.isOn(account, step.kind)),
      ...{ mayBeOutdated: false, mayStandInVersions: false },
    };
    known.versions.push(versionOf(known) ?? "");
    model.readings.push(known);
  }

  function edit({ id, what, to }: Extract<Step, { do: "edit" }>) {
    const known = model.find(id);
    if (!known || known.isDeleted) return;
    const person = sandbox.withings.person(USERIDS[known.person]);
    if (model.accountsOf(known.person).some((account) => !model.isOn(account, known.kind))) known.mayBeOutdated = true;
    switch (what) {
      case "delete":
        person.remove(known.grpid);
        known.isDeleted = true;
        return;
      case "attrib":
        person.edit(known.grpid, { attrib: to });
        if (to === 1) {
          known.isEither ||= known.isOwn || !known.isForeign;
          known.isOwn = false;
        } else {
          known.isForeign = false;
          known.isOwn ||= to === 7;
        }
        return;
      case "touch":
        person.touch(known.grpid);
        return;
      case "time": {
        const at = freshSecond(to);
        known.earlier.push(known.date);
        known.date = at;
        person.group(known.grpid).date = at;
        person.touch(known.grpid);
        return;
      }
      default: {
        const isWeight = known.kind === "weigh_in";
        const kg = Math.round((USUAL[known.person] + (to / 299 - 0.5) * 3) * 100) / 100;
        if (what === "value") person.edit(known.grpid, isWeight ? { weightKg: kg } : { systolic: 110 + (to % 30) });
        else person.edit(known.grpid, isWeight ? { fatRatioPercent: 10 + (to % 9) } : { diastolic: 70 + (to % 15) });
        known.versions.push(versionOf(known) ?? "");
      }
    }
  }

  /* owners */

  async function readLinks(account: AccountId) {
    const [withings, garmin] = await Promise.all(VENDORS.map((vendor) => main.app.store.links.facts(account, vendor)));
    const person = PEOPLE.find((it) => String(USERIDS[it]) === withings?.vendorUserId);
    const profile = GARMINS.find(
      (it) => String(sandbox.garmin.accounts.get(mailOf(it)).profileId) === garmin?.vendorUserId,
    );
    model.linked(account, person && profile ? { person, garmin: profile } : undefined, turns.nowMs);
    return { withings, garmin };
  }

  async function linkWithings(account: AccountId, person: PersonName) {
    const { withingsLinking } = main.app;
    const address = sandbox.withings.allow(USERIDS[person], withingsLinking.begin(account));
    const result = await withingsLinking.withPasted(account, address);
    if (result.type !== "other_person") return result.type;
    return (await withingsLinking.switchPerson(account, result.withingsUserId)).type;
  }

  async function linkGarmin(account: AccountId, garmin: GarminName) {
    const { garminSignIn } = main.app;
    const result = await garminSignIn.withPasted(account, sandbox.garmin.mintTicket(mailOf(garmin)));
    if (result.type !== "other_profile") return result.type;
    return (await garminSignIn.switchProfile(account, result.profile.profileId)).type;
  }

  /** Without any fault: what a person would repeat until it works. */
  async function link(account: AccountId, { person, garmin }: { person?: PersonName; garmin?: GarminName }) {
    noTrouble();
    await alone(async () => {
      const results = [person && (await linkWithings(account, person)), garmin && (await linkGarmin(account, garmin))];
      trace?.(`    linked ${account}: ${results.join(", ")}`);
      await readLinks(account);
    });
    for (const vendor of VENDORS) endedMs.delete(`${account} ${vendor}`);
  }

  function noTrouble() {
    sandbox.faults.clear();
    line.clear();
    aws?.recover();
  }

  function ledgerOf(account: AccountId) {
    const pairing = model.current(account);
    if (!pairing) return undefined;
    const { profileId } = sandbox.garmin.accounts.get(mailOf(pairing.garmin));
    return main.app.store.ledgers.of(account, String(USERIDS[pairing.person]), String(profileId));
  }

  async function decideHeld({ account, word, nth }: Extract<Step, { do: "word" }>) {
    const pairing = model.current(account);
    const waiting = (await ledgerOf(account)?.progress())?.value.attention ?? [];
    const item = waiting[nth % waiting.length];
    if (!pairing || !item) return;
    const said = await main.decideHeld(account, readingId(item), word).catch(() => "busy");
    trace?.(`    word ${word}: ${said}`);
    const known = model.readings.find((it) => it.grpid === item.measureGroupId && it.kind === item.kind);
    if (said === "noted") known?.said.set(pairName(pairing), word);
  }

  async function change({ account, weight, bloodPressure }: Extract<Step, { do: "switch" }>) {
    const found = await main.app.store.accounts.find(account);
    if (!found) return;
    await main.app.store.accounts.save(account, {
      settings: { sends: { ...found.settings.sends, weight, bloodPressure } },
    });
    const before = { weigh_in: model.isOn(account, "weigh_in"), blood_pressure: model.isOn(account, "blood_pressure") };
    const after = { weigh_in: weight, blood_pressure: bloodPressure };
    model.sends.set(account, after);
    for (const known of model.readings) {
      // Readings not delivered by now may first be seen while the kind is off.
      if (before[known.kind] && !after[known.kind] && !isBrought(known)) known.isEither = true;
    }
  }

  const isBrought = (known: Known) =>
    GARMINS.some((it) => standing(it, known).some((entry) => entry.value === versionOf(known)));

  /** Entries of this reading in a Garmin account, shown or not. */
  function standing(garmin: GarminName, { kind, date }: Pick<Known, "kind" | "date">) {
    return entriesOf(garmin).filter((it) => it.kind === kind && it.date === date);
  }

  /** Whether it is there, possibly with its time before the correction. */
  function isThere(garmin: GarminName, known: Known): boolean {
    const dates = [known.date, ...(known.mayBeOutdated ? known.earlier : [])];
    return dates.some((date) => standing(garmin, { kind: known.kind, date }).length > 0);
  }

  function entriesOf(garmin: GarminName) {
    const mail = mailOf(garmin);
    return [
      ...sandbox.garmin.weights(mail).map(({ takenAt, weightKg, uploadedAt, wallClockMs }) => ({
        ...{ kind: "weigh_in" as const, date: takenAt.getTime() / 1000, value: `${weightKg.toFixed(2)} kg` },
        ...{ uploadedMs: uploadedAt.getTime(), localMs: wallClockMs },
      })),
      ...sandbox.garmin.bloodPressures(mail).map(({ takenAt, systolic, diastolic, uploadedAt, wallClockMs }) => ({
        ...{ kind: "blood_pressure" as const, date: takenAt.getTime() / 1000, value: `${systolic}/${diastolic}` },
        ...{ uploadedMs: uploadedAt.getTime(), localMs: wallClockMs },
      })),
    ];
  }

  /* what is outstanding, and what was told */

  const messagesTo = (account: AccountId) =>
    sandbox.telegram
      .calls("sendMessage")
      .filter((it) => it.params.chat_id === String(account) && !it.error)
      .map((it) => it.at.getTime());

  const owed = (account: AccountId): Known[] => {
    const pairing = model.current(account);
    if (!pairing) return [];
    return model.readings.filter(
      (it) =>
        it.person === pairing.person &&
        // One that is dated ahead is told when it comes, and waits for its date.
        it.date * 1000 <= turns.nowMs &&
        model.verdict(it, pairing) === "must" &&
        !isThere(pairing.garmin, it),
    );
  };

  /** To be asked after each round. */
  async function watch() {
    if (actors.some(({ skewSeconds }) => skewSeconds !== 0)) disturbedMs = turns.nowMs;
    const isTelegramDisturbed = sandbox.faults.list().some(({ server }) => server === "telegram");
    if (isTelegramDisturbed || wasTelegramDisturbed) disturbedMs = turns.nowMs;
    wasTelegramDisturbed = isTelegramDisturbed;
    for (const account of ACCOUNTS) {
      if (owed(account).length === 0) {
        owing.delete(account);
        const { status, paused } = lastReports.get(account) ?? {};
        // Of a kind that is paused its owner was told when that began.
        if (status === "success" && !paused) wellAtMs.set(account, turns.nowMs);
      } else {
        const before = owing.get(account) ?? { sinceMs: turns.nowMs, rounds: 0, wasLong: false };
        const isKnown = before.rounds > 0;
        const hasRun = isKnown || (ranMs.get(account) ?? 0) > before.sinceMs;
        const sinceMs = isKnown ? before.sinceMs : turns.nowMs;
        const rounds = hasRun ? before.rounds + 1 : 0;
        const isLong = turns.nowMs - Math.max(sinceMs, disturbedMs) > 10 * HOUR * 1000 && rounds > 5;
        owing.set(account, { sinceMs, rounds, wasLong: isLong });
        const heard = messagesTo(account).filter((at) => at >= (wellAtMs.get(account) ?? 0));
        // Where nobody called the program for hours, its first run finds out what its second one tells.
        if (isLong && before.wasLong && heard.length === 0) {
          violations.add(`silent: ${account} waits for ${owed(account)[0]?.id} and was told nothing in ten hours`);
        }
      }
      await watchLinks(account);
    }
    lastWatchMs = turns.nowMs;
  }

  async function watchLinks(account: AccountId) {
    for (const vendor of VENDORS) {
      const name = `${account} ${vendor}`;
      const state = (await main.app.store.links.facts(account, vendor).catch(() => undefined))?.state;
      if (state !== "stale") endedMs.delete(name);
      else if (!endedMs.has(name)) {
        endedMs.set(name, lastWatchMs);
        facts["links ended"] += 1;
        if (!hasSaidNo(vendor) && (await isTaken(account, vendor))) {
          violations.add(`ended on doubt: ${vendor} still takes the link of ${account} that was ended`);
        }
      }
    }
  }

  /**
   * Refusals that were not the vendor's last word, but came twice, ten minutes apart. A link may end by them. Two copies whose
   * clocks are further apart than that cannot tell how long it was.
   */
  function hasSaidNo(vendor: Vendor): boolean {
    const times = refusedMs.get(vendor) ?? [];
    return times.length > 1 && (turns.nowMs - Math.min(...times) >= 600_000 || refusedByWrongClock.has(vendor));
  }

  /** Whether the vendor would still take the tokens of a link. */
  async function isTaken(account: AccountId, vendor: Vendor): Promise<boolean> {
    const token = (await main.app.store.links.read(account, vendor))?.value.tokens.refreshToken ?? "";
    return vendor === "garmin" ? sandbox.garmin.takesRefreshToken(token) : sandbox.withings.takesRefreshToken(token);
  }

  /* what happens */

  async function rounds(times: number, everySeconds: number) {
    for (let n = 0; n < times; n++) {
      turns.advance(everySeconds);
      await alone(() => main.round());
      await watch();
    }
  }

  async function crash({ program, death }: Extract<Step, { do: "crash" }>) {
    facts.crashes += 1;
    const isMain = program === 0;
    const other = isMain ? main : await start(actors[1]);
    const actor = actors[program];
    actor.diesAt(death);
    await alone(async () => {
      for (const account of ACCOUNTS) await other.sync(account);
      await other.round();
    });
    if (isMain) await restart();
    else await gone(other);
  }

  /** The second copy has ended; the next one begins with a clean slate, but for its clock. */
  async function gone(program: Program) {
    await program.close().catch(() => undefined);
    actors[1].isDead = false;
    actors[1].diesAt(undefined);
  }

  async function kill(death: Death) {
    facts.kills += 1;
    noTrouble();
    await main.close();
    await killInItsRound({ env, death, turns, accounts: ACCOUNTS, seed: schedule.seed, trace });
    await restart();
  }

  async function both({ seed, isBusy }: Extract<Step, { do: "both" }>) {
    facts.both += 1;
    const other = await start(actors[1]);
    const [a, b] = ACCOUNTS;
    const works = [
      () => main.sync(a),
      () => other.sync(a),
      () => other.sync(b),
      ...(isBusy ? [() => main.round()] : []),
    ];
    await turns.together(randomFrom(seed), works);
    await gone(other);
  }

  async function linkWhileRunning(step: Extract<Step, { do: "link while running" }>) {
    const { account, person, garmin, after, seed } = step;
    noTrouble();
    await turns.together(randomFrom(seed), [
      () => main.sync(account),
      async () => {
        for (let n = 0; n < after; n++) await turns.turn(async () => undefined);
        if (person) await linkWithings(account, person).catch(() => undefined);
        if (garmin) await linkGarmin(account, garmin).catch(() => undefined);
        await readLinks(account);
      },
    ]);
    await readLinks(account);
  }

  async function putBack() {
    // A store of yesterday cannot know of entries that Garmin does not show yet.
    const isAllShown = GARMINS.every((it) =>
      entriesOf(it).every(
        ({ uploadedMs }) => uploadedMs + sandbox.garmin.settings.readBackDelaySeconds * 1000 <= turns.nowMs,
      ),
    );
    if (!copied || !isAllShown) return;
    facts["put backs"] += 1;
    await main.close();
    rmSync(dataDir, { recursive: true });
    cpSync(copyDir, dataDir, { recursive: true });
    await restart();
    for (const account of ACCOUNTS) {
      await readLinks(account);
      const pairing = model.current(account);
      // A store from before the first run of a pair has that run before it again.
      if (pairing && !(await ledgerOf(account)?.progress())) begun.delete(`${account} ${pairName(pairing)}`);
      const sends = (await main.app.store.accounts.find(account))?.settings.sends;
      model.sends.set(account, { weigh_in: sends?.weight ?? true, blood_pressure: sends?.bloodPressure ?? true });
    }
    for (const known of model.readings) {
      // The store has forgotten what was said, and what is found in Garmin now counts as somebody else's.
      if (known.said.size > 0 || ACCOUNTS.some((it) => !model.isOn(it, known.kind))) known.isEither = true;
      known.mayBeOutdated = true;
      known.mayStandInVersions = true;
    }
  }

  /** Owners do what the bot asks them to. */
  async function doAsAsked(): Promise<boolean> {
    let isRelinked = false;
    for (const account of ACCOUNTS) {
      await alone(() => main.resume(account).catch(() => undefined));
      const { withings, garmin } = await readLinks(account);
      const [person] = HOMES[account].people;
      const [profile] = HOMES[account].garmins;
      const pairing = model.current(account);
      if (withings?.state === "linked" && garmin?.state === "linked") continue;
      isRelinked = true;
      await link(account, {
        ...(withings?.state !== "linked" && person && { person: pairing?.person ?? person }),
        ...(garmin?.state !== "linked" && profile && { garmin: pairing?.garmin ?? profile }),
      });
      const now = await readLinks(account);
      // Somebody else has it now: then their own one.
      if (now.withings?.state !== "linked" && person) await link(account, { person });
      if (now.garmin?.state !== "linked" && profile) await link(account, { garmin: profile });
    }
    return isRelinked;
  }

  async function play(step: Step): Promise<void> {
    switch (step.do) {
      case "measure":
        return measure(step);
      case "edit":
        return edit(step);
      case "fault": {
        facts.faults += 1;
        const { server, match, effect, times } = step;
        wasTelegramDisturbed ||= server === "telegram";
        const vendor = server === "withings" ? "withings" : "garmin";
        const refusals = isRefusal(effect) ? Array.from({ length: times }, () => turns.nowMs) : [];
        refusedMs.set(vendor, [...(refusedMs.get(vendor) ?? []), ...refusals]);
        const isClockWrong = actors.some(({ skewSeconds }) => Math.abs(skewSeconds) >= 600);
        if (refusals.length > 0 && isClockWrong) refusedByWrongClock.add(vendor);
        sandbox.faults.add({ server, match, effect, times });
        return;
      }
      case "line":
        facts.faults += 1;
        return line.plan(step);
      case "odd":
        facts.faults += 1;
        return line.odd(step.oddity, step.isOn);
      case "slow":
        sandbox.garmin.keepVisible();
        sandbox.garmin.settings.readBackDelaySeconds = step.seconds;
        return;
      case "consent":
        return sandbox.garmin.setConsent(mailOf(step.garmin), step.isGiven);
      case "end":
        return endTokens(step);
      case "clock":
        actors[step.program].skewSeconds = step.skewSeconds;
        return;
      case "word":
        return alone(() => decideHeld(step));
      case "switch":
        return alone(() => change(step).catch(() => undefined));
      case "disconnect": {
        noTrouble();
        return alone(async () => {
          const found = await main.app.store.accounts.find(step.account);
          if (found) await main.app.disconnect(found, step.vendor).catch(() => undefined);
          await readLinks(step.account);
        });
      }
      case "link":
        return link(step.account, step);
      case "store": {
        const { kinds, every } = step;
        facts.faults += 1;
        aws?.fail((nth) => (nth % every === 0 ? kinds[(nth / every) % kinds.length] : undefined));
        return;
      }
      case "restart":
        return restart();
      case "snapshot":
        rmSync(copyDir, { recursive: true, force: true });
        cpSync(dataDir, copyDir, { recursive: true });
        copied = { atMs: turns.nowMs };
        return;
      case "put back":
        return putBack();
      case "well":
        noTrouble();
        for (const name of GARMINS) sandbox.garmin.setConsent(mailOf(name), true);
        await doAsAsked();
        return;
      case "rounds":
        return rounds(step.times, step.everySeconds);
      case "sync": {
        const { account, sinceDays } = step;
        const pairing = model.current(account);
        // A first run that is told how far to reach back leaves for good what is older.
        const mayReach = sinceDays !== undefined && pairing && begun.has(`${account} ${pairName(pairing)}`);
        const since = mayReach ? new Date(turns.nowMs - sinceDays * DAY * 1000) : undefined;
        await alone(() => main.sync(account, { since }));
        return watch();
      }
      case "crash":
        return crash(step);
      case "kill":
        return kill(step.death);
      case "both":
        await both(step);
        return watch();
      case "link while running":
        return linkWhileRunning(step);
    }
  }

  function endTokens({ vendor, account, how }: Extract<Step, { do: "end" }>) {
    const pairing = model.current(account);
    if (!pairing) return;
    const { withings, garmin } = sandbox;
    if (vendor === "withings") {
      if (how === "access") withings.expireAccessToken(USERIDS[pairing.person]);
      else withings.killRefreshToken(USERIDS[pairing.person]);
    } else if (how === "access") garmin.expireAccessToken(mailOf(pairing.garmin));
    else garmin.revoke(mailOf(pairing.garmin));
  }

  return {
    schedule,
    ...{ turns, model, sandbox, facts, violations, lastReports, endedMs },
    ...{
      play,
      rounds,
      owed,
      isThere,
      entriesOf,
      versionOf,
      groupOf,
      messagesTo,
      ledgerOf,
      doAsAsked,
      noTrouble,
      readLinks,
      isTaken,
    },
    get main() {
      return main;
    },

    /** Two accounts that have just been linked, by owners who want to hear of trouble only. */
    async begin() {
      for (const account of ACCOUNTS) {
        const [person] = HOMES[account].people;
        const [garmin] = HOMES[account].garmins;
        await alone(() => main.app.store.accounts.save(account, { settings: { summaryMode: "off" } }));
        if (person && garmin) await link(account, { person, garmin });
      }
    },

    /** All faults end. Returns whether clocks were wrong until now. */
    wellAgain(): boolean {
      noTrouble();
      const wereClocksWrong = actors.some(({ skewSeconds }) => skewSeconds !== 0);
      for (const actor of actors) actor.skewSeconds = 0;
      sandbox.garmin.settings.readBackDelaySeconds = 0;
      for (const name of GARMINS) sandbox.garmin.setConsent(mailOf(name), true);
      return wereClocksWrong;
    },

    async switchOn() {
      for (const account of ACCOUNTS) {
        await alone(() => change({ do: "switch", account, weight: true, bloodPressure: true }));
      }
    },

    async close() {
      Math.random = random;
      aws?.recover();
      if (aws) aws.requests.length = 0;
      await main.close().catch(() => undefined);
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type World = Awaited<ReturnType<typeof startWorld>>;
