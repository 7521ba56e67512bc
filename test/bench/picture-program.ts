import { drawBloodPressure } from "../../src/bot/charts/blood-pressure.ts";
import { drawBody } from "../../src/bot/charts/body.ts";
import type { ChartView } from "../../src/bot/charts/chart.ts";
import { drawWeight } from "../../src/bot/charts/weight.ts";
import { bodies, pressures, view, weights } from "../bot/charts/histories.ts";

/** What `pictures.ts` starts: draws one kind of picture several times, and writes what each took. */
const [kind = "", pictures = "1"] = process.argv.slice(2);

const TEN_YEARS = 3650;
/** Each makes its readings first. */
const DRAW: Record<string, () => (of: ChartView) => Promise<unknown>> = {
  weight() {
    const readings = weights(TEN_YEARS, { perDay: 0.004 });
    return (of) => drawWeight({ readings, goalKg: 78 }, of);
  },
  pressure() {
    const readings = pressures(TEN_YEARS, 0.01);
    return (of) => drawBloodPressure(readings, of);
  },
  body() {
    const readings = bodies(TEN_YEARS);
    return (of) => drawBody(readings, of);
  },
};

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const [what = "", range = "30d"] = kind.split("-");
const draw = DRAW[what]?.();
if (!draw) throw new Error(`There is no picture of ${what}.`);
const drawn: Array<{ ms: number; cpuMs: number }> = [];
for (let picture = 0; picture < Number(pictures); picture++) {
  const [startedMs, before] = [performance.now(), cpuMs()];
  await draw(view({ range: range as ChartView["range"] }));
  drawn.push({ ms: performance.now() - startedMs, cpuMs: cpuMs() - before });
}
const megabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ drawn, megabytes }));
