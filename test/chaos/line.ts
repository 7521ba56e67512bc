import type { Clock } from "../../src/lib/clock.ts";
import { type HttpAnswer, type HttpRequest, NoAnswerError, type Transport } from "../../src/lib/http-client.ts";
import type { LineTrouble, Oddity } from "./steps.ts";

interface Planned {
  trouble: LineTrouble;
  method?: string | undefined;
  /** How many requests pass before it starts. */
  skip: number;
  times: number;
}

const HANG_SECONDS = 40;

/** The connection between the program and the vendors, for faults that a server can't cause. */
export class Line {
  readonly #clock: Clock;
  #planned: Planned[] = [];
  readonly #odd = new Set<Oddity>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  plan(planned: Planned): void {
    this.#planned.push({ ...planned });
  }

  odd(oddity: Oddity, isOn: boolean): void {
    if (isOn) this.#odd.add(oddity);
    else this.#odd.delete(oddity);
  }

  clear(): void {
    this.#planned = [];
    this.#odd.clear();
  }

  wrap = (send: Transport): Transport => {
    return async (request) => {
      const trouble = this.#take(request.method);
      if (trouble === "hang") await this.#hang();
      const answer = await send(request);
      switch (trouble) {
        case "hang_after":
          return this.#hang();
        case "gateway_after":
          return { status: 504, headers: {}, text: "<html>gateway timeout</html>" };
        case "refused_after":
          return { status: 400, headers: {}, text: '{"message":"no"}' };
        case "empty_after":
          return { status: 204, headers: {}, text: "" };
        default:
          return this.#oddly(request, answer);
      }
    };
  };

  #take(method: string): LineTrouble | undefined {
    const planned = this.#planned.find((it) => it.method === undefined || it.method === method);
    if (!planned) return undefined;
    if (planned.skip > 0) {
      planned.skip -= 1;
      return undefined;
    }
    planned.times -= 1;
    if (planned.times <= 0) this.#planned = this.#planned.filter((it) => it !== planned);
    return planned.trouble;
  }

  async #hang(): Promise<never> {
    await this.#clock.sleep(HANG_SECONDS);
    throw new NoAnswerError("the vendor took the request and was silent");
  }

  #oddly(request: HttpRequest, answer: HttpAnswer): HttpAnswer {
    if (this.#odd.size === 0 || answer.status !== 200) return answer;
    const { pathname } = new URL(request.url);
    let text = answer.text;
    if (this.#odd.has("rounded_weights") && pathname.startsWith("/weight-service/weight/range/")) {
      text = text.replaceAll(/"weight":(\d+)/g, (_all, grams) => `"weight":${Math.round(Number(grams) / 100) * 100}`);
    }
    if (this.#odd.has("odd_garmin_entry")) {
      text = text.replace(/("allWeightMetrics":\[|"measurements":\[)(?=\{)/, '$1{"samplePk":"x","version":null},');
    }
    if (this.#odd.has("odd_withings_record") && pathname === "/measure") {
      text = text
        .replace(/"measuregrps":\[/, '"measuregrps":[{"grpid":1,"attrib":0,"modified":1,"measures":[]},')
        .replace("},]", "}]");
    }
    return { ...answer, text };
  }
}
