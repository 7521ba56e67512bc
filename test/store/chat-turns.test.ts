import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import { createChatTurns } from "../../src/store/chat-turns.ts";
import { openSqliteTable } from "../../src/store/sqlite/table.ts";
import type { Table } from "../../src/store/table.ts";
import type { ChatTurns } from "../../src/sync/model/people.ts";
import { NOON } from "../support/test-app.ts";

const CHAT = "chat#4711";
let folder: string;
let clock: ManualClock;
let table: Table;
let turns: ChatTurns;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
  clock = createManualClock(NOON);
  table = openSqliteTable({ file: path.join(folder, "test.sqlite"), tableName: "tokens", clock });
  turns = createChatTurns(table, clock, createLog({ level: "silent" }));
});
afterEach(async () => {
  await table.close();
  rmSync(folder, { recursive: true });
});

const take = async () => (await turns.acquire(CHAT, 120)) ?? expect.fail("somebody else has the turn");

test("one has the turn until it gives it back, or it ends", async () => {
  const first = await take();
  expect(await turns.acquire(CHAT, 120)).toBeUndefined();
  await first.release();
  await take();
  clock.advance(119);
  expect(await turns.acquire(CHAT, 120)).toBeUndefined();
  clock.advance(1);
  await take();
  expect(await turns.acquire("chat#1", 120)).toBeDefined();
});

test("of two at the same moment one gets the turn", async () => {
  const taken = await Promise.all([turns.acquire(CHAT, 120), turns.acquire(CHAT, 120)]);
  expect(taken.filter((turn) => turn !== undefined)).toHaveLength(1);
});

test("an update counts as handled once its turn was given back, and not if its process died", async () => {
  const died = await take();
  died.settle(7);
  clock.advance(121);
  const second = await take();
  expect(second.isHandled(7)).toBe(false);
  second.settle(7);
  await second.renew(120);
  await second.release();
  expect((await take()).isHandled(7)).toBe(true);
});

test("a turn that was lost changes nothing any more", async () => {
  const lost = await take();
  clock.advance(121);
  const other = await take();
  lost.settle(7);
  await expect(lost.renew(120)).rejects.toThrow("lost");
  await lost.release();
  other.settle(8);
  await other.release();
  const next = await take();
  expect([next.isHandled(7), next.isHandled(8)]).toEqual([false, true]);
});

test("after a process that died in its turn nobody knows whether a dialog is open", async () => {
  const first = await take();
  first.hasDialog = false;
  await first.release();
  expect((await take()).hasDialog).toBe(false);
  clock.advance(121);
  expect((await take()).hasDialog).toBeUndefined();
});

test("the last updates of a chat are known, and its item stays small", async () => {
  for (let updateId = 900_000_000; updateId < 900_000_100; updateId++) {
    const turn = await take();
    turn.settle(updateId);
    turn.hasDialog = false;
    await turn.release();
  }
  const turn = await take();
  expect(turn.isHandled(900_000_040)).toBe(true);
  const [item] = await table.list(`turn#${CHAT}`);
  expect(JSON.stringify(item).length).toBeLessThan(1024);
});
