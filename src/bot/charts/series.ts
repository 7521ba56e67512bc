import { line } from "d3-shape";
import { DAY_MS, dayOf, LENGTH_DAYS, type Point, type Span, type Step, spansOf, startOf, stepFor } from "./days.ts";
import type { Area } from "./layout.ts";
import { isWithin, type Period } from "./period.ts";
import { element, group } from "./svg.ts";
import type { Colours } from "./theme.ts";
import { smoothedTrend, type TrendDay } from "./trend.ts";
import type { Domain } from "./value-axis.ts";

/** A gap that the trend bridges with a dotted line, because nobody knows what was in it. */
const LONG_GAP_DAYS = 14;
/** In pixels: where a day has less, single readings can't be told apart, and where a bar has less, nor can bars. */
const LEAST_DAY = 2.2;
const LEAST_BAR = 6.5;

/** One value over time: what counts and what is held within the period, and the trend. All are at noon of their days. */
export interface Series {
  points: Point[];
  held: Point[];
  /** From one day before the period on, so that the line comes from there. */
  trend: TrendDay[];
  newest?: Point;
  /** How much the trend changed from the first day of the period with a reading to the last. */
  change?: { by: number; since: number };
}

/** `all`: in order of time, also from before the period, for the trend. */
export function seriesOf(all: Point[], period: Period): Series {
  const atNoon = all.map((point) => ({ ...point, at: noonOf(dayOf(point.at)) }));
  const counted = atNoon.filter(({ isHeld }) => !isHeld);
  const points = counted.filter(({ at }) => isWithin(period, at));
  const held = atNoon.filter(({ at, isHeld }) => isHeld && isWithin(period, at));
  const [first, newest] = [points.at(0), points.at(-1)];
  if (!first || !newest) return { points, held, trend: [] };
  const daily = spansOf(counted, "day").map(({ from, mean }) => ({ day: dayOf(from), value: mean }));
  const trend = smoothedTrend(daily).filter(({ day }) => day >= dayOf(period.from) - 1);
  const [begin, end] = [trend.find(({ day }) => day === dayOf(first.at)), trend.at(-1)];
  const change = begin && end && end.day > begin.day && { by: end.value - begin.value, since: first.at };
  return { points, held, trend, newest, ...(change && { change }) };
}

const noonOf = (day: number) => startOf(day) + DAY_MS / 2;

export function valuesOf({ points, held, trend }: Series, atLeast: number): number[] {
  const plain = ({ value }: { value: number }) => value;
  return shownValues([...points, ...trend].map(plain), held.map(plain), atLeast);
}

/** What an axis has to show: what counts; what is held only if nothing counts, or if it isn't far off. */
export function shownValues(counted: number[], others: number[], atLeast: number): number[] {
  if (counted.length === 0) return others;
  const [lowest, highest] = [Math.min(...counted), Math.max(...counted)];
  const reach = Math.max(highest - lowest, atLeast) * 0.75;
  return [...counted, ...others.filter((value) => value > lowest - reach && value < highest + reach)];
}

/** Where a plot is, and where in it times and values are. */
export interface Plot {
  x: (at: number) => number;
  y: (value: number) => number;
  area: Area;
  domain: Domain;
  period: Period;
  /** What one mark is about: a reading and its day, or a longer time. */
  step: Step;
  colours: Colours;
}

export function stepOf({ days }: Period, { left, right }: Pick<Area, "left" | "right">): Step {
  const width = right - left;
  return width / days >= LEAST_DAY ? "day" : stepFor(days, width / LEAST_BAR);
}

export const hasSpans = ({ points }: Series, step: Step) =>
  step !== "day" || spansOf(points, "day").some(({ min, max }) => max > min);

const SPAN_OPACITY = 0.36;
const DOT_OPACITY = 0.5;

/** Each reading as a dot, with a bar behind those of one day; in a long period a bar for each week or month instead. */
export function readingMarks({ points }: Series, plot: Plot, colour: string): string {
  const { area, period, step } = plot;
  const spans = spansOf(points, step);
  if (step !== "day") {
    const pixels = ((area.right - area.left) / period.days) * LENGTH_DAYS[step];
    return bars(spans, plot, colour, Math.min(14, Math.max(3, pixels * 0.62)), SPAN_OPACITY);
  }
  const width = dotRadius(plot) * 2;
  const several = spans.filter(({ min, max }) => max > min);
  const dots = points.map(({ at, value }) => ({ from: at, to: at, min: value, max: value }));
  return bars(several, plot, colour, width, 0.2) + bars(dots, plot, colour, width, DOT_OPACITY);
}

export function dotRadius({ area, period }: Pick<Plot, "area" | "period">): number {
  return Math.max(4, Math.min(9, ((area.right - area.left) / period.days) * 0.45));
}

/** Each a line with round ends from `min` to `max`, or a dot. All are one path, because each element takes its time. */
export function bars(
  spans: Array<Pick<Span, "from" | "to" | "min" | "max">>,
  { x, y, period }: Pick<Plot, "x" | "y" | "period">,
  stroke: string,
  width: number,
  opacity = 1,
): string {
  if (spans.length === 0) return "";
  const d = spans.map((span) => {
    // A line without any length has no round ends.
    const top = y(span.max) - (span.max === span.min ? 0.1 : 0);
    return `M${x(middleOf(span, period)).toFixed(1)},${y(span.min).toFixed(1)}V${top.toFixed(1)}`;
  });
  // What is opaque is drawn faster.
  const style = {
    stroke,
    "stroke-width": width,
    "stroke-linecap": "round",
    ...(opacity < 1 && { "stroke-opacity": opacity }),
  };
  return element("path", { d: d.join(""), fill: "none", ...style });
}

/** Of the part that lies in the period: a week may have begun before. */
const middleOf = ({ from, to }: Pick<Span, "from" | "to">, period: Period) =>
  (Math.max(from, period.from) + Math.min(to, period.to)) / 2;

/** The trend; dotted where it bridges a long gap. */
export function trendLine({ trend }: Series, plot: Plot, stroke: string, thickness = 9): string {
  const { days } = plot.period;
  const width = days > 1000 ? thickness * 0.6 : days > 120 ? thickness * 0.75 : thickness;
  const parts: Array<{ isDotted: boolean; vertices: Vertex[] }> = [];
  for (const { x, y, isDotted } of verticesOf(trend, plot)) {
    const last = parts.at(-1);
    if (last?.isDotted === isDotted) last.vertices.push([x, y]);
    else parts.push({ isDotted, vertices: [...(last?.vertices.slice(-1) ?? []), [x, y]] });
  }
  const path = line<Vertex>().digits(1);
  return group(
    { fill: "none", stroke, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" },
    ...parts.map(({ isDotted, vertices }) =>
      element("path", {
        d: path(vertices) ?? "",
        ...(isDotted && { "stroke-dasharray": `0.1 ${width * 2}`, "stroke-width": width * 0.8 }),
      }),
    ),
  );
}

type Vertex = [x: number, y: number];
/** In pixels: more vertices can't be seen, and ten years have 3,650. */
const APART = 2;

/** What comes from before the period begins at the edge of the plot. */
function verticesOf(trend: TrendDay[], { x, y, area }: Plot) {
  const all = trend.map(({ day, value, gapDays }) => ({
    ...{ x: x(noonOf(day)), y: y(value), isDotted: gapDays > LONG_GAP_DAYS },
  }));
  const [first, second] = all;
  if (first && second && first.x < area.left) {
    first.y += ((second.y - first.y) * (area.left - first.x)) / (second.x - first.x);
    first.x = area.left;
  }
  let drawn = Number.NEGATIVE_INFINITY;
  return all.filter(({ x: at, isDotted }, index) => {
    const isSeen = at - drawn >= APART || index === all.length - 1 || isDotted !== all[index + 1]?.isDotted;
    if (isSeen) drawn = at;
    return isSeen;
  });
}

/** A ring for each reading that is held; one beyond the axis is a triangle at its edge. */
export function heldMarks({ held }: Series, plot: Plot): string {
  const { x, y, area, colours } = plot;
  const [low, high] = plot.domain;
  return group(
    { fill: colours.ground, stroke: colours.held, "stroke-width": 4, "stroke-linejoin": "round" },
    ...held.map(({ at, value }) => {
      if (value >= low && value <= high) return ring(x(at), y(value), Math.max(8, dotRadius(plot)));
      const edge = value > high ? area.top + 4 : area.bottom - 4;
      const base = edge + (value > high ? 20 : -20);
      return element("path", {
        d: `M${(x(at) - 13).toFixed(1)},${base}H${(x(at) + 13).toFixed(1)}L${x(at).toFixed(1)},${edge}Z`,
      });
    }),
  );
}

const ring = (cx: number, cy: number, r: number) => element("circle", { cx, cy, r });

/** The newest reading stands out, because the header names it. */
export function newestMark({ newest }: Series, plot: Plot, colour: string): string {
  if (!newest) return "";
  const { x, y, colours } = plot;
  const r = Math.max(dotRadius(plot) + 3, 10);
  return element("circle", {
    ...{ cx: x(newest.at), cy: y(newest.value), r, fill: colour, stroke: colours.ground, "stroke-width": 5 },
  });
}

export const SIGN = {
  dot: (fill: string) => element("circle", { r: 9, fill, "fill-opacity": DOT_OPACITY }),
  bar: (stroke: string, opacity: number = SPAN_OPACITY) =>
    element("path", {
      ...{ d: "M0,-11V11", stroke, "stroke-width": 14, "stroke-linecap": "round", "stroke-opacity": opacity },
    }),
  line: (stroke: string) => element("path", { d: "M-19,0H19", stroke, "stroke-width": 9, "stroke-linecap": "round" }),
  dashes: (stroke: string) => element("path", { d: "M-22,0H-8M8,0H22", stroke, "stroke-width": 4 }),
  held: ({ ground, held }: Colours) => group({ fill: ground, stroke: held, "stroke-width": 4 }, ring(0, 0, 9)),
};
