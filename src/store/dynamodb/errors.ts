import { awsTrouble } from "../../lib/aws-errors.ts";
import { RetryLaterError, UsageError } from "../../lib/errors.ts";

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
  if (error.name === "ResourceNotFoundException") {
    return new UsageError(`The table ${tableName} does not exist. Run: npx weighbridge table create.`, {
      cause: error,
    });
  }
  const trouble = awsTrouble(error);
  switch (trouble?.kind) {
    case "denied":
      return new UsageError(
        `AWS refuses access to the table ${tableName}: allow this user or role ${trouble.reason || "the DynamoDB actions"} on it.`,
        { cause: error },
      );
    case "credentials":
      return new UsageError(
        `The AWS credentials or region for the table ${tableName} are missing or not accepted (${trouble.reason}): ` +
          "set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in to AWS again.",
        { cause: error },
      );
    case "busy":
      return new RetryLaterError(`DynamoDB does not answer at the moment (${trouble.reason})`, { cause: error });
    default:
      return error;
  }
}
