import { axisDates, type ChartWords, chartWords } from "../words/charts.ts";
import { formatFor } from "../words/format.ts";
import { type Chart, type ChartView, draw, nothing, type Sketch } from "./chart.ts";
import type { Step } from "./days.ts";
import { type Area, LABEL_SIZE, MARGIN, scale, WIDTH } from "./layout.ts";
import { grid, type LegendEntry, labelRoom, legend, page, plotArea, type Stat } from "./page.ts";
import { dated, isMeasured, isWithin, periodOf } from "./period.ts";
import {
  hasSpans,
  heldMarks,
  newestMark,
  type Plot,
  readingMarks,
  type Series,
  SIGN,
  seriesOf,
  stepOf,
  trendLine,
  valuesOf,
} from "./series.ts";
import { element, group, text } from "./svg.ts";
import { COLOURS, type Colours, SEMI_BOLD } from "./theme.ts";
import { dateTicks } from "./time-axis.ts";
import { type Domain, domainOf, weightTicks } from "./value-axis.ts";

export interface WeightReading {
  takenAt: Date;
  weightKg: number;
  /** It waits for its owner's decision: drawn hollow, and not part of the trend. */
  isHeld?: boolean;
}

export interface WeightHistory {
  /** In any order. Those from before the period, the trend needs: of three months, or better all. */
  readings: WeightReading[];
  goalKg?: number | undefined;
}

export const drawWeight = async (history: WeightHistory, view: ChartView): Promise<Chart> =>
  draw(sketchWeight(history, view));

export function sketchWeight({ readings, goalKg }: WeightHistory, view: ChartView): Sketch {
  const usable = dated(
    readings.filter(({ weightKg }) => isMeasured(weightKg)),
    view,
  );
  const period = periodOf(view.range, view, usable[0]?.at);
  if (!usable.some(({ at }) => isWithin(period, at))) return nothing(usable.at(-1)?.reading);
  const points = usable.map(({ at, reading }) => ({ at, value: reading.weightKg, isHeld: reading.isHeld === true }));
  const series = seriesOf(points, period);
  const words = chartWords(view);
  const colours = COLOURS[view.theme];
  const step = stepOf(period, { left: MARGIN, right: WIDTH - MARGIN });
  const entries = legendOf(series, step, words, colours);
  return {
    type: "sketch",
    svg: page(
      colours,
      { title: words.weight, subtitle: words.period[view.range] },
      statsOf(series, view, words),
      plotOf(series, { period, step, area: plotArea(entries) }, goalKg, view),
      legend(entries, colours),
    ),
    altText: words.altWeight(words.period[view.range], altOf(series, view)),
  };
}

const LEAST_KG = 2.4;

type Place = Pick<Plot, "period" | "step" | "area">;

function plotOf(
  series: Series,
  { period, step, area: whole }: Place,
  goalKg: number | undefined,
  view: ChartView,
): string {
  const colours = COLOURS[view.theme];
  const values = valuesOf(series, LEAST_KG);
  const goal = isMeasured(goalKg) ? goalKg : undefined;
  const isNear = goal !== undefined && isGoalNear(goal, values);
  const domain = domainOf(isNear ? [...values, goal] : values, LEAST_KG);
  const ticks = weightTicks(domain, view.units, formatFor(view));
  const area = { ...whole, left: whole.left + labelRoom(ticks) };
  const x = scale([period.from, period.to], [area.left, area.right]);
  const y = scale(domain, [area.bottom, area.top]);
  const plot = { x, y, area, domain, period, step, colours };
  return [
    grid(plot, ticks, dateTicks(period, axisDates(view), 6)),
    readingMarks(series, plot, colours.weight),
    series.trend.length > 1 ? trendLine(series, plot, colours.weight) : "",
    goal === undefined ? "" : goalLine(goal, isNear ? y(goal) : undefined, domain, area, view),
    heldMarks(series, plot),
    newestMark(series, plot, colours.weight),
  ].join("");
}

/** Not if it would take the readings too much of their height. */
function isGoalNear(goal: number, values: number[]): boolean {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const reach = Math.max(highest - lowest, LEAST_KG);
  return goal > lowest - reach && goal < highest + reach;
}

/** Without `at`, it's beyond the axis, and an arrow says where. */
function goalLine(goalKg: number, at: number | undefined, domain: Domain, area: Area, view: ChartView): string {
  const colours = COLOURS[view.theme];
  const label = chartWords(view).goal(formatFor(view).weight(goalKg, 1));
  const isBelow = goalKg < domain[0];
  const halo = { stroke: colours.ground, "stroke-width": 10, "paint-order": "stroke", "stroke-linejoin": "round" };
  const style = { x: area.left + 8, fill: colours.goal, "font-weight": SEMI_BOLD, ...halo };
  if (at === undefined) {
    const y = isBelow ? area.bottom - 14 : area.top + LABEL_SIZE - 8;
    return text({ ...style, y }, `${isBelow ? "↓" : "↑"} ${label}`);
  }
  const stroke = { stroke: colours.goal, "stroke-width": 4, "stroke-dasharray": "14 10" };
  return group(
    {},
    element("line", { x1: area.left, x2: area.right, y1: at, y2: at, ...stroke }),
    text({ ...style, y: at - 14 }, label),
  );
}

function statsOf({ newest, held, trend, change }: Series, view: ChartView, words: ChartWords): Stat[] {
  const { weight } = formatFor(view);
  const [last, heldLast] = [trend.at(-1), held.at(-1)];
  if (!newest) return heldLast ? [{ value: weight(heldLast.value, 1), caption: words.heldOn(heldLast.at) }] : [];
  const stat = { value: weight(newest.value, 1), caption: words.on(newest.at) };
  if (!last || !change) return [stat];
  return [
    stat,
    { value: weight(last.value, 1), caption: words.trend, colour: COLOURS[view.theme].weight },
    { value: weightChange(change.by, view), caption: words.since(change.since) },
  ];
}

/** `−1.4 kg`; in stones it's given in pounds. */
export function weightChange(byKg: number, view: ChartView): string {
  const { amountOf, number } = formatFor(view);
  const [amount, isLess] = amountOf(byKg);
  return amount ? `${isLess ? "−" : "+"}${amount}` : `±${number(0, 1)} ${view.units === "kg" ? "kg" : "lb"}`;
}

function altOf({ newest, held, trend, change }: Series, view: ChartView) {
  const { weight, amountOf } = formatFor(view);
  const last = trend.at(-1);
  const [amount, isLess] = amountOf(change?.by ?? 0);
  return {
    held: held.length,
    ...(newest && { newest: { value: weight(newest.value, 1), at: newest.at } }),
    ...(last && change && { trend: { value: weight(last.value, 1), amount, isLess, since: change.since } }),
  };
}

function legendOf(series: Series, step: Step, words: ChartWords, colours: Colours): LegendEntry[] {
  const entries: Array<LegendEntry & { isThere: boolean }> = [
    { isThere: step === "day" && series.points.length > 0, sign: SIGN.dot(colours.weight), label: words.reading },
    { isThere: hasSpans(series, step), sign: SIGN.bar(colours.weight), label: words.span[step] },
    { isThere: series.trend.length > 1, sign: SIGN.line(colours.weight), label: words.trend },
    { isThere: series.held.length > 0, sign: SIGN.held(colours), label: words.held },
  ];
  return entries.filter(({ isThere }) => isThere);
}
