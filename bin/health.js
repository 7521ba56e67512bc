#!/usr/bin/env node
// The health check of the container. Docker restarts a program that has ended, but not one that hangs, so this kills one
// that has not answered for ten minutes. One that answers, even if unhealthy, tells its owner itself.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const PATIENCE_MINUTES = 10;
const ANSWER_MS = 5_000;
const { PORT } = process.env;
/** Written when the program first fails to answer. */
const silent = path.join(tmpdir(), `weighbridge-silent-${PORT}`);

const answer = await fetch(`http://127.0.0.1:${PORT}/health`, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(
  () => undefined,
);
if (answer) {
  rmSync(silent, { force: true });
  process.exit(answer.ok ? 0 : 1);
}
const since = statSync(silent, { throwIfNoEntry: false })?.mtimeMs;
if (since === undefined) writeFileSync(silent, "");
else if (Date.now() - since > PATIENCE_MINUTES * 60_000) {
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
