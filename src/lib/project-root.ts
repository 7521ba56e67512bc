import { findPackageJSON } from "node:module";
import path from "node:path";

/** The folder of package.json: this file may be bundled anywhere below it. */
export const PROJECT_ROOT = path.dirname(findPackageJSON(import.meta.url) ?? "");
