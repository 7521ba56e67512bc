import { GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { Environment } from "../config/environment.ts";
import { type AwsSubject, explainAwsError } from "../lib/aws-errors.ts";

const NAMES_A_CALL = 10;

/** What is set already wins. @throws RetryLaterError when SSM doesn't answer, UsageError when the function may not ask. */
export async function completeEnvironment(env: Environment, names: readonly string[]): Promise<Environment> {
  const path = env.PARAMETER_PATH;
  const wanted = names.filter((name) => !env[name]?.trim());
  if (path === undefined || wanted.length === 0) return env;
  const ssm = new SSMClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  const ask = async (some: string[]) => {
    const command = new GetParametersCommand({ Names: some.map((name) => path + name), WithDecryption: true });
    const { Parameters = [] } = await ssm.send(command);
    return Parameters.map(({ Name = "", Value }) => [Name.slice(path.length), Value] as const);
  };
  try {
    const calls = [];
    for (let from = 0; from < wanted.length; from += NAMES_A_CALL)
      calls.push(ask(wanted.slice(from, from + NAMES_A_CALL)));
    return { ...env, ...Object.fromEntries((await Promise.all(calls)).flat()) };
  } catch (error) {
    throw explainAwsError(error, aboutParameters(path));
  } finally {
    ssm.destroy();
  }
}

const aboutParameters = (path: string): AwsSubject => ({
  service: "SSM",
  denied: () => `AWS does not let this function read ${path}: deploy again to renew its rights.`,
  credentials: (reason) => `The AWS credentials or region for ${path} are missing or not accepted (${reason}).`,
});
