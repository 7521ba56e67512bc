import type { Environment } from "../../config/environment.ts";
import { TABLE_NAME_VARIABLE } from "../../config/table-name.ts";
import { UsageError } from "../../lib/errors.ts";
import { createTransport } from "../../lib/http-client.ts";
import type { Check } from "../../sync/status/checks.ts";
import { doctorCommand } from "../doctor.ts";
import type { CommandDeps } from "../open.ts";
import type { Terminal } from "../terminal.ts";
import type { Aws } from "./client.ts";
import type { Npm } from "./osls.ts";
import { FROM_SETUP, FROM_STACK, functionNames, missingFrom } from "./parameters.ts";

export interface StageDeps extends Omit<CommandDeps, "env"> {
  stage: string;
  shell: Environment;
  tablesMeant: readonly string[];
  aws: Aws;
  npm: Npm;
}

export interface Deployment {
  stage: string;
  parameters: ReadonlyMap<string, string>;
  tableName: string;
  /** Without a slash at the end. */
  publicUrl: string;
}

/** @throws UsageError if there is none, or one that was never finished. */
export async function findDeployment({ aws, stage }: StageDeps): Promise<Deployment> {
  const parameters = await aws.parameters(stage);
  const [publicUrl, tableName] = FROM_STACK.map((name) => parameters.get(name)?.trim().replace(/\/+$/, ""));
  if (publicUrl && tableName) return { stage, parameters, tableName, publicUrl };
  const isSetUp = missingFrom(parameters, FROM_SETUP).length === 0;
  const way = isSetUp ? "run npm run deploy" : "run npm run setup and then npm run deploy";
  throw new UsageError(
    `There is no deployment called ${stage} in ${aws.region}: ${way}, or name another with --stage (and AWS_REGION).`,
  );
}

/** Before the store is opened: what is written to a table that the functions don't use, nothing reads. */
export function checksBefore(deployment: Deployment, { aws, tablesMeant }: StageDeps): Check[] {
  const { stage, parameters, tableName } = deployment;
  const isComplete = async () => {
    const missing = missingFrom(parameters, FROM_SETUP);
    if (missing.length > 0) throw incomplete(stage, missing);
    return `${stage} in ${aws.region} has all its parameters.`;
  };
  const useTheTable = async () => {
    const other = tablesMeant.find((meant) => meant !== tableName);
    if (other !== undefined) {
      throw new UsageError(
        `${TABLE_NAME_VARIABLE} says ${other} here, but the deployment ${stage} uses ${tableName}: ` +
          `take ${TABLE_NAME_VARIABLE} out of the environment and .env, or leave out --stage.`,
      );
    }
    for (const name of functionNames(stage)) {
      const found = await aws.tableOf(name);
      if (found === "absent") throw new UsageError(`The function ${name} doesn’t exist. Run: npm run deploy`);
      if (found.tableName !== tableName) {
        throw new UsageError(
          `The function ${name} uses the table ${found.tableName ?? "(none)"}, but the deployment ${stage} ` +
            `names ${tableName}. Nothing was changed. Run: npm run deploy`,
        );
      }
    }
    return `All of them use the table ${tableName}.`;
  };
  return [
    { name: "deployment", asks: "AWS", run: isComplete },
    { name: "functions", asks: "AWS", run: useTheTable },
  ];
}

export function incomplete(stage: string, missing: readonly string[]): UsageError {
  const which = missing.length === 1 ? "is missing" : "are missing";
  return new UsageError(`The deployment ${stage} isn’t set up: ${missing.join(", ")} ${which}. Run: npm run setup`);
}

export function addressCheck({ publicUrl }: Deployment): Check {
  return {
    name: "address",
    asks: "The deployment",
    run: async () => {
      const { send, close } = createTransport();
      try {
        const { status } = await send({ method: "GET", url: `${publicUrl}/health` });
        if (status === 200) return `${publicUrl} answers.`;
        throw new UsageError(`${publicUrl}/health answers with HTTP ${status}. Run npm run deploy again.`);
      } finally {
        await close();
      }
    },
  };
}

export function environmentOf({ parameters, tableName }: Deployment, shell: Environment): Environment {
  return { ...shell, ...Object.fromEntries(parameters), STORE: "dynamodb", [TABLE_NAME_VARIABLE]: tableName };
}

export const DEFAULT_STAGE = "prod";

const STEP = /npm run (?:setup|deploy|remove)\b/g;
const COMMAND = /npx weighbridge (?:account add|account list|login withings|login garmin|sync|status|doctor|report)\b/g;

/** Adds the stage to every command that a message names. */
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
    result: (json, text, exit) => terminal.result(inJson(json), inStage(text), exit),
    fail: (json, text, exit) => terminal.fail(inJson(json), inStage(text), exit),
  };
}

export async function doctorOfStage(deps: StageDeps): Promise<number> {
  const deployment = await findDeployment(deps);
  const env = environmentOf(deployment, deps.shell);
  const more = { before: checksBefore(deployment, deps), beside: [addressCheck(deployment)] };
  return doctorCommand({ ...deps, env }, more);
}
