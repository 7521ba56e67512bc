/** Random schedules against the program, with faulty vendors: `npm run test:chaos -- --runs 60 --seed 1`. See docs/develop.md. */
import { spawnSync } from "node:child_process";
import { type Engines, startEngines } from "./engines.ts";
import { optionsOf } from "./options.ts";
import type { Played } from "./play.ts";
import type { Plant } from "./program.ts";
import { scheduleOf } from "./schedules.ts";
import { only, shrink } from "./shrink.ts";
import { inWords, type Schedule } from "./steps.ts";

/** How many violations are shrunk. They are rare, or share a cause. */
const SHRUNK = 3;

const options = optionsOf(process.argv.slice(2));
const engines = startEngines();
const isGood = options.plants.length > 0 ? await findPlants(engines, options.plants) : await fuzzAndSearch();
await engines.close();
process.exit(isGood ? 0 : 1);

/** One failure doesn't hide the other. */
async function fuzzAndSearch(): Promise<boolean> {
  const isFuzzGood = fuzz();
  return (await search(engines)) && isFuzzGood;
}

/** The property tests of outside input, with other cases and more of them. */
function fuzz(): boolean {
  if (options.fuzz === 0) return true;
  const env = { ...process.env, FUZZ_TIMES: String(options.fuzz), FUZZ_SEED: String(options.seed) };
  const vitest = new URL("../../node_modules/vitest/vitest.mjs", import.meta.url).pathname;
  return spawnSync(process.execPath, [vitest, "run", "test/fuzz"], { stdio: "inherit", env }).status === 0;
}

async function search({ play }: Engines): Promise<boolean> {
  const { runs, seed: first, store, steps, isTraced, shrinkTries } = options;
  const totals = { schedules: 0, runs: 0, readings: 0, faults: 0, crashes: 0, violations: 0 };
  const others: Record<string, number> = {};
  console.log(`schedules with the seeds ${first} to ${first + runs - 1}`);
  for (let seed = first; seed < first + runs; seed++) {
    const whole = scheduleOf(seed, { store });
    const schedule = steps ? only(whole, steps) : whole;
    const played = await play(schedule, isTraced ? { trace: console.log } : {});
    const { runs: syncs, faults, crashes, ...rest } = played.facts;
    totals.schedules += 1;
    totals.runs += syncs;
    totals.readings += played.readings;
    totals.faults += faults;
    totals.crashes += crashes + rest.kills;
    for (const [name, count] of Object.entries(rest)) others[name] = (others[name] ?? 0) + count;
    if (played.violations.length === 0) continue;
    totals.violations += 1;
    console.log(`\nseed ${seed} (${schedule.store}):\n  ${played.violations.join("\n  ")}`);
    if (totals.violations <= SHRUNK && !steps && shrinkTries > 0) await printShort(schedule, played, play);
  }
  console.log(`\n${inTotal(others)}`);
  console.log(inTotal(totals));
  return totals.violations === 0;
}

/** A violation with the fewest steps that cause it. */
async function printShort(schedule: Schedule, played: Played, play: Engines["play"]) {
  const short = await shrink(schedule, played.violations, { play, tries: options.shrinkTries });
  const store = options.store ? ` --store ${options.store}` : "";
  console.log(`  With ${short.steps.length} of its ${schedule.steps.length} steps:`);
  console.log(
    `  npm run test:chaos -- --seed ${schedule.seed} --runs 1${store} --steps ${short.steps.join(",")} --trace`,
  );
  for (const index of short.steps) {
    const step = schedule.steps[index];
    if (step) console.log(`    ${index} ${inWords(step)}`);
  }
  console.log(`  ${short.violations.join("\n  ")}`);
}

/** Whether each of these mistakes causes a violation. */
async function findPlants({ play }: Engines, plants: Array<[string, Plant]>): Promise<boolean> {
  const { runs, seed: first, store } = options;
  let missed = 0;
  for (const [name, plant] of plants) {
    const found = await findPlant(plant);
    console.log(`${name}: ${plant.says} ${found ?? `NOT FOUND in ${runs} schedules`}`);
    if (!found) missed += 1;
  }
  console.log(`${plants.length} mistakes planted, ${missed} not found`);
  return missed === 0;

  async function findPlant(plant: Plant) {
    for (let seed = first; seed < first + runs; seed++) {
      const schedule = scheduleOf(seed, { store });
      const { violations } = await play(schedule, { plant });
      if (violations.length === 0) continue;
      // A violation that also happens without the bug proves nothing.
      const [violation] = violations;
      const without = await play(schedule);
      if (without.violations.length > 0) continue;
      return `Found by schedule ${seed - first + 1}, seed ${seed}: ${violation}`;
    }
    return undefined;
  }
}

function inTotal(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
