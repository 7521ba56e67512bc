import { existsSync } from "node:fs";
import path from "node:path";

const FOLDER = path.join(import.meta.dirname, "runtime-client/node_modules/aws-lambda-ric");
const isBuilt = existsSync(path.join(FOLDER, "rapid-client.node"));

/** What a function's process begins with, and a line that says so. */
export const RUNTIME_CLIENT = isBuilt
  ? { script: path.join(FOLDER, "index.mjs"), says: "Functions run under Lambda's own runtime client." }
  : {
      script: path.join(import.meta.dirname, "stand-in-client.ts"),
      says: "Functions run under a stand-in: test/lambda/build-runtime-client.sh has not built Lambda's own runtime client.",
    };

/** Once for a whole run of the tests. */
export function setup() {
  console.log(RUNTIME_CLIENT.says);
}
