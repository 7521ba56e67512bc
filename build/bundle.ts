import { readFile, rm, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Profile } from "@garmin/fitsdk";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { MESSAGES } from "../src/sync/garmin/fit.ts";

/** The functions of `serverless.yml`; each is `src/lambda/<name>.ts` and becomes `.build/<name>/index.mjs`. */
export const FUNCTIONS = ["http", "worker", "sweep", "alarm"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Every import of grammY gets its web build, as `bin/one-grammy.js` does it for the program. */
export const oneGrammy: Plugin = {
  name: "one-grammy",
  setup({ onResolve }) {
    const webBuild = fileURLToPath(import.meta.resolve("grammy/web"));
    onResolve({ filter: /^grammy(\/web)?$/ }, () => ({ path: webBuild }));
  },
};

/**
 * An import of node:http would evaluate all its exports, and load WebSocket and fetch on the way. So does a copy, which esbuild
 * makes wherever a module is required and imported: here an import takes what it names.
 */
export const builtinsAsTheyAre: Plugin = {
  name: "builtins-as-they-are",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path: name, kind, importer }) => {
      if (!isBuiltin(name)) return undefined;
      const file = name.replace(/^(node:)?/, "node:");
      if (kind !== "import-statement") return { path: file, namespace: "builtin" };
      // Each file takes its own names: all together would be taken at the first import, even those of code that isn't loaded yet.
      return { path: file, namespace: "imported", suffix: `?${path.relative(ROOT, importer)}` };
    });
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)})`,
    }));
    onLoad({ filter: /.*/, namespace: "imported" }, ({ path: name }) => ({
      contents: [
        `const all = process.getBuiltinModule(${JSON.stringify(name)}), one = (name) => all[name]; export default all;`,
        // What nobody imports is left out, because `one` may be.
        ...Object.keys(process.getBuiltinModule(name) ?? {})
          .filter((it) => /^[a-zA-Z]\w*$/.test(it))
          .map((it) => `export const ${it} = /* @__PURE__ */ one(${JSON.stringify(it)});`),
      ].join("\n"),
    }));
  },
};

/**
 * undici loads HTTP/2 before its first request, which takes 10 ms and 3 MB. `lib/http-client` doesn't allow it, and undici goes on
 * without it, as it does where Node has none.
 */
export const withoutHttp2: Plugin = {
  name: "without-http2",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http2$/ }, ({ importer }) =>
      importer.includes("/undici/") ? { path: "node:http2", namespace: "left-out" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "left-out" }, ({ path: name }) => ({
      contents: `throw new Error(${JSON.stringify(`${name} is left out`)})`,
    }));
  },
};

/**
 * Of the messages that Garmin's profile describes, a weigh-in needs two. The others are 460 KB, which cost the first upload of a
 * process 20 ms and 4 MB.
 */
export const profileOfWeighIns: Plugin = {
  name: "profile-of-weigh-ins",
  setup({ onLoad }) {
    onLoad({ filter: /@garmin\/fitsdk\/src\/profile\.js$/ }, () => {
      const messages = MESSAGES.flatMap((number) => Profile.messages[number] ?? []);
      const fields = messages.flatMap((message) => Object.values(message.fields));
      const used = new Set(fields.flatMap(({ type, subFields }) => [type, ...subFields.map((it) => it.type)]));
      const types = Object.entries(Profile.types).filter(([name]) => used.has(name));
      const ours = {
        messages: Object.fromEntries(messages.map((it) => [it.num, it])),
        types: Object.fromEntries(types),
      };
      return { contents: `export default ${JSON.stringify({ ...Profile, ...ours })}` };
    });
  },
};

/** What pictures are drawn with isn't JavaScript: a WebAssembly module and fonts, which lie beside the bundle as files. */
export const assetsBeside: Plugin = {
  name: "assets-beside",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/bot\/charts\/assets\.ts$/ }, async ({ path: file }) => {
      const imports: string[] = [];
      const contents = (await readFile(file, "utf8")).replaceAll(/here\("(.+?)"\)/g, (_, asset) => {
        imports.push(`import asset${imports.length} from ${JSON.stringify(asset)};`);
        return `new URL(asset${imports.length - 1}, import.meta.url)`;
      });
      return { contents: [...imports, contents].join("\n"), loader: "ts", resolveDir: path.dirname(file) };
    });
  },
};

/** A function's settings and credentials are always in its environment, so the SDK's code for all other places is left out. */
const awsFromEnvironment: Plugin = {
  name: "aws-from-environment",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: "env", namespace: "credentials" }));
    onLoad({ filter: /.*/, namespace: "credentials" }, () => ({
      contents: `export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env"`,
      resolveDir: ROOT,
    }));
    // It looks for each of a dozen settings in two files that don't exist.
    onLoad({ filter: /@smithy\/core\/dist-es\/submodules\/config\/node-config-provider\/configLoader\.js$/ }, () => ({
      contents: `export const loadConfig = ({ environmentVariableSelector: find, default: otherwise }, options) => async () =>
        find(process.env, options) ?? (typeof otherwise === "function" ? otherwise() : otherwise)`,
    }));
  },
};

/** What all our bundles have in common: `index.mjs` for Node 24, with chunks beside it for what is loaded on demand. */
export const BUNDLED = {
  absWorkingDir: ROOT,
  outExtension: { ".js": ".mjs" },
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".wasm": "file", ".ttf": "file" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // If a package has two builds, the one that can be tree-shaken.
  mainFields: ["module", "main"],
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * What is loaded on demand comes after these files, and says so by importing them. esbuild would else put each module that both use
 * into a file of its own, dozens for one start, and each takes half a millisecond to find.
 */
export const afterTheFirst = (first: readonly string[]): Plugin => ({
  name: "after-the-first",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ kind, path: target, resolveDir }) =>
      kind === "dynamic-import"
        ? { path: path.relative(ROOT, path.join(resolveDir, target)), namespace: "on-demand" }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: "on-demand" }, ({ path: target }) => {
      const before = first.filter((file) => file !== target).map((file) => `import "./${file}";`);
      return { contents: [...before, `export * from "./${target}";`].join("\n"), resolveDir: ROOT };
    });
  },
});

/** Without the entries of http and worker: they wait while they load, so what they load can't wait for them. */
const FIRST: Record<FunctionName, readonly string[]> = {
  http: ["src/lambda/program.ts"],
  worker: ["src/lambda/program.ts"],
  sweep: ["src/lambda/sweep.ts"],
  alarm: [],
};

/** Writes `<outdir>/index.mjs`, with chunks beside it for what is loaded on demand. The same sources give the same bytes. */
export async function bundle(entry: string, outdir: string, first: readonly string[] = []): Promise<Metafile> {
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    ...BUNDLED,
    entryPoints: [{ in: path.join(ROOT, entry), out: "index" }],
    outdir,
    minify: true,
    plugins: [
      afterTheFirst(first),
      oneGrammy,
      withoutHttp2,
      profileOfWeighIns,
      assetsBeside,
      builtinsAsTheyAre,
      awsFromEnvironment,
    ],
  });
  await writeFile(path.join(outdir, "meta.json"), JSON.stringify(metafile));
  return metafile;
}

export const bundleFunction = (name: FunctionName, outdir: string) =>
  bundle(`src/lambda/${name}.ts`, outdir, FIRST[name]);

export async function bundleFunctions(outdir: string): Promise<Record<FunctionName, Metafile>> {
  const of = (name: FunctionName) => bundleFunction(name, path.join(outdir, name));
  return { http: await of("http"), worker: await of("worker"), sweep: await of("sweep"), alarm: await of("alarm") };
}

if (import.meta.main) await bundleFunctions(path.join(ROOT, ".build"));
