import type { HttpRequest, Transport } from "../../src/lib/http-client.ts";
import type { Key, PutOutcome, Table } from "../../src/store/table.ts";

/** The process is dead: whatever it still tries, even in a finally block, has no effect. */
export class Crash extends Error {}

type Moment = readonly [n: number, when: "before" | "after"];

/** Stops a process before or after its `n`th call to the outside, by HTTP or to the database. Infinity only counts. */
export function crashAt(...[n, when]: Moment) {
  /** Whether it may change something, for each call. */
  const calls: boolean[] = [];
  let dead = false;
  async function outside<T>(call: () => Promise<T>, mayChange = true): Promise<T> {
    if (dead) throw new Crash();
    const mine = calls.push(mayChange) === n;
    if (mine && when === "before") dead = true;
    if (dead) throw new Crash();
    const result = await call();
    if (mine) dead = true;
    if (dead) throw new Crash();
    return result;
  }
  return {
    wrapTable: (table: Table): Table => ({
      get: (key) => outside(() => table.get(key), false),
      list: (pk, range) => outside(() => table.list(pk, range), false),
      put: (key, value, options) => outside(() => table.put(key, value, options), isLasting(key)),
      // One by one: in DynamoDB, a process that dies leaves any part of them written.
      async putAll(writes) {
        const outcomes: PutOutcome[] = [];
        for (const write of writes) outcomes.push(...(await outside(() => table.putAll([write]))));
        return outcomes;
      },
      delete: (key, options) => outside(() => table.delete(key, options), isLasting(key)),
      purge: () => table.purge(),
      close: () => table.close(),
    }),
    wrapSend:
      (send: Transport): Transport =>
      (request) =>
        outside(() => send(request), !isLook(request)),
    /** Any other call to the outside, to Telegram for instance. */
    outside,
    calls: () => calls.length,
    /**
     * All moments of a counted run at which dying leaves something different behind, in the table or at a vendor. Each call that
     * has begun takes effect, so after a call is before the next one, and reads in between make no difference.
     */
    moments: (): Moment[] => [
      [1, "before"],
      ...calls.flatMap((mayChange, index): Moment[] => {
        const made = index + 1;
        if (!mayChange) return [];
        return [made < calls.length ? [made + 1, "before"] : [made, "after"]];
      }),
    ],
    isDead: () => dead,
  };
}

/** A dead process's lease and its place in a queue end by themselves, before anything is done again. */
const isLasting = ({ pk }: Key) => !/^(lease|rate-limit)#/.test(pk);

/** Withings is asked for its list by POST. */
function isLook({ method, body }: HttpRequest): boolean {
  return (
    method === "GET" || (body instanceof URLSearchParams && ["getmeas", "list"].includes(body.get("action") ?? ""))
  );
}
