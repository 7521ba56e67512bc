import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../src/lib/clock.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createDynamoTable } from "../../../src/store/dynamodb/create.ts";
import { openDynamoTable } from "../../../src/store/dynamodb/table.ts";
import type { JsonObject, Table } from "../../../src/store/table.ts";
import { startDynalite } from "../../support/dynalite.ts";

const tableName = "weighbridge-test";
const key = { pk: "account", sk: "lease" };
const cleanups: Array<() => unknown> = [];
let dynalite: Awaited<ReturnType<typeof startDynalite>>;
let direct: Table;

beforeAll(async () => {
  dynalite = await startDynalite();
  const options = { tableName, endpoint: dynalite.endpoint, clock: systemClock };
  await createDynamoTable({ ...options, log: createLog({ level: "silent" }) });
  direct = openDynamoTable(options);
});
afterAll(async () => {
  await direct.close();
  await dynalite.close();
});
beforeEach(async () => {
  const left = await direct.get(key);
  if (left !== undefined) await direct.delete(key, { version: left.version });
});
afterEach(() => {
  for (const cleanUp of cleanups.splice(0)) cleanUp();
});

/**
 * A table behind a proxy that cuts the connection at the first `operation`: after dynalite has done it, or instead. Then
 * `meanwhile` happens, the client tries again, and the proxy passes everything on.
 */
async function tableThatLoses(
  operation: "PutItem" | "DeleteItem",
  outcome: "done" | "not done",
  meanwhile: () => Promise<unknown> = async () => {},
) {
  let lost = 0;
  const proxy = createServer(async (request, response) => {
    const isLost = request.headers["x-amz-target"] === `DynamoDB_20120810.${operation}` && lost === 0;
    if (isLost) lost++;
    const body = await buffer(request);
    const answer = isLost && outcome === "not done" ? undefined : await passOn(request, body);
    if (isLost) {
      await meanwhile();
      request.socket.destroy();
    } else {
      response.writeHead(answer?.status ?? 502, { "content-type": "application/x-amz-json-1.0" });
      response.end(await answer?.text());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const table = openDynamoTable({ tableName, endpoint: `http://127.0.0.1:${port}`, clock: systemClock });
  cleanups.push(
    () => table.close(),
    () => proxy.close(),
    () => proxy.closeAllConnections(),
  );
  return { table, lost: () => lost };
}

function passOn(request: IncomingMessage, body: Buffer): Promise<Response> {
  const names = ["authorization", "content-type", "x-amz-date", "x-amz-target"];
  const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
  return fetch(dynalite.endpoint, { method: "POST", headers, body: new Uint8Array(body) });
}

async function writeDirectly(value: JsonObject): Promise<string> {
  const outcome = await direct.put(key, value, { expect: "absent" });
  return outcome.type === "written" ? outcome.version : expect.fail("the item was there already");
}

test("a put whose answer was lost counts as written when its retry conflicts with itself", async () => {
  const { table, lost } = await tableThatLoses("PutItem", "done");

  const outcome = await table.put(key, { by: "us" }, { expect: "absent" });

  const stored = await direct.get(key);
  expect(stored?.value).toEqual({ by: "us" });
  expect(outcome).toEqual({ type: "written", version: stored?.version });
  expect(lost()).toBe(1);
});

test("a put over a version whose answer was lost counts as written too", async () => {
  const version = await writeDirectly({ n: 1 });
  const { table, lost } = await tableThatLoses("PutItem", "done");

  const outcome = await table.put(key, { n: 2 }, { expect: { version } });

  expect(outcome).toEqual({ type: "written", version: (await direct.get(key))?.version });
  expect(lost()).toBe(1);
});

test("of many puts at once, the one whose answer was lost counts as written like the others", async () => {
  const { table, lost } = await tableThatLoses("PutItem", "done");
  const writes = Array.from({ length: 15 }, (_, n) => ({
    key: { pk: "many", sk: `${n}` },
    value: { n },
    expect: "absent" as const,
  }));

  const outcomes = await table.putAll(writes);

  const stored = await Promise.all(writes.map((it) => direct.get(it.key)));
  expect(outcomes).toEqual(stored.map((item) => ({ type: "written", version: item?.version })));
  expect(stored.map((item) => item?.value)).toEqual(writes.map(({ value }) => value));
  expect(lost()).toBe(1);
});

test("of many puts at once, one that never arrived is a conflict if somebody else wrote first", async () => {
  const writes = ["a", "b", "c"].map((sk) => ({ key: { pk: "few", sk }, value: {}, expect: "absent" as const }));
  const { table, lost } = await tableThatLoses("PutItem", "not done", async () => {
    // Which of the three is lost is open, and the others may be there already.
    for (const { key } of writes) await direct.put(key, { by: "somebody else" }, { expect: "absent" });
  });

  const outcomes = await table.putAll(writes);

  expect(lost()).toBe(1);
  for (const [index, { key }] of writes.entries()) {
    const isOurs = (await direct.get(key))?.value?.by === undefined;
    expect(outcomes[index]?.type).toBe(isOurs ? "written" : "conflict");
  }
  expect(outcomes.map(({ type }) => type)).toContain("conflict");
});

test("a put that never arrived is a conflict if somebody else wrote first", async () => {
  const { table, lost } = await tableThatLoses("PutItem", "not done", () => writeDirectly({ by: "somebody else" }));

  expect(await table.put(key, { by: "us" }, { expect: "absent" })).toEqual({ type: "conflict" });
  expect((await direct.get(key))?.value).toEqual({ by: "somebody else" });
  expect(lost()).toBe(1);
});

test("a delete whose answer was lost counts as deleted when its retry finds nothing", async () => {
  const version = await writeDirectly({});
  const { table, lost } = await tableThatLoses("DeleteItem", "done");

  expect(await table.delete(key, { version })).toBe("deleted");
  expect(await direct.get(key)).toBeUndefined();
  expect(lost()).toBe(1);
});

test("a delete that never arrived is a conflict if the item was replaced meanwhile", async () => {
  const version = await writeDirectly({});
  const { table, lost } = await tableThatLoses("DeleteItem", "not done", () =>
    direct.put(key, { by: "somebody else" }, { expect: { version } }),
  );

  expect(await table.delete(key, { version })).toBe("conflict");
  expect((await direct.get(key))?.value).toEqual({ by: "somebody else" });
  expect(lost()).toBe(1);
});
