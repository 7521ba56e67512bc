import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultBoard, withFaults } from "../../src/sandbox/faults.ts";
import { type FaultName, namedFaults } from "../../src/sandbox/named-faults.ts";
import { type Served, serve } from "../../src/sandbox/serve.ts";

let faults: FaultBoard;
let server: Served;
let handled: number;

beforeEach(async () => {
  faults = new FaultBoard();
  handled = 0;
  server = await serve(
    withFaults("withings", faults, () => {
      handled += 1;
      return Response.json({ fine: true });
    }),
  );
});
afterEach(() => server.close());

const call = (fields: Record<string, string> = {}) =>
  fetch(`${server.url}/measure`, { method: "POST", body: new URLSearchParams(fields) });

test("a fault catches one request by default, and the next one works", async () => {
  faults.add({ match: { path: "/measure" }, effect: { type: "status", status: 502, body: { out: "of order" } } });
  const first = await call();
  expect([first.status, await first.json()]).toEqual([502, { out: "of order" }]);
  expect((await call()).status).toBe(200);
  expect([handled, faults.list()]).toEqual([1, []]);
});

test("a fault can be limited to one action, one server or one method", async () => {
  faults.add({ match: { path: "/measure", action: "getmeas" }, effect: { type: "status", status: 500 } });
  faults.add({ match: { method: "GET" }, effect: { type: "status", status: 501 } });
  faults.add({ server: "telegram", match: {}, effect: { type: "status", status: 502 } });
  expect((await call({ action: "other" })).status).toBe(200);
  expect((await call({ action: "getmeas" })).status).toBe(500);
});

test("a connection that breaks before the request does nothing; one that breaks after it has done it", async () => {
  faults.add({ match: {}, effect: { type: "drop_before" } });
  await expect(call()).rejects.toThrow("fetch failed");
  expect(handled).toBe(0);
  faults.add({ match: {}, effect: { type: "drop_after" } });
  await expect(call()).rejects.toThrow("fetch failed");
  expect(handled).toBe(1);
});

test("a hanging request gets no answer, and closing the server ends it at once", async () => {
  faults.add({ match: {}, effect: { type: "hang" } });
  const hanging = expect(call()).rejects.toThrow("fetch failed");
  while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await server.close();
  await hanging;
});

test("a request that hangs is dropped when its fault is turned off", async () => {
  faults.turnOn("withings_hangs");
  const hanging = expect(call()).rejects.toThrow("fetch failed");
  await expect.poll(() => server.requests.length).toBe(1);
  faults.turnOff("withings_hangs");
  await hanging;
  expect(handled).toBe(0);
  expect((await call()).status).toBe(200);
});

test("a delayed answer is late and otherwise the same", async () => {
  faults.add({ match: {}, effect: { type: "delay", seconds: 0.05 } });
  const startedMs = performance.now();
  expect(await (await call()).json()).toEqual({ fine: true });
  expect(performance.now() - startedMs).toBeGreaterThan(45);
});

test("every ready-made fault can be turned on and off by name", async () => {
  for (const name of Object.keys(namedFaults) as FaultName[]) {
    faults.turnOn(name);
    expect(faults.isOn(name)).toBe(true);
    expect(faults.list()).toMatchObject([{ name, label: namedFaults[name].label, times: Infinity }]);
    faults.turnOff(name);
    expect(faults.list()).toEqual([]);
  }
});

test("a header sent twice is recorded twice", async () => {
  const headers = new Headers({ "content-type": "application/json" });
  headers.append("content-type", "application/json");
  await fetch(server.url, { method: "POST", headers, body: "{}" });
  expect(server.requests[0]?.headers["content-type"]).toBe("application/json, application/json");
});
