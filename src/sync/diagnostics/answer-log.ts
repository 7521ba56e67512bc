import type { Clock } from "../../lib/clock.ts";
import type { HttpAnswer, HttpRequest, Transport } from "../../lib/http-client.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type {
  NoteUnknown,
  Outcomes,
  UnknownAnswer,
  UnknownShape,
  VendorAnswers,
  VendorAnswersStore,
} from "../model/vendor-answers.ts";
import { nameOrLength, shapeOf, withoutValues } from "./shape.ts";

const SHAPES = 20;
const ENDPOINTS = 60;
const OUTCOMES = 12;
const PAUSE_SECONDS = 300;
const GATHER_SECONDS = 30;
const TRIES = 5;
/** How many different ones are remembered; beyond that, each counts as new. */
const MOST_NOTED = 1000;

/** For the file attached to a bug report. Written only when there is news: a run without trouble costs no store call. */
export function createVendorAnswerLog(deps: {
  store: VendorAnswersStore;
  vendorOf: (url: URL) => string;
  clock: Clock;
  log: Log;
}) {
  const { store, vendorOf, clock, log } = deps;
  let fresh = emptyAnswers();
  const lastWell = new Map<string, boolean>();
  const noted = new Set<string>();
  const writer = new NewsWriter(clock, save);

  function count(endpoint: string, outcome: string, isWell: boolean) {
    const name = addOutcomes(fresh, endpoint, { [outcome]: { times: 1, lastAt: clock.now() } });
    if ((lastWell.get(name) ?? true) !== isWell) writer.news();
    lastWell.set(name, isWell);
  }

  const note: NoteUnknown = (unknown) => {
    try {
      const it = shapeOfUnknown(unknown, clock.now());
      fresh.unknown[unknown.vendor] = withShape(fresh.unknown[unknown.vendor], it);
      const id = idOf(it);
      // A repeat is only counted, and written with the next news.
      if (noted.has(id)) return;
      if (noted.size < MOST_NOTED) noted.add(id);
      log.warn("vendor_answer_unknown", { vendor: unknown.vendor, call: it.call, where: it.where });
      writer.news();
    } catch (error) {
      log.warn("vendor_answer_not_noted", { error: error instanceof Error ? error.name : "unknown" });
    }
  };

  async function save(): Promise<boolean> {
    const mine = fresh;
    fresh = emptyAnswers();
    const isSaved = await saveMerged(store, mine).catch((error: unknown) => {
      log.warn("vendor_answers_not_saved", errorFacts(error));
      return false;
    });
    if (!isSaved) fresh = merged(mine, fresh);
    return isSaved;
  }

  return {
    note,
    count,

    observe: (send: Transport): Transport => observing(send, (request) => endpointOf(request, vendorOf), count),

    /** Before the process sleeps: writes the news if the last write is long enough ago. */
    flushIfDue: () => writer.flushIfDue(),

    /** At the end: writes whenever the last write was. */
    close: () => writer.flush(),

    async read(): Promise<VendorAnswers> {
      await writer.settled();
      return merged((await store.read()).value, fresh);
    },
  };
}

class NewsWriter {
  readonly #clock: Clock;
  /** Resolves to whether it succeeded. Never throws. */
  readonly #save: () => Promise<boolean>;
  #isNews = false;
  #writableAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(clock: Clock, save: () => Promise<boolean>) {
    this.#clock = clock;
    this.#save = save;
  }

  news(): void {
    this.#isNews = true;
    if (this.#timer) return;
    const waitMs = Math.max(GATHER_SECONDS * 1000, this.#writableAt - this.#clock.now().getTime());
    this.#timer = setTimeout(() => void this.flush(), Math.min(waitMs, PAUSE_SECONDS * 1000)).unref();
  }

  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => (this.#isNews ? this.#write() : undefined));
    return this.#writing;
  }

  async flushIfDue(): Promise<void> {
    if (this.#clock.now().getTime() >= this.#writableAt) await this.flush();
  }

  settled(): Promise<void> {
    return this.#writing;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isNews = false;
    this.#writableAt = this.#clock.now().getTime() + PAUSE_SECONDS * 1000;
    if (!(await this.#save())) this.#isNews = true;
  }
}

function observing(
  send: Transport,
  nameOf: (request: HttpRequest) => string,
  count: (endpoint: string, outcome: string, isWell: boolean) => void,
): Transport {
  return async (request) => {
    const endpoint = nameOf(request);
    try {
      const answer = await send(request);
      const { outcome, isWell } = outcomeOf(answer, request.expectedStatus);
      count(endpoint, outcome, isWell);
      return answer;
    } catch (error) {
      count(endpoint, "no answer", false);
      throw error;
    }
  };
}

/** False if other processes kept writing first. */
async function saveMerged(store: VendorAnswersStore, mine: VendorAnswers): Promise<boolean> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const { value, version } = await store.read();
    if (await store.write(merged(value, mine), version)) return true;
  }
  return false;
}

function emptyAnswers(): VendorAnswers {
  return { unknown: { withings: [], garmin: [], telegram: [] }, endpoints: {} };
}

function shapeOfUnknown(unknown: UnknownAnswer, at: Date): UnknownShape {
  const { call, httpStatus, where, value, headerNames = [] } = unknown;
  return {
    firstAt: at,
    lastAt: at,
    times: 1,
    call: withoutValues(call, 100),
    ...(httpStatus !== undefined && { httpStatus }),
    where: withoutValues(where),
    // A long header name, or one with a number, may be about a person.
    headerNames: headerNames.slice(0, 40).map((name) => (/^[a-z-]{1,32}$/i.test(name) ? name : `<${name.length}>`)),
    shape: shapeOf(value),
  };
}

const idOf = ({ call, httpStatus, where, shape }: UnknownShape) =>
  JSON.stringify([call, httpStatus, where, shape.map((line) => line.replace(/, .*/, ""))]);

/** Repeats of a shape are counted; of different ones the last twenty are kept. */
function withShape(before: UnknownShape[], it: UnknownShape): UnknownShape[] {
  const known = before.find((one) => idOf(one) === idOf(it));
  const one = known ? { ...it, firstAt: known.firstAt, times: known.times + it.times } : it;
  return [...before.filter((each) => each !== known), one].slice(-SHAPES);
}

function merged(before: VendorAnswers, now: VendorAnswers): VendorAnswers {
  const all: VendorAnswers = structuredClone(before);
  for (const vendor of ["withings", "garmin", "telegram"] as const) {
    all.unknown[vendor] = now.unknown[vendor].reduce(withShape, before.unknown[vendor]).slice(-SHAPES);
  }
  for (const [endpoint, outcomes] of Object.entries(now.endpoints)) addOutcomes(all, endpoint, outcomes);
  return all;
}

/** Answers the name under which the endpoint is counted. */
function addOutcomes({ endpoints }: VendorAnswers, endpoint: string, added: Outcomes): string {
  const name = nameOrRest(endpoint, endpoints, ENDPOINTS);
  const outcomes: Outcomes = endpoints[name] ?? {};
  endpoints[name] = outcomes;
  for (const [outcome, { times, lastAt }] of Object.entries(added)) {
    const it = nameOrRest(outcome, outcomes, OUTCOMES);
    outcomes[it] = { times: (outcomes[it]?.times ?? 0) + times, lastAt };
  }
  return name;
}

const nameOrRest = (name: string, known: object, most: number) =>
  Object.hasOwn(known, name) || Object.keys(known).length < most ? name : "others";

/** `Garmin GET /weight-service/weight/range`, `Withings POST /measure getmeas`. */
function endpointOf({ method, url, body }: HttpRequest, vendorOf: (url: URL) => string): string {
  const address = new URL(url);
  const parts = address.pathname.split("/").map((part) => (part === "" ? "" : nameOrStar(part)));
  const action = body instanceof URLSearchParams ? body.get("action") : null;
  return `${vendorOf(address)} ${method} ${parts.join("/")}${action ? ` ${nameOrStar(action)}` : ""}`.slice(0, 120);
}
const nameOrStar = (part: string) => (nameOrLength(part) === part || /^v\d$/.test(part) ? part : "*");

/** Withings' own status is in the body, whatever the HTTP status. */
function outcomeOf({ status, text }: HttpAnswer, expectedStatus?: number): { outcome: string; isWell: boolean } {
  const inside = /^\s*\{\s*"status"\s*:\s*(\d{1,5})\b/.exec(text.slice(0, 60))?.[1];
  const isRefused = inside !== undefined && inside !== "0";
  return {
    outcome: isRefused ? `HTTP ${status}, status ${inside}` : `HTTP ${status}`,
    isWell: status === expectedStatus || (status >= 200 && status <= 299 && !isRefused),
  };
}
