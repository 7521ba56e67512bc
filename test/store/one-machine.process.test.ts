import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTogether } from "./writers.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("two programs on one machine share one rate limit", async () => {
  const store = { file: path.join(folder, "weighbridge.sqlite") };
  const task = {
    type: "take slots" as const,
    slots: 150,
    name: "vendor",
    everySeconds: 0.632,
    burst: 20,
    startAtMs: Date.now() + 1500,
  };
  const slots = await runTogether([1, 2].map(() => ({ store, tableName: "weighbridge-budget", pk: "vendor", task })));
  expect(slots.map((it) => it.length)).toEqual([150, 150]);
  const instants = slots.flat().map((it) => Number(it) / 1000);
  const inTheMinuteFrom = (from: number) => instants.filter((it) => it >= from && it < from + 60).length;
  expect(Math.max(...instants.map(inTheMinuteFrom))).toBeLessThanOrEqual(115);
});

test("processes that create a key file at once get one key, never a half-written one", async () => {
  // All of them ask for each key in the same millisecond.
  const script = `import { loadOrCreateSealingKey } from "./src/store/key-file.ts";
    for (let n = 0; n < 150; n++) {
      while (Date.now() < ${Date.now() + 500} + n * 4);
      console.log(loadOrCreateSealingKey(${JSON.stringify(folder)} + "/" + n + ".key"));
    }`;
  const run = async () => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    await once(child, "close");
    return output;
  };

  const [first, ...others] = await Promise.all([run(), run(), run()]);

  expect(first?.trim().split("\n")).toHaveLength(150);
  expect(others).toEqual([first, first]);
});
