import { rm, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile, type Plugin } from "esbuild";

/** The functions of `serverless.yml`; each is `src/lambda/<name>.ts` and becomes `.build/<name>/index.mjs`. */
export const FUNCTIONS = ["http", "worker", "sweep", "alarm"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** One grammY in the bundle, its web build, for every import of it: as `bin/one-grammy.js` has it for the program. */
const oneGrammy: Plugin = {
  name: "one-grammy",
  setup({ onResolve }) {
    const webBuild = fileURLToPath(import.meta.resolve("grammy/web"));
    onResolve({ filter: /^grammy(\/web)?$/ }, () => ({ path: webBuild }));
  },
};

/**
 * Node's own modules as `process.getBuiltinModule` gives them. An import makes all their exports at once, and that of
 * node:http loads a WebSocket and a fetch on the way.
 */
const builtinsAsTheyAre: Plugin = {
  name: "builtins-as-they-are",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path: name }) =>
      isBuiltin(name) ? { path: name.replace(/^(node:)?/, "node:"), namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)})`,
    }));
  },
};

/** A function's credentials are always in its environment; of the other places the SDK could look in none exists there. */
const credentialsFromEnvironment: Plugin = {
  name: "credentials-from-environment",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: "env", namespace: "credentials" }));
    onLoad({ filter: /.*/, namespace: "credentials" }, () => ({
      contents: `export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env"`,
      resolveDir: ROOT,
    }));
  },
};

/**
 * Bundles one entry of the project into `<outdir>/index.mjs`, and beside it, in chunks, what is loaded on demand. The same
 * sources give the same bytes. It needs nothing but Node.
 */
export async function bundle(entry: string, outdir: string): Promise<Metafile> {
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: [{ in: path.join(ROOT, entry), out: "index" }],
    outdir,
    absWorkingDir: ROOT,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // Packages that carry two builds give the one that can be shaken.
    mainFields: ["module", "main"],
    minify: true,
    legalComments: "none",
    metafile: true,
    plugins: [oneGrammy, builtinsAsTheyAre, credentialsFromEnvironment],
    logLevel: "warning",
  });
  await writeFile(path.join(outdir, "meta.json"), JSON.stringify(metafile));
  return metafile;
}

/** Every function's bundle, each in a folder of its name. */
export async function bundleFunctions(outdir: string): Promise<Record<FunctionName, Metafile>> {
  const of = (name: FunctionName) => bundle(`src/lambda/${name}.ts`, path.join(outdir, name));
  return { http: await of("http"), worker: await of("worker"), sweep: await of("sweep"), alarm: await of("alarm") };
}

if (import.meta.main) await bundleFunctions(path.join(ROOT, ".build"));
