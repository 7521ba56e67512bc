import { readingId } from "../../src/sync/model/reading.ts";
import { handedId } from "../../src/sync/model/typed.ts";
import type { Copies } from "./copies.ts";
import { type KnownHandOn, pairName } from "./model.ts";
import type { Owners } from "./owners.ts";
import type { Readings } from "./readings.ts";
import type { Scene } from "./scene.ts";
import { ACCOUNTS, type AccountId, type HandOnAnswer, type Step } from "./steps.ts";

const TRIES = 4;

/** Owners who say that a reading is the other account's, and what both answer. The model learns what they heard. */
export class HandingOn {
  readonly #scene: Scene;
  readonly #copies: Copies;
  readonly #readings: Readings;
  readonly #owners: Owners;

  constructor(scene: Scene, copies: Copies, readings: Readings, owners: Owners) {
    this.#scene = scene;
    this.#copies = copies;
    this.#readings = readings;
    this.#owners = owners;
  }

  async play({ account, nth, answers, isConfirmed, isDelivered }: Extract<Step, { do: "hand on" }>): Promise<void> {
    const other = ACCOUNTS.find((it) => it !== account) ?? account;
    const handedOn = await this.#offer(account, other, nth);
    if (!handedOn) return;
    const { known } = handedOn;
    // Withings counts seconds.
    if (isConfirmed) this.#scene.turns.advance(2);
    if (isConfirmed) this.#readings.edit({ do: "edit", id: known.id, what: "attrib", to: 7 });
    for (const answer of answers) {
      if (answer === "sync") await this.#copies.alone(() => this.#copies.main.sync(other));
      else await this.#copies.alone(() => this.#answer(handedOn, other, answer));
    }
    const said = known.said.get(handedOn.pair);
    // Whether Withings had confirmed it before decides what becomes of it.
    if (said === "ask_again") known.isEither = true;
    if (isDelivered) this.#deliver(handedOn, other);
  }

  /** Then its owner decides again. */
  async hasExpired({ known, from }: KnownHandOn): Promise<boolean> {
    const reading = readingId({ measureGroupId: known.grpid, kind: known.kind });
    return (await this.#copies.main.app.store.offers.find(from, reading))?.value.state === "expired";
  }

  /** An older store may not know of it. */
  forget(): void {
    for (const each of this.#scene.model.handedOn) {
      each.isEither = true;
      each.known.isEither = true;
      if (each.typed) Object.assign(each.typed, { isEither: true, mayBeTwice: true });
    }
  }

  async #offer(account: AccountId, other: AccountId, nth: number): Promise<KnownHandOn | undefined> {
    const { model, trace, turns } = this.#scene;
    let handedOn: KnownHandOn | undefined;
    await this.#copies.alone(async () => {
      const pairing = model.current(account);
      const progress = await this.#owners
        .ledgerOf(account)
        ?.progress()
        .catch(() => undefined);
      const waiting = progress?.value.attention ?? [];
      const item = waiting[nth % waiting.length];
      const known = item && model.readings.find((it) => it.grpid === item.measureGroupId && it.kind === item.kind);
      if (!pairing || !known) return;
      const reading = readingId(item);
      const said = await this.#persist(async () => {
        const handOn = await this.#copies.main.app.sync.handOn();
        const offered = await handOn.offer({ telegramUserId: account }, { reading, to: other, fromMessageId: 1 });
        return offered.type;
      });
      trace?.(`    handed on ${reading}: ${said}`);
      if (said === undefined) known.isEither = true;
      if (said !== "asked") return;
      const pair = pairName(pairing);
      known.said.set(pair, "handed_on");
      const before = model.handedOn.find((it) => it.known === known && it.pair === pair);
      const { values, takenAt } = item;
      const value =
        values.kind === "weigh_in"
          ? `${values.weightKg.toFixed(2)} kg`
          : `${values.systolicMmHg}/${values.diastolicMmHg}`;
      const asked = { date: takenAt.getTime() / 1000, value };
      handedOn = before
        ? Object.assign(before, asked)
        : { known, from: account, pair, isEither: false, createdMs: turns.nowMs, ...asked };
      if (!before) model.handedOn.push(handedOn);
    });
    return handedOn;
  }

  async #answer(handedOn: KnownHandOn, other: AccountId, answer: Exclude<HandOnAnswer, "sync">): Promise<void> {
    const { known, from, pair } = handedOn;
    const reading = readingId({ measureGroupId: known.grpid, kind: known.kind });
    const { main } = this.#copies;
    const said = await this.#persist(() => main.answerOffer(from, other, reading, answer));
    this.#scene.trace?.(`    ${answer} to ${reading}: ${said}`);
    if (said === undefined) {
      handedOn.isEither = true;
      known.isEither = true;
      if (handedOn.typed) handedOn.typed.isEither = true;
    }
    if (answer === "yes" && said === "accepted") this.#accepted(handedOn, other);
    if (answer === "undo" && said === "asked" && handedOn.typed) handedOn.typed.isGone = true;
    if (said === "elsewhere" && handedOn.typed) handedOn.typed.isEither = true;
    if (answer === "mine" && said === "noted") known.said.set(pair, "mine");
    // As the job that tells the one it came to.
    if (answer === "no" || answer === "undo" || answer === "withdraw") {
      const handOn = await main.app.sync.handOn();
      const heard = await this.#persist(async () => (await handOn.settle({ telegramUserId: from }, reading)).type);
      if (heard === "held") known.said.set(pair, "ask_again");
      if (heard === "asked" || heard === "accepted") known.said.set(pair, "handed_on");
    }
  }

  #accepted(handedOn: KnownHandOn, account: AccountId) {
    const { model, turns, facts } = this.#scene;
    const { known, date, value } = handedOn;
    const { kind } = known;
    if (handedOn.typed) {
      Object.assign(handedOn.typed, { isGone: false, date, value });
      return;
    }
    facts["handed on"] += 1;
    handedOn.typed = {
      ...{ id: `h${known.id}`, account, typedId: handedId({ measureGroupId: known.grpid, kind }), kind, date },
      value,
      createdMs: turns.nowMs,
      isEither: !model.isOn(account, kind),
    };
    model.typed.push(handedOn.typed);
  }

  /** Withings gives the same measurement to the other account's person. */
  #deliver({ typed, known }: KnownHandOn, other: AccountId) {
    const who = this.#scene.model.current(other)?.person;
    if (!typed || typed.isGone || typed.device || !who) return;
    const [value = 0, second = 0] = typed.value.split(/[/ ]/).map(Number);
    const device = this.#readings.measure(
      {
        ...{ do: "measure", id: `d${known.id}`, who, kind: typed.kind, agoSeconds: 0, lateSeconds: 0, attrib: 0 },
        ...{ value, second: typed.kind === "weigh_in" ? 20 : second },
      },
      typed.date,
    );
    // Which of the two is in Garmin is judged together.
    device.isEither = true;
    typed.device = device;
  }

  /** People try again, and so do jobs. Undefined if it never worked. */
  async #persist<T>(act: () => Promise<T>): Promise<T | undefined> {
    for (let tries = 1; tries <= TRIES; tries++) {
      try {
        return await act();
      } catch (error) {
        this.#scene.trace?.(`    ${String(error)}`);
        this.#scene.endFaults();
        this.#scene.turns.advance(130);
      }
    }
    return undefined;
  }
}
