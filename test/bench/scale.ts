import { costOf, ownSecondsOf } from "./scale-costs.ts";
import { type Kind, type Life, type LifeOptions, live, type Sample, START } from "./scale-life.ts";
import type { Outage } from "./scale-vendors.ts";

const SEED = 12;
const HOUR_MS = 3600_000;
/** From noon to noon, so that a morning falls into it. */
const OUTAGE = { fromHour: 12, toHour: 36 };
/** Hours at which to look at the schedule: an hour before the outage, four after it, and the next day. */
const LOOKS = { before: 11, after: 40, later: 59 };
/** Recovered: nobody is overdue for longer than on the busiest ordinary day. */
const OVERDUE_MINUTES = 15;

const LEGEND = `
scale: days of many accounts in simulated time, the same for the same seed (${SEED})

  real       sweep, schedule, job handler, next run, lease, limit for Withings and the queue's groups and sameness, all on the
             table's port in memory
  modelled   SQS FIFO and Lambda's pollers, by their documentation; what is inside a run, by the requests, units and seconds
             that docs/costs.md has measured; how long vendors take to answer; what people do: nine of ten weigh themselves on
             a day, three of four around 6:48, all in one time zone, with the summary at nine`;

interface Played {
  options: LifeOptions;
  life: Life;
}

/** 10,000 accounts: who waits how long, what a day without a vendor leaves behind, and what it costs. */
export async function scaleScene(): Promise<void> {
  console.log(LEGEND);
  const ordinary: Played[] = [];
  for (const [accounts, intervalMinutes, workers, imports] of [
    [100, 30, 5, 0],
    [1000, 30, 5, 0],
    [1000, 30, 5, 3],
    [1000, 30, 5, 5],
    [10_000, 30, 5, 0],
    [10_000, 720, 5, 0],
  ] as const) {
    ordinary.push(await play({ accounts, intervalMinutes, workers, imports, hours: 36 }));
  }
  printWaits(ordinary);
  printCosts(ordinary);
  const outages: Played[] = [];
  for (const [accounts, intervalMinutes, of] of [
    [1000, 30, "withings"],
    [10_000, 720, "withings"],
    [10_000, 720, "garmin"],
    [10_000, 720, "workers"],
  ] as const) {
    const outage = { of, ...OUTAGE };
    outages.push(await play({ accounts, intervalMinutes, workers: 5, imports: 0, hours: 60, outage }));
  }
  printOutages(outages);
  const worst = Math.max(...[...ordinary, ...outages].map(({ life }) => life.vendors.mostInAMinute));
  const refused = [...ordinary, ...outages].reduce((sum, { life }) => sum + life.vendors.refused, 0);
  console.log(`\n  requests to Withings: at most ${worst} in any 60 s (allowed: 120), ${refused} refused`);
  if (worst > 120) process.exitCode = 1;
}

async function play(options: Omit<LifeOptions, "seed" | "ownSeconds">): Promise<Played> {
  const all: LifeOptions = { ...options, seed: SEED, ownSeconds: ownSecondsOf };
  return { options: all, life: await live(all, options.outage ? Object.values(LOOKS) : [34]) };
}

/** A whole day, the last one, with its morning. */
function printWaits(all: Played[]) {
  console.log(
    "\n  Seconds until Withings answered, by what was wanted: half, 99 %, and the longest. An import: until it was whole.",
  );
  console.log("  Runs begun and accounts due a minute: the most, and in the mean. Queue: the most jobs in it.\n");
  const head = ["accounts", "interval", "workers", "imports", "scheduled", "notification", "/sync", "import"];
  const rows = all.map(({ options, life }) => {
    const fromMs = START.getTime() + (options.hours - 24) * HOUR_MS;
    const waits = (kind: Kind) =>
      life.waits.filter((it) => it.kind === kind && it.wantedAt.getTime() >= fromMs).map(({ seconds }) => seconds);
    const begun = [...life.begun].filter(([minute]) => minute >= (options.hours - 24) * 60).map(([, count]) => count);
    const [due = []] = life.dueByMinute.values();
    return [
      ...[options.accounts, options.intervalMinutes, options.workers, options.imports],
      ...(["scheduled", "notification", "/sync", "import"] as const).map((kind) => spreadOf(waits(kind))),
      `${Math.max(...begun)}, ${(sum(begun) / 1440).toFixed(1)}`,
      `${Math.max(...due)}, ${(sum(due) / due.length).toFixed(1)}`,
      life.queue.most,
    ];
  });
  printTable([...head, "begun", "due", "queue"], rows);
}

function printCosts(all: Played[]) {
  console.log("\n  For an account in a month, by list price, without the alarms\n");
  const rows = all.map(({ options, life }) => {
    const { visits, reads, writes, workerSeconds, dollars } = costOf(life, options);
    const which = [options.accounts, options.intervalMinutes, options.workers, options.imports];
    const figures = [visits, reads, writes, workerSeconds].map((it) => it.toFixed(0));
    return [...which, ...figures, dollars.toFixed(4)];
  });
  const head = [
    "accounts",
    "interval",
    "workers",
    "imports",
    "visits",
    "read units",
    "write units",
    "worker seconds",
    "$",
  ];
  printTable(head, rows);
}

function printOutages(all: Played[]) {
  console.log(
    `\n  A day's outage. In Garmin: hours from its end until 99 % and all readings of that day had arrived. Recovered:`,
  );
  console.log(
    `  hours until nobody was overdue for more than ${OVERDUE_MINUTES} minutes. Due a minute: an hour before it, four after, the next day.\n`,
  );
  const rows = all.map(({ options, life }) => {
    const endMs = START.getTime() + OUTAGE.toHour * HOUR_MS;
    const hoursAfter = (at: Date | undefined) => (at ? ((at.getTime() - endMs) / HOUR_MS).toFixed(1) : "not yet");
    const ofOutage = life.arrivals.filter(({ takenAt }) => takenAt.getTime() < endMs).map(({ at }) => at.getTime());
    const after = life.waits.filter((it) => it.kind === "notification" && it.wantedAt.getTime() >= endMs);
    const evenness = Object.values(LOOKS).map((hour) => {
      const due = life.dueByMinute.get(hour) ?? [];
      return `${Math.max(...due)}, ${(sum(due) / due.length).toFixed(1)}`;
    });
    const atEnd = life.samples.find(({ at }) => at.getTime() >= endMs);
    return [
      ...[options.accounts, options.intervalMinutes, NAMES[options.outage?.of ?? "workers"]],
      ...[life.queue.most, atEnd?.missing ?? 0, life.queue.dead],
      [0.99, 1].map((share) => hoursAfter(shareOf(ofOutage, share))).join(", "),
      hoursAfter(recoveredAt(life.samples, endMs)),
      spreadOf(after.map(({ seconds }) => seconds)),
      ...evenness,
    ];
  });
  const head = [
    "accounts",
    "interval",
    "out",
    "queue",
    "waiting at its end",
    "dead jobs",
    "in Garmin, h",
    "recovered, h",
  ];
  printTable([...head, "notifications after it, s", "due before", "due after", "later"], rows);
}

/** When this share of them had come. */
function shareOf(instants: number[], share: number): Date | undefined {
  const sorted = instants.toSorted((a, b) => a - b);
  const at = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return at === undefined ? undefined : new Date(at);
}

const NAMES: Record<Outage, string> = { withings: "Withings", garmin: "Garmin", workers: "the workers" };

function recoveredAt(samples: Sample[], endMs: number): Date | undefined {
  const after = samples.filter(({ at }) => at.getTime() >= endMs);
  const late = after.findLastIndex(
    ({ at, longestOverdueSeconds }) =>
      longestOverdueSeconds > OVERDUE_MINUTES * 60 && at.getTime() - endMs < 12 * HOUR_MS,
  );
  return after[late + 1]?.at;
}

/** Half, 99 %, the longest; of many minutes in minutes. */
function spreadOf(seconds: number[]): string {
  if (seconds.length === 0) return "–";
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return [at(0.5), at(0.99), at(1)].map((it) => (it < 100 ? it.toFixed(0) : it.toPrecision(3))).join(", ");
}

const sum = (all: number[]) => all.reduce((total, it) => total + it, 0);

function printTable(head: string[], rows: Array<Array<string | number>>) {
  const line = (cells: Array<string | number>) => `| ${cells.join(" | ")} |`;
  console.log(line(head));
  console.log(line(head.map(() => "---:")));
  for (const row of rows) console.log(line(row));
}
