import { mean } from "d3-array";
import { ESC_2024_AT_HOME } from "../../sync/status/digest.ts";
import { axisDates, type ChartWords, chartWords } from "../words/charts.ts";
import { formatFor } from "../words/format.ts";
import { type Chart, type ChartView, draw, nothing, type Sketch } from "./chart.ts";
import { DAY_MS, dayOf, LENGTH_DAYS, type Step, spansOf, startOf, stepFor } from "./days.ts";
import { type Area, LABEL_SIZE, scale } from "./layout.ts";
import { grid, type LegendEntry, labelRoom, legend, page, plotArea, type Stat } from "./page.ts";
import { dated, isMeasured, isWithin, type Period, periodOf } from "./period.ts";
import { bars, heldMarks, type Plot, SIGN, shownValues } from "./series.ts";
import { element, group, text } from "./svg.ts";
import { COLOURS, SEMI_BOLD } from "./theme.ts";
import { dateTicks } from "./time-axis.ts";
import { domainOf, numberTicks, type Tick } from "./value-axis.ts";

export interface PressureReading {
  takenAt: Date;
  systolicMmHg: number;
  diastolicMmHg: number;
  /** It waits for its owner's decision: drawn hollow, and in no average. */
  isHeld?: boolean;
}

export const drawBloodPressure = async (readings: PressureReading[], view: ChartView): Promise<Chart> =>
  draw(sketchBloodPressure(readings, view));

const PARTS = ["morning", "evening"] as const;
type DayPart = (typeof PARTS)[number];
/** Local hours. What is measured after midnight belongs to the evening of the day before. */
const MORNING = { from: 4, to: 12 };

interface Pressure extends PressureReading {
  /** Noon of the day it belongs to. */
  at: number;
  part: DayPart;
}

interface Pressures {
  counted: Pressure[];
  held: Pressure[];
  /** What one bar is about. */
  step: Step;
}

export function sketchBloodPressure(readings: PressureReading[], view: ChartView): Sketch {
  const isPossible = ({ systolicMmHg, diastolicMmHg }: PressureReading) =>
    isMeasured(systolicMmHg) && isMeasured(diastolicMmHg) && systolicMmHg > diastolicMmHg;
  const usable = dated(readings.filter(isPossible), view).map(({ at, reading }) => ({ ...reading, ...placeOf(at) }));
  const period = periodOf(view.range, view, usable[0]?.at);
  const all = usable.filter(({ at }) => isWithin(period, at));
  if (all.length === 0) return nothing(usable.at(-1));
  const pressures: Pressures = {
    counted: all.filter(({ isHeld }) => !isHeld),
    held: all.filter(({ isHeld }) => isHeld),
    step: stepFor(period.days, AT_MOST_SPANS),
  };
  const words = chartWords(view);
  const colours = COLOURS[view.theme];
  const entries = legendOf(pressures, view, words);
  return {
    type: "sketch",
    svg: page(
      colours,
      { title: words.pressure, subtitle: words.period[view.range] },
      statsOf(pressures, view, words),
      plotOf(pressures, period, plotArea(entries), view),
      legend(entries, colours),
    ),
    altText: words.altPressure(words.period[view.range], altOf(pressures)),
  };
}

export function placeOf(wall: number): Pick<Pressure, "at" | "part"> {
  const early = wall - MORNING.from * 3600 * 1000;
  const hour = new Date(wall).getUTCHours();
  const part = hour >= MORNING.from && hour < MORNING.to ? "morning" : "evening";
  return { at: startOf(dayOf(early)) + DAY_MS / 2, part };
}

/** So that the limits are never at the edge. */
const ALWAYS = [ESC_2024_AT_HOME.diastolicMmHg - 15, ESC_2024_AT_HOME.systolicMmHg + 15];
const LIMITS = [ESC_2024_AT_HOME.systolicMmHg, ESC_2024_AT_HOME.diastolicMmHg];
const AT_MOST_SPANS = 60;
const LEAST_MMHG = 40;

function plotOf({ counted, held, step }: Pressures, period: Period, whole: Area, view: ChartView): string {
  const colours = COLOURS[view.theme];
  const values = (pressures: Pressure[]) => pressures.flatMap((it) => [it.systolicMmHg, it.diastolicMmHg]);
  const domain = domainOf([...shownValues(values(counted), values(held), LEAST_MMHG), ...ALWAYS], 0);
  const ticks = numberTicks(domain, formatFor(view).number);
  const area = { ...whole, left: whole.left + labelRoom(ticks) };
  const x = scale([period.from, period.to], [area.left, area.right]);
  const y = scale(domain, [area.bottom, area.top]);
  const plot: Plot = { x, y, area, domain, period, step, colours };
  const heldPoints = held.flatMap((it) => values([it]).map((value) => ({ at: it.at, value, isHeld: true })));
  return [
    grid(plot, ticks.filter(isAwayFromLimits(plot)), dateTicks(period, axisDates(view), 6)),
    limitLines(plot),
    ...PARTS.map((part) =>
      ranges(
        counted.filter((it) => it.part === part),
        part,
        plot,
      ),
    ),
    heldMarks({ held: heldPoints, points: [], trend: [] }, plot),
  ].join("");
}

const isAwayFromLimits =
  ({ y }: Plot) =>
  ({ at }: Tick) =>
    LIMITS.every((limit) => Math.abs(y(at) - y(limit)) > LABEL_SIZE);

function limitLines({ y, area, colours }: Plot): string {
  return group(
    { fill: colours.limit, stroke: colours.limit },
    ...LIMITS.map((limit) =>
      group(
        {},
        element("line", {
          ...{ x1: area.left, x2: area.right, y1: y(limit), y2: y(limit) },
          ...{ "stroke-width": 3, "stroke-dasharray": "14 10" },
        }),
        text(
          {
            ...{ x: area.left - 18, y: y(limit) + LABEL_SIZE * 0.36, "text-anchor": "end" },
            ...{ stroke: "none", "font-weight": SEMI_BOLD },
          },
          String(limit),
        ),
      ),
    ),
  );
}

/** Both values of each day, week or month from lowest to highest; mornings left of the middle, evenings right of it. */
function ranges(pressures: Pressure[], part: DayPart, plot: Plot): string {
  const { x, area, period, step, colours } = plot;
  const room = ((area.right - area.left) / period.days) * LENGTH_DAYS[step];
  const width = Math.max(3.5, Math.min(15, room * 0.42));
  const aside = Math.min(room * 0.24, 10) * (part === "morning" ? -1 : 1);
  const shifted = { ...plot, x: (at: number) => x(at) + aside };
  const spans = [systolicOf, diastolicOf].flatMap((pick) =>
    spansOf(
      pressures.map((it) => ({ at: it.at, value: pick(it) })),
      step,
    ),
  );
  const means = step === "day" ? [] : spans.filter(({ count }) => count > 2);
  return (
    bars(spans, shifted, colours[part], width) +
    bars(
      means.map((it) => ({ ...it, min: it.mean, max: it.mean })),
      shifted,
      colours.ground,
      width * 0.54,
    )
  );
}

const systolicOf = (it: PressureReading) => it.systolicMmHg;
const diastolicOf = (it: PressureReading) => it.diastolicMmHg;

const average = (pressures: Pressure[]) => {
  const [systolic, diastolic] = [mean(pressures, systolicOf), mean(pressures, diastolicOf)];
  return systolic === undefined || diastolic === undefined
    ? undefined
    : `${Math.round(systolic)}/${Math.round(diastolic)}`;
};

const both = ({ systolicMmHg, diastolicMmHg }: PressureReading) =>
  `${Math.round(systolicMmHg)}/${Math.round(diastolicMmHg)}`;

function statsOf({ counted, held }: Pressures, { theme }: ChartView, words: ChartWords): Stat[] {
  const [newest, heldLast] = [counted.at(-1), held.at(-1)];
  if (!newest) return heldLast ? [{ value: both(heldLast), caption: words.heldMmHg(heldLast.at) }] : [];
  const averages = PARTS.flatMap((part) => {
    const value = average(counted.filter((it) => it.part === part));
    return value === undefined ? [] : [{ value, caption: words.mean[part], colour: COLOURS[theme][part] }];
  });
  return [{ value: both(newest), caption: words.onMmHg(newest.at) }, ...(counted.length > 1 ? averages : [])];
}

function altOf({ counted, held }: Pressures) {
  const newest = counted.at(-1);
  const of = (part: DayPart) => average(counted.filter((it) => it.part === part));
  const [morning, evening] = counted.length > 1 ? PARTS.map(of) : [];
  return {
    held: held.length,
    ...(newest && { newest: { value: `${both(newest)} mmHg`, at: newest.at } }),
    ...(morning !== undefined && { morning }),
    ...(evening !== undefined && { evening }),
  };
}

function legendOf({ counted, held, step }: Pressures, { theme }: ChartView, words: ChartWords): LegendEntry[] {
  const colours = COLOURS[theme];
  return [
    ...PARTS.filter((part) => counted.some((it) => it.part === part)).map((part) => ({
      sign: SIGN.bar(colours[part], 1),
      label: words[part],
    })),
    { sign: SIGN.dashes(colours.limit), label: words.limit },
    ...(step !== "day" ? [{ sign: SIGN.bar(colours.quiet), label: words.spanAndMean[step] }] : []),
    ...(held.length > 0 ? [{ sign: SIGN.held(colours), label: words.held }] : []),
  ];
}
