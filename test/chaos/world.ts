import type { AwsProxy } from "../support/aws-proxy.ts";
import { Copies } from "./copies.ts";
import { HandingOn } from "./handing-on.ts";
import { pairName } from "./model.ts";
import { Owners } from "./owners.ts";
import type { Plant } from "./program.ts";
import { randomFrom } from "./random.ts";
import { Readings } from "./readings.ts";
import { createScene, mailOf, type Scene, USERIDS } from "./scene.ts";
import { ACCOUNTS, DAY, GARMINS, type Schedule, type Step } from "./steps.ts";
import { Typists } from "./typists.ts";
import { Watch } from "./watch.ts";

export interface WorldOptions {
  aws?: AwsProxy | undefined;
  plant?: Plant | undefined;
  /** What happens, line by line. */
  trace?: ((line: string) => void) | undefined;
}

/** Vendors, people, and copies of the program between them, in a time of their own. */
export class World {
  readonly scene: Scene;
  readonly copies: Copies;
  readonly readings: Readings;
  readonly watch: Watch;
  readonly owners: Owners;
  readonly typists: Typists;
  readonly handingOn: HandingOn;
  readonly #random = Math.random;

  static async start(schedule: Schedule, { plant, ...options }: WorldOptions = {}): Promise<World> {
    const world = new World(await createScene(schedule, options), plant);
    Math.random = randomFrom(schedule.seed).next;
    await world.copies.startMain();
    return world;
  }

  private constructor(scene: Scene, plant: Plant | undefined) {
    this.scene = scene;
    this.copies = new Copies(scene, plant);
    this.readings = new Readings(scene);
    this.watch = new Watch(scene, this.copies, this.readings);
    this.owners = new Owners(scene, this.copies, this.readings, this.watch);
    this.typists = new Typists(scene, this.copies, this.readings);
    this.handingOn = new HandingOn(scene, this.copies, this.readings, this.owners);
  }

  async play(step: Step): Promise<void> {
    const { sandbox, aws, line, facts } = this.scene;
    switch (step.do) {
      case "measure":
        this.readings.measure(step);
        return;
      case "type":
        return this.typists.type(step);
      case "hand on":
        return this.handingOn.play(step);
      case "deliver":
        return this.typists.deliver(step);
      case "edit":
        return this.readings.edit(step);
      case "fault":
        return this.#fault(step);
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
        return this.#endTokens(step);
      case "clock":
        this.copies.actors[step.program].skewSeconds = step.skewSeconds;
        return;
      case "word":
        return this.owners.decideHeld(step);
      case "word together":
        return this.owners.decideTogether(step);
      case "undo together":
        return this.owners.takeBackTogether(step);
      case "undo":
        return this.owners.takeOut(step);
      case "restore":
        return this.owners.restore(step);
      case "answer":
        return this.owners.answer(step);
      case "deletions":
        return this.copies.alone(() => this.owners.choose(step).catch(() => undefined));
      case "switch":
        return this.copies.alone(() => this.owners.switchKinds(step.account, step).catch(() => undefined));
      case "disconnect":
        return this.owners.disconnect(step);
      case "link":
        return this.owners.link(step.account, step);
      case "store": {
        const { kinds, every } = step;
        facts.faults += 1;
        aws?.fail((nth) => (nth % every === 0 ? kinds[(nth / every) % kinds.length] : undefined));
        return;
      }
      case "restart":
        return this.copies.restart();
      case "snapshot":
        return this.copies.takeSnapshot();
      case "put back":
        return this.#putBack();
      case "well":
        this.#endFaultsAndConsent();
        await this.owners.doAsAsked();
        return;
      case "rounds":
        return this.rounds(step.times, step.everySeconds);
      case "sync":
        return this.#sync(step);
      case "crash":
        return this.copies.crash(step);
      case "kill":
        return this.copies.kill(step.death);
      case "both":
        await this.copies.both(step);
        return this.watch.look();
      case "link while running":
        return this.owners.linkWhileRunning(step);
    }
  }

  async rounds(times: number, everySeconds: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      this.scene.turns.advance(everySeconds);
      await this.copies.alone(() => this.copies.main.round());
      await this.watch.look();
    }
  }

  /** All faults end. Returns whether clocks were wrong until now. */
  wellAgain(): boolean {
    this.#endFaultsAndConsent();
    const { actors } = this.copies;
    const wereClocksWrong = actors.some(({ skewSeconds }) => skewSeconds !== 0);
    for (const actor of actors) actor.skewSeconds = 0;
    this.scene.sandbox.garmin.settings.readBackDelaySeconds = 0;
    return wereClocksWrong;
  }

  async close(): Promise<void> {
    const { aws, sandbox } = this.scene;
    Math.random = this.#random;
    aws?.recover();
    if (aws) aws.requests.length = 0;
    await this.copies.close();
    await sandbox.close();
    this.copies.removeFolder();
  }

  #fault(step: Extract<Step, { do: "fault" }>) {
    const { server, match, effect, times } = step;
    this.scene.facts.faults += 1;
    this.watch.noteFault(step);
    this.scene.sandbox.faults.add({ server, match, effect, times });
  }

  #endFaultsAndConsent() {
    this.scene.endFaults();
    for (const name of GARMINS) this.scene.sandbox.garmin.setConsent(mailOf(name), true);
  }

  #endTokens({ vendor, account, how }: Extract<Step, { do: "end" }>) {
    const pairing = this.scene.model.current(account);
    if (!pairing) return;
    const { withings, garmin } = this.scene.sandbox;
    if (vendor === "withings") {
      if (how === "access") withings.expireAccessToken(USERIDS[pairing.person]);
      else withings.killRefreshToken(USERIDS[pairing.person]);
    } else if (how === "access") garmin.expireAccessToken(mailOf(pairing.garmin));
    else garmin.revoke(mailOf(pairing.garmin));
  }

  async #sync({ account, sinceDays, compares }: Extract<Step, { do: "sync" }>) {
    const { model, turns } = this.scene;
    const pairing = model.current(account);
    // A first run that is told how far to go back leaves out for good what is older.
    const mayReach = sinceDays !== undefined && pairing && this.copies.started.has(`${account} ${pairName(pairing)}`);
    const since = mayReach ? new Date(turns.nowMs - sinceDays * DAY * 1000) : undefined;
    await this.copies.alone(() => this.copies.main.sync(account, { since, compares }));
    return this.watch.look();
  }

  async #putBack() {
    const { model, facts } = this.scene;
    // An older store can't know of entries that Garmin doesn't show yet.
    if (!this.readings.isAllShown() || !(await this.copies.putSnapshotBack())) return;
    facts["put backs"] += 1;
    this.typists.forgetSince(this.copies.snapshotMs);
    this.handingOn.forget();
    for (const account of ACCOUNTS) {
      await this.owners.readLinks(account);
      const pairing = model.current(account);
      // A store from before the first run of a pair has that run ahead of it again.
      if (pairing && !(await this.owners.ledgerOf(account)?.progress())) {
        this.copies.started.delete(`${account} ${pairName(pairing)}`);
      }
      const sends = (await this.copies.main.app.store.accounts.find(account))?.settings.sends;
      const { deletions } = (await this.copies.main.app.store.accounts.find(account))?.settings ?? {};
      if (deletions) model.deletions.set(account, deletions);
      model.sends.set(account, { weigh_in: sends?.weight ?? true, blood_pressure: sends?.bloodPressure ?? true });
    }
    for (const known of model.readings) {
      // The store has forgotten the owner's decisions, and what is found in Garmin now counts as somebody else's.
      if (
        known.said.size > 0 ||
        known.takenOut.size > 0 ||
        known.kept.size > 0 ||
        ACCOUNTS.some((it) => !model.isOn(it, known.kind))
      )
        known.isEither = true;
      known.takenOut.clear();
      known.kept.clear();
      known.restored.clear();
      known.mayBeOutdated = true;
      known.mayStandInVersions = true;
    }
  }
}
