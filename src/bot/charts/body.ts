import { axisDates, type BodyPart, type ChartWords, chartWords } from "../words/charts.ts";
import { formatFor } from "../words/format.ts";
import { type Chart, type ChartView, draw, nothing, type Sketch } from "./chart.ts";
import type { Step } from "./days.ts";
import { type Area, HEIGHT, MARGIN, scale, WIDTH } from "./layout.ts";
import { amount, grid, type LegendEntry, labelRoom, legend, page } from "./page.ts";
import { type Dated, dated, isMeasured, isWithin, periodOf } from "./period.ts";
import {
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
import { group, text } from "./svg.ts";
import { COLOURS, SEMI_BOLD } from "./theme.ts";
import { dateTicks } from "./time-axis.ts";
import { domainOf, numberTicks, weightTicks } from "./value-axis.ts";
import { weightChange } from "./weight.ts";

/** What wasn't measured is absent. */
export interface BodyReading {
  takenAt: Date;
  bodyFatPercent?: number;
  muscleMassKg?: number;
  bodyWaterPercent?: number;
  boneMassKg?: number;
  /** It waits for its owner's decision: drawn hollow, and not part of the trends. */
  isHeld?: boolean;
}

export const drawBody = async (readings: BodyReading[], view: ChartView): Promise<Chart> =>
  draw(sketchBody(readings, view));

const FIELD = {
  fat: "bodyFatPercent",
  muscle: "muscleMassKg",
  water: "bodyWaterPercent",
  bone: "boneMassKg",
} as const satisfies Record<BodyPart, keyof BodyReading>;
const PARTS = Object.keys(FIELD) as BodyPart[];
/** The shortest axis of each, in its unit. */
const LEAST: Record<BodyPart, number> = { fat: 2, muscle: 2, water: 2, bone: 0.4 };

type Place = Pick<Plot, "period" | "step" | "area">;

interface Panel {
  part: BodyPart;
  series: Series;
}

export function sketchBody(readings: BodyReading[], view: ChartView): Sketch {
  const hasValue = (reading: BodyReading) => PARTS.some((part) => isMeasured(reading[FIELD[part]]));
  const usable = dated(readings.filter(hasValue), view);
  const period = periodOf(view.range, view, usable[0]?.at);
  if (!usable.some(({ at }) => isWithin(period, at))) return nothing(usable.at(-1)?.reading);
  const panels = PARTS.map((part) => ({ part, series: seriesOf(pointsOf(usable, part), period) })).filter(
    ({ series }) => series.points.length + series.held.length > 0,
  );
  const words = chartWords(view);
  const colours = COLOURS[view.theme];
  const areas = areasFor(panels.length);
  const step = stepOf(period, areas[0] ?? WHOLE);
  return {
    type: "sketch",
    svg: page(
      colours,
      { title: words.body, subtitle: words.period[view.range] },
      [],
      ...panels.map((panel, index) => panelOf(panel, { area: areas[index] ?? WHOLE, period, step }, view, words)),
      legend(legendOf(panels, step, view, words), colours),
    ),
    altText: altOf(panels, view, words),
  };
}

function pointsOf(usable: Dated<BodyReading>[], part: BodyPart) {
  return usable.flatMap(({ at, reading }) => {
    const value = reading[FIELD[part]];
    return isMeasured(value) ? [{ at, value, isHeld: reading.isHeld === true }] : [];
  });
}

const WHOLE: Area = { left: MARGIN, right: WIDTH - MARGIN, top: 140, bottom: HEIGHT - 104 };
const GAP = { x: 56, y: 40 };

/** One below the other, or two in a row. */
function areasFor(count: number): Area[] {
  const columns = count > 2 ? 2 : 1;
  const rows = Math.ceil(count / columns);
  const width = (WHOLE.right - WHOLE.left - (columns - 1) * GAP.x) / columns;
  const height = (WHOLE.bottom - WHOLE.top - (rows - 1) * GAP.y) / rows;
  return Array.from({ length: count }, (_, index) => {
    const left = WHOLE.left + (index % columns) * (width + GAP.x);
    const top = WHOLE.top + Math.floor(index / columns) * (height + GAP.y);
    return { left, right: left + width, top, bottom: top + height };
  });
}

const SIZE = 26;

function panelOf({ part, series }: Panel, { area: box, period, step }: Place, view: ChartView, words: ChartWords) {
  const colours = COLOURS[view.theme];
  const format = formatFor(view);
  const colour = colours[part];
  const domain = domainOf(valuesOf(series, LEAST[part]), LEAST[part]);
  const ticks = isMass(part)
    ? weightTicks(domain, unitsOf(part, view), format, 3)
    : numberTicks(domain, format.number, 3);
  const area = {
    left: box.left + labelRoom(ticks, SIZE),
    right: box.right,
    top: box.top + 130,
    bottom: box.bottom - 50,
  };
  const x = scale([period.from, period.to], [area.left, area.right]);
  const y = scale(domain, [area.bottom, area.top]);
  const plot = { x, y, area, domain, period, step, colours };
  const shown = series.newest ?? series.held.at(-1);
  const caption = series.newest ? series.change && changeOf(part, series.change.by, view, words) : words.isHeld;
  return group(
    {},
    text({ x: box.left, y: box.top + 26, fill: colour, "font-weight": SEMI_BOLD }, words.part[part]),
    amount(
      shown ? valueText(part, shown.value, view) : "",
      { x: box.left - 2, y: box.top + 88, fill: colours.ink },
      60,
    ),
    text({ x: box.right, y: box.top + 26, fill: colours.quiet, "text-anchor": "end", "font-size": 29 }, caption ?? ""),
    grid(plot, ticks, dateTicks(period, axisDates(view), 3), SIZE),
    readingMarks(series, plot, colour),
    series.trend.length > 1 ? trendLine(series, plot, colour, 7) : "",
    heldMarks(series, plot),
    newestMark(series, plot, colour),
  );
}

const isMass = (part: BodyPart) => FIELD[part].endsWith("Kg");

/** Nobody's bones weigh a stone. */
const unitsOf = (part: BodyPart, { units }: ChartView) => (part === "bone" && units === "st" ? "lb" : units);

function valueText(part: BodyPart, value: number, view: ChartView): string {
  const format = formatFor({ ...view, units: unitsOf(part, view) });
  return isMass(part) ? format.weight(value, 1) : format.percent(value);
}

/** `−0.8 points`, of the trend. */
function changeOf(part: BodyPart, by: number, view: ChartView, words: ChartWords): string {
  if (isMass(part)) return weightChange(by, view);
  const { number } = formatFor(view);
  const rounded = Math.round(Math.abs(by) * 10) / 10;
  return words.points(`${rounded === 0 ? "±" : by < 0 ? "−" : "+"}${number(rounded, 1)}`);
}

function altOf(panels: Panel[], view: ChartView, words: ChartWords): string {
  const period = words.period[view.range];
  const newest = panels.flatMap(({ part, series }) =>
    series.newest ? [{ part, at: series.newest.at, value: valueText(part, series.newest.value, view) }] : [],
  );
  const held = Math.max(...panels.map(({ series }) => series.held.length));
  return words.altBody(period, { held, parts: newest.slice(0, 3), at: Math.max(...newest.map(({ at }) => at)) });
}

function legendOf(panels: Panel[], step: Step, view: ChartView, words: ChartWords): LegendEntry[] {
  const colours = COLOURS[view.theme];
  const since = panels.flatMap(({ series }) => (series.change ? [series.change.since] : []));
  const hasTrend = panels.some(({ series }) => series.trend.length > 1);
  return [
    step === "day"
      ? { sign: SIGN.dot(colours.quiet), label: words.reading }
      : { sign: SIGN.bar(colours.quiet), label: words.span[step] },
    ...(hasTrend
      ? [
          {
            sign: SIGN.line(colours.quiet),
            label: since.length > 0 ? words.trendSince(Math.min(...since)) : words.trend,
          },
        ]
      : []),
    ...(panels.some(({ series }) => series.held.length > 0) ? [{ sign: SIGN.held(colours), label: words.held }] : []),
  ];
}
