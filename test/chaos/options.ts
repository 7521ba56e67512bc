import { parseArgs } from "node:util";
import { PLANTS } from "./plants.ts";
import type { Plant } from "./program.ts";
import type { Schedule } from "./steps.ts";

export interface Options {
  runs: number;
  /** The first schedule's seed; each further one has the next number. */
  seed: number;
  store: Schedule["store"] | undefined;
  /** Only these steps of each schedule. */
  steps: number[] | undefined;
  isTraced: boolean;
  /** How many schedules may be played to shrink one violation. */
  shrinkTries: number;
  plants: Array<[string, Plant]>;
  /** How many times the cases of `npm test` in `test/fuzz`; 0 for none. */
  fuzz: number;
}

/** With fewer runs, somebody is looking into a single schedule. */
const FUZZ_FROM_RUNS = 10;

const ENGINES = ["sqlite", "dynamodb"] as const;

const USAGE = `npm run test:chaos -- [options]
  --runs N       how many schedules, 60
  --seed S       the seed of the first, 1; "today" is another one each day
  --store NAME   sqlite or dynamodb; without it one schedule in eight is played on DynamoDB
  --steps 1,4,7  only these steps of each schedule
  --shrink N     how many times a schedule with a violation is played to make it shorter, 60
  --trace        everything that happens, with the program's log
  --fuzz N       then test/fuzz with N times the cases of npm test: 5, and 0 with fewer than ten schedules
  --plant NAME   plants a mistake and has to find it: ${Object.keys(PLANTS).join(", ")} or all`;

/** Exits with the usage if the arguments are wrong. */
export function optionsOf(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        runs: { type: "string", default: "60" },
        seed: { type: "string", default: "1" },
        store: { type: "string" },
        steps: { type: "string" },
        shrink: { type: "string", default: "60" },
        trace: { type: "boolean", default: false },
        fuzz: { type: "string" },
        plant: { type: "string" },
      },
    });
    const runs = whole("runs", values.runs);
    return {
      runs,
      seed: values.seed === "today" ? seedOfToday() : whole("seed", values.seed),
      store: values.store === undefined ? undefined : oneOf("store", values.store, ENGINES),
      steps: values.steps?.split(",").map((text) => whole("steps", text)),
      isTraced: values.trace,
      shrinkTries: whole("shrink", values.shrink),
      plants: plantsNamed(values.plant),
      fuzz: whole("fuzz", values.fuzz ?? (runs < FUZZ_FROM_RUNS ? "0" : "5")),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number, not "${text}"`);
  return Number(text);
}

function oneOf<T extends string>(name: string, text: string, all: readonly T[]): T {
  const found = all.find((it) => it === text);
  if (!found) throw new Error(`--${name} must be one of ${all.join(", ")}, not "${text}"`);
  return found;
}

function plantsNamed(name: string | undefined): Array<[string, Plant]> {
  if (name === undefined) return [];
  const all = Object.entries(PLANTS);
  const found = name === "all" ? all : all.filter(([it]) => it === name);
  if (found.length === 0) throw new Error(`--plant must be one of ${Object.keys(PLANTS).join(", ")} or all`);
  return found;
}

/** The date as a number, 20261121, so that a log is enough to replay it. */
function seedOfToday(): number {
  return Number(new Date().toISOString().slice(0, 10).replaceAll("-", ""));
}
