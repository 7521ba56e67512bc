import { RetryLaterError, UsageError } from "../errors.ts";

const BUSY_ERRORS = new Set([
  "InternalServerError",
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "ReplicatedWriteConflictException",
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "ThrottlingException",
  "TimeoutError",
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
const CREDENTIAL_ERRORS = new Set([
  "CredentialsProviderError",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "TokenProviderError",
  "UnrecognizedClientException",
]);

/** Waits for an answer of DynamoDB and throws what {@link failure} makes of a no. */
export async function orFailure<T>(answer: Promise<T>, tableName: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw failure(error, tableName);
  }
}

/** What DynamoDB, the SDK or the network said, as the kind of error that says who moves next. */
export function failure(error: unknown, tableName: string): unknown {
  if (!(error instanceof Error)) return error;
  const { name } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const status = httpStatus(error);

  if (name === "ResourceNotFoundException") {
    return new UsageError(`The table ${tableName} does not exist. Run: npx weighbridge table create.`, {
      cause: error,
    });
  }
  if (name === "AccessDeniedException") {
    const action = /dynamodb:\w+/.exec(error.message)?.[0] ?? "the DynamoDB actions";
    return new UsageError(`AWS refuses access to the table ${tableName}: allow this user or role ${action} on it.`, {
      cause: error,
    });
  }
  if (CREDENTIAL_ERRORS.has(name) || error.message === "Region is missing") {
    return new UsageError(
      `The AWS credentials or region for the table ${tableName} are missing or not accepted (${name}): ` +
        "set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in to AWS again.",
      { cause: error },
    );
  }
  if (BUSY_ERRORS.has(name) || NETWORK_CODES.has(code ?? "") || status >= 500 || status === 429) {
    const reason = code ?? (status >= 500 ? `HTTP ${status}` : name);
    return new RetryLaterError(`DynamoDB does not answer at the moment (${reason})`, { cause: error });
  }
  return error;
}

function httpStatus(error: Error): number {
  const metadata = "$metadata" in error ? error.$metadata : undefined;
  const isRecord = typeof metadata === "object" && metadata !== null;
  return isRecord && "httpStatusCode" in metadata ? Number(metadata.httpStatusCode) : 0;
}
