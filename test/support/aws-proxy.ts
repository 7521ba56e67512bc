import { type Answer, type RecordedRequest, serve } from "../../src/sandbox/serve.ts";

/** `lost`: the request is carried out, and its answer is lost. */
export type AwsTrouble = "throttled" | "broken" | "dropped" | "lost";

/** In front of an AWS service: counts requests and can make them fail. */
export async function startAwsProxy(target: string) {
  let trouble: (nth: number) => AwsTrouble | undefined = () => undefined;
  let count = 0;

  async function handle(_request: () => Request, { method, path, bytes, headers }: RecordedRequest): Promise<Answer> {
    const now = trouble(++count);
    if (now === "throttled")
      return refusal(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException");
    if (now === "broken") return refusal(500, "com.amazonaws.dynamodb.v20120810#InternalServerError");
    if (now === "dropped") return "drop";
    const { host: _host, connection: _connection, "content-length": _length, ...sent } = headers;
    const answer = await fetch(target + path, {
      method,
      headers: sent,
      body: Buffer.from(bytes),
    });
    return now === "lost" ? "drop" : answer;
  }

  const served = await serve(handle, { name: "aws" });
  return {
    url: served.url,
    requests: served.requests,
    /** Decides about each request from now on; the first has the number 1. */
    fail(when: (nth: number) => AwsTrouble | undefined) {
      count = 0;
      trouble = when;
    },
    recover() {
      trouble = () => undefined;
    },
    close: () => served.close(),
  };
}
export type AwsProxy = Awaited<ReturnType<typeof startAwsProxy>>;

const refusal = (status: number, type: string) =>
  new Response(JSON.stringify({ __type: type, message: "no" }), {
    status,
    headers: { "content-type": "application/x-amz-json-1.0" },
  });
