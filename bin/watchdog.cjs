// The thread that ends a program that hangs, for src/app/watchdog.ts: it works with `WatchdogThread` as its data.
//
// Plain JavaScript on purpose: to read TypeScript, a thread of its own would need 40 MB more. CommonJS, because Node's loader of modules
// takes 1 MB in each thread.
const { writeSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");

const REQUEST_MILLISECONDS = 10_000;
const STANDARD_ERROR = 2;

const { shared, checkMilliseconds, checks, answerMilliseconds, endMilliseconds, lastWord } = workerData;
const state = new Int32Array(shared);
let seen = 0;
let without = 0;

const timer = setInterval(() => {
  const ended = Atomics.load(state, 0);
  without = ended === seen ? without + 1 : 0;
  seen = ended;
  if (without < checks) return;
  clearInterval(timer);
  void end();
}, checkMilliseconds);

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function end() {
  // Directly, because the program's own log may be blocked.
  const message = "No sweep has ended for a quarter of an hour. The program ends, so that it is started again.";
  const facts = { time: new Date().toISOString(), level: "error", event: "program_stuck", message };
  writeSync(STANDARD_ERROR, `${JSON.stringify(facts)}\n`);
  parentPort.postMessage("stuck");
  const said = Promise.allSettled(lastWord.map(send));
  await wait(answerMilliseconds);
  if (Atomics.load(state, 1) === 1) await wait(endMilliseconds);
  await said;
  process.kill(process.pid, "SIGKILL");
}

const send = ({ url, headers, body }) =>
  fetch(url, {
    ...{ method: "POST", headers, body, redirect: "manual" },
    signal: AbortSignal.timeout(REQUEST_MILLISECONDS),
  });
