import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/** Who may import whom: a folder on the left imports from those on its right, and from itself. Lower lines are lower layers. */
const MAY_IMPORT: Record<string, string> = {
  src: "cli cli/aws sandbox app http bot bot/telegram bot/words config sync/jobs sync/model lib",
  sandbox: "src cli sandbox/garmin sandbox/telegram sandbox/withings app config lib",
  "sandbox/garmin": "sandbox lib",
  "sandbox/telegram": "sandbox sandbox/telegram/methods lib",
  "sandbox/telegram/methods": "sandbox/telegram",
  "sandbox/withings": "sandbox lib",
  lambda: "app http bot/notifications bot/telegram bot/words config sync/jobs sync/model lib",
  "cli/aws": "cli app bot/telegram config sync/status lib",
  cli: "app bot/notifications bot/views bot/words config sync/status sync/engine sync/links sync/model lib",

  app: "page http bot bot/conversations bot/notifications bot/telegram bot/views bot/words config store store/sqlite store/dynamodb sync sync/garmin sync/withings sync/diagnostics sync/jobs sync/status sync/engine sync/links sync/model lib",
  page: "http bot/ui bot/words sync/links sync/model lib",
  http: "config sync/jobs sync/links sync/model lib",

  bot: "bot/commands bot/conversations bot/middleware bot/ui bot/telegram bot/words sync/links sync/model lib",
  "bot/commands":
    "bot/charts bot/notifications bot/middleware bot/conversations bot/typed bot/ui bot/views bot/telegram bot/words sync/status sync/decisions sync/engine sync/links sync/model lib",
  "bot/notifications": "bot/ui bot/views bot/telegram bot/words sync/status sync/engine sync/links sync/model lib",
  "bot/middleware": "bot/conversations bot/ui bot/telegram bot/words sync/links sync/model lib",
  "bot/conversations": "bot/ui bot/views bot/words sync/links sync/model lib",
  "bot/typed": "sync/model lib",
  "bot/charts": "bot/words sync/status sync/model lib",
  "bot/ui": "bot/telegram bot/views bot/words sync/status sync/engine sync/links sync/model lib",
  "bot/telegram": "bot/words sync/status sync/model lib",
  "bot/views": "bot/words sync/status sync/decisions sync/engine sync/links sync/model lib",
  "bot/words": "sync/status sync/links sync/model lib",

  "store/sqlite": "store lib",
  "store/dynamodb": "store lib",
  store: "sync/model lib",

  "sync/jobs": "sync sync/engine sync/model lib",
  "sync/status": "sync/engine sync/model lib",
  sync: "sync/decisions sync/engine sync/links sync/model",
  "sync/decisions": "sync/engine sync/links sync/model lib",
  "sync/engine": "sync/diagnostics sync/links sync/model lib",
  "sync/links": "sync/model lib",
  "sync/diagnostics": "sync/model lib",
  "sync/withings": "sync/model lib",
  "sync/garmin": "sync/model lib",
  "sync/model": "lib",

  config: "lib",
  lib: "",
};

const importable = (folder: string) => MAY_IMPORT[folder]?.split(" ").filter(Boolean) ?? [];
const folderOf = (file: string) =>
  path.posix.dirname(file) === "src" ? "src" : path.posix.dirname(file).slice("src/".length);

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => path.posix.join("src", file.replaceAll(path.sep, "/")));

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].flatMap(([, target]) => target ?? []);
}

/** Those of the project's own files, with their paths from its root. */
function localImportsOf(file: string): string[] {
  return importsOf(file)
    .filter((target) => target.startsWith(".") && target.endsWith(".ts"))
    .map((target) => path.posix.join(path.posix.dirname(file), target));
}

test("each folder imports only the folders of its line", () => {
  const wrong = sources.flatMap((file) => {
    const allowed = [folderOf(file), ...importable(folderOf(file))];
    return localImportsOf(file)
      .filter((target) => !allowed.includes(folderOf(target)))
      .map((target) => `${file} -> ${target}`);
  });
  expect(sources.length).toBeGreaterThan(150);
  expect([...new Set(sources.map(folderOf))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  expect(wrong).toEqual([]);
});

test("no line of the table names a folder that it never imports", () => {
  const idle = Object.keys(MAY_IMPORT).flatMap((folder) => {
    const used = new Set(
      sources
        .filter((file) => folderOf(file) === folder)
        .flatMap(localImportsOf)
        .map(folderOf),
    );
    return importable(folder)
      .filter((other) => !used.has(other))
      .map((other) => `${folder} -> ${other}`);
  });
  expect(idle).toEqual([]);
});

test("no file imports itself by way of others", () => {
  const open = new Set<string>();
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: string[]) => {
    if (open.has(file)) circles.push([...way.slice(way.indexOf(file)), file].join(" -> "));
    if (open.has(file) || done.has(file)) return;
    open.add(file);
    for (const target of localImportsOf(file)) visit(target, [...way, file]);
    open.delete(file);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  expect(circles).toEqual([]);
});

test.each([
  // The command line asks it for the region and the credentials of this machine.
  ["@aws-sdk/client-dynamodb", /^src\/(store\/dynamodb\/|cli\/aws\/client\.ts$)/],
  ["node:sqlite", /^src\/store\/sqlite\//],
  ["bottleneck", /^src\/lib\/(rate-limiter|bottleneck-light\.d)\.ts$/],
  ["undici", /^src\/lib\/undici(-parts\.d)?\.ts$/],
  ["./undici.ts", /^src\/lib\/http-client\.ts$/],
  ["@resvg/resvg-wasm", /^src\/bot\/charts\/(rasterize|assets)\.ts$/],
  ["d3-", /^src\/bot\/charts\//],
  ["@garmin/fitsdk", /^src\/(sync\/garmin\/fit|sandbox\/garmin\/fit-file)\.ts$/],
  ["grammy", /^src\/(bot\/|sandbox\/|start\.ts$|lambda\/sweep\.ts$)/],
])("%s is known in its own corner only", (module, allowed) => {
  const users = sources.filter((file) => importsOf(file).some((target) => target.startsWith(module)));
  expect(users).not.toEqual([]);
  expect(users.filter((file) => !allowed.test(file))).toEqual([]);
});

test("a schema is made at its first use, because each costs every cold start of a function", () => {
  const onlyHere = /^src\/(sandbox|store\/sqlite)\//;
  const early = sources
    .filter((file) => !onlyHere.test(file))
    .filter((file) => /^(export )?const \w+ = (z|\w+\(\)|instant)\s*\./m.test(readFileSync(file, "utf8")));
  expect(early).toEqual([]);
});

test("the environment is read in one place", () => {
  expect(sources.filter((file) => /process\.env/.test(readFileSync(file, "utf8")))).toEqual([
    "src/config/environment.ts",
  ]);
});

test("the table's name has one source", () => {
  expect(sources.filter((file) => readFileSync(file, "utf8").includes("TOKEN_TABLE_NAME"))).toEqual([
    "src/config/table-name.ts",
  ]);
});

test("a test that starts the program as a process is called *.process.test.ts, which npm test leaves out", () => {
  const imported = ["node:child_process", "test-aws.ts", "function-process.ts", "writers.ts", "two-processes.ts"];
  const starts = (file: string) =>
    importsOf(file).some((target) => imported.includes(path.basename(target))) ||
    /\b(startCli|runAsProcess)\(|\bstart\("(start|demo|deploy|restore)\b/.test(readFileSync(file, "utf8"));
  const tests = readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !/^(browser|deaths)\b/.test(file))
    .filter((file) => starts(path.join("test", file)));
  expect(tests).not.toEqual([]);
  expect(tests.filter((file) => !file.endsWith(".process.test.ts"))).toEqual([]);
});

test("every package is one exact version: an npm that runs on an older Node would choose another one", () => {
  for (const file of ["package.json", "test/lambda/runtime-client/package.json"]) {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(file, "utf8"));
    const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(versions).not.toEqual([]);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[a-z]+)?$/.test(String(version)))).toEqual([]);
  }
});
