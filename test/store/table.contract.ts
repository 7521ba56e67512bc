import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/lib/clock.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import type { JsonObject, PutOutcome, Table, Write } from "../../src/store/table.ts";

let partitions = 0;

/** What every engine promises (`src/store/table.ts`). `openTable` opens another handle on the same table, which may hold data. */
export function describeTableContract(name: string, openTable: (options: { clock: Clock }) => Promise<Table>): void {
  describe(name, () => {
    let clock: ManualClock;
    let table: Table;
    let otherHandle: Table;
    let pk: string;

    beforeEach(async () => {
      // Starts now, because an engine that deletes expired items itself uses real time.
      clock = createManualClock(new Date(Math.floor(Date.now() / 1000) * 1000));
      table = await openTable({ clock });
      otherHandle = await openTable({ clock });
      pk = `partition-${process.pid}-${Date.now()}-${partitions++}`;
    });
    afterEach(async () => {
      await table.close();
      await otherHandle.close();
    });

    const secondsFromNow = (seconds: number) => Math.floor(clock.now().getTime() / 1000) + seconds;
    const write = async (sk: string, value: JsonObject = {}, expiresAt?: number): Promise<string> =>
      versionOf(
        await table.put({ pk, sk }, value, { expect: "absent", ...(expiresAt !== undefined && { expiresAt }) }),
      );
    const writeAll = async (sks: string[]) => {
      for (const sk of sks) await write(sk);
    };
    const listed = async (range?: Parameters<Table["list"]>[1]) =>
      (await table.list(pk, range)).map((item) => item.key.sk);
    /** A hundred calls at once, alternating between the handles. */
    const hundredAtOnce = <T>(call: (handle: Table, writer: number) => Promise<T>) =>
      Promise.all(Array.from({ length: 100 }, (_, writer) => call(writer % 2 === 0 ? table : otherHandle, writer)));

    test("an item that was never written is absent", async () => {
      expect(await table.get({ pk, sk: "nothing" })).toBeUndefined();
      expect(await table.list(pk)).toEqual([]);
    });

    test.each<[string, JsonObject]>([
      ["nothing at all", {}],
      ["every kind of JSON", { text: "a", number: -1.5e-7, yes: true, no: false, nothing: null, list: [1, [], {}] }],
      ["empty texts", { "": "", list: ["", ""] }],
      ["text beyond ASCII", { "naïve 體重 😀": "Zoë\u0000\u2028\ud800 '\"\\ 💪🏽" }],
      ["300 KB of text", { text: "kg".repeat(150_000) }],
    ])("an item with %s reads back as it was written", async (_, value) => {
      const key = { pk, sk: "item" };
      const version = await write("item", value);

      expect(await otherHandle.get(key)).toEqual({ key, version, value });
      expect(await otherHandle.list(pk)).toEqual([{ key, version, value }]);
    });

    test.each(["it's", 'a "b"', "a\u0000b", " ", "Zoë#體重", "😀", "%_?:"])(
      "the key %j is only its own",
      async (sk) => {
        await write(sk, { sk });
        await write(`${sk}2`);

        expect((await table.get({ pk, sk }))?.value).toEqual({ sk });
        expect((await table.list(pk))[0]?.key).toEqual({ pk, sk });
        expect(await table.get({ pk: sk, sk: pk })).toBeUndefined();
      },
    );

    test("what one handle wrote is there for a handle that was opened before and one that is opened after", async () => {
      await write("item", { weightKg: 80.25 });
      const later = await openTable({ clock });

      expect((await otherHandle.get({ pk, sk: "item" }))?.value).toEqual({ weightKg: 80.25 });
      expect((await later.get({ pk, sk: "item" }))?.value).toEqual({ weightKg: 80.25 });
      await later.close();
    });

    test("a put that expects absence conflicts with an item that is there, and changes nothing", async () => {
      const version = await write("item", { by: "first" });

      expect(await otherHandle.put({ pk, sk: "item" }, { by: "second" }, { expect: "absent" })).toEqual({
        type: "conflict",
      });
      expect(await table.get({ pk, sk: "item" })).toMatchObject({ version, value: { by: "first" } });
    });

    test("a put that expects the version that was read replaces the whole item, its expiry too", async () => {
      const key = { pk, sk: "item" };
      const first = await write("item", { a: 1, b: 2 }, secondsFromNow(60));

      const second = versionOf(await otherHandle.put(key, { b: 3 }, { expect: { version: first } }));

      expect(second).not.toBe(first);
      expect(await table.get(key)).toEqual({ key, version: second, value: { b: 3 } });
    });

    test("a put that expects an older version conflicts and changes nothing", async () => {
      const key = { pk, sk: "item" };
      const first = await write("item", { n: 1 });
      const second = versionOf(await table.put(key, { n: 2 }, { expect: { version: first } }));

      expect(await otherHandle.put(key, { n: 3 }, { expect: { version: first } })).toEqual({ type: "conflict" });
      expect(await table.get(key)).toEqual({ key, version: second, value: { n: 2 } });
    });

    test("a put that expects a version conflicts when the item is absent", async () => {
      const expectation = { expect: { version: "anything" } };

      expect(await table.put({ pk, sk: "item" }, {}, expectation)).toEqual({ type: "conflict" });
      expect(await table.get({ pk, sk: "item" })).toBeUndefined();
    });

    test("an item is deleted once, by its current version", async () => {
      const key = { pk, sk: "item" };
      const first = await write("item", { n: 1 });
      const second = versionOf(await table.put(key, { n: 2 }, { expect: { version: first } }));

      expect(await table.delete(key, { version: first })).toBe("conflict");
      expect((await table.get(key))?.value).toEqual({ n: 2 });
      expect(await table.delete(key, { version: second })).toBe("deleted");
      expect(await table.get(key)).toBeUndefined();
      expect(await otherHandle.delete(key, { version: second })).toBe("conflict");
    });

    test("an item that was deleted and written again is not mistaken for the old one", async () => {
      const key = { pk, sk: "item" };
      const old = await write("item", { n: 1 });
      await table.delete(key, { version: old });
      const present = await write("item", { n: 1 });

      expect(present).not.toBe(old);
      expect(await table.put(key, { n: 2 }, { expect: { version: old } })).toEqual({ type: "conflict" });
      expect(await table.delete(key, { version: old })).toBe("conflict");
      expect(await table.get(key)).toMatchObject({ version: present });
    });

    test("no two writes have the same version, whatever they write and wherever", async () => {
      const outcomes = await hundredAtOnce((handle, writer) =>
        handle.put({ pk, sk: `item-${writer}` }, {}, { expect: "absent" }),
      );

      expect(new Set(outcomes.map(versionOf)).size).toBe(100);
    });

    test("of 100 writers that expect absence exactly one succeeds", async () => {
      const outcomes = await hundredAtOnce((handle, writer) =>
        handle.put({ pk, sk: "lock" }, { writer }, { expect: "absent" }),
      );

      const winners = outcomes.flatMap((outcome, writer) => (outcome.type === "written" ? [writer] : []));
      expect(winners).toHaveLength(1);
      expect((await table.get({ pk, sk: "lock" }))?.value).toEqual({ writer: winners[0] });
    });

    test("of 100 writers that expect the same version exactly one succeeds, some of them deleting", async () => {
      const version = await write("lock");

      const outcomes = await hundredAtOnce(async (handle, writer) =>
        writer % 3 === 0
          ? await handle.delete({ pk, sk: "lock" }, { version })
          : (await handle.put({ pk, sk: "lock" }, { writer }, { expect: { version } })).type,
      );

      expect(outcomes.filter((outcome) => outcome !== "conflict")).toHaveLength(1);
    });

    test("of 100 writers that find an expired item exactly one replaces it", async () => {
      await write("lock", {}, secondsFromNow(60));
      clock.advance(60);

      const outcomes = await hundredAtOnce((handle, writer) =>
        handle.put({ pk, sk: "lock" }, { writer }, { expect: "absent", expiresAt: secondsFromNow(60) }),
      );

      expect(outcomes.filter((outcome) => outcome.type === "written")).toHaveLength(1);
    });

    const numbered = (count: number) => Array.from({ length: count }, (_, n) => `item-${n}`);
    const asNew = (sks: string[], value: JsonObject = {}) =>
      sks.map((sk): Write => ({ key: { pk, sk }, value: { sk, ...value }, expect: "absent" }));

    test("many writes at once are all there afterwards, each with the version that its outcome names", async () => {
      const sks = numbered(120);
      const versions = (await table.putAll(asNew(sks))).map(versionOf);

      const items = new Map((await otherHandle.list(pk)).map((item) => [item.key.sk, item]));
      expect(sks.map((sk) => items.get(sk)?.value)).toEqual(sks.map((sk) => ({ sk })));
      expect(sks.map((sk) => items.get(sk)?.version)).toEqual(versions);
      expect(new Set(versions).size).toBe(120);
    });

    test("no writes at once do nothing", async () => {
      expect(await table.putAll([])).toEqual([]);
    });

    test("of many writes at once, one that conflicts changes nothing and doesn't stop the others", async () => {
      const [there, old, expired, replaced] = [
        await write("there", { by: "first" }),
        await write("old"),
        await write("expired", {}, secondsFromNow(60)),
        await write("replaced"),
      ];
      const newer = versionOf(await table.put({ pk, sk: "old" }, { by: "first" }, { expect: { version: old } }));
      clock.advance(60);
      const at = (sk: string, expect: Write["expect"]): Write => ({ key: { pk, sk }, value: { by: "us" }, expect });

      const outcomes = await otherHandle.putAll([
        at("new", "absent"),
        at("there", "absent"),
        at("old", { version: old }),
        at("expired", { version: expired }),
        at("never", { version: "anything" }),
        { ...at("replaced", { version: replaced }), expiresAt: secondsFromNow(60) },
      ]);

      const types = ["written", "conflict", "conflict", "conflict", "conflict", "written"];
      expect(outcomes.map(({ type }) => type)).toEqual(types);
      expect(await table.list(pk)).toMatchObject([
        { key: { sk: "new" }, value: { by: "us" } },
        { key: { sk: "old" }, version: newer, value: { by: "first" } },
        { key: { sk: "replaced" }, value: { by: "us" }, expiresAt: secondsFromNow(60) },
        { key: { sk: "there" }, version: there, value: { by: "first" } },
      ]);
    });

    test("of two writes of one item at once that expect the same, exactly one succeeds", async () => {
      const [first, second] = await table.putAll([...asNew(["item"], { n: 1 }), ...asNew(["item"], { n: 2 })]);

      expect([first?.type, second?.type].sort()).toEqual(["conflict", "written"]);
      const n = first?.type === "written" ? 1 : 2;
      expect(await table.list(pk)).toMatchObject([{ value: { n } }]);
    });

    test("of many writers that write the same items at once exactly one succeeds with each item", async () => {
      const sks = numbered(12);
      const writers = Array.from({ length: 10 }, (_, writer) => writer);
      const tries = await Promise.all(
        writers.map((writer) => (writer % 2 === 0 ? table : otherHandle).putAll(asNew(sks, { writer }))),
      );

      for (const [index, sk] of sks.entries()) {
        const winners = writers.filter((writer) => tries[writer]?.[index]?.type === "written");
        expect(winners).toHaveLength(1);
        expect((await table.get({ pk, sk }))?.value).toEqual({ sk, writer: winners[0] });
      }
    });

    test("an item is there until its expiry, and gone from that second on", async () => {
      const expiresAt = secondsFromNow(60);
      await write("item", {}, expiresAt);
      await write("lasting");

      clock.advance(59.999);
      expect(await table.get({ pk, sk: "item" })).toMatchObject({ expiresAt });
      expect(await table.list(pk)).toMatchObject([{ expiresAt }, { key: { sk: "lasting" } }]);

      clock.advance(0.001);
      expect(await table.get({ pk, sk: "item" })).toBeUndefined();
      expect(await listed()).toEqual(["lasting"]);
    });

    test("an expired item cannot be replaced or deleted by its version, only written as absent", async () => {
      const key = { pk, sk: "item" };
      const version = await write("item", { n: 1 }, secondsFromNow(60));
      clock.advance(60);

      expect(await table.put(key, { n: 2 }, { expect: { version } })).toEqual({ type: "conflict" });
      expect(await table.delete(key, { version })).toBe("conflict");
      const next = versionOf(await table.put(key, { n: 3 }, { expect: "absent" }));
      expect(await table.get(key)).toEqual({ key, version: next, value: { n: 3 } });
    });

    test("a put that expects absence conflicts until the item expires", async () => {
      await write("item", {}, secondsFromNow(60));
      clock.advance(59.999);

      expect(await otherHandle.put({ pk, sk: "item" }, {}, { expect: "absent" })).toEqual({ type: "conflict" });
    });

    test("a partition is listed in the byte order of its sort keys, whatever the order of writing", async () => {
      // JavaScript's UTF-16 order would put 😀 before \ufffd, and a language's é beside e.
      const inByteOrder = ["#", "10", "9", "B", "a", "a#", "a1", "aa", "e", "z", "~", "é", "體", "\ufffd", "😀"];
      await writeAll([...inByteOrder].sort().reverse());

      expect(await listed()).toEqual(inByteOrder);
    });

    test("a list includes its lower bound and leaves out its upper bound", async () => {
      await writeAll(["a", "b", "c", "d", "é", "\ufffd", "😀"]);

      expect(await listed({ from: "b" })).toEqual(["b", "c", "d", "é", "\ufffd", "😀"]);
      expect(await listed({ to: "c" })).toEqual(["a", "b"]);
      expect(await listed({ from: "b", to: "d" })).toEqual(["b", "c"]);
      expect(await listed({ from: "aa", to: "cc" })).toEqual(["b", "c"]);
      expect(await listed({ from: "e", to: "😀" })).toEqual(["é", "\ufffd"]);
      expect(await listed({ from: "\ufffd" })).toEqual(["\ufffd", "😀"]);
      expect(await listed({ from: "" })).toHaveLength(7);
    });

    test("a list with nothing between its bounds is empty", async () => {
      await writeAll(["a", "b", "c"]);

      expect(await listed({ from: "b", to: "b" })).toEqual([]);
      expect(await listed({ from: "c", to: "a" })).toEqual([]);
      expect(await listed({ to: "" })).toEqual([]);
      expect(await listed({ from: "x" })).toEqual([]);
    });

    test("a limit keeps the first items", async () => {
      await writeAll(["a", "b", "c", "d"]);

      expect(await listed({ limit: 2 })).toEqual(["a", "b"]);
      expect(await listed({ limit: 2, from: "b", to: "d" })).toEqual(["b", "c"]);
      expect(await listed({ limit: 4 })).toHaveLength(4);
      expect(await listed({ limit: 9 })).toHaveLength(4);
      expect(await listed({ limit: 0 })).toEqual([]);
    });

    test("a limit does not count expired items", async () => {
      for (let n = 10; n < 30; n++) await write(`claim-${n}`, {}, secondsFromNow(60));
      await writeAll(["later-1", "later-2", "later-3"]);
      clock.advance(60);

      expect(await listed({ limit: 2 })).toEqual(["later-1", "later-2"]);
    });

    test("a list of more than a megabyte is complete", async () => {
      const value = { text: "x".repeat(300_000) };
      const sks = ["1", "2", "3", "4", "5", "6", "7"];
      for (const sk of sks) await write(sk, value);

      const items = await table.list(pk);
      expect(items.map((item) => item.key.sk)).toEqual(sks);
      expect(items.every((item) => item.value?.text === value.text)).toBe(true);
    });

    test("a list holds one partition only", async () => {
      await write("item");

      expect(await table.list(pk.slice(0, -1))).toEqual([]);
      expect(await table.list(`${pk}0`)).toEqual([]);
    });

    test("the version of a listed item is the one that a put expects", async () => {
      await write("item", { n: 1 });
      const [item] = await table.list(pk);

      const outcome = await otherHandle.put({ pk, sk: "item" }, { n: 2 }, { expect: { version: item?.version ?? "" } });
      expect(outcome.type).toBe("written");
    });

    test("closing twice does no harm", async () => {
      const handle = await openTable({ clock });
      await handle.close();
      await handle.close();
    });
  });
}

function versionOf(outcome: PutOutcome): string {
  if (outcome.type !== "written") throw new Error("expected a write, met a conflict");
  return outcome.version;
}
