import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Metafile } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { ALSO_LOADED, BUDGETS, FORBIDDEN, ONCE } from "../../build/budgets.ts";
import { bundle, bundleFunction, FUNCTIONS, type FunctionName } from "../../build/bundle.ts";
import { coldPath } from "../../build/cold-path.ts";
import { drawWeight } from "../../src/bot/charts/weight.ts";
import { encodeWeighIns } from "../../src/sync/garmin/fit.ts";
import type { WeighIn } from "../../src/sync/model/reading.ts";
import { buildFunctions } from "../lambda/built-functions.ts";

let folder: string;
const metafiles = {} as Record<FunctionName, Metafile>;
beforeAll(async () => {
  ({ folder } = await buildFunctions());
  for (const name of FUNCTIONS) {
    metafiles[name] = JSON.parse(readFileSync(path.join(folder, name, "meta.json"), "utf8"));
  }
});

const startOf = (name: FunctionName) => coldPath(metafiles[name], ALSO_LOADED);

describe.each(FUNCTIONS)("a start of %s", (name) => {
  test("a start loads no more than its budget", () => {
    expect(startOf(name).kilobytes).toBeLessThan(BUDGETS[name].kilobytes);
  });

  test("a start loads few files: each takes half a millisecond to find, and there were 21", () => {
    expect(startOf(name).files).toBeLessThanOrEqual(6);
  });

  test.each(FORBIDDEN)("a start loads nothing like $input: $because", ({ input }) => {
    expect(startOf(name).inputs.filter((it) => input.test(it))).toEqual([]);
  });

  test("a function has nothing of the demo", () => {
    const inputs = Object.keys(metafiles[name].inputs);
    expect(inputs).toContain(`src/lambda/${name}.ts`);
    expect(inputs.filter((it) => it.startsWith("src/sandbox/"))).toEqual([]);
  });

  test.each(ONCE)("a start has one copy of %s at most, in one of its builds", (dependency) => {
    // The builds of a package differ in their folder or their ending.
    const inside = new RegExp(`^(.*node_modules/${dependency}/(?:dist-[^/]+)?).*(\\.[cm]?js)$`);
    const builds = startOf(name).inputs.flatMap((it) => inside.exec(it)?.slice(1).join("*") ?? []);
    expect([...new Set(builds)].slice(1)).toEqual([]);
  });

  test("a bundle needs nothing but its folder and Node", () => {
    const imports = Object.values(metafiles[name].outputs).flatMap((output) => output.imports);
    expect(imports.filter(({ external }) => external)).toEqual([]);
    const text = readdirSync(path.join(folder, name))
      .filter((file) => file.endsWith(".mjs"))
      .map((file) => readFileSync(path.join(folder, name, file), "utf8"));
    expect(text.join("")).not.toContain(process.cwd());
  });

  test("V8 can keep each file with one byte for each character, which one other character would double", () => {
    const files = readdirSync(path.join(folder, name)).filter((file) => file.endsWith(".mjs"));
    const wide = files.filter((file) => /[^\0-\xff]/.test(readFileSync(path.join(folder, name, file), "utf8")));
    expect(wide).toEqual([]);
  });

  test("a bundle exports its handler", async () => {
    const entry = path.join(folder, name, "index.mjs");
    expect(await import(/* @vite-ignore */ entry)).toMatchObject({ handler: expect.any(Function) });
  });
});

test("undici and the FIT encoder are chunks beside the entry, loaded on demand", () => {
  const inputs = Object.values(metafiles.worker.outputs).flatMap((output) => Object.keys(output.inputs));
  for (const module of ["undici", "@garmin/fitsdk"]) {
    expect(inputs.some((input) => input.includes(`node_modules/${module}/`))).toBe(true);
  }
});

test("of undici a bundle has what sends requests, and nothing else that its index loads", () => {
  const inputs = Object.values(metafiles.worker.outputs).flatMap((output) => Object.keys(output.inputs));
  expect(inputs).toContain("node_modules/undici/lib/dispatcher/agent.js");
  const others = /node_modules\/undici\/(index|lib\/(mock|interceptor|cache|web\/(websocket|cache)))/;
  expect(inputs.filter((input) => others.test(input))).toEqual([]);
  // Nor HTTP/2, which it would load at its first request.
  expect(inputs).toContain("left-out:node:http2");
  expect(inputs).not.toContain("builtin:node:http2");
});

test("a bundle's FIT encoder writes what Garmin's whole SDK writes, without 95 % of its profile", async () => {
  const outdir = mkdtempSync(path.join(tmpdir(), "weighbridge-bundles-"));
  const { outputs } = await bundle("src/sync/garmin/fit.ts", outdir);
  const kilobytes = Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  expect(kilobytes).toBeLessThan(80);
  const bundled: typeof import("../../src/sync/garmin/fit.ts") = await import(
    /* @vite-ignore */ path.join(outdir, "index.mjs")
  );
  const takenAt = new Date("2026-11-21T06:30:15Z");
  const plain = { measureGroupId: 1, takenAt, modifiedAt: takenAt, attribution: "certain", imported: false } as const;
  const weighIn: WeighIn = {
    ...{ ...plain, kind: "weigh_in", weightKg: 71.26, bodyFatPercent: 23.48, bodyWaterPercent: 54, boneMassKg: 2.79 },
    ...{ muscleMassKg: 51.74, visceralFatIndex: 4.5, basalMetabolicRateKcal: 1587, metabolicAgeYears: 41 },
  };
  const weighIns = [weighIn, { ...weighIn, takenAt: new Date(takenAt.getTime() + 60_000), weightKg: 80.25 }];
  for (const heightM of [1.75, undefined]) {
    expect(await bundled.encodeWeighIns(weighIns, heightM)).toEqual(await encodeWeighIns(weighIns, heightM));
  }
  rmSync(outdir, { recursive: true });
});

test("a bundle draws the picture that the sources draw, with its renderer and fonts beside it", async () => {
  const outdir = mkdtempSync(path.join(tmpdir(), "weighbridge-bundles-"));
  const { outputs } = await bundle("src/bot/charts/weight.ts", outdir);
  const kilobytes = (ending: string) =>
    Object.entries(outputs).reduce((sum, [file, { bytes }]) => sum + (file.endsWith(ending) ? bytes / 1024 : 0), 0);
  expect([".mjs", ".ttf", ".wasm"].filter((ending) => kilobytes(ending) === 0)).toEqual([]);
  expect(kilobytes(".mjs")).toBeLessThan(65);
  expect(kilobytes(".ttf")).toBeLessThan(200);
  expect(kilobytes(".wasm")).toBeLessThan(2500);
  const bundled: typeof import("../../src/bot/charts/weight.ts") = await import(
    /* @vite-ignore */ path.join(outdir, "index.mjs")
  );
  const history = { readings: [{ takenAt: new Date("2026-11-21T06:30:15Z"), weightKg: 71.26 }] };
  const view = { language: "en", units: "kg", timezone: "UTC", range: "30d", theme: "light" } as const;
  const now = new Date("2026-11-22T06:30:15Z");
  expect(await bundled.drawWeight(history, { ...view, now })).toEqual(await drawWeight(history, { ...view, now }));
  rmSync(outdir, { recursive: true });
});

test("every start loads the store, although it is imported on demand", () => {
  for (const name of ["http", "worker", "sweep"] as const) {
    expect(startOf(name).inputs).toEqual(expect.arrayContaining(ALSO_LOADED));
  }
});

test("the same sources give the same bytes in any folder", async () => {
  const elsewhere = mkdtempSync(path.join(tmpdir(), "weighbridge-bundles-"));
  try {
    await bundleFunction("http", path.join(elsewhere, "http"));
    const bytes = (run: string) => {
      const files = readdirSync(path.join(run, "http")).filter((file) => file.endsWith(".mjs"));
      return files.sort().map((file) => [file, readFileSync(path.join(run, "http", file), "utf8")]);
    };
    expect(bytes(elsewhere).map(([file]) => file)).toEqual(bytes(folder).map(([file]) => file));
    expect(bytes(elsewhere)).toEqual(bytes(folder));
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});
