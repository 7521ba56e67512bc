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

/** Why a call to AWS came to nothing, with a word for it: which action was denied, or what was busy. */
export interface AwsTrouble {
  kind: "credentials" | "denied" | "busy";
  reason: string;
}

/** What AWS, its SDK or the network said, as far as it is the same whatever was called. */
export function awsTrouble(error: Error): AwsTrouble | undefined {
  const { name, message } = error;
  if (name === "AccessDeniedException") {
    return { kind: "denied", reason: /\b[a-z]+:[A-Z]\w+/.exec(message)?.[0] ?? "" };
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
