import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
// By import, because tests replace the global ones to let time pass faster than requests do.
import { clearTimeout, setTimeout } from "node:timers";

const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;

interface HttpsRequest {
  method?: string | undefined;
  headers?: Record<string, string> | undefined;
  body?: string | Buffer | undefined;
  signal?: AbortSignal | undefined;
  connectSeconds: number;
  answerSeconds: number;
}

export interface HttpsAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export type Https = ReturnType<typeof createHttps>;

/** For Telegram and AWS: node:https loads faster than undici or the Fetch classes, which a cold function feels. */
export function createHttps() {
  const agents = { "http:": new http.Agent({ keepAlive: true }), "https:": new https.Agent({ keepAlive: true }) };

  const ask = (url: URL, asked: HttpsRequest): Promise<HttpsAnswer> => {
    const { body, connectSeconds, answerSeconds, method, headers, signal } = asked;
    const isPlain = url.protocol === "http:";
    const options = { method, headers, signal, agent: agents[isPlain ? "http:" : "https:"] };
    return new Promise((resolve, reject) => {
      let late: unknown;
      // The signal's own error names the reason.
      const fail = (error: unknown) => reject(late ?? (signal?.aborted ? signal.reason : error));
      const request = (isPlain ? http : https).request(url, options, (response) => {
        const { statusCode: status = 0, headers } = response;
        textOf(response).then((text) => resolve({ status, headers, text }), fail);
      });
      // Ends with the request. One of AbortSignal.timeout would stay, and wake a program that sleeps.
      const timer = setTimeout(() => {
        late = new DOMException(`no answer in ${answerSeconds} seconds`, "TimeoutError");
        request.destroy();
      }, answerSeconds * 1000);
      request.once("close", () => clearTimeout(timer));
      request.once("socket", (socket) => limitConnecting(socket, connectSeconds));
      request.on("error", (error: NodeJS.ErrnoException) => {
        // The other end closed this connection while we slept, as between two calls of a function, so it got nothing.
        if (request.reusedSocket && error.code === "ECONNRESET" && !late) ask(url, asked).then(resolve, reject);
        else fail(error);
      });
      request.end(body);
    });
  };

  return {
    /** One request, whose answer may have any status. Rejects if there is none. */
    ask,
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** An answer may take long, but connecting may not take that long. */
function limitConnecting(socket: Socket, seconds: number) {
  if (!socket.connecting) return;
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error("no connection"), { code: "ETIMEDOUT" })),
    seconds * 1000,
  );
  for (const end of ["connect", "close"]) socket.once(end, () => clearTimeout(timer));
}
