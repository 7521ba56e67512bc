import type { APIGatewayProxyStructuredResultV2, LambdaFunctionURLEvent } from "aws-lambda";
import { type HttpRequest, type HttpResponse, isToken, requestOf } from "../http/message.ts";

/** The request that a function URL describes. Undefined if its method, address or headers are invalid. */
export function readEvent(event: LambdaFunctionURLEvent): HttpRequest | undefined {
  const { rawPath, rawQueryString, cookies, body, isBase64Encoded } = event;
  const headers = Object.entries(event.headers).map(([name, value = ""]) => [name.toLowerCase(), value] as const);
  if (headers.some(([name, value]) => !isToken(name) || /[\0\r\n]/.test(value))) return undefined;
  return requestOf(
    event.requestContext.http.method,
    // With the host, because a path may begin with two slashes.
    `http://localhost${rawPath}${rawQueryString && `?${rawQueryString}`}`,
    // AWS takes cookies out of the headers.
    cookies ? [...headers, ["cookie", cookies.join("; ")]] : headers,
    body === undefined ? [] : [Buffer.from(body, isBase64Encoded ? "base64" : "utf8")],
  );
}

export function resultOf({ status, headers, body }: HttpResponse, method: string): APIGatewayProxyStructuredResultV2 {
  return { statusCode: status, headers, ...(method !== "HEAD" && body && { body, isBase64Encoded: false }) };
}
