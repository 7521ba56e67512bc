import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AwsError, createAwsClient } from "../../src/lib/aws-client.ts";
import { explainAwsError } from "../../src/lib/aws-errors.ts";
import { type AwsCredentials, signedHeaders } from "../../src/lib/aws-signature.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { RetryLaterError } from "../../src/lib/errors.ts";
import type { Answer } from "../../src/sandbox/serve.ts";
import { type Stub, startStub } from "../fixtures/stub-vendor.ts";

const CREDENTIALS: AwsCredentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const TEMPORARY = {
  ...CREDENTIALS,
  sessionToken:
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
};
const json = (version: string, target: string) => ({
  "content-type": `application/x-amz-json-${version}`,
  "x-amz-target": target,
});

// The first two are AWS's own (get-vanilla and post-vanilla of its signature test suite), the others botocore 1.43.11's.
test.each([
  {
    ...{ method: "GET", host: "example", path: "/", headers: {}, body: "", credentials: CREDENTIALS },
    ...{ region: "us-east-1", service: "service" },
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  {
    ...{ method: "POST", host: "example", path: "/", headers: {}, body: "", credentials: CREDENTIALS },
    ...{ region: "us-east-1", service: "service" },
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    ...{ method: "POST", host: "ssm.eu-central-1", path: "/", headers: json("1.1", "AmazonSSM.GetParameters") },
    body: '{"Names":["/weighbridge/prod/Grüße, 体重 ⚖️"],"WithDecryption":true}',
    ...{ region: "eu-central-1", service: "ssm", credentials: TEMPORARY },
    signature: "50ef1aed3fcd549b84cef957422ff6da06cc823437eaefde8a51678a75666607",
  },
  {
    ...{ method: "POST", host: "sqs.eu-central-1", path: "/", headers: json("1.0", "AmazonSQS.SendMessageBatch") },
    body: '{"QueueUrl":"https://sqs.eu-central-1.amazonaws.com/000000000000/jobs.fifo","Entries":[{"Id":"0","MessageBody":"{\\"name\\":\\"Żółć\\"}"}]}',
    ...{ region: "eu-central-1", service: "sqs", credentials: TEMPORARY },
    signature: "7475371d2ed2123da4ee9e5d71523e08f35e1d39e2c9e20c574d7f5b39dbb4f8",
  },
  {
    ...{ method: "GET", host: "lambda.eu-central-1", headers: {}, body: "", credentials: CREDENTIALS },
    path: "/2015-03-31/functions/weighbridge-prod-http/configuration",
    ...{ region: "eu-central-1", service: "lambda" },
    signature: "a4a95ebd28dea3308a136f0346a680f4be55e23261732ade8f109b937ec9ea15",
  },
])("a signature is the one that AWS computes: $method $host", ({ signature, host, path, ...it }) => {
  const { method, headers, body, ...scope } = it;
  const url = new URL(path, `https://${host}.amazonaws.com`);
  const signed = signedHeaders({ method, url, headers, body }, { ...scope, now: new Date("2015-08-30T12:36:00.250Z") });
  expect(signed.authorization?.split("Signature=")[1]).toBe(signature);
});

describe("a call", () => {
  let stub: Stub;
  beforeEach(async () => {
    stub = await startStub();
  });
  afterEach(() => stub.close());

  const clientAt = (endpoint: string, more: { clock?: typeof systemClock; answerSeconds?: number } = {}) =>
    createAwsClient({
      ...{ service: "ssm", region: "eu-central-1", credentials: async () => TEMPORARY, endpoint, clock: systemClock },
      ...more,
    });
  const ask = (more: Parameters<typeof clientAt>[1] = {}) => {
    const client = clientAt(stub.url, more);
    return client.post("AmazonSSM.GetParameters", "1.1", { Names: ["/ü"] }).finally(client.close);
  };
  const refusal = (status: number, body: object, headers = {}): Answer =>
    new Response(JSON.stringify(body), { status, headers });

  test("a call sends what it signed, with the token of the session", async () => {
    stub.willAnswer(Response.json({ Parameters: [] }));
    expect(await ask()).toEqual({ Parameters: [] });
    const [seen] = stub.requests;
    expect(seen?.body).toBe('{"Names":["/ü"]}');
    expect(seen?.headers).toMatchObject({
      "x-amz-target": "AmazonSSM.GetParameters",
      "x-amz-security-token": TEMPORARY.sessionToken,
      authorization: expect.stringContaining(
        "/eu-central-1/ssm/aws4_request, SignedHeaders=content-type;host;x-amz-date;",
      ),
    });
  });

  test.each<[string, Answer]>([
    ["AWS has an error", refusal(500, {})],
    ["AWS is busy", refusal(400, { __type: "ThrottlingException" })],
    ["the line breaks", "drop"],
    ["no answer comes in time", "hang"],
    ["a gateway answers with a page", new Response("<html>Bad gateway</html>", { status: 502 })],
  ])("if %s, a call is tried again, three times at most", async (_what, answer) => {
    stub.willAnswer(answer, answer, Response.json({ well: true }));
    expect(await ask({ answerSeconds: 0.3 })).toEqual({ well: true });
    expect(stub.requests).toHaveLength(3);
    stub.willAnswer(answer, answer, answer);
    const error = await ask({ answerSeconds: 0.3 }).catch((it: unknown) => it);
    expect(stub.requests).toHaveLength(6);
    const subject = { service: "SSM", denied: () => "", credentials: () => "" };
    expect(explainAwsError(error, subject)).toBeInstanceOf(RetryLaterError);
  });

  test.each([
    [400, { __type: "com.amazonaws.ssm#ParameterNotFound", message: "gone" }, {}, "ParameterNotFound", "gone"],
    [
      404,
      { Message: "no" },
      { "x-amzn-errortype": "ResourceNotFoundException:http://aws/" },
      "ResourceNotFoundException",
      "no",
    ],
    [403, { __type: "AccessDeniedException", Message: "not yours" }, {}, "AccessDeniedException", "not yours"],
  ])("a refusal has AWS's name for it, and isn't tried again: %s %j", async (status, body, headers, name, message) => {
    stub.willAnswer(refusal(status, body, headers));
    const error = await ask().catch((it: unknown) => it);
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ name, message, $metadata: { httpStatusCode: status } });
    expect(stub.requests).toHaveLength(1);
  });

  test("a clock that is an hour ahead is corrected by AWS's own time", async () => {
    const clock = { ...systemClock, now: () => new Date(Date.now() + 3_600_000) };
    stub.willAnswer(
      () => refusal(400, { __type: "InvalidSignatureException" }, { date: new Date().toUTCString() }) as Response,
      Response.json({ well: true }),
    );
    expect(await ask({ clock })).toEqual({ well: true });
    const minuteOf = (at: number) => new Date(at).toISOString().replace(/[-:]/g, "").slice(0, 13);
    expect(stub.requests.map(({ headers }) => headers["x-amz-date"]?.slice(0, 13))).toEqual([
      minuteOf(Date.now() + 3_600_000),
      minuteOf(Date.now()),
    ]);
  });

  test("a wrong key isn't taken for a wrong clock", async () => {
    stub.willAnswer(refusal(400, { __type: "InvalidSignatureException" }, { date: new Date().toUTCString() }));
    await expect(ask()).rejects.toMatchObject({ name: "InvalidSignatureException" });
    expect(stub.requests).toHaveLength(1);
  });

  test("calls share a connection, and one that AWS has closed meanwhile costs no try", async () => {
    const sockets = new Set<Socket>();
    let calls = 0;
    const server: Server = createServer((request, response) => {
      calls++;
      request.resume().on("end", () => response.end("{}"));
    });
    server.on("connection", (socket) => sockets.add(socket));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = clientAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      await client.get("/a");
      await client.get("/b");
      expect([sockets.size, calls]).toEqual([1, 2]);
      // As while a function is frozen: it hears of it only when it writes.
      for (const socket of sockets) socket.resetAndDestroy();
      await client.get("/c");
      expect([sockets.size, calls]).toEqual([2, 3]);
    } finally {
      client.close();
      server.close();
    }
  });
});
