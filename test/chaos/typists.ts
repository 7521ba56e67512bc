import { type TypedReading, typedId } from "../../src/sync/model/typed.ts";
import type { SentValues } from "../../src/sync/model/vendors.ts";
import type { Copies } from "./copies.ts";
import type { KnownTyped } from "./model.ts";
import type { Readings } from "./readings.ts";
import type { Scene } from "./scene.ts";
import { type GARMINS, HOMES, type Step } from "./steps.ts";

/** Nobody measures such values, so a typed reading is the same as another one only if it's meant to be. */
const TYPED_SHARE = 1.04;
const WITHIN = { seconds: 600, kg: 0.1 };

/** What owners type into the chat, and what their devices deliver of it later. */
export class Typists {
  readonly #scene: Scene;
  readonly #copies: Copies;
  readonly #readings: Readings;

  constructor(scene: Scene, copies: Copies, readings: Readings) {
    this.#scene = scene;
    this.#copies = copies;
    this.#readings = readings;
  }

  type({ account, kind, nth, agoSeconds, id }: Extract<Step, { do: "type" }>): Promise<void> {
    return this.#copies.alone(async () => {
      const { model, turns } = this.#scene;
      const date = this.#readings.freshSecond(agoSeconds, 2 * WITHIN.seconds + 200);
      const who = model.current(account)?.person ?? HOMES[account].people[0] ?? "ann";
      const kg = Math.round((this.#readings.usualKg(who) * TYPED_SHARE + 0.25 * (nth % 8)) * 100) / 100;
      const values: SentValues =
        kind === "weigh_in"
          ? { kind, weightKg: kg }
          : { kind, systolicMmHg: 150 + (nth % 10), diastolicMmHg: 70 + (nth % 15) };
      const typedAt = new Date(turns.nowMs);
      const reading: TypedReading = {
        ...{ id: typedId({ date: Math.floor(turns.nowMs / 1000), message_id: nth }), typedAt },
        ...{ takenAt: new Date(date * 1000), values, within: WITHIN },
      };
      const said = await this.#copies.main.app.store.typed.add(account, reading).then(
        () => "saved",
        () => "perhaps",
      );
      this.#scene.trace?.(`    typed ${id}: ${JSON.stringify(values)} ${said}`);
      const value = values.kind === "weigh_in" ? `${kg.toFixed(2)} kg` : `${150 + (nth % 10)}/${70 + (nth % 15)}`;
      const isEither = said !== "saved" || !model.isOn(account, kind);
      model.typed.push({
        ...{ id, account, typedId: reading.id, kind, date, value, isEither },
        createdMs: turns.nowMs,
      });
    });
  }

  /** The device delivers, a few minutes apart and unrounded, what was typed. */
  deliver({ of, id, apartSeconds, attrib }: Extract<Step, { do: "deliver" }>): void {
    const { model } = this.#scene;
    const typed = model.typed.find((it) => it.id === of);
    const who = typed && model.current(typed.account)?.person;
    if (!typed || !who || typed.device) return;
    const [value = 0, second = 0] = typed.value.split(/[/ ]/).map(Number);
    const agoSeconds = Math.floor(this.#scene.turns.nowMs / 1000) - typed.date - apartSeconds;
    const isWeight = typed.kind === "weigh_in";
    const known = this.#readings.measure({
      ...{ do: "measure", id, who, kind: typed.kind, agoSeconds, lateSeconds: 0, attrib },
      ...{ value: isWeight ? Math.round((value + 0.04) * 100) / 100 : value, second: isWeight ? 20 : second },
    });
    // Too near to others: it was moved away from them, and is a reading of its own.
    if (Math.abs(known.date - typed.date) > WITHIN.seconds) return;
    // Which of the two is in Garmin is judged together.
    known.isEither = true;
    typed.device = known;
  }

  /** Of this and what its device delivered, the entries in a Garmin account. */
  entriesOf({ kind, date, value, device }: KnownTyped, garmin: (typeof GARMINS)[number]) {
    return this.#readings
      .entriesOf(garmin)
      .filter((it) => it.kind === kind && ((it.date === date && it.value === value) || it.date === device?.date));
  }

  /** An older store was put back. It doesn't know what was typed since. */
  forgetSince(snapshotMs: number): void {
    for (const typed of this.#scene.model.typed) {
      if (typed.createdMs >= snapshotMs) Object.assign(typed, { isEither: true, mayBeTwice: true });
    }
  }
}
