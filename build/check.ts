import { printColdStarts } from "../test/bench/cold.ts";
import { measureColdStarts } from "../test/bench/cold-starts.ts";
import { BUDGETS } from "./budgets.ts";
import { FUNCTIONS } from "./bundle.ts";

/** Prints what a cold start of each function costs. Fails if one takes so much of a processor that noise can't explain it. */
const PAIRS = 4;

const measured = await measureColdStarts(PAIRS);
printColdStarts(measured);
for (const name of FUNCTIONS) {
  const { cpuTimesEcho } = measured.costs[name];
  const { timesEcho: most } = BUDGETS[name];
  if (cpuTimesEcho <= most) continue;
  console.error(
    `A cold start of ${name} takes ${cpuTimesEcho.toFixed(2)} times a bare echo bot's CPU: at most ${most}.`,
  );
  process.exitCode = 1;
}
