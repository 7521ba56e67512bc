#!/usr/bin/env node
// The health check of the container. Docker restarts a program that has ended, but not one that hangs, so this kills one
// that has not answered twenty checks in a row, one a minute. One that answers is unhealthy while no sweep finishes; it tells
// its owner and ends after a quarter of an hour, both by itself. Counts checks and not minutes: a machine may sleep.
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const CHECKS = 20;
const ANSWER_MS = 5_000;
const { PORT } = process.env;
/** One byte for each check in a row without an answer. */
const silent = path.join(tmpdir(), `weighbridge-silent-${PORT}`);

const answer = await fetch(`http://127.0.0.1:${PORT}/health`, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(
  () => undefined,
);
if (answer) {
  rmSync(silent, { force: true });
  process.exit(answer.ok ? 0 : 1);
}
appendFileSync(silent, ".");
if (statSync(silent).size >= CHECKS) {
  for (const pid of programs()) process.kill(pid, "SIGKILL");
  rmSync(silent, { force: true });
}
process.exit(1);

/** The processes of the program that listens on this port. */
function programs() {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      const isProgram = words.some((word) => word.endsWith("weighbridge.js")) && words.includes("start");
      const isHere = readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(`PORT=${PORT}`);
      return isProgram && isHere ? [Number(name)] : [];
    } catch {
      // Not a process, already ended, or somebody else's.
      return [];
    }
  });
}
