import type { Theme } from "../../sync/model/account.ts";
import type { Range } from "../../sync/model/jobs.ts";
import type { Reader } from "../words/format.ts";
import { rasterize } from "./rasterize.ts";

/** For whom a picture is: their language, units and zone, and what they chose. */
export interface ChartView extends Reader {
  range: Range;
  theme: Theme;
}

/** A picture, or that there's nothing to draw: `newestAt` is the newest reading before the period, if there's one. */
export type Chart = { type: "picture"; png: Uint8Array; altText: string } | Nothing;
export type Sketch = { type: "sketch"; svg: string; altText: string } | Nothing;
interface Nothing {
  type: "nothing";
  newestAt?: Date;
}

export async function draw(sketch: Sketch): Promise<Chart> {
  if (sketch.type === "nothing") return sketch;
  return { type: "picture", png: await rasterize(sketch.svg), altText: sketch.altText };
}

export function nothing(newest: { takenAt: Date } | undefined): Nothing {
  return { type: "nothing", ...(newest && { newestAt: newest.takenAt }) };
}
