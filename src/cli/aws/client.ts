import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  DeleteParametersCommand,
  GetParametersByPathCommand,
  type Parameter,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { TABLE_NAME_VARIABLE } from "../../config/variables.ts";
import { awsTrouble } from "../../lib/aws-errors.ts";
import { RetryLaterError, UsageError } from "../../lib/errors.ts";
import { isSecret } from "./parameters.ts";

/** More than ten names a call are refused. */
const NAMES_A_CALL = 10;

/** What the commands for a deployment ask of AWS, with the credentials of whoever runs them. */
export interface Aws {
  region: string;
  /** Every parameter of a stage, by the last part of its name, opened. */
  parameters(stage: string): Promise<Map<string, string>>;
  /** "present" when it was there already and was not to be replaced. */
  put(stage: string, name: string, value: string, options?: { replace: boolean }): Promise<"written" | "present">;
  remove(stage: string, names: readonly string[]): Promise<void>;
  /** The table that a deployed function works on; "absent" when there is no such function. */
  tableOf(functionName: string): Promise<{ tableName: string | undefined } | "absent">;
  close(): void;
}

/** @throws UsageError in one sentence when no region is set. Credentials are first needed by the first call. */
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

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw inWords(error);
  }
}

/** Who moves next, and how. */
function inWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // The SDK throws these two as plain errors.
  if (/^Region (is missing|not accepted)/.test(error.message)) {
    return new UsageError("There is no AWS region to work in. Set AWS_REGION, to eu-central-1 for instance.", {
      cause: error,
    });
  }
  const trouble = awsTrouble(error);
  switch (trouble?.kind) {
    case "credentials":
      return new UsageError(
        `${trouble.reason === "CredentialsProviderError" ? "There is no key to AWS here" : "AWS does not know you"} (${trouble.reason}). ` +
          "Sign in to AWS again, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: docs/deploy-aws.md says where they come from.",
        { cause: error },
      );
    case "denied":
      return new UsageError(
        `AWS does not let you do this: your user or role needs ${trouble.reason || "more rights"}.`,
        {
          cause: error,
        },
      );
    case "busy":
      if (trouble.reason === "ENOTFOUND" || trouble.reason === "EAI_AGAIN") {
        return new RetryLaterError(
          `AWS was not found (${trouble.reason}); see that this machine is online, and that there is a region of this name`,
          { cause: error },
        );
      }
      return new RetryLaterError(`AWS does not answer at the moment (${trouble.reason})`, { cause: error });
    default:
      return error;
  }
}
