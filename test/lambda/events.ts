/** Complete events, as functions get them from AWS. */
import { randomUUID } from "node:crypto";
import type { Message } from "@aws-sdk/client-sqs";
import type {
  APIGatewayProxyStructuredResultV2,
  EventBridgeEvent,
  LambdaFunctionURLEvent,
  SNSEvent,
  SQSEvent,
} from "aws-lambda";

const REGION = "eu-central-1";
const ACCOUNT = "000000000000";

/** A function URL's event for this request. */
export async function functionUrlEvent(request: Request): Promise<LambdaFunctionURLEvent> {
  const url = new URL(request.url);
  const { cookie, ...headers } = Object.fromEntries(request.headers);
  const bytes = Buffer.from(await request.arrayBuffer());
  const isText = /^text\/|json|xml|javascript|^$/.test(headers["content-type"] ?? "");
  const now = new Date();
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookie !== undefined && { cookies: cookie.split("; ") }),
    headers: {
      ...headers,
      host: url.host,
      ...(bytes.length > 0 && { "content-length": String(bytes.length) }),
      "x-forwarded-for": "198.51.100.7",
      "x-forwarded-proto": "https",
    },
    ...(url.search && { queryStringParameters: Object.fromEntries(url.searchParams) }),
    requestContext: {
      accountId: "anonymous",
      apiId: "sandbox",
      domainName: url.host,
      domainPrefix: "sandbox",
      http: {
        method: request.method,
        path: url.pathname,
        protocol: "HTTP/1.1",
        sourceIp: "198.51.100.7",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(bytes.length > 0 && { body: bytes.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: bytes.length > 0 && !isText,
  };
}

/** What a function URL makes of its function's result. */
export function responseOf(result: APIGatewayProxyStructuredResultV2): Response {
  const { statusCode: status = 200, headers = {}, body } = result;
  const all = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Response(body ?? null, { status, headers: all });
}

/** The event with one message of a FIFO queue. */
export function sqsEvent(message: Message, queueArn: string): SQSEvent {
  const { MessageId = "", ReceiptHandle = "", Body = "", Attributes = {} } = message;
  return {
    Records: [
      {
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes: {
          ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? "1",
          SentTimestamp: Attributes.SentTimestamp ?? "0",
          SenderId: Attributes.SenderId ?? "AROASANDBOX",
          ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? "0",
          ...(Attributes.SequenceNumber && { SequenceNumber: Attributes.SequenceNumber }),
          ...(Attributes.MessageGroupId && { MessageGroupId: Attributes.MessageGroupId }),
          ...(Attributes.MessageDeduplicationId && { MessageDeduplicationId: Attributes.MessageDeduplicationId }),
        },
        messageAttributes: {},
        md5OfBody: message.MD5OfBody ?? "",
        eventSource: "aws:sqs",
        eventSourceARN: queueArn,
        awsRegion: REGION,
      },
    ],
  };
}

/** The event of the alarm topic, with the text that CloudWatch published. */
export function snsEvent(message: string, subject = ""): SNSEvent {
  const topic = `arn:aws:sns:${REGION}:${ACCOUNT}:weighbridge-prod-alarms`;
  return {
    Records: [
      {
        EventVersion: "1.0",
        EventSubscriptionArn: `${topic}:${randomUUID()}`,
        EventSource: "aws:sns",
        Sns: {
          SignatureVersion: "1",
          Timestamp: new Date().toISOString(),
          Signature: "",
          SigningCertUrl: "",
          MessageId: randomUUID(),
          Message: message,
          MessageAttributes: {},
          Type: "Notification",
          UnsubscribeUrl: "",
          TopicArn: topic,
          Subject: subject,
        },
      },
    ],
  };
}

export function scheduleEvent(): EventBridgeEvent<"Scheduled Event", Record<string, never>> {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: ACCOUNT,
    time: new Date().toISOString(),
    region: REGION,
    resources: [`arn:aws:events:${REGION}:${ACCOUNT}:rule/weighbridge-prod-sweep`],
    detail: {},
  };
}
