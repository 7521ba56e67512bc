import { RetryLaterError, UsageError } from "./errors.ts";

const CREDENTIALS = new Set([
  "CredentialsProviderError",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "TokenProviderError",
  "UnrecognizedClientException",
]);
const BUSY = new Set([
  "InternalServerError",
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "ReplicatedWriteConflictException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "ServiceUnavailable",
  "ThrottlingException",
  "TimeoutError",
  "TooManyUpdates",
]);
const NETWORK_CODES = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

export interface AwsSubject {
  service: string;
  absent?: { name: RegExp; text: string };
  /** `action`: what was denied, `dynamodb:PutItem`, if AWS says so. */
  denied(action: string | undefined): string;
  credentials(reason: string): string;
  notFound?: (reason: string) => string;
}

/** What AWS, its SDK or the network said, as the kind of error that says who acts next; anything unknown as it is. */
export function explainAwsError(error: unknown, subject: AwsSubject): unknown {
  if (!(error instanceof Error)) return error;
  const { service, absent, denied, credentials, notFound } = subject;
  const options = { cause: error };
  if (absent?.name.test(error.name)) return new UsageError(absent.text, options);
  const trouble = troubleIn(error);
  switch (trouble?.kind) {
    case "denied":
      return new UsageError(denied(trouble.action), options);
    case "credentials":
      return new UsageError(credentials(trouble.reason), options);
    case "busy": {
      const { reason } = trouble;
      const text = reason === "ENOTFOUND" || reason === "EAI_AGAIN" ? notFound?.(reason) : undefined;
      return new RetryLaterError(text ?? `${service} does not answer at the moment (${reason})`, options);
    }
    default:
      return error;
  }
}

export async function orAwsError<T>(answer: Promise<T>, subject: AwsSubject): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw explainAwsError(error, subject);
  }
}

/** Whether the same call may well succeed later: AWS is busy, or there is no network. */
export const isPassing = (error: unknown): boolean => error instanceof Error && troubleIn(error)?.kind === "busy";

type Trouble = { kind: "denied"; action: string | undefined } | { kind: "credentials" | "busy"; reason: string };

function troubleIn(error: Error): Trouble | undefined {
  const { name, message } = error;
  // SQS has the shorter name.
  if (name === "AccessDeniedException" || name === "AccessDenied") {
    return { kind: "denied", action: /\b[a-z]+:[A-Z]\w+/.exec(message)?.[0] };
  }
  if (CREDENTIALS.has(name) || message === "Region is missing") return { kind: "credentials", reason: name };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const status = httpStatus(error);
  if (BUSY.has(name) || NETWORK_CODES.has(code ?? "") || status >= 500 || status === 429) {
    return { kind: "busy", reason: code ?? (status >= 500 ? `HTTP ${status}` : name) };
  }
  return undefined;
}

function httpStatus(error: Error): number {
  const metadata = "$metadata" in error ? error.$metadata : undefined;
  const isRecord = typeof metadata === "object" && metadata !== null;
  return isRecord && "httpStatusCode" in metadata ? Number(metadata.httpStatusCode) : 0;
}
