import type { FaultEffect, ServerName } from "../../src/sandbox/fault.ts";
import { type Random, randomFrom } from "./random.ts";
import {
  ACCOUNTS,
  type AccountId,
  DAY,
  type HandOnAnswer,
  HOMES,
  HOUR,
  type Oddity,
  type PersonName,
  type Schedule,
  type Step,
} from "./steps.ts";

const STARTS = [
  "2026-03-27T06:00:00Z",
  "2026-10-23T06:00:00Z",
  "2026-11-21T12:00:00Z",
  "2027-02-27T22:00:00Z",
  "2026-12-30T20:00:00Z",
];
const ZONES = ["Europe/Berlin", "America/St_Johns", "Pacific/Auckland", "UTC", "Australia/Lord_Howe"];
const BASE_KG: Record<PersonName, number> = { ann: 80, bob: 61, cy: 95 };
/** One in this many schedules is played on DynamoDB, unless an engine is chosen. */
const DYNAMODB_EVERY = 8;

/** Always the same for a seed, whatever the program does. */
export function scheduleOf(
  seed: number,
  options: { store?: Schedule["store"] | undefined; length?: number } = {},
): Schedule {
  const random = randomFrom(seed);
  const store = options.store ?? (seed % DYNAMODB_EVERY === 0 ? "dynamodb" : "sqlite");
  const make = new Maker(random, store);
  const length = options.length ?? random.whole(7, 13);
  const schedule: Schedule = {
    ...{ seed, store, startsAt: random.pick(STARTS), timezone: random.pick(ZONES) },
    pageSize: random.chance(0.3) ? random.pick([3, 7]) : 100,
    twins: random.chance(0.25),
    firstSkewSeconds: random.chance(0.04) ? random.pick([60 * DAY, -56 * 365 * DAY]) : 0,
    steps: [],
  };
  for (let n = 0; n < length; n++) schedule.steps.push(...make.chapter());
  const odd = randomFrom(seed + 0.5);
  const wishes = randomFrom(seed + 0.25);
  const typing = new Typing(randomFrom(seed + 0.125));
  const deleting = new Deleting(randomFrom(seed + 0.0625));
  const handing = randomFrom(seed + 0.03125);
  const guests = new Guests(randomFrom(seed + 0.015625));
  const steps = schedule.steps.flatMap((step) => [
    ...wishesBefore(step, wishes),
    ...handingOnBefore(step, handing),
    ...guests.before(step),
    ...typing.before(step),
    ...deleting.around(withOddDate(step, odd)),
  ]);
  return { ...schedule, steps };
}

const RUNS: ReadonlyArray<Step["do"]> = ["sync", "rounds", "crash", "both", "restart"];

/** Now and then an owner types a reading before the program runs again, and a device delivers the same one then or later. */
class Typing {
  readonly #random: Random;
  #count = 0;
  #undelivered: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  before({ do: what }: Step): Step[] {
    const { chance, pick, whole } = this.#random;
    if (!RUNS.includes(what)) return [];
    const steps: Step[] = [];
    if (chance(0.15)) {
      const nth = ++this.#count;
      const kind = chance(0.7) ? "weigh_in" : "blood_pressure";
      const agoSeconds = whole(700, pick([2 * HOUR, 3 * DAY, 400 * DAY]));
      steps.push({ do: "type", id: `t${nth}`, account: pick(ACCOUNTS), kind, nth, agoSeconds });
      this.#undelivered.push(`t${nth}`);
    }
    const [of] = this.#undelivered;
    if (of && chance(0.2)) {
      this.#undelivered.shift();
      const apartSeconds = whole(-300, 300);
      steps.push({ do: "deliver", id: `d${of}`, of, apartSeconds, attrib: pick([0, 0, 0, 7, 1]) });
    }
    return steps;
  }
}

/** Now and then people delete readings at Withings or give them away, which shows after a day, and the owner answers. */
class Deleting {
  readonly #random: Random;
  readonly #ids: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  around(step: Step): Step[] {
    const { chance, pick, whole } = this.#random;
    if (step.do === "measure") this.#ids.push(step.id);
    if (!RUNS.includes(step.do)) return [step];
    const account = pick(ACCOUNTS);
    const before: Step[] = [];
    if (chance(0.08)) before.push({ do: "deletions", account, choice: pick(["ask", "always", "always", "never"]) });
    if (this.#ids.length > 0 && chance(0.25)) {
      const what = pick(["delete", "delete", "give"] as const);
      for (let n = pick([1, 1, 2, 5]); n > 0; n--) before.push({ do: "edit", id: pick(this.#ids), what, to: 0 });
    }
    const looks = chance(0.4);
    if (looks) before.push({ do: "sync", account, compares: true });
    if (looks && chance(0.6)) before.push({ do: "rounds", times: 1, everySeconds: whole(24 * HOUR, 30 * HOUR) });
    if (looks && chance(0.7)) before.push({ do: "sync", account, compares: true });
    if (chance(0.3)) before.push({ do: "answer", account, answer: pick(["keep", "remove"]), nth: whole(0, 2) });
    return [...before, step];
  }
}

/** Now and then an owner takes a reading out of Garmin, or restores one, before the program runs again. */
function wishesBefore({ do: what }: Step, { chance, pick, whole }: Random): Step[] {
  if (!RUNS.includes(what)) return [];
  const wish = (name: "undo" | "restore"): Step => ({ do: name, account: pick(ACCOUNTS), nth: whole(0, 3) });
  return [...(chance(0.12) ? [wish("undo")] : []), ...(chance(0.08) ? [wish("restore")] : [])];
}

const ANSWERS: HandOnAnswer[][] = [
  ["yes"],
  ["yes", "withdraw", "mine"],
  ["withdraw", "yes", "mine"],
  ["withdraw", "mine", "yes"],
  ["no", "yes", "mine"],
  ["no", "undo", "yes"],
  ["yes", "sync", "undo", "no", "mine"],
  ["yes", "undo", "yes"],
  ["yes", "sync", "undo", "yes"],
  ["no", "mine", "undo", "yes"],
  [],
];

/** Now and then an owner says that a reading is the other account's, and both answer in any order. */
function handingOnBefore({ do: what }: Step, { chance, pick, whole }: Random): Step[] {
  if (!RUNS.includes(what) || !chance(0.25)) return [];
  const [isConfirmed, isDelivered] = [chance(0.3), chance(0.3)];
  return [
    { do: "hand on", account: pick(ACCOUNTS), nth: whole(0, 5), answers: pick(ANSWERS), isConfirmed, isDelivered },
  ];
}

/** Now and then guests step on the scale, and an owner gives one answer about all that wait, and takes it back. */
class Guests {
  readonly #random: Random;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  before({ do: what }: Step): Step[] {
    const { chance, pick, whole } = this.#random;
    if (!RUNS.includes(what) || !chance(0.08)) return [];
    const account = pick(ACCOUNTS);
    const run: Step = { do: "sync", account };
    const guests = Array.from({ length: whole(2, 3) }, () => this.#guest(account));
    const answer: Step = { do: "word together", account, word: pick(["mine", "not_mine"]) };
    if (chance(0.3)) return [...guests, run, answer];
    return [...guests, run, answer, ...(chance(0.6) ? [run] : []), { do: "undo together", account }];
  }

  #guest(account: AccountId): Step {
    const { chance, pick, whole } = this.#random;
    const shared = {
      ...{ do: "measure" as const, id: `g${++this.#count}`, who: pick(HOMES[account].people) },
      ...{ agoSeconds: whole(90, HOUR), lateSeconds: 0, attrib: pick([1, 4]) },
    };
    return chance(0.3)
      ? { ...shared, kind: "blood_pressure", value: whole(110, 140), second: whole(70, 85) }
      : { ...shared, kind: "weigh_in", value: whole(4000, 12_000) / 100, second: whole(18, 26) };
  }
}

/** Now and then a reading is dated a day ahead or turns up months late, and its owner lets such readings be sent. */
function withOddDate(step: Step, { chance, whole }: Random): Step {
  if (step.do === "word" && step.word === "mine" && chance(0.3)) return { ...step, word: "send_old" };
  if (step.do !== "measure") return step;
  if (chance(0.05)) return { ...step, agoSeconds: -whole(25, 36) * HOUR };
  return chance(0.05) ? { ...step, agoSeconds: whole(40, 90) * DAY } : step;
}

/** Makes chapters: some events, then something that lets the program run. */
class Maker {
  readonly #random: Random;
  readonly #store: Schedule["store"];
  readonly #ids: string[] = [];
  readonly #slowness: number | undefined;
  #hasSnapshot = false;
  #oddity: Oddity | undefined;

  constructor(random: Random, store: Schedule["store"]) {
    this.#random = random;
    this.#store = store;
    // Sometimes Garmin is slow throughout.
    this.#slowness = random.chance(0.25) ? random.pick([150, 400, 3 * HOUR, 20 * HOUR]) : undefined;
  }

  chapter(): Step[] {
    const { chance, pick, whole } = this.#random;
    const steps: Step[] = [];
    for (let n = whole(0, 3); n > 0; n--) steps.push(this.#measure());
    if (this.#ids.length > 0 && chance(0.5)) steps.push(this.#edit());
    if (chance(0.5)) for (let n = whole(1, 3); n > 0; n--) steps.push(this.#fault());
    if (chance(0.2)) steps.push(this.#line());
    if (chance(0.07)) steps.push(...this.#odd());
    steps.push({ do: "slow", seconds: this.#slowness ?? pick([0, 0, 0, 0, 3, 20, 90, 400, 3 * HOUR]) });
    if (chance(0.06)) steps.push({ do: "consent", garmin: "g1", isGiven: false });
    if (chance(0.08)) steps.push(this.#end());
    if (chance(0.12)) steps.push(this.#clock());
    if (chance(0.25)) {
      steps.push({ do: "word", account: pick(ACCOUNTS), word: pick(["mine", "not_mine"]), nth: whole(0, 5) });
    }
    if (chance(0.05)) {
      steps.push({ do: "switch", account: pick(ACCOUNTS), weight: chance(0.8), bloodPressure: chance(0.8) });
    }
    if (chance(0.06)) steps.push(...this.#relink());
    if (this.#store === "dynamodb" && chance(0.4)) {
      steps.push({ do: "store", kinds: ["throttled", "broken", "dropped", "lost"], every: whole(4, 40) });
    }
    if (chance(0.08)) steps.push({ do: "restart" });
    if (this.#store === "sqlite" && chance(0.06)) steps.push(...this.#snapshots());
    steps.push(this.#run());
    steps.push({
      do: "rounds",
      times: whole(0, 2),
      everySeconds: whole(10, pick([60, 600, HOUR, 5 * HOUR, 20 * HOUR])),
    });
    if (chance(0.25)) steps.push({ do: "well" });
    return steps;
  }

  #measure(): Step {
    const { chance, pick, whole, next } = this.#random;
    const id = `r${this.#ids.length + 1}`;
    this.#ids.push(id);
    const who = pick(["ann", "ann", "ann", "bob", "bob", "cy"] as const);
    const isGuest = chance(0.15);
    const shared = {
      ...{ do: "measure" as const, id, who },
      agoSeconds: whole(90, pick([HOUR, HOUR, 3 * DAY, 9 * DAY])),
      lateSeconds: whole(0, pick([60, 60, 5 * HOUR])),
      attrib: isGuest ? pick([1, 4, 99]) : pick([0, 0, 0, 2, 7, 8]),
    };
    if (chance(0.35)) {
      const pulse = chance(0.7) ? whole(50, 90) : undefined;
      const values = { value: whole(110, 140), second: whole(70, 85), ...(pulse && { pulse }) };
      return { ...shared, kind: "blood_pressure", ...values };
    }
    const isFar = !isGuest && chance(0.07);
    const kg = this.#kg(who) * (isFar ? pick([0.4, 1.5]) : 1);
    return {
      ...{ ...shared, kind: "weigh_in" },
      ...{ value: Math.round(kg * 100) / 100, second: 18 + Math.floor(next() * 9) },
      ...(chance(0.15) && { siblings: true as const }),
      ...(isFar && { isFar: true as const }),
    };
  }

  #kg = (who: PersonName) => Math.round((BASE_KG[who] + (this.#random.next() - 0.5) * 3) * 100) / 100;

  #edit(): Step {
    const { pick, whole, next } = this.#random;
    const id = pick(this.#ids);
    const roll = next();
    if (roll < 0.12) return { do: "edit", id, what: "delete", to: 0 };
    if (roll < 0.3) return { do: "edit", id, what: "attrib", to: pick([7, 7, 0, 1]) };
    if (roll < 0.4) return { do: "edit", id, what: "touch", to: 0 };
    if (roll < 0.55) return { do: "edit", id, what: "time", to: whole(90, pick([HOUR, 3 * DAY])) };
    // A share, because only the world knows whose reading it is: a weight near the usual one, or a pressure.
    return { do: "edit", id, what: roll < 0.87 ? "value" : "second", to: whole(0, 299) };
  }

  #fault(): Step {
    const { chance, pick, whole } = this.#random;
    if (chance(0.1)) return this.#telegramFault();
    const server = pick([
      "withings",
      "garmin_connectapi",
      "garmin_connectapi",
      "garmin_connectapi",
      "garmin_diauth",
    ] as const);
    const method = server === "garmin_connectapi" ? pick(["POST", "POST", "GET", "DELETE", undefined]) : undefined;
    const match = method ? { method } : {};
    return { do: "fault", server, match, effect: this.#effect(server), times: whole(1, 3) };
  }

  #effect(server: ServerName): FaultEffect {
    const { chance, pick } = this.#random;
    if (server === "withings" && chance(0.4)) {
      return { type: "body", body: { status: pick([601, 601, 2555, 522, 98_765]), body: {}, error: "no" } };
    }
    if (server !== "garmin_diauth" && chance(0.12)) {
      return server === "withings"
        ? { type: "body", body: { status: 401, body: {}, error: "invalid_token" } }
        : { type: "status", status: 401 };
    }
    return pick<FaultEffect>([
      { type: "drop_before" },
      { type: "drop_after" },
      { type: "status", status: 429, headers: { "retry-after": "30" } },
      { type: "status", status: 500 },
      { type: "status", status: 503, body: "<html>upstream connect error</html>" },
      { type: "status", status: 403, body: "<html>Just a moment...</html>" },
      { type: "status", status: 403, body: { error: "Forbidden" } },
      { type: "status", status: 204 },
      { type: "body", body: "<!doctype html><h1>We will be back soon</h1>" },
      { type: "body", body: {} },
      { type: "body", body: '{"status":0,"body":{"measuregrps":[{"grpid":1,', contentType: "application/json" },
    ]);
  }

  #telegramFault(): Step {
    const { pick, whole } = this.#random;
    const effect = pick<FaultEffect>([
      { type: "status", status: 500, body: "{}" },
      { type: "status", status: 502, body: "<html>bad gateway</html>" },
      { type: "drop_before" },
      { type: "drop_after" },
      {
        type: "status",
        status: 429,
        body: { ok: false, error_code: 429, description: "Too Many Requests", parameters: { retry_after: 3 } },
      },
    ]);
    return { do: "fault", server: "telegram", match: { path: /sendMessage/ }, effect, times: whole(1, 4) };
  }

  #line(): Step {
    const { chance, pick, whole } = this.#random;
    const trouble = pick([
      "gateway_after",
      "gateway_after",
      "hang_after",
      "hang",
      "refused_after",
      "empty_after",
    ] as const);
    // Only an upload can plausibly be refused or answered without a body.
    const isUpload = trouble === "refused_after" || trouble === "empty_after" || chance(0.6);
    return { do: "line", trouble, ...(isUpload && { method: "POST" }), skip: whole(0, 6), times: whole(1, 3) };
  }

  #odd(): Step[] {
    const { pick } = this.#random;
    if (this.#oddity) {
      const over: Step = { do: "odd", oddity: this.#oddity, isOn: false };
      this.#oddity = undefined;
      return [over];
    }
    this.#oddity = pick(["rounded_weights", "odd_withings_record", "odd_garmin_entry"]);
    return [{ do: "odd", oddity: this.#oddity, isOn: true }];
  }

  #end(): Step {
    const { chance, pick } = this.#random;
    return {
      do: "end",
      vendor: pick(["withings", "garmin"]),
      account: pick(ACCOUNTS),
      how: chance(0.7) ? "access" : "all",
    };
  }

  #clock(): Step {
    const { pick, next } = this.#random;
    const hours = pick([0, 0, 1, -1, 3, -3, 11, -11]);
    return { do: "clock", program: pick([0, 1]), skewSeconds: Math.round(hours * HOUR * next()) };
  }

  #relink(): Step[] {
    const { chance, pick } = this.#random;
    const account = pick(ACCOUNTS);
    const link: Step = {
      ...{ do: "link", account },
      person: pick(HOMES[account].people),
      garmin: pick(HOMES[account].garmins),
    };
    return chance(0.2) ? [{ do: "disconnect", account, vendor: pick(["withings", "garmin"]) }, link] : [link];
  }

  #snapshots(): Step[] {
    const isFirst = !this.#hasSnapshot;
    this.#hasSnapshot = true;
    return isFirst || this.#random.chance(0.3) ? [{ do: "snapshot" }] : [{ do: "put back" }];
  }

  #run(): Step {
    const { chance, pick, whole, next } = this.#random;
    const roll = next();
    const seed = whole(0, 2 ** 31);
    const when = pick(["before", "after"] as const);
    if (roll < 0.012) return { do: "kill", death: { call: whole(1, 60), when } };
    if (roll < 0.22) return { do: "crash", program: pick([0, 1]), death: { call: whole(1, 60), when } };
    if (roll < 0.3) {
      const whose = chance(0.5)
        ? { garmin: pick(["g1", "g3"] as const) }
        : { person: pick(["ann", "ann", "cy"] as const) };
      return { ...{ do: "link while running", seed, account: 4711 }, ...whose, after: whole(0, 40) };
    }
    if (roll < 0.42) return { do: "both", seed, isBusy: chance(0.3) };
    if (roll < 0.8) return { do: "sync", account: pick(ACCOUNTS), ...(chance(0.06) && { sinceDays: whole(0, 12) }) };
    return { do: "rounds", times: 1, everySeconds: 60 };
  }
}
