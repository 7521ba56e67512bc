import { asksWhose, type Progress } from "../../src/sync/model/ledger.ts";
import { readingId } from "../../src/sync/model/reading.ts";
import { goneQuestions } from "../../src/sync/status/gone.ts";
import type { Copies } from "./copies.ts";
import { type Known, type Pairing, pairName } from "./model.ts";
import { randomFrom } from "./random.ts";
import type { Readings } from "./readings.ts";
import { mailOf, type Scene, USERIDS, VENDORS } from "./scene.ts";
import {
  ACCOUNTS,
  type AccountId,
  GARMINS,
  type GarminName,
  HOMES,
  PEOPLE,
  type PersonName,
  type Step,
} from "./steps.ts";
import type { Watch } from "./watch.ts";

const idOf = ({ grpid, kind }: Known) => readingId({ measureGroupId: grpid, kind });

/** What owners do in the chat: link, decide, switch kinds on and off. The model learns of it. */
export class Owners {
  readonly #scene: Scene;
  readonly #copies: Copies;
  readonly #readings: Readings;
  readonly #watch: Watch;

  constructor(scene: Scene, copies: Copies, readings: Readings, watch: Watch) {
    this.#scene = scene;
    this.#copies = copies;
    this.#readings = readings;
    this.#watch = watch;
  }

  get #app() {
    return this.#copies.main.app;
  }

  /** Links all accounts, for owners who want to hear of trouble only. */
  async start(): Promise<void> {
    for (const account of ACCOUNTS) {
      const [person] = HOMES[account].people;
      const [garmin] = HOMES[account].garmins;
      await this.#copies.alone(() => this.#app.store.accounts.save(account, { settings: { cards: "needed" } }));
      if (person && garmin) await this.link(account, { person, garmin });
    }
  }

  async readLinks(account: AccountId) {
    const { sandbox, model, turns } = this.#scene;
    const [withings, garmin] = await Promise.all(VENDORS.map((vendor) => this.#app.store.links.facts(account, vendor)));
    const person = PEOPLE.find((it) => String(USERIDS[it]) === withings?.vendorUserId);
    const profile = GARMINS.find(
      (it) => String(sandbox.garmin.accounts.get(mailOf(it)).profileId) === garmin?.vendorUserId,
    );
    model.linked(account, person && profile ? { person, garmin: profile } : undefined, turns.nowMs);
    return { withings, garmin };
  }

  /** Without any fault: people would repeat it until it works. */
  async link(
    account: AccountId,
    { person, garmin }: { person?: PersonName | undefined; garmin?: GarminName | undefined },
  ): Promise<void> {
    this.#scene.endFaults();
    await this.#copies.alone(async () => {
      const results = [
        person && (await this.#linkWithings(account, person)),
        garmin && (await this.#linkGarmin(account, garmin)),
      ];
      this.#scene.trace?.(`    linked ${account}: ${results.join(", ")}`);
      await this.readLinks(account);
    });
    this.#watch.noteLinked(account);
  }

  async linkWhileRunning(step: Extract<Step, { do: "link while running" }>): Promise<void> {
    const { account, person, garmin, after, seed } = step;
    const { turns } = this.#scene;
    this.#scene.endFaults();
    await turns.together(randomFrom(seed), [
      () => this.#copies.main.sync(account),
      async () => {
        for (let n = 0; n < after; n++) await turns.turn(async () => undefined);
        if (person) await this.#linkWithings(account, person).catch(() => undefined);
        if (garmin) await this.#linkGarmin(account, garmin).catch(() => undefined);
        await this.readLinks(account);
      },
    ]);
    await this.readLinks(account);
  }

  disconnect({ account, vendor }: Extract<Step, { do: "disconnect" }>): Promise<void> {
    this.#scene.endFaults();
    return this.#copies.alone(async () => {
      const found = await this.#app.store.accounts.find(account);
      if (found) await this.#app.disconnect(found, vendor).catch(() => undefined);
      await this.readLinks(account);
    });
  }

  async #linkWithings(account: AccountId, person: PersonName) {
    const { withingsLinking } = this.#app;
    const address = this.#scene.sandbox.withings.allow(USERIDS[person], withingsLinking.begin(account));
    const result = await withingsLinking.withPasted(account, address);
    if (result.type !== "other_person") return result.type;
    return (await withingsLinking.switchPerson(account, result.withingsUserId)).type;
  }

  async #linkGarmin(account: AccountId, garmin: GarminName) {
    const { garminSignIn } = this.#app;
    const result = await garminSignIn.withPasted(account, this.#scene.sandbox.garmin.mintTicket(mailOf(garmin)));
    if (result.type !== "other_profile") return result.type;
    return (await garminSignIn.switchProfile(account, result.profile.profileId)).type;
  }

  ledgerOf(account: AccountId) {
    const { model, sandbox } = this.#scene;
    const pairing = model.current(account);
    if (!pairing) return undefined;
    const { profileId } = sandbox.garmin.accounts.get(mailOf(pairing.garmin));
    return this.#app.store.ledgers.of(account, String(USERIDS[pairing.person]), String(profileId));
  }

  decideHeld({ account, word, nth }: Extract<Step, { do: "word" }>): Promise<void> {
    return this.#copies.alone(async () => {
      const { model, trace } = this.#scene;
      const pairing = model.current(account);
      const waiting = (await this.ledgerOf(account)?.progress())?.value.attention ?? [];
      const item = waiting[nth % waiting.length];
      if (!pairing || !item) return;
      const said = await this.#copies.main.decideHeld(account, [readingId(item)], word).catch(() => "busy");
      trace?.(`    word ${word}: ${said}`);
      const known = model.readings.find((it) => it.grpid === item.measureGroupId && it.kind === item.kind);
      if (said === "noted") known?.said.set(pairName(pairing), word);
    });
  }

  decideTogether({ account, word }: Extract<Step, { do: "word together" }>): Promise<void> {
    return this.#copies.alone(async () => {
      const { model, trace } = this.#scene;
      const pairing = model.current(account);
      const waiting = (await this.#progressOf(account))?.attention.filter(asksWhose) ?? [];
      if (!pairing || waiting.length < 2) return;
      const ids = waiting.map(readingId);
      const said = await this.#copies.main.decideHeld(account, ids, word).catch(() => "unknown");
      trace?.(`    word ${word} about ${ids.join(", ")}: ${said}`);
      for (const known of model.readings.filter((it) => ids.includes(idOf(it)))) {
        if (said === "noted") known.said.set(pairName(pairing), word);
        // It may have ended half-way, with some of them decided.
        else if (said === "unknown") this.#mayBeEither(known, pairing);
      }
    });
  }

  takeBackTogether({ account }: Extract<Step, { do: "undo together" }>): Promise<void> {
    return this.#copies.alone(async () => {
      const { model, facts, trace } = this.#scene;
      const pairing = model.current(account);
      const answered = (await this.#progressOf(account))?.answered?.at(-1);
      if (!pairing || !answered) return;
      const said = await this.#copies.main.askAllAgain(account, answered.at).catch(() => "unknown");
      trace?.(`    undo of ${answered.ids.join(", ")}: ${said}`);
      const decided = await this.ledgerOf(account)
        ?.entries(answered.ids)
        .catch(() => undefined);
      for (const known of model.readings.filter((it) => answered.ids.includes(idOf(it)))) {
        const asksAgain = decided?.get(idOf(known))?.value.decision?.type === "ask_again";
        if (said === "held" && asksAgain && facts["put backs"] === 0) {
          known.said.delete(pairName(pairing));
          // It's held until they give another answer.
          known.isEither ||= known.isOwn;
        } else if (said !== "too_late") this.#mayBeEither(known, pairing);
      }
    });
  }

  /** Only part of it may have been done. */
  #mayBeEither(known: Known, pairing: Pairing): void {
    known.isEither = true;
    known.said.set(pairName(pairing), "mine");
  }

  async #progressOf(account: AccountId): Promise<Progress | undefined> {
    return (
      await this.ledgerOf(account)
        ?.progress()
        .catch(() => undefined)
    )?.value;
  }

  takeOut({ account, nth }: Extract<Step, { do: "undo" | "restore" }>): Promise<void> {
    return this.#copies.alone(async () => {
      const { arrived = [] } = (await this.#progressOf(account)) ?? {};
      const { id } = arrived.at(-1 - (nth % arrived.length)) ?? {};
      if (id === undefined) return;
      await this.#act(account, id, "undo", () => this.#copies.main.takeOut(account, id));
    });
  }

  restore({ account, nth }: Extract<Step, { do: "undo" | "restore" }>): Promise<void> {
    return this.#copies.alone(async () => {
      const { removals = [] } = (await this.#progressOf(account)) ?? {};
      const { id } = removals[nth % removals.length] ?? {};
      if (id === undefined) return;
      await this.#act(account, id, "restore", () => this.#copies.main.restore(account, id));
    });
  }

  answer({ account, answer, nth }: Extract<Step, { do: "answer" }>): Promise<void> {
    return this.#copies.alone(async () => {
      const questions = goneQuestions((await this.#progressOf(account))?.gone);
      const { items = [] } = questions[nth % questions.length] ?? {};
      const [first] = items;
      if (!first?.askedAt) return;
      const which = first.isOfMany ? first.askedAt : first.id;
      let said: Promise<string | undefined> | undefined;
      const act = () => (said ??= this.#copies.main.answerGone(account, which, answer));
      for (const { id } of items) await this.#act(account, id, `answer ${answer}`, act);
    });
  }

  async choose({ account, choice }: Extract<Step, { do: "deletions" }>): Promise<void> {
    const { model } = this.#scene;
    // Whatever becomes of the call, it may have been stored.
    if (choice === "always") model.removing.add(account);
    await this.#app.store.accounts.save(account, { settings: { deletions: choice } });
    model.deletions.set(account, choice);
  }

  /** The model learns what the owner heard. If that was nothing, either may be true. */
  async #act(account: AccountId, id: string, what: string, act: () => Promise<string | undefined>): Promise<void> {
    const { model, facts, trace } = this.#scene;
    const pairing = model.current(account);
    const known = model.readings.find((it) => idOf(it) === id);
    const typed = model.typed.find((it) => readingId({ measureGroupId: it.typedId, kind: it.kind }) === id);
    const same = typed ?? model.typed.find(({ device }) => device && device === known);
    // What was typed, and what a device delivered of it, may both be gone then.
    if (same) same.isEither = true;
    const said = await act().catch((error: unknown) => String(error));
    trace?.(`    ${what} ${id}: ${said}`);
    if (!pairing || !known) return;
    const isTakenOut = said === "removed" || said === "pending";
    // A store from before the edit knows the older version only, and what Garmin has of the newer one counts as somebody else's. One
    // from before a restore takes the reading for removed already.
    const isOlder = known.isEither || known.versions.length + known.earlier.length > 1;
    if (isTakenOut && facts["put backs"] > 0 && isOlder) known.isEither = true;
    else if (isTakenOut) known.takenOut.add(pairName(pairing));
    else if (said === "restoring") {
      known.takenOut.delete(pairName(pairing));
      known.said.set(pairName(pairing), "mine");
      if (known.isDeleted) known.restored.add(pairName(pairing));
    } else if (said === "kept") known.kept.add(pairName(pairing));
    else if (said?.includes("Error")) known.isEither = true;
  }

  async switchKinds(account: AccountId, { weight, bloodPressure }: { weight: boolean; bloodPressure: boolean }) {
    const { model } = this.#scene;
    const { accounts } = this.#app.store;
    const found = await accounts.find(account);
    if (!found) return;
    await accounts.save(account, { settings: { sends: { ...found.settings.sends, weight, bloodPressure } } });
    const before = { weigh_in: model.isOn(account, "weigh_in"), blood_pressure: model.isOn(account, "blood_pressure") };
    const after = { weigh_in: weight, blood_pressure: bloodPressure };
    model.sends.set(account, after);
    for (const typed of model.typed) {
      if (typed.account === account && !after[typed.kind]) typed.isEither = true;
    }
    for (const known of model.readings) {
      // Readings not delivered by now may first be seen while the kind is off.
      if (before[known.kind] && !after[known.kind] && !this.#readings.isBrought(account, known)) known.isEither = true;
    }
  }

  async switchAllOn(): Promise<void> {
    for (const account of ACCOUNTS) {
      await this.#copies.alone(() => this.switchKinds(account, { weight: true, bloodPressure: true }));
    }
  }

  /** Owners do what the bot asks. Returns whether they had to link anything again. */
  async doAsAsked(): Promise<boolean> {
    let isRelinked = false;
    for (const account of ACCOUNTS) {
      await this.#copies.alone(() => this.#copies.main.resume(account).catch(() => undefined));
      const { withings, garmin } = await this.readLinks(account);
      const [person] = HOMES[account].people;
      const [profile] = HOMES[account].garmins;
      const pairing = this.#scene.model.current(account);
      if (withings?.state === "linked" && garmin?.state === "linked") continue;
      isRelinked = true;
      await this.link(account, {
        ...(withings?.state !== "linked" && person && { person: pairing?.person ?? person }),
        ...(garmin?.state !== "linked" && profile && { garmin: pairing?.garmin ?? profile }),
      });
      const now = await this.readLinks(account);
      // Somebody else has it now, so they link their own.
      if (now.withings?.state !== "linked" && person) await this.link(account, { person });
      if (now.garmin?.state !== "linked" && profile) await this.link(account, { garmin: profile });
    }
    return isRelinked;
  }
}
