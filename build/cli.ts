import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { BUILDS, digestOf, hasChanged, writeNote } from "../bin/built.js";
import {
  afterTheFirst,
  assetsBeside,
  BUNDLED,
  builtinsAsTheyAre,
  oneGrammy,
  profileOfWeighIns,
  ROOT,
  withoutHttp2,
} from "./bundle.ts";

/** A program that is running loads from its own build. */
const KEPT = 3;
/** Not in the bundle, but it depends on them: which packages there are, and how it is made. */
const ALSO = [
  "node_modules/.package-lock.json",
  "build/bundle.ts",
  "build/cli.ts",
  "bin/built.js",
  "bin/weighbridge.js",
];

/** Loaded before anything else. */
const FIRST = ["src/cli.ts", "src/commands.ts"];

/**
 * Bundles the command line and its packages into a folder of their own, lets Node compile it, and notes which folder that is, for
 * `bin/built.js`.
 */
async function buildCli(): Promise<void> {
  mkdirSync(BUILDS, { recursive: true });
  const startedAt = Date.now();
  const making = path.join(BUILDS, `making-${process.pid}`);
  const { metafile } = await build({
    ...BUNDLED,
    entryPoints: [{ in: path.join(ROOT, "src/cli.ts"), out: "index" }],
    outdir: making,
    // Names stay as they are, for stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [afterTheFirst(FIRST), oneGrammy, withoutHttp2, profileOfWeighIns, assetsBeside, builtinsAsTheyAre],
  });
  writeFileSync(path.join(making, "meta.json"), JSON.stringify(metafile));
  const ours = Object.keys(metafile.inputs).filter((file) => /^(src\/|package\.json$)/.test(file));
  const sources = [...ours, ...ALSO].toSorted();
  const digest = digestOf(sources);
  const name = digest.slice(0, 16);
  try {
    renameSync(making, path.join(BUILDS, name));
  } catch {
    // Another process was faster.
    rmSync(making, { recursive: true });
  }
  compile(path.join(BUILDS, name));
  // If one was edited meanwhile, nobody knows which of its contents is in the bundle.
  writeNote({ name, sources, digest: hasChanged(sources, startedAt) ? "" : digest, at: startedAt });
  forgetAllBut(name);
}

const COMPILE = `
  import { enableCompileCache } from "node:module";
  import { readdirSync } from "node:fs";
  const [folder] = process.argv.slice(1);
  enableCompileCache(folder + "/compiled");
  for (const file of readdirSync(folder)) if (file.endsWith(".mjs")) await import(folder + "/" + file);
`;

/** Node looks for the result by path and user, and V8 takes it with the same flags only. In an image nothing can be added to it. */
function compile(folder: string): void {
  const { NODE_COMPILE_CACHE: _elsewhere, ...env } = process.env;
  const [firstLine = ""] = readFileSync(path.join(ROOT, "bin/weighbridge.js"), "utf8").split("\n");
  const flags = firstLine.split(" ").filter((word) => word.startsWith("--"));
  spawnSync(process.execPath, [...flags, "--input-type=module", "--eval", COMPILE, folder], { env, stdio: "ignore" });
}

function forgetAllBut(name: string): void {
  const others = readdirSync(BUILDS).filter((it) => /^[0-9a-f]{16}$/.test(it) && it !== name);
  const age = (it: string) => statSync(path.join(BUILDS, it)).mtimeMs;
  for (const old of others.toSorted((a, b) => age(b) - age(a)).slice(KEPT - 1)) {
    rmSync(path.join(BUILDS, old), { recursive: true, force: true });
  }
}

if (import.meta.main) await buildCli();
