/** A request, whatever carried it. Not one of the Fetch classes, because loading them costs a cold function 20 ms of CPU. */
export interface HttpRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  /** By their names in lower case. */
  headers: ReadonlyMap<string, string>;
  /** Empty for GET and HEAD. */
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body?: string;
}

export const BAD_REQUEST: HttpResponse = { status: 400, headers: {} };

/** Whether this can be the name of a header or a method (RFC 9110, 5.6.2). */
export const isToken = (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text);

/** Methods that only make sense for a proxy. */
const REFUSED_METHODS = ["CONNECT", "TRACE", "TRACK"];

/** Undefined if the method or the address is invalid. The sender chooses the host in the address, so it means nothing here. */
export function requestOf(
  method: string,
  address: string,
  headers: Iterable<readonly [string, string]>,
  body: HttpRequest["body"],
): HttpRequest | undefined {
  const url = URL.parse(address, "http://localhost");
  if (!url || url.username || url.password || !isToken(method) || REFUSED_METHODS.includes(method)) return undefined;
  const hasBody = method !== "GET" && method !== "HEAD";
  return {
    ...{ method, path: url.pathname, query: url.searchParams },
    ...{ headers: new Map(headers), body: hasBody ? body : [] },
  };
}
