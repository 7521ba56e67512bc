import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { drawBloodPressure } from "../../../src/bot/charts/blood-pressure.ts";
import { drawBody } from "../../../src/bot/charts/body.ts";
import type { Chart } from "../../../src/bot/charts/chart.ts";
import { rasterize } from "../../../src/bot/charts/rasterize.ts";
import { drawWeight } from "../../../src/bot/charts/weight.ts";
import { bodies, pressures, view, weights } from "./histories.ts";

/**
 * How pictures look. To draw them again, and then look at each:
 *
 *     WRITE_PICTURES=1 npx vitest run --project main test/bot/charts/pictures.test.ts
 */
const FOLDER = path.join(import.meta.dirname, "pictures");
const WRONG = "artefacts/pictures";
/** A date that another version of ICU writes otherwise is more than this. */
const AT_MOST = 0.0005;

const at = (time: string) => new Date(`2026-${time}:00+01:00`);
const german = { language: "de" } as const;
const dark = { theme: "dark" } as const;
const two = [
  { takenAt: at("11-28T07:00"), weightKg: 81.2 },
  { takenAt: at("12-01T07:00"), weightKg: 80.6 },
];
const held = [
  { takenAt: at("11-20T07:00"), weightKg: 82.9, isHeld: true },
  { takenAt: at("11-25T07:00"), weightKg: 104, isHeld: true },
];
const heldPressure = { takenAt: at("11-22T07:00"), systolicMmHg: 172, diastolicMmHg: 101, isHeld: true };

const PICTURES: Record<string, () => Promise<Chart>> = {
  "weight-30-days": () => drawWeight({ readings: [...weights(120), ...held], goalKg: 78 }, view()),
  "weight-90-days-german-dark": () =>
    drawWeight({ readings: weights(220, { gap: [30, 52] }), goalKg: 70 }, view({ range: "90d", ...german, ...dark })),
  "weight-year-stones": () =>
    drawWeight(
      { readings: weights(500, { perDay: 0.02, gap: [100, 150] }), goalKg: 78 },
      view({ range: "1y", units: "st" }),
    ),
  "weight-ten-years-pounds-dark": () =>
    drawWeight(
      { readings: weights(3650, { perDay: 0.004 }), goalKg: 78 },
      view({ range: "all", units: "lb", ...dark }),
    ),
  "weight-two-readings-german": () => drawWeight({ readings: two }, view({ range: "all", ...german })),
  "weight-only-held-german-dark": () =>
    drawWeight(
      { readings: [{ takenAt: at("11-30T07:00"), weightKg: 104, isHeld: true }] },
      view({ ...german, ...dark }),
    ),
  "pressure-30-days": () => drawBloodPressure([...pressures(40), heldPressure], view()),
  "pressure-90-days-german-dark": () => drawBloodPressure(pressures(100), view({ range: "90d", ...german, ...dark })),
  "pressure-five-years": () => drawBloodPressure(pressures(1800, 0.016), view({ range: "all" })),
  "body-30-days": () => drawBody(bodies(90), view()),
  "body-90-days-german-dark": () => drawBody(bodies(120), view({ range: "90d", ...german, ...dark })),
  "body-year-stones": () => drawBody(bodies(500), view({ range: "1y", units: "st" })),
  "body-two-parts-german": () =>
    drawBody(
      bodies(60).map(({ takenAt, bodyFatPercent = 0, muscleMassKg = 0 }) => ({
        takenAt,
        bodyFatPercent,
        muscleMassKg,
      })),
      view(german),
    ),
};

function pngOf(chart: Chart): Uint8Array {
  if (chart.type === "nothing") throw new Error("nothing was drawn");
  return chart.png;
}

const keptOf = (name: string) => readFileSync(path.join(FOLDER, `${name}.png`));

/** The part of pixels that differ visibly, and where; undefined if the sizes differ. */
function difference(name: string, png: Uint8Array): { part: number; marked?: PNG } | undefined {
  if (keptOf(name).equals(png)) return { part: 0 };
  const [drawn, kept] = [PNG.sync.read(Buffer.from(png)), PNG.sync.read(keptOf(name))];
  const { width, height } = drawn;
  if (width !== kept.width || height !== kept.height) return undefined;
  const marked = new PNG({ width, height });
  const pixels = pixelmatch(drawn.data, kept.data, marked.data, width, height, { threshold: 0.04 });
  return { part: pixels / (width * height), marked };
}

/** Where one can look at them. */
function keepWrong(name: string, png: Uint8Array, marked: PNG | undefined): void {
  mkdirSync(WRONG, { recursive: true });
  writeFileSync(path.join(WRONG, `${name}.png`), png);
  if (marked) writeFileSync(path.join(WRONG, `${name}-difference.png`), PNG.sync.write(marked));
}

describe("a picture looks as it did when somebody last looked at it:", () => {
  test.each(Object.keys(PICTURES))("%s", async (name) => {
    const png = pngOf(await (PICTURES[name]?.() ?? Promise.reject(new Error(name))));
    if (process.env.WRITE_PICTURES) writeFileSync(path.join(FOLDER, `${name}.png`), png);
    const found = difference(name, png);
    if (!found || found.part > AT_MOST) keepWrong(name, png, found?.marked);
    expect(found?.part).toBeLessThanOrEqual(AT_MOST);
    expect(png.length).toBeLessThan(300_000);
  });

  test("each has its place in the folder, and Telegram shows it in full size", () => {
    const kept = readdirSync(FOLDER).map((file) => path.basename(file, ".png"));
    expect(kept.sort()).toEqual(Object.keys(PICTURES).sort());
    // The header of a PNG: Telegram makes a photo smaller that has more than 1280 pixels.
    for (const name of kept) {
      expect([keptOf(name).readUInt32BE(16), keptOf(name).readUInt32BE(20)]).toEqual([1200, 1080]);
    }
  });

  test("another one would be noticed, a point that's moved a little too", async () => {
    const moved = drawWeight(
      { readings: two.map((it) => ({ ...it, weightKg: it.weightKg + 0.05 })) },
      view({ range: "all", ...german }),
    );
    expect(difference("weight-two-readings-german", pngOf(await moved))?.part).toBeGreaterThan(AT_MOST);
  });
});

test("the font has a letter for everything in Latin script", async () => {
  const ranges = [
    [0x41, 0x5a],
    [0x61, 0x7a],
    [0xc0, 0x148],
    [0x14a, 0x17f],
    [0x1cd, 0x24f],
    [0x1e00, 0x1e9b],
    [0x1e9e, 0x1eff],
  ] as const;
  const letters = ranges
    .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)))
    .filter((letter) => /\p{L}/u.test(letter))
    .concat("漢");
  expect(letters.length).toBeGreaterThan(600);
  const columns = 32;
  const [cell, height] = [24, Math.ceil(letters.length / columns) * 24];
  const cells = letters.map(
    (letter, index) =>
      `<text x="${(index % columns) * cell + 4}" y="${Math.floor(index / columns) * cell + 19}">${letter}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${columns * cell}" height="${height}" font-family="Inter" font-weight="500" font-size="16">${cells.join("")}</svg>`;
  const { data, width } = PNG.sync.read(Buffer.from(await rasterize(svg)));
  const isEmpty = (index: number) => {
    const [left, top] = [(index % columns) * cell, Math.floor(index / columns) * cell];
    return Array.from({ length: cell * cell }, (_, at) => {
      const pixel = (top + Math.floor(at / cell)) * width + left + (at % cell);
      return data[pixel * 4 + 3];
    }).every((alpha) => alpha === 0);
  };
  // The last one isn't Latin, so it has to be missing.
  expect(letters.filter((_, index) => isEmpty(index))).toEqual(["漢"]);
});

test("a drawing that can't be read is an error, and the next picture is drawn all the same", async () => {
  await expect(rasterize("<svg")).rejects.toThrow();
  expect(pngOf(await drawWeight({ readings: two }, view()))).toHaveLength(
    pngOf(await drawWeight({ readings: two }, view())).length,
  );
});
