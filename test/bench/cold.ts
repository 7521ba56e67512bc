import { FUNCTIONS } from "../../build/bundle.ts";
import { RUNTIME_CLIENT } from "../lambda/runtime-client.ts";
import { SIZES } from "../lambda/sizes.ts";
import type { ColdStart } from "./cold-start.ts";
import { type ColdStartCost, measureColdStarts } from "./cold-starts.ts";

const PAIRS = 12;

/** What a cold start of each function costs, beside a bare echo bot's. */
export async function coldScene(): Promise<void> {
  console.log("\ncold: from the start of a process to its answer, in pairs with a bare echo bot");
  printColdStarts(await measureColdStarts(PAIRS));
}

export function printColdStarts({ costs, hasQuota }: Awaited<ReturnType<typeof measureColdStarts>>): void {
  console.log(`  ${RUNTIME_CLIENT.says}`);
  if (!hasQuota) console.log("  Nobody may set a CPU quota here, so everything runs as fast as this machine.");
  const head = ["", "MB", "CPU ms", "of init", "ms", "of init", "echo: CPU", "ms", "× echo: CPU", "ms"];
  const rows = FUNCTIONS.map((name) => {
    const { own, echo, cpuTimesEcho, wallTimesEcho }: ColdStartCost = costs[name];
    const whole = (it: ColdStart) => [it.cpuMs, it.initCpuMs, it.wallMs, it.initWallMs].map((ms) => ms.toFixed(0));
    const cells = [...whole(own), echo.cpuMs.toFixed(0), echo.wallMs.toFixed(0)];
    return [name, SIZES[name].memoryMegabytes, ...cells, cpuTimesEcho.toFixed(2), wallTimesEcho.toFixed(2)];
  });
  for (const row of [head, ...rows]) {
    console.log(`  ${row.map((cell, column) => String(cell).padStart(column === 0 ? 8 : 12)).join("")}`);
  }
}
