import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleFunctions, type FunctionName } from "../../build/bundle.ts";
import project from "../../package.json" with { type: "json" };
import { sharedFolder } from "../support/run-folder.ts";

/** The functions as they are deployed, built once for a run of the tests. */
export async function buildFunctions() {
  const folder = await sharedFolder("functions", async (draft) => void (await bundleFunctions(draft)));
  return {
    folder,
    /** The folder of the same function, as another version of the program. */
    another(name: FunctionName, version: string): string {
      const other = mkdtempSync(path.join(tmpdir(), `weighbridge-${name}-${version}-`));
      cpSync(path.join(folder, name), other, { recursive: true });
      for (const name of readdirSync(other).filter((it) => it.endsWith(".mjs"))) {
        const file = path.join(other, name);
        const text = readFileSync(file, "utf8");
        writeFileSync(file, text.replaceAll(JSON.stringify(project.version), JSON.stringify(version)));
      }
      return other;
    },
  };
}
