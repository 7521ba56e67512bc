import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sketchBloodPressure } from "../../../src/bot/charts/blood-pressure.ts";
import { sketchBody } from "../../../src/bot/charts/body.ts";
import type { ChartView, Sketch } from "../../../src/bot/charts/chart.ts";
import { HEIGHT, LABEL_SIZE, textWidth, WIDTH } from "../../../src/bot/charts/layout.ts";
import { sketchWeight, type WeightReading } from "../../../src/bot/charts/weight.ts";
import { LANGUAGES, UNITS } from "../../../src/sync/model/account.ts";
import { RANGES } from "../../../src/sync/model/jobs.ts";
import { bodies, NOW, pressures, view, weights } from "./histories.ts";

const DAY_MS = 24 * 3600 * 1000;
const at = (time: string) => new Date(`2026-${time}:00+01:00`);

function drawn(sketch: Sketch) {
  if (sketch.type === "nothing") throw new Error("nothing was drawn");
  return sketch;
}
const weightSketch = (readings: WeightReading[], over: Partial<ChartView> = {}, goalKg?: number) =>
  drawn(sketchWeight({ readings, goalKg }, view(over)));

/** Everything that the picture says, in order. */
const saysOf = ({ svg }: { svg: string }) =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, inside = ""]) =>
    inside.replaceAll(/<[^>]+>/g, "").replaceAll("\u{a0}", " "),
  );
const hasTrend = ({ svg }: { svg: string }) => /stroke-width="9" stroke-linecap="round" stroke-linejoin/.test(svg);
const ringsOf = ({ svg }: { svg: string }) => svg.match(/<g fill="#ffffff" stroke="#b45309".*?<\/g>/)?.[0] ?? "";

const TWO = [
  { takenAt: at("11-28T07:00"), weightKg: 81.2 },
  { takenAt: at("12-01T07:00"), weightKg: 80.6 },
];

describe("what a picture says", () => {
  test("newest value, trend and change, in the words, units and numbers of its reader", () => {
    const head = (over: Partial<ChartView>) => saysOf(weightSketch(TWO, over)).slice(0, 7);
    expect(head({})).toEqual(["Weight  ·  30 days", "80.6 kg", "1 Dec", "81.1 kg", "Trend", "−0.1 kg", "since 28 Nov"]);
    expect(head({ language: "de" })).toEqual([
      ...["Gewicht  ·  30 Tage", "80,6 kg", "1. Dez.", "81,1 kg", "Trend", "−0,1 kg", "seit 28. Nov."],
    ]);
    expect(head({ units: "lb" })).toEqual([
      ...["Weight  ·  30 days", "177.7 lb", "1 Dec", "178.8 lb", "Trend", "−0.2 lb", "since 28 Nov"],
    ]);
    expect(head({ units: "st" })).toEqual([
      ...["Weight  ·  30 days", "12 st 9.7 lb", "1 Dec", "12 st 10.8 lb", "Trend", "−0.2 lb", "since 28 Nov"],
    ]);
  });

  test("in German, no number has a decimal point", () => {
    const options = { language: "de", range: "90d" } as const;
    for (const sketch of [
      weightSketch(weights(120), options, 70.5),
      drawn(sketchBody(bodies(120), view(options))),
      drawn(sketchBloodPressure(pressures(120), view(options))),
    ]) {
      expect([...saysOf(sketch), sketch.altText].filter((it) => /\d\.\d/.test(it))).toEqual([]);
    }
  });

  test("the text for the caption has the three numbers that matter", () => {
    expect(weightSketch(TWO).altText).toBe(
      "Weight, 30 days: 80.6 kg on 1 Dec. Trend 81.1 kg, 0.1 kg less than on 28 Nov.",
    );
    expect(weightSketch(TWO, { language: "de", range: "all" }).altText).toBe(
      "Gewicht, alle Messungen: 80,6 kg am 1. Dez. Trend 81,1 kg, 0,1 kg weniger als am 28. Nov.",
    );
    const may = { takenAt: at("05-03T07:00"), weightKg: 80 };
    expect(weightSketch([may], { language: "de", range: "1y" }).altText).toBe("Gewicht, 1 Jahr: 80,0 kg am 3. Mai.");
    const session = [
      { takenAt: at("11-30T07:00"), systolicMmHg: 131, diastolicMmHg: 82 },
      { takenAt: at("11-30T19:00"), systolicMmHg: 124, diastolicMmHg: 79 },
      { takenAt: at("12-01T07:00"), systolicMmHg: 138, diastolicMmHg: 87 },
    ];
    expect(drawn(sketchBloodPressure(session, view())).altText).toBe(
      "Blood pressure, 30 days: 138/87 mmHg on 1 Dec. On average 135/85 in the morning, 124/79 in the evening.",
    );
    expect(drawn(sketchBloodPressure(session, view({ language: "de" }))).altText).toBe(
      "Blutdruck, 30 Tage: 138/87 mmHg am 1. Dez. Im Mittel morgens 135/85, abends 124/79.",
    );
    const body = {
      ...{ takenAt: at("12-01T07:00"), bodyFatPercent: 21.44, muscleMassKg: 60.02, bodyWaterPercent: 55 },
    };
    expect(drawn(sketchBody([{ ...body, boneMassKg: 3.1 }], view())).altText).toBe(
      "Body composition, 30 days: fat 21.4%, muscle 60.0 kg, water 55.0% on 1 Dec.",
    );
    expect(drawn(sketchBody([body], view({ language: "de", units: "st" }))).altText).toBe(
      "Körperzusammensetzung, 30 Tage: Fett 21,4 %, Muskeln 9 st 6,3 lb, Wasser 55,0 % am 1. Dez.",
    );
  });

  test("the limit at home, as two lines with their values", () => {
    const says = saysOf(drawn(sketchBloodPressure(pressures(30), view())));
    expect(says).toEqual(expect.arrayContaining(["135", "85", "Limit at home (ESC 2024)"]));
  });

  test("a goal that's far away is an arrow, and doesn't flatten the readings", () => {
    const scaleOf = (goalKg: number | undefined) =>
      saysOf(weightSketch(TWO, {}, goalKg)).filter((it) => /^\d+\.\d$/.test(it));
    expect(saysOf(weightSketch(TWO, {}, 79))).toContain("Goal 79.0 kg");
    expect(saysOf(weightSketch(TWO, {}, 60))).toContain("↓ Goal 60.0 kg");
    expect(saysOf(weightSketch(TWO, {}, 99))).toContain("↑ Goal 99.0 kg");
    expect(scaleOf(60)).toEqual(scaleOf(undefined));
  });
});

describe("how much there is to draw", () => {
  test("two readings make a picture with a trend, one makes a picture without", () => {
    expect(hasTrend(weightSketch(TWO))).toBe(true);
    const one = weightSketch(TWO.slice(1));
    expect(hasTrend(one)).toBe(false);
    expect(saysOf(one).slice(0, 3)).toEqual(["Weight  ·  30 days", "80.6 kg", "1 Dec"]);
    expect(saysOf(one)).not.toContain("Trend");
    for (const sketch of [
      sketchBloodPressure([{ takenAt: NOW, systolicMmHg: 120, diastolicMmHg: 80 }], view()),
      sketchBody([{ takenAt: NOW, bodyFatPercent: 20 }], view()),
    ]) {
      expect(sketch.type).toBe("sketch");
    }
  });

  test("none make no picture, and what there was before is named", () => {
    expect(sketchWeight({ readings: [] }, view())).toEqual({ type: "nothing" });
    expect(sketchBloodPressure([], view({ range: "all" }))).toEqual({ type: "nothing" });
    expect(sketchBody([], view())).toEqual({ type: "nothing" });
    const takenAt = at("10-01T07:00");
    const before = { type: "nothing", newestAt: takenAt };
    expect(sketchWeight({ readings: [{ takenAt, weightKg: 80 }] }, view())).toEqual(before);
    expect(sketchBloodPressure([{ takenAt, systolicMmHg: 120, diastolicMmHg: 80 }], view())).toEqual(before);
    expect(sketchBody([{ takenAt, boneMassKg: 3 }], view())).toEqual(before);
  });

  test("a part that wasn't measured has no place in the picture, and the others take it", () => {
    const says = saysOf(drawn(sketchBody([{ takenAt: NOW, bodyFatPercent: 20, boneMassKg: 3 }], view())));
    expect(says).toEqual(expect.arrayContaining(["Fat", "20.0%", "Bone", "3.0 kg"]));
    expect(says).not.toContain("Water");
  });

  test("a held reading is hollow, in no value and not in the trend; one that's far off is a triangle at the edge", () => {
    const held = { takenAt: at("11-30T07:00"), weightKg: 82, isHeld: true };
    const far = { takenAt: at("11-29T07:00"), weightKg: 104, isHeld: true };
    const plain = weightSketch(TWO);
    const sketch = weightSketch([...TWO, held, far]);
    expect(sketch.altText).toBe(plain.altText);
    expect(saysOf(sketch).slice(0, 7)).toEqual(saysOf(plain).slice(0, 7));
    expect(saysOf(sketch).at(-1)).toBe("Held, not counted");
    expect(ringsOf(sketch).match(/<circle/g)).toHaveLength(1);
    expect(ringsOf(sketch).match(/<path/g)).toHaveLength(1);
    const only = weightSketch([far]);
    expect(only.altText).toBe("Weight, 30 days: only 1 held reading.");
    expect(saysOf(only)).toEqual(expect.arrayContaining(["104.0 kg", "held, 29 Nov"]));
    const pressure = { takenAt: NOW, systolicMmHg: 190, diastolicMmHg: 110, isHeld: true };
    expect(drawn(sketchBloodPressure([pressure], view({ language: "de" }))).altText).toBe(
      "Blutdruck, 30 Tage: nur 1 zurückgehaltene Messung.",
    );
    const averages = (readings: (typeof pressure)[]) => drawn(sketchBloodPressure(readings, view())).altText;
    const normal = [2, 3].map((hours) => ({
      ...{
        takenAt: new Date(NOW.getTime() - hours * 3600 * 1000),
        systolicMmHg: 120,
        diastolicMmHg: 80,
        isHeld: false,
      },
    }));
    expect(averages([...normal, pressure])).toBe(averages(normal));
  });

  test("a gap of more than two weeks is dotted", () => {
    const dots = (gapDays: number) => {
      const takenAt = new Date(NOW.getTime() - gapDays * DAY_MS);
      return weightSketch(
        [
          { takenAt, weightKg: 82 },
          { takenAt: NOW, weightKg: 81 },
        ],
        { range: "90d" },
      ).svg.match(/stroke-dasharray/g);
    };
    expect(dots(14)).toBeNull();
    expect(dots(15)).toHaveLength(1);
  });

  test("what came before the period counts in the trend, and isn't drawn", () => {
    const before = [{ takenAt: at("09-01T07:00"), weightKg: 95 }];
    const [alone, with95] = [weightSketch(TWO), weightSketch([...before, ...TWO])];
    const trendOf = (sketch: { svg: string }) => saysOf(sketch)[3];
    expect(trendOf(alone)).toBe("81.1 kg");
    expect(Number.parseFloat(trendOf(with95) ?? "")).toBeGreaterThan(81.5);
    expect(saysOf(with95)[1]).toBe("80.6 kg");
    // It comes in at the left edge of the plot, where its lines begin.
    const edge = Number(/<line x1="([\d.]+)"/.exec(with95.svg)?.[1]);
    const trendOrigin = Number(/<path d="M([\d.]+),[^"]*" stroke-dasharray/.exec(with95.svg)?.[1]);
    expect(trendOrigin).toBeCloseTo(edge, 0);
  });

  test("ten years fit: months as bars, a line of no more vertices than one sees, and any order", () => {
    const readings = Array.from({ length: 3650 }, (_, day) => ({
      takenAt: new Date(NOW.getTime() - day * DAY_MS),
      weightKg: 80 + Math.sin(day / 90) * 3 + (day % 7) / 5,
    }));
    const sketch = weightSketch(readings, { range: "all" }, 78);
    expect(sketch.svg.length).toBeLessThan(25_000);
    expect(saysOf(sketch)).toContain("Month’s range");
    expect(weightSketch(readings.toReversed(), { range: "all" }, 78)).toEqual(sketch);
    const [bars = ""] = sketch.svg.match(/d="[^"]*" fill="none" stroke="#0b6bb5"[^>]*stroke-opacity/) ?? [];
    expect(bars.match(/M/g)).toHaveLength(121);
  });
});

test("words can't break the picture: what could be markup is escaped", () => {
  const far = { takenAt: NOW, weightKg: 80 };
  expect(weightSketch([far], {}, 60).svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
});

describe("whatever the readings are", () => {
  interface Box {
    words: string;
    left: number;
    right: number;
    top: number;
    bottom: number;
  }

  /** Where each text is, roughly. */
  function boxesOf(svg: string): Box[] {
    const sizes: number[] = [LABEL_SIZE];
    return [...svg.matchAll(/<g([^>]*)>|<\/g>|<text([^>]*)>(.*?)<\/text>/g)].flatMap(
      ([tag, group, attributes = "", inside = ""]) => {
        const of = (name: string, from = attributes) => new RegExp(` ${name}="([^"]*)"`).exec(from)?.[1];
        const inherited = sizes.at(-1) ?? LABEL_SIZE;
        if (tag === "</g>") sizes.pop();
        else if (group !== undefined) sizes.push(Number(of("font-size", group) ?? inherited));
        if (!tag.startsWith("<text")) return [];
        const size = Number(of("font-size") ?? inherited);
        const words = inside.replaceAll(/<[^>]+>/g, "");
        const small = [...inside.matchAll(/<tspan font-size="([^"]*)"[^>]*>(.*?)<\/tspan>/g)];
        const width = small.reduce(
          (sum, [, smaller, part = ""]) => sum - textWidth(part, size) + textWidth(part, Number(smaller)),
          textWidth(words, size),
        );
        const [x, y] = [Number(of("x")), Number(of("y"))];
        const left = x - width * ({ end: 1, middle: 0.5 }[of("text-anchor") ?? ""] ?? 0);
        return [{ words, left, right: left + width, top: y - size * 0.74, bottom: y }];
      },
    );
  }

  const isOutside = ({ left, right, top, bottom }: Box) => left < 0 || right > WIDTH || top < 0 || bottom > HEIGHT;
  const overlaps = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const overlapping = (boxes: Box[]) =>
    boxes.flatMap((a, index) => boxes.slice(index + 1).flatMap((b) => (overlaps(a, b) ? [[a, b]] : [])));

  const views = fc.record({
    language: fc.constantFrom(...LANGUAGES),
    units: fc.constantFrom(...UNITS),
    range: fc.constantFrom(...RANGES),
    timezone: fc.constantFrom("Europe/Berlin", "Pacific/Kiritimati", "America/St_Johns"),
  });
  const taken = fc.oneof(
    fc.integer({ min: 0, max: 40 }).map((days) => new Date(NOW.getTime() - days * DAY_MS)),
    fc.date({ min: new Date("1969-01-01"), max: new Date("2031-01-01"), noInvalidDate: false }),
  );
  const value = (normal: number) =>
    fc.oneof(
      fc.double({ min: normal * 0.8, max: normal * 1.2, noNaN: true }),
      fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 0.1, 400),
    );

  test("no number of the picture is broken, and no text leaves it or covers another", () => {
    const isHeld = fc.boolean();
    const weighIns = fc.array(fc.record({ takenAt: taken, weightKg: value(80), isHeld }), { maxLength: 12 });
    const cuffs = fc.array(fc.record({ takenAt: taken, systolicMmHg: value(130), diastolicMmHg: value(80), isHeld }), {
      maxLength: 12,
    });
    const composed = fc.array(
      fc.record(
        {
          ...{ takenAt: taken, bodyFatPercent: value(22), muscleMassKg: value(58), bodyWaterPercent: value(55) },
          ...{ boneMassKg: value(3), isHeld },
        },
        { requiredKeys: ["takenAt"] },
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(
        views,
        weighIns,
        cuffs,
        composed,
        fc.option(value(75)),
        (over, weighed, cuffed, composition, goalKg) => {
          const reader = view(over);
          for (const sketch of [
            sketchWeight({ readings: weighed, goalKg: goalKg ?? undefined }, reader),
            sketchBloodPressure(cuffed, reader),
            sketchBody(composition, reader),
          ]) {
            if (sketch.type === "nothing") continue;
            expect(sketch.svg).not.toMatch(/NaN|Infinity|undefined|null|e[+-]\d/);
            expect(sketch.altText).not.toMatch(/NaN|Infinity|∞|undefined|null/);
            const boxes = boxesOf(sketch.svg);
            expect(boxes.filter(isOutside)).toEqual([]);
            expect(overlapping(boxes)).toEqual([]);
          }
        },
      ),
      { numRuns: 120, seed: 14 },
    );
  });
});
