import { environmentOfAws } from "../config/environment.ts";
import { createAwsClient } from "../lib/aws-client.ts";
import type { Clock } from "../lib/clock.ts";

/** A client with the region and the credentials that AWS gives a function in its environment. */
export function createFunctionClient(service: "ssm" | "sqs", limits: { clock: Clock; answerSeconds: number }) {
  const env = environmentOfAws();
  return createAwsClient({
    ...{ service, ...limits },
    region: env.AWS_REGION ?? "",
    endpoint: env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`],
    async credentials() {
      const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN } = env;
      return {
        accessKeyId: AWS_ACCESS_KEY_ID,
        secretAccessKey: AWS_SECRET_ACCESS_KEY,
        sessionToken: AWS_SESSION_TOKEN,
      };
    },
  });
}
