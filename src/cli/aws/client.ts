import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { environmentOfAws } from "../../config/environment.ts";
import { readSecrets, SECRETS_PARAMETER } from "../../config/secrets.ts";
import { TABLE_NAME_VARIABLE } from "../../config/table-name.ts";
import { createAwsClient } from "../../lib/aws-client.ts";
import { explainAwsError } from "../../lib/aws-errors.ts";
import { systemClock } from "../../lib/clock.ts";
import { UsageError } from "../../lib/errors.ts";
import { SEALING_KEY } from "./parameters.ts";

const NAMES_A_CALL = 10;

export type Aws = Awaited<ReturnType<typeof connectAws>>;

/** @throws UsageError if no region is set. Credentials are needed by the first call only. */
export async function connectAws() {
  // Only for what the SDK knows about this machine: profiles, sign-ins, variables.
  const { config } = new DynamoDBClient({});
  const region = await answered(config.region());
  const env = environmentOfAws();
  const connect = (service: "ssm" | "lambda") =>
    createAwsClient({
      ...{ service, region, credentials: config.credentials, clock: systemClock },
      endpoint: env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL,
    });
  const [ssm, lambda] = [connect("ssm"), connect("lambda")];
  const ask = (action: string, body: object) => ssm.post(`AmazonSSM.${action}`, "1.1", body);
  const pathOf = (stage: string) => `/weighbridge/${stage}/`;

  return {
    region,
    /** The value of every variable that a stage keeps in its parameters, decrypted. */
    async parameters(stage: string): Promise<Map<string, string>> {
      const found: Parameter[] = [];
      let token: string | undefined;
      do {
        const body = { Path: pathOf(stage), WithDecryption: true, NextToken: token };
        const page = (await answered(ask("GetParametersByPath", body))) as Page;
        found.push(...page.Parameters);
        token = page.NextToken;
      } while (token);
      const values = new Map(found.map(({ Name, Value }) => [Name.slice(pathOf(stage).length), Value]));
      const secrets = values.get(SECRETS_PARAMETER);
      values.delete(SECRETS_PARAMETER);
      return new Map([...values, ...Object.entries(secrets === undefined ? {} : readSecrets(secrets))]);
    },
    /** False if it was there already and must not be replaced. */
    async put(stage: string, name: string, value: string, { replace } = { replace: true }): Promise<boolean> {
      const Type = [SEALING_KEY, SECRETS_PARAMETER].includes(name) ? "SecureString" : "String";
      const body = { Name: pathOf(stage) + name, Value: value, Type, Overwrite: replace };
      return (await answered(ask("PutParameter", body), "ParameterAlreadyExists")) !== undefined;
    },
    async remove(stage: string, names: readonly string[]): Promise<void> {
      for (let from = 0; from < names.length; from += NAMES_A_CALL) {
        const Names = names.slice(from, from + NAMES_A_CALL).map((name) => pathOf(stage) + name);
        await answered(ask("DeleteParameters", { Names }));
      }
    },
    /** The table that a deployed function uses; "absent" if there is no such function. */
    async tableOf(functionName: string): Promise<{ tableName: string | undefined } | "absent"> {
      const asked = lambda.get(`/2015-03-31/functions/${functionName}/configuration`);
      const found = (await answered(asked, "ResourceNotFoundException")) as FunctionConfiguration | undefined;
      return found ? { tableName: found.Environment?.Variables?.[TABLE_NAME_VARIABLE] } : "absent";
    },
    close() {
      ssm.close();
      lambda.close();
    },
  };
}

interface Parameter {
  Name: string;
  Value: string;
}

interface Page {
  Parameters: Parameter[];
  NextToken?: string;
}

interface FunctionConfiguration {
  Environment?: { Variables?: Record<string, string> };
}

/** Undefined in place of the error that is `expected`. */
async function answered<T>(answer: Promise<T>): Promise<T>;
async function answered<T>(answer: Promise<T>, expected: string): Promise<T | undefined>;
async function answered<T>(answer: Promise<T>, expected?: string): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === expected) return undefined;
    throw inWords(error);
  }
}

function inWords(error: unknown): unknown {
  // The SDK throws these two as plain errors.
  if (error instanceof Error && /^Region (is missing|not accepted)/.test(error.message)) {
    return new UsageError("There is no AWS region to work in. Set AWS_REGION, for instance to eu-central-1.", {
      cause: error,
    });
  }
  return explainAwsError(error, {
    service: "AWS",
    denied: (action = "more rights") => `AWS doesn’t let you do this: your user or role needs ${action}.`,
    credentials: (reason) =>
      `${reason === "CredentialsProviderError" ? "There is no key for AWS here" : "AWS doesn’t know you"} (${reason}). ` +
      "Sign in to AWS again, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: docs/deploy-aws.md says where they come from.",
    notFound: (reason) =>
      `AWS couldn’t be reached (${reason}): check that this machine is online and that the region exists`,
  });
}
