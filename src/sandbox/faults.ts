import type { Fault, FaultMatch, ServerName } from "./fault.ts";
import { type FaultName, namedFaults } from "./named-faults.ts";
import { Reply } from "./reply.ts";
import { type Handler, type RecordedRequest, realSeconds } from "./serve.ts";

export type NewFault = Omit<Fault, "name" | "label" | "times"> & { name?: string; label?: string; times?: number };

/** What is going wrong right now, at any server. The first fault that matches a request catches it. */
export class FaultBoard {
  #faults: Fault[] = [];
  #added = 0;
  readonly #ends = new WeakMap<Fault, PromiseWithResolvers<void>>();

  /** `times` is 1 by default; Infinity lasts until it is removed. Adding a name again replaces it. */
  add(fault: NewFault): Fault {
    this.#added += 1;
    const name = fault.name ?? `fault-${this.#added}`;
    const added: Fault = { ...fault, name, label: fault.label ?? name, times: fault.times ?? 1 };
    this.remove(name);
    this.#faults.push(added);
    return added;
  }

  /** `times` is Infinity by default. */
  turnOn(name: FaultName, options: { times?: number } = {}): Fault {
    return this.add({ ...namedFaults[name], name, times: options.times ?? Infinity });
  }

  turnOff(name: FaultName): void {
    this.remove(name);
  }

  isOn(name: string): boolean {
    return this.#faults.some((fault) => fault.name === name);
  }

  /** Another object each time it is turned on. */
  get(name: FaultName): Fault | undefined {
    return this.#faults.find((fault) => fault.name === name);
  }

  /** The value of a fault with the effect "setting". */
  setting(name: FaultName): number | undefined {
    const effect = this.get(name)?.effect;
    return effect?.type === "setting" ? effect.value : undefined;
  }

  remove(name: string): void {
    this.#keep((fault) => fault.name !== name);
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  clear(): void {
    this.#keep(() => false);
  }

  ended(fault: Fault): Promise<void> {
    const end = this.#ends.get(fault) ?? Promise.withResolvers<void>();
    this.#ends.set(fault, end);
    return end.promise;
  }

  #keep(stays: (fault: Fault) => boolean): void {
    const gone = this.#faults.filter((fault) => !stays(fault));
    this.#faults = this.#faults.filter(stays);
    for (const fault of gone) this.#ends.get(fault)?.resolve();
  }

  /** Counts as used. */
  take(server: ServerName, seen: RecordedRequest): Fault | undefined {
    const fault = this.#faults.find(
      ({ server: only, match, effect }) =>
        effect.type !== "setting" && (only === undefined || only === server) && matches(match, seen),
    );
    if (!fault) return undefined;
    fault.times -= 1;
    if (fault.times <= 0) this.#faults = this.#faults.filter((other) => other !== fault);
    return fault;
  }
}

function matches(match: FaultMatch, seen: RecordedRequest): boolean {
  if (match.method !== undefined && match.method !== seen.method) return false;
  if (typeof match.path === "string" && match.path !== seen.path) return false;
  if (match.path instanceof RegExp && !match.path.test(seen.path)) return false;
  const isForm = seen.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  const form = new URLSearchParams(isForm ? seen.body : "");
  const wanted = { ...match.form, ...(match.action === undefined ? {} : { action: match.action }) };
  return Object.entries(wanted).every(([name, value]) => (form.get(name) ?? seen.query.get(name)) === value);
}

export function withFaults(server: ServerName, faults: FaultBoard, handler: Handler): Handler {
  return async (request, seen) => {
    const fault = faults.take(server, seen);
    const effect = fault?.effect;
    switch (effect?.type) {
      case "status":
        return answerWith(effect.body, effect.status, effect.headers);
      case "body":
        return answerWith(effect.body, 200, effect.contentType ? { "content-type": effect.contentType } : {});
      case "hang":
        // It was its last request, so nobody can turn the fault off any more.
        if (!fault || !faults.isOn(fault.name)) return "hang";
        await faults.ended(fault);
        return "drop";
      case "drop_before":
        return "drop";
      case "drop_after":
        await handler(request, seen);
        return "drop";
      case "hang_after":
        await handler(request, seen);
        return "hang";
      case "delay":
        await realSeconds(effect.seconds);
        return handler(request, seen);
      default:
        return handler(request, seen);
    }
  };
}

function answerWith(body: unknown, status: number, headers: Record<string, string> = {}): Reply {
  if (body === undefined) return new Reply(null, { status, headers });
  const isText = typeof body === "string";
  return new Reply(isText ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": isText ? "text/html; charset=utf-8" : "application/json; charset=utf-8", ...headers },
  });
}
