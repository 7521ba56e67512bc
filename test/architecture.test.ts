import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/** Read top to bottom: a layer may import what its line names, and itself. */
const LAYERS: Array<{ name: string; files: RegExp; mayImport: string[] }> = [
  {
    name: "entry",
    files:
      /^src\/(cli|start|server|service|watch|watchdog|systemd|alarm-url|run-files|chat|checks|store-check|report)\.ts$|^src\/(cli|lambda)\//,
    mayImport: ["app", "queue", "schedule", "http", "config", "bot", "sync", "contract", "base", "demo"],
  },
  {
    name: "app",
    files: /^src\/(app|stores|backup)\.ts$/,
    mayImport: ["config", "sync", "withings", "garmin", "store", "contract", "base"],
  },
  { name: "http", files: /^src\/(node-)?http\.ts$/, mayImport: ["config", "sync", "contract", "base"] },
  { name: "bot", files: /^src\/bot\//, mayImport: ["sync", "contract", "base"] },
  { name: "withings", files: /^src\/sync\/withings\//, mayImport: ["contract", "base"] },
  { name: "garmin", files: /^src\/sync\/garmin\//, mayImport: ["contract", "base"] },
  // What carries jobs on AWS; on one machine the store does.
  { name: "queue", files: /^src\/store\/sqs\.ts$/, mayImport: ["contract", "base"] },
  { name: "store", files: /^src\/store\//, mayImport: ["contract", "base"] },
  {
    name: "contract",
    files: /^src\/sync\/(ports|sign-in-ports|web-ports|chat-ports|account|outcome|reading|token-life|unknown)\.ts$/,
    mayImport: ["base"],
  },
  { name: "sync", files: /^src\/sync\/[^/]+\.ts$/, mayImport: ["contract", "base"] },
  { name: "schedule", files: /^src\/schedule\.ts$/, mayImport: ["base"] },
  { name: "config", files: /^src\/config\.ts$/, mayImport: ["base"] },
  {
    name: "base",
    files: /^src\/(errors|aws-errors|log|clock|json|local-time|rate-limiter|bottleneck-light\.d|transport)\.ts$/,
    mayImport: [],
  },
  { name: "demo", files: /^test\/sandbox\/demo\.ts$/, mayImport: [] },
];

function layerOf(file: string) {
  return LAYERS.find(({ files }) => files.test(file)) ?? expect.fail(`${file} is in no layer`);
}

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => path.posix.join("src", file.replaceAll(path.sep, "/")));

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].flatMap(([, target]) => target ?? []);
}

test("imports point one way", () => {
  const wrong = sources.flatMap((file) => {
    const from = layerOf(file);
    return importsOf(file)
      .filter((target) => target.startsWith(".") && target.endsWith(".ts"))
      .map((target) => path.posix.join(path.posix.dirname(file), target))
      .filter((target) => ![from.name, ...from.mayImport].includes(layerOf(target).name))
      .map((target) => `${file} -> ${target}`);
  });
  expect(sources.length).toBeGreaterThan(40);
  expect(wrong).toEqual([]);
});

test.each([
  ["@aws-sdk/client-dynamodb", /^src\/store\/dynamodb/],
  ["@aws-sdk/client-sqs", /^src\/store\/sqs\.ts$/],
  ["@aws-sdk/client-ssm", /^src\/(cli\/aws|lambda\/environment)\.ts$/],
  ["@aws-sdk/client-lambda", /^src\/cli\/aws\.ts$/],
  ["node:sqlite", /^src\/store\/sqlite(-backup)?\.ts$/],
  ["bottleneck", /^src\/(rate-limiter|bottleneck-light\.d)\.ts$/],
  ["undici", /^src\/transport\.ts$/],
  ["@garmin/fitsdk", /^src\/sync\/garmin\/fit\.ts$/],
  ["grammy", /^src\/(bot\/|start\.ts$|lambda\/sweep\.ts$)/],
])("%s is known in its own corner only", (module, allowed) => {
  const users = sources.filter((file) => importsOf(file).some((target) => target.startsWith(module)));
  expect(users).not.toEqual([]);
  expect(users.filter((file) => !allowed.test(file))).toEqual([]);
});

test("the environment is read in one place", () => {
  expect(sources.filter((file) => /process\.env/.test(readFileSync(file, "utf8")))).toEqual(["src/config.ts"]);
});

test("the table's name has one source", () => {
  expect(sources.filter((file) => readFileSync(file, "utf8").includes("TOKEN_TABLE_NAME"))).toEqual(["src/config.ts"]);
});

test("every package is one exact version: an npm that runs on an older Node would choose another one", () => {
  for (const file of ["package.json", "test/lambda/runtime-client/package.json"]) {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(file, "utf8"));
    const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(versions).not.toEqual([]);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[a-z]+)?$/.test(String(version)))).toEqual([]);
  }
});
