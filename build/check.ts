import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BUDGETS } from "./budgets.ts";
import { FUNCTIONS } from "./bundle.ts";
import { type LoadTime, measureLoadTimes } from "./load-times.ts";

/** Prints what loading each function costs. Fails if one takes so long that a busy machine can't explain it. */
const TURNS = 15;
const CLEARLY = 1.6;

const outdir = mkdtempSync(path.join(tmpdir(), "weighbridge-bundles-"));
try {
  const times = await measureLoadTimes(outdir, TURNS);
  console.log("               KB       ms   x echo");
  print("echo", times.echo);
  for (const name of FUNCTIONS) {
    const { timesEcho: goal } = BUDGETS[name];
    print(name, times[name], `at most ${goal}`);
    if (times[name].timesEcho > goal * CLEARLY) {
      console.error(`${name} takes ${times[name].timesEcho.toFixed(1)} times as long to load as an echo bot.`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(outdir, { recursive: true, force: true });
}

function print(name: string, { kilobytes, milliseconds, timesEcho }: LoadTime, goal = "") {
  const cells = [kilobytes.toFixed(0), milliseconds.toFixed(1), timesEcho.toFixed(2)];
  console.log(`${name.padEnd(8)}${cells.map((cell) => cell.padStart(9)).join("")}   ${goal}`);
}
