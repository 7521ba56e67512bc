import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  DeleteParametersCommand,
  GetParametersByPathCommand,
  type Parameter,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { TABLE_NAME_VARIABLE } from "../../config/variables.ts";
import { explainAwsError } from "../../lib/aws-errors.ts";
import { UsageError } from "../../lib/errors.ts";
import { isSecret } from "./parameters.ts";

/** AWS refuses more. */
const NAMES_A_CALL = 10;

export interface Aws {
  region: string;
  /** Every parameter of a stage, decrypted, by the last part of its name. */
  parameters(stage: string): Promise<Map<string, string>>;
  /** "present" if it was there already and must not be replaced. */
  put(stage: string, name: string, value: string, options?: { replace: boolean }): Promise<"written" | "present">;
  remove(stage: string, names: readonly string[]): Promise<void>;
  /** The table that a deployed function uses; "absent" if there is no such function. */
  tableOf(functionName: string): Promise<{ tableName: string | undefined } | "absent">;
  close(): void;
}

/** @throws UsageError if no region is set. Credentials are needed by the first call only. */
export async function connectAws(): Promise<Aws> {
  const ssm = new SSMClient({ maxAttempts: 3 });
  const region = await answered(ssm.config.region());
  const lambda = new LambdaClient({ maxAttempts: 3, region });
  const pathOf = (stage: string) => `/weighbridge/${stage}/`;

  return {
    region,
    async parameters(stage) {
      const found: Parameter[] = [];
      let token: string | undefined;
      do {
        const page = await answered(
          ssm.send(new GetParametersByPathCommand({ Path: pathOf(stage), WithDecryption: true, NextToken: token })),
        );
        found.push(...(page.Parameters ?? []));
        token = page.NextToken;
      } while (token);
      return new Map(found.map(({ Name = "", Value = "" }) => [Name.slice(pathOf(stage).length), Value]));
    },
    async put(stage, name, value, { replace } = { replace: true }) {
      const command = new PutParameterCommand({
        Name: `${pathOf(stage)}${name}`,
        Value: value,
        Type: isSecret(name) ? "SecureString" : "String",
        Overwrite: replace,
      });
      try {
        await ssm.send(command);
        return "written";
      } catch (error) {
        if (error instanceof Error && error.name === "ParameterAlreadyExists") return "present";
        throw inWords(error);
      }
    },
    async remove(stage, names) {
      for (let from = 0; from < names.length; from += NAMES_A_CALL) {
        const Names = names.slice(from, from + NAMES_A_CALL).map((name) => `${pathOf(stage)}${name}`);
        await answered(ssm.send(new DeleteParametersCommand({ Names })));
      }
    },
    async tableOf(functionName) {
      try {
        const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
        return { tableName: Environment?.Variables?.[TABLE_NAME_VARIABLE] };
      } catch (error) {
        if (error instanceof Error && error.name === "ResourceNotFoundException") return "absent";
        throw inWords(error);
      }
    },
    close() {
      ssm.destroy();
      lambda.destroy();
    },
  };
}

const answered = <T>(answer: Promise<T>) =>
  answer.catch((error: unknown) => {
    throw inWords(error);
  });

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
      `AWS wasn’t found (${reason}); check that this machine is online, and that there is a region with this name`,
  });
}
