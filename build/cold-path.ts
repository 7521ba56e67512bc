import type { Metafile } from "esbuild";

export interface ColdPath {
  kilobytes: number;
  /** How many files of the bundle that is. */
  files: number;
  /** What they are made of: files of the project and of its packages, and Node's modules as `imported:node:…` or `builtin:node:…`. */
  inputs: string[];
}

/** What a start loads: the entry, the sources in `alsoLoaded`, and everything these import except on demand. */
export function coldPath({ outputs }: Metafile, alsoLoaded: readonly string[]): ColdPath {
  const files = new Set<string>();
  const visit = (file: string) => {
    const output = outputs[file];
    if (!output || files.has(file)) return;
    files.add(file);
    for (const { path, kind } of output.imports) if (kind !== "dynamic-import") visit(path);
  };
  const entries = Object.keys(outputs).filter((file) => file.endsWith("/index.mjs"));
  const onDemand = alsoLoaded.map((file) => `on-demand:${file}`);
  const more = Object.keys(outputs).filter((file) => onDemand.includes(outputs[file]?.entryPoint ?? ""));
  const roots = [...entries, ...more];
  for (const file of roots) visit(file);
  const loaded = [...files].flatMap((file) => outputs[file] ?? []);
  return {
    kilobytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0) / 1024,
    files: files.size,
    // Files of which nothing is left are listed too.
    inputs: loaded.flatMap((output) =>
      Object.entries(output.inputs).flatMap(([input, { bytesInOutput }]) =>
        // Without the file that imports one of Node's modules.
        bytesInOutput > 0 ? input.replace(/\?.*/, "") : [],
      ),
    ),
  };
}
