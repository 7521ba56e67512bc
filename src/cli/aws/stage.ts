import type { Environment } from "../../config/environment.ts";
import { TABLE_NAME_VARIABLE } from "../../config/variables.ts";
import type { Clock } from "../../lib/clock.ts";
import { UsageError } from "../../lib/errors.ts";
import { createTransport } from "../../lib/http-client.ts";
import type { Log } from "../../lib/log.ts";
import type { Check } from "../../sync/status/checks.ts";
import type { Terminal } from "../terminal.ts";
import type { Aws } from "./client.ts";
import type { Npm } from "./osls.ts";
import { FROM_SETUP, FROM_STACK, functionNames, missingFrom } from "./parameters.ts";

/** What the commands on a stage work with. */
export interface StageDeps {
  stage: string;
  shell: Environment;
  tablesMeant: readonly string[];
  aws: Aws;
  npm: Npm;
  terminal: Terminal;
  clock: Clock;
  log: Log;
}

/** What AWS has under the name of a stage, as far as it can be read before anything is opened. */
export interface Deployment {
  stage: string;
  parameters: ReadonlyMap<string, string>;
  tableName: string;
  /** Without a slash at the end. */
  publicUrl: string;
}

/** @throws UsageError when there is nothing, or something that was never finished. */
export async function findDeployment(aws: Aws, stage: string): Promise<Deployment> {
  const parameters = await aws.parameters(stage);
  const [publicUrl, tableName] = FROM_STACK.map((name) => parameters.get(name)?.trim().replace(/\/+$/, ""));
  if (publicUrl && tableName) return { stage, parameters, tableName, publicUrl };
  const isSetUp = missingFrom(parameters, FROM_SETUP).length === 0;
  const way = isSetUp ? "run npm run deploy" : "run npm run setup and then npm run deploy";
  throw new UsageError(
    `There is no deployment called ${stage} in ${aws.region}: ${way}, or name another with --stage (and AWS_REGION).`,
  );
}

/** What has to be right before the store of a deployment is opened: nothing reads what is written to another table. */
export function checksBefore(deployment: Deployment, aws: Aws, tablesMeant: readonly string[]): Check[] {
  const { stage, parameters, tableName } = deployment;
  return [
    {
      name: "deployment",
      asks: "AWS",
      run: async () => {
        const missing = missingFrom(parameters, FROM_SETUP);
        if (missing.length > 0) throw incomplete(stage, missing);
        return `${stage} in ${aws.region} has all its parameters.`;
      },
    },
    {
      name: "functions",
      asks: "AWS",
      run: async () => {
        const other = tablesMeant.find((meant) => meant !== tableName);
        if (other !== undefined) {
          throw new UsageError(
            `${TABLE_NAME_VARIABLE} says ${other} here, but the deployment ${stage} works on ${tableName}: ` +
              `take ${TABLE_NAME_VARIABLE} out of the environment and .env, or leave --stage out.`,
          );
        }
        for (const name of functionNames(stage)) {
          const found = await aws.tableOf(name);
          if (found === "absent") throw new UsageError(`The function ${name} is not there. Run: npm run deploy`);
          if (found.tableName !== tableName) {
            throw new UsageError(
              `The function ${name} works on the table ${found.tableName ?? "(none)"}, but the deployment ${stage} ` +
                `names ${tableName}. Nothing was changed. Run: npm run deploy`,
            );
          }
        }
        return `All of them work on the table ${tableName}.`;
      },
    },
  ];
}

export function incomplete(stage: string, missing: readonly string[]): UsageError {
  const which = missing.length === 1 ? "is missing" : "are missing";
  return new UsageError(`The deployment ${stage} is not set up: ${missing.join(", ")} ${which}. Run: npm run setup`);
}

/** That the address answers under which Telegram and Withings reach the deployment. */
export function addressCheck({ publicUrl }: Deployment): Check {
  return {
    name: "address",
    asks: "The deployment",
    run: async () => {
      const { send, close } = createTransport();
      try {
        const { status } = await send({ method: "GET", url: `${publicUrl}/health` });
        if (status === 200) return `${publicUrl} answers.`;
        return {
          verdict: "operator",
          text: `${publicUrl}/health answers with HTTP ${status}. Run npm run deploy again.`,
        };
      } finally {
        await close();
      }
    },
  };
}

/** The environment that the functions have: their parameters, and nothing that is set here for the program on this machine. */
export function environmentOf({ parameters, tableName }: Deployment, shell: Environment): Environment {
  return { ...shell, ...Object.fromEntries(parameters), STORE: "dynamodb", [TABLE_NAME_VARIABLE]: tableName };
}

/** The one that is meant where none is named. */
export const DEFAULT_STAGE = "prod";

const STEP = /npm run (?:setup|deploy|remove)\b/g;
const COMMAND = /npx weighbridge (?:account add|account list|login withings|login garmin|sync|status|doctor|report)\b/g;

/** Whatever command is named as the next one is for the same deployment. */
export function terminalOf(stage: string, terminal: Terminal): Terminal {
  const step = stage === DEFAULT_STAGE ? "$&" : `$& -- --stage ${stage}`;
  const inStage = (text: string) =>
    text
      .replace(COMMAND, `$& --stage ${stage}`)
      .replaceAll("npx weighbridge table create", "npm run deploy")
      .replace(STEP, step);
  const inJson = (json: object) => JSON.parse(inStage(JSON.stringify(json))) as object;
  return {
    ...terminal,
    say: (text) => terminal.say(inStage(text)),
    hint: (text) => terminal.hint(inStage(text)),
    result: (json, text) => terminal.result(inJson(json), inStage(text)),
    fail: (json, text) => terminal.fail(inJson(json), inStage(text)),
  };
}
