import type { Environment } from "../config/environment.ts";
import { readSecrets, SECRETS_PARAMETER } from "../config/secrets.ts";
import { type AwsSubject, explainAwsError } from "../lib/aws-errors.ts";
import { systemClock } from "../lib/clock.ts";
import { createFunctionClient } from "./aws.ts";

/**
 * Adds these parameters, and the secrets that one of them holds. What is set already wins.
 * @throws RetryLaterError when SSM doesn't answer, UsageError when the function may not ask.
 */
export async function completeEnvironment(env: Environment, names: readonly string[]): Promise<Environment> {
  const path = env.PARAMETER_PATH;
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const wanted = names.filter((name) => given[name] === undefined);
  if (path === undefined || wanted.length === 0) return env;
  const ssm = createFunctionClient("ssm", { clock: systemClock, answerSeconds: 5 });
  try {
    const body = { Names: wanted.map((name) => path + name), WithDecryption: true };
    const { Parameters } = (await ssm.post("AmazonSSM.GetParameters", "1.1", body)) as Found;
    const { [SECRETS_PARAMETER]: secrets, ...others } = Object.fromEntries(
      Parameters.map(({ Name, Value }) => [Name.slice(path.length), Value]),
    );
    return { ...env, ...(secrets !== undefined && readSecrets(secrets)), ...others, ...given };
  } catch (error) {
    throw explainAwsError(error, aboutParameters(path));
  } finally {
    ssm.close();
  }
}

interface Found {
  Parameters: Array<{ Name: string; Value: string }>;
}

const aboutParameters = (path: string): AwsSubject => ({
  service: "SSM",
  denied: () => `AWS does not let this function read ${path}: deploy again to renew its rights.`,
  credentials: (reason) => `The AWS credentials or region for ${path} are missing or not accepted (${reason}).`,
});
