import { isUtf8 } from "node:buffer";
import type { APIGatewayProxyStructuredResultV2, LambdaFunctionURLEvent } from "aws-lambda";

/** The request that a function URL describes. Undefined if its method, address or headers are invalid. */
export function requestOf(event: LambdaFunctionURLEvent): Request | undefined {
  const { method } = event.requestContext.http;
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(event.headers)) if (value !== undefined) headers.set(name, value);
    // AWS takes them out of the headers.
    if (event.cookies) headers.set("cookie", event.cookies.join("; "));
    const query = event.rawQueryString && `?${event.rawQueryString}`;
    const body =
      method === "GET" || method === "HEAD" || event.body === undefined
        ? {}
        : { body: Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8") };
    // The sender chooses the host name, so it means nothing here.
    return new Request(`http://localhost${event.rawPath}${query}`, { method, headers, ...body });
  } catch {
    return undefined;
  }
}

/** What a function URL is to answer. */
export async function resultOf(response: Response, method: string): Promise<APIGatewayProxyStructuredResultV2> {
  const { "set-cookie": _, ...headers } = Object.fromEntries(response.headers);
  const cookies = response.headers.getSetCookie();
  const bytes = Buffer.from(await response.arrayBuffer());
  const isText = isUtf8(bytes);
  return {
    statusCode: response.status,
    headers,
    ...(cookies.length > 0 && { cookies }),
    ...(method !== "HEAD" &&
      bytes.length > 0 && { body: bytes.toString(isText ? "utf8" : "base64"), isBase64Encoded: !isText }),
  };
}
