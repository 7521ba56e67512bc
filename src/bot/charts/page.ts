import { type Area, HEIGHT, LABEL_SIZE, MARGIN, textWidth, WIDTH } from "./layout.ts";
import type { Plot } from "./series.ts";
import { element, escaped, group, text } from "./svg.ts";
import { type Colours, FONT, MEDIUM, SEMI_BOLD } from "./theme.ts";
import type { DateTick } from "./time-axis.ts";
import type { Tick } from "./value-axis.ts";

export interface Stat {
  value: string;
  caption: string;
  colour?: string | undefined;
}

export interface LegendEntry {
  /** Drawn around the point 0, 0 and at most 44 wide. */
  sign: string;
  label: string;
}

const STAT_X = [MARGIN, 590, 880];
const BASELINE = { title: 92, value: 218, caption: 268, legend: HEIGHT - 44 };

/** Between a header with values and a legend, without room for the labels of the values. */
export function plotArea(entries: LegendEntry[]): Area {
  const rows = rowsOf(entries).length;
  return { left: MARGIN, right: WIDTH - MARGIN, top: 330, bottom: HEIGHT - 174 - (rows - 1) * LEGEND.row };
}

/** `stats`: three at most, the first one large. */
export function page(
  colours: Colours,
  { title, subtitle }: { title: string; subtitle: string },
  stats: Stat[],
  ...content: string[]
): string {
  const root = {
    ...{ xmlns: "http://www.w3.org/2000/svg", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
    ...{ "font-family": FONT, "font-weight": MEDIUM, "font-size": LABEL_SIZE },
  };
  return element(
    "svg",
    root,
    element("rect", { width: WIDTH, height: HEIGHT, fill: colours.ground }),
    element(
      "text",
      { x: MARGIN, y: BASELINE.title, "font-size": 40, fill: colours.quiet },
      element("tspan", { fill: colours.ink, "font-weight": SEMI_BOLD }, escaped(title)),
      escaped(`  ·  ${subtitle}`),
    ),
    ...stats.map((stat, index) => statistic(stat, STAT_X[index] ?? 0, index === 0 ? 100 : 54, colours)),
    ...content,
  );
}

function statistic({ value, caption, colour = "" }: Stat, x: number, size: number, colours: Colours): string {
  return group(
    {},
    amount(value, { x, y: BASELINE.value, fill: colour || colours.ink }, size),
    text({ x: x + size / 26, y: BASELINE.caption, fill: colours.quiet }, caption),
  );
}

/** Its numbers large, its units half of that. */
export function amount(value: string, attributes: Record<string, string | number>, size: number): string {
  // Spaces at the edge of a part would be left out.
  const parts = value.replaceAll(" ", "\u{a0}").match(/[\u2212+±\d.,/]+|[^\u2212+±\d.,/]+/g) ?? [];
  const spans = parts.map((part) =>
    /[\d\u2212+±]/.test(part)
      ? escaped(part)
      : element("tspan", { "font-size": size * 0.54, "font-weight": MEDIUM }, escaped(part)),
  );
  const style = { "font-size": size, "font-weight": SEMI_BOLD, "letter-spacing": size > 80 ? -2 : 0 };
  return element("text", { ...attributes, ...style }, ...spans);
}

const LEGEND = { size: 29, sign: 44, toLabel: 12, toNext: 38, row: 46 };

function rowsOf(entries: LegendEntry[]) {
  const rows: Array<Array<LegendEntry & { x: number }>> = [[]];
  let x = MARGIN;
  for (const entry of entries) {
    const width = LEGEND.sign + LEGEND.toLabel + textWidth(entry.label, LEGEND.size);
    if (x > MARGIN && x + width > WIDTH - MARGIN) {
      rows.push([]);
      x = MARGIN;
    }
    rows.at(-1)?.push({ ...entry, x });
    x += width + LEGEND.toNext;
  }
  return rows;
}

/** In as many rows as it needs; the last one is always at the same place. */
export function legend(entries: LegendEntry[], colours: Colours): string {
  const rows = rowsOf(entries);
  return group(
    { "font-size": LEGEND.size, fill: colours.quiet },
    ...rows.flatMap((row, index) => {
      const y = BASELINE.legend - (rows.length - 1 - index) * LEGEND.row;
      return row.map(({ x: left, sign, label }) => {
        const place = { transform: `translate(${Math.round(left + LEGEND.sign / 2)} ${y - 10})` };
        return group(place, sign) + text({ x: left + LEGEND.sign + LEGEND.toLabel, y }, label);
      });
    }),
  );
}

type GridPlot = Pick<Plot, "x" | "y" | "area" | "colours">;

/** Lines across, with values at the left and dates below. */
export function grid(plot: GridPlot, values: Tick[], dates: DateTick[], size = LABEL_SIZE): string {
  const { x, y, area, colours } = plot;
  const line = (tick: Tick) =>
    element("line", {
      ...{ x1: area.left, x2: area.right, y1: y(tick.at), y2: y(tick.at), stroke: colours.grid, "stroke-width": 2 },
    }) + text({ x: area.left - 18, y: y(tick.at) + size * 0.36, "text-anchor": "end" }, tick.label);
  const date = ({ at, label, isYear }: DateTick) =>
    element("line", {
      ...{ x1: x(at), x2: x(at), y1: area.bottom, y2: area.bottom + 10, stroke: colours.quiet, "stroke-width": 2 },
    }) +
    text(
      {
        ...{ x: x(at), y: area.bottom + 20 + size * 0.8, "text-anchor": "middle" },
        ...(isYear && { fill: colours.ink }),
      },
      label,
    );
  const fits = ({ at, label }: DateTick) => x(at) + textWidth(label, size) / 2 < area.right + MARGIN - 12;
  return group({ fill: colours.quiet, "font-size": size }, ...values.map(line), ...dates.filter(fits).map(date));
}

/** How much the labels of an axis need at its left. */
export const labelRoom = (values: Tick[], size = LABEL_SIZE) =>
  Math.max(...values.map(({ label }) => textWidth(label, size)), 0) + 18;
