import type { AwsSubject } from "../../lib/aws-errors.ts";

/** What to say when DynamoDB refuses something of this table. */
export const aboutTable = (tableName: string): AwsSubject => ({
  service: "DynamoDB",
  absent: {
    name: /^ResourceNotFoundException$/,
    text: `The table ${tableName} does not exist. Run: npx weighbridge table create.`,
  },
  denied: (action = "the DynamoDB actions") =>
    `AWS refuses access to the table ${tableName}: allow this user or role ${action} on it.`,
  credentials: (reason) =>
    `The AWS credentials or region for the table ${tableName} are missing or not accepted (${reason}): ` +
    "set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in to AWS again.",
});
