import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Metafile } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { coldPath } from "../../build/cold-path.ts";

const root = path.resolve(import.meta.dirname, "../..");
/** As root, "nobody" is somebody who may not write; any other user is. */
const OTHER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

let copy: string;
beforeEach(() => {
  copy = mkdtempSync(path.join(tmpdir(), "weighbridge-built-"));
  chmodSync(copy, 0o755);
  const built = ".build/cli/built.json";
  const { name } = JSON.parse(readFileSync(path.join(root, built), "utf8"));
  for (const part of ["bin", "build", "src", "package.json", built, `.build/cli/${name}`]) {
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

const at = (file: string) => path.join(copy, file);
const run = (args: string[], as: object = {}) => {
  const options = { env: { PATH: process.env.PATH, HOME: copy }, cwd: copy, encoding: "utf8" as const, ...as };
  const { stdout, stderr, status } = spawnSync(process.execPath, [at("bin/weighbridge.js"), ...args], options);
  return { stdout, stderr, status };
};
const note = () => JSON.parse(readFileSync(at(".build/cli/built.json"), "utf8"));
const builds = () => readdirSync(at(".build/cli")).filter((it) => it !== "built.json");
const replace = (file: string, from: string, to: string) =>
  writeFileSync(at(file), readFileSync(at(file), "utf8").replace(from, to));
const edit = (from: string, to: string) => replace("src/cli/arguments.ts", from, to);
/** So that a command shows that it is this build that runs. */
const mark = () =>
  writeFileSync(at(`.build/cli/${note().name}/index.mjs`), 'export const run = () => console.log("built");');

describe("what is installed runs plain JavaScript", () => {
  test("the first command makes the build, and the next one uses it", () => {
    rmSync(at(".build"), { recursive: true });
    expect(run(["--version"])).toMatchObject({ stdout: "0.1.0\n", stderr: "", status: 0 });
    mark();
    expect(run(["--version"]).stdout).toBe("built\n");
  });

  test("an edited source is in the next command, and one that was only copied makes no new build", () => {
    const before = note();
    mark();
    expect(run(["help"]).stdout).toBe("built\n");
    expect(note()).toEqual({ ...before, at: expect.any(Number) });
    expect(note().at).toBeGreaterThan(before.at);

    edit("try it without any account", "see it at once");
    expect(run(["help"]).stdout).toContain("see it at once");
    expect(note().name).not.toBe(before.name);
  });

  test("a program that still runs keeps its build while two newer ones are made", () => {
    const first = note().name;
    for (const name of ["0000000000000001", "0000000000000002", "0000000000000003"]) {
      cpSync(at(`.build/cli/${first}`), at(`.build/cli/${name}`), { recursive: true });
      utimesSync(at(`.build/cli/${name}`), new Date(0), new Date(0));
    }
    edit("try it", "see it");
    run(["--version"]);
    expect(builds()).toHaveLength(3);
    expect(builds()).toEqual(expect.arrayContaining([first, note().name]));
  });

  test("sources that can't be built run as they are, and say what is wrong with them", () => {
    edit("export const USAGE", "export const const USAGE");
    const { stderr, status } = run(["help"]);
    expect(stderr).toContain("SyntaxError");
    expect(status).not.toBe(0);
  });

  test("a stack names the function in which something broke", () => {
    replace("src/cli/terminal.ts", '  const forPeople = json ? "stderr" : "stdout";', '  throw new Error("broken");');
    expect(run(["help"]).stderr).toMatch(/Error: broken\n +at createTerminal \(.*\.mjs:/);
  });
});

describe("where nothing can be written", () => {
  const asOther = (args: string[]) => run(args, OTHER);
  const close = () => {
    // The folder of this test run may be closed to others.
    chmodSync(tmpdir(), (statSync(tmpdir()).mode & 0o7777) | 0o011);
    for (const it of readdirSync(copy, { recursive: true, withFileTypes: true })) {
      if (!it.isSymbolicLink()) chmodSync(path.join(it.parentPath, it.name), 0o555);
    }
    chmodSync(copy, 0o555);
  };
  afterEach(() => execFileSync("chmod", ["-R", "u+w", copy]));

  test("a build that was copied there runs, although all its sources look new", () => {
    mark();
    close();
    expect(asOther(["--version"])).toMatchObject({ stdout: "built\n", stderr: "", status: 0 });
  });

  test.each([
    ["there is no build", () => rmSync(at(".build"), { recursive: true })],
    ["the build is older", mark],
  ])("the sources run if %s", (_what, prepare) => {
    prepare();
    edit("try it without any account", "see it at once");
    close();
    expect(asOther(["help"])).toMatchObject({
      stdout: expect.stringContaining("see it at once"),
      stderr: "",
      status: 0,
    });
  });
});

describe("of the build", () => {
  /** What of the sources is loaded when these are, of which the first is the entry. */
  const loaded = (...files: string[]) => {
    const metafile: Metafile = JSON.parse(readFileSync(at(`.build/cli/${note().name}/meta.json`), "utf8"));
    return coldPath(metafile, files).inputs;
  };

  test("help loads neither zod nor what another command needs", () => {
    const others = /node_modules|^src\/(?!cli\.ts|cli\/(arguments|terminal)|config\/(environment|table-name)|lib\/)/;
    expect(loaded()).toContain("src/cli/arguments.ts");
    expect(loaded().filter((input) => others.test(input))).toEqual([]);
  });

  test("a sync loads no grammY, no chat, no HTTP server, no AWS and no demo", () => {
    const inputs = loaded(
      "src/commands.ts",
      "src/store/sqlite/table.ts",
      "src/sync/engine/run.ts",
      "src/lib/undici.ts",
    );
    const others =
      /grammy|@aws-sdk|^src\/(http|sandbox|lambda|cli\/aws|bot\/(?!words|views|notifications\/newly-held))/;
    expect(inputs).toEqual(expect.arrayContaining(["src/cli/sync.ts", "src/sync/engine/upload.ts"]));
    expect(inputs.filter((input) => others.test(input))).toEqual([]);
  });
});

test("help and version take less than two and a half times as long as Node that does nothing", () => {
  const nothing = at("nothing.mjs");
  writeFileSync(nothing, "");
  run(["--version"]);
  const launcher = at("bin/weighbridge.js");
  const ratios = Array.from({ length: 9 }, () => {
    const bare = cpuOf([nothing]);
    return Math.max(cpuOf([launcher, "help"]), cpuOf([launcher, "--version"])) / bare;
  });
  expect(ratios.toSorted((a, b) => a - b)[4]).toBeLessThan(2.5);
});

const AT_EXIT = 'process.on("exit", () => console.error(JSON.stringify(process.cpuUsage())))';

/** In microseconds of the processor, because other tests run beside this one. */
function cpuOf(args: string[]): number {
  const { stderr } = spawnSync(process.execPath, ["--import", `data:text/javascript,${AT_EXIT}`, ...args], {
    encoding: "utf8",
  });
  const { user, system } = JSON.parse(stderr);
  return user + system;
}
