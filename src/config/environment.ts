import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { UsageError } from "../lib/errors.ts";
import { TABLE_NAME_VARIABLE } from "./table-name.ts";
import type { Name } from "./variables.ts";

export type Environment = Record<string, string | undefined>;

/** Adds `.env` to `process.env`, where the AWS SDK looks for region and credentials. What is set already wins. */
export function loadEnvironment(): Environment {
  for (const [name, value] of Object.entries(readEnvFile(".env"))) process.env[name] ??= value;
  return process.env;
}

/** Where AWS puts a function's region and credentials, and where everybody sets another address for a service. */
export const environmentOfAws = (): Environment => process.env;

const ALSO_ELSEWHERE = [
  "TELEGRAM_API_ROOT",
  "WITHINGS_API_URL",
  "WITHINGS_ACCOUNT_URL",
  "GARMIN_SSO_URL",
  "GARMIN_DIAUTH_URL",
  "GARMIN_CONNECTAPI_URL",
  "DYNAMODB_ENDPOINT",
  "LOG_LEVEL",
] as const satisfies Name[];

/** For a command on a deployment, which has its own secrets and store. A table name here only lets it refuse a mistaken stage. */
export function loadShell(): { shell: Environment; tablesMeant: string[] } {
  const shell = Object.fromEntries(ALSO_ELSEWHERE.map((name) => [name, process.env[name]]));
  const tablesMeant = [process.env, readEnvFile(".env")].flatMap((from) => from[TABLE_NAME_VARIABLE]?.trim() || []);
  return { shell, tablesMeant };
}

/** Without a `--` before it, npm swallows `--stage`, and we never see it. */
export const stageKeptByNpm = (): boolean => process.env.npm_config_stage !== undefined;

function readEnvFile(file: string): Environment {
  if (!existsSync(file)) return {};
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "unknown reason";
    throw new UsageError(`${file} cannot be read (${code}): it must be a text file that this user may read.`, {
      cause,
    });
  }
  // TextDecoder drops a byte order mark, which would become part of the first name.
  const isText = isUtf8(bytes) && !bytes.includes(0);
  if (!isText)
    throw new UsageError(`${file} is not plain text in UTF-8: save it again as UTF-8, with one NAME=value a line.`);
  return parseEnv(new TextDecoder().decode(bytes));
}
