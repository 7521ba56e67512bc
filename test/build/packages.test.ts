import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Entry {
  dev?: boolean;
  devOptional?: boolean;
  os?: string[];
  cpu?: string[];
}

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };

/** What `npm ci --omit=dev` installs there. */
function installed(os: string, cpu: string): string[] {
  const fits = (wanted: string[] | undefined, is: string) => wanted === undefined || wanted.includes(is);
  return Object.entries(packages).flatMap(([place, it]) =>
    place && !it.dev && !it.devOptional && fits(it.os, os) && fits(it.cpu, cpu) ? [place] : [],
  );
}

test.each([
  ["linux", "x64"],
  ["linux", "arm64"],
  ["darwin", "arm64"],
])("on %s %s at most 70 packages are installed to run it", (os, cpu) => {
  const names = installed(os, cpu);
  expect(names).toContain("node_modules/esbuild");
  expect(names.length).toBeLessThanOrEqual(70);
});

test("each package that the program names is one that it imports", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  const text = ["build/cli.ts", "build/bundle.ts", ...sources()].map((file) => readFileSync(file, "utf8")).join("\n");
  const unused = Object.keys(dependencies).filter((name) => !text.includes(`"${name}"`) && !text.includes(`"${name}/`));
  expect(unused).toEqual([]);
});

const sources = () =>
  readdirSync("src", { recursive: true, encoding: "utf8" }).flatMap((file) =>
    file.endsWith(".ts") ? [`src/${file}`] : [],
  );
