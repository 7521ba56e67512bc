import { isPassing } from "./aws-errors.ts";
import { type AwsCredentials, signedHeaders } from "./aws-signature.ts";
import type { Clock } from "./clock.ts";
import { createHttps, type HttpsAnswer } from "./https.ts";
import { parseJson } from "./json.ts";

/** An answer that refuses, with AWS's own name for it, as the SDK throws it. */
export class AwsError extends Error {
  readonly $metadata: { httpStatusCode: number };
  /** By AWS's clock. */
  readonly answeredAtMs: number | undefined;

  constructor(name: string, message: string, { status, answeredAtMs }: { status: number; answeredAtMs?: number }) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
    this.answeredAtMs = answeredAtMs;
  }
}

export interface AwsClientOptions {
  /** In names of hosts and in signatures: ssm, sqs, lambda. */
  service: string;
  region: string;
  credentials: () => Promise<AwsCredentials>;
  /** Instead of the region's own. */
  endpoint?: string | undefined;
  clock: Clock;
  connectSeconds?: number;
  answerSeconds?: number;
}

interface AwsCall {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body: string;
}

const TRIES = 3;
/** Doubles with each try; the pause is a random part of it. */
const LONGEST_PAUSE_SECONDS = 0.2;
/** AWS refuses a signature whose time is more than five minutes away from its own. */
const SKEW_MS = 4 * 60_000;
const WRONG_TIME = /^(RequestExpired|RequestTimeTooSkewed|InvalidSignatureException|SignatureDoesNotMatch)$/;

/**
 * The few calls for which a function needs no client of the SDK, whose first call costs a cold start 60 ms of CPU; this one's 25.
 * What fails for a reason that passes is tried three times. Rejects with an {@link AwsError}, or with Node's error if there is no
 * answer.
 */
export function createAwsClient(options: AwsClientOptions) {
  const { service, region, credentials, clock, connectSeconds = 3, answerSeconds = 10 } = options;
  const suffix = region.startsWith("cn-") ? ".cn" : "";
  const base = options.endpoint ?? `https://${service}.${region}.amazonaws.com${suffix}`;
  const https = createHttps();
  /** By how much our clock is ahead of AWS's. */
  let aheadMs = 0;

  async function ask({ method, path, headers, body }: AwsCall): Promise<unknown> {
    const url = new URL(path, base);
    const now = new Date(clock.now().getTime() - aheadMs);
    const signed = signedHeaders(
      { method, url, headers, body },
      { credentials: await credentials(), region, service, now },
    );
    const answer = await https.ask(url, { method, headers: signed, body, connectSeconds, answerSeconds });
    const json = parseJson(answer.text);
    if (answer.status < 300) return json;
    throw refusal(answer, json);
  }

  /** Whether an error may be gone at the next try. A signature of the wrong time is, once we know AWS's. */
  function mayPass(error: unknown): boolean {
    if (!(error instanceof AwsError) || !WRONG_TIME.test(error.name)) return isPassing(error);
    const before = aheadMs;
    aheadMs = error.answeredAtMs === undefined ? before : clock.now().getTime() - error.answeredAtMs;
    return Math.abs(aheadMs - before) > SKEW_MS;
  }

  async function send(call: AwsCall): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        return await ask(call);
      } catch (error) {
        if (!mayPass(error) || tries === TRIES) throw error;
        await clock.sleep(Math.random() * LONGEST_PAUSE_SECONDS * 2 ** (tries - 1));
      }
    }
  }

  return {
    /** An action of a service that speaks JSON, in this version of that protocol: `AmazonSSM.GetParameters`. */
    post: (target: string, version: "1.0" | "1.1", body: object): Promise<unknown> =>
      send({
        ...{ method: "POST", path: "/", body: JSON.stringify(body) },
        headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target },
      }),
    get: (path: string): Promise<unknown> => send({ method: "GET", path, headers: {}, body: "" }),
    close: () => https.close(),
  };
}

function refusal({ status, headers }: HttpsAnswer, json: unknown): AwsError {
  const { __type, message, Message } = (json ?? {}) as { __type?: string; message?: string; Message?: string };
  const type = __type ?? headers["x-amzn-errortype"] ?? "UnknownError";
  // com.amazonaws.sqs#QueueDoesNotExist, or AccessDeniedException:http://...
  const name = String(type).replace(/^.*#/, "").replace(/:.*$/, "");
  const answeredAtMs = Date.parse(headers.date ?? "");
  return new AwsError(name, message ?? Message ?? "", { status, ...(answeredAtMs && { answeredAtMs }) });
}
