import { randomUUID } from "node:crypto";
import { parseJson } from "../../src/lib/json.ts";
import { type Answer, type Call, routed, serve } from "../../src/sandbox/serve.ts";

/** A function's error, in place of a result. */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
  /** The name of the error, or Lambda's name for how the process ended. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export interface RuntimeApi {
  /** `host:port`, as the runtime client takes it. */
  readonly address: string;
  /** Resolves with what the handler returned; rejects with a {@link FunctionError}. One event at a time. */
  invoke(event: unknown, timeoutSeconds: number): Promise<unknown>;
  /** Resolves when the process waits for the next event. */
  ready(): Promise<void>;
  /** The process is gone, or will be killed: its event has no result. */
  fail(error: FunctionError): void;
  /** Whether this process can't take another event. */
  readonly isOver: boolean;
  close(): Promise<void>;
}

const VERSION = "/2018-06-01/runtime";
const ACCEPTED = { status: 202, headers: { "content-type": "application/json" } };

/** Where a function's process asks AWS for work, one for each process. Its clock is `aheadSeconds` ahead, like the process's. */
export async function startRuntimeApi(functionName: string, { aheadSeconds = 0 } = {}): Promise<RuntimeApi> {
  let current: { requestId: string; resolve(result: unknown): void; reject(error: Error): void } | undefined;
  /** Set while the process waits for an event. */
  let give: ((event: Response) => void) | undefined;
  let isOver = false;
  let waiting = Promise.withResolvers<void>();
  // If nobody asks whether it is ready, the invocation fails.
  waiting.promise.catch(() => {});

  function next(): Promise<Answer> {
    return new Promise((resolve) => {
      give = resolve;
      waiting.resolve();
    });
  }

  function settle({ params, seen }: Call): Response {
    const { requestId, outcome } = params;
    if (current === undefined || current.requestId !== requestId) {
      return Response.json({ errorType: "InvalidRequestID" }, { status: 400 });
    }
    if (outcome === "error") current.reject(errorIn(seen.body));
    else current.resolve(seen.body === "" ? undefined : parseJson(seen.body));
    current = undefined;
    return new Response('{"status":"OK"}', ACCEPTED);
  }

  function fail(error: FunctionError) {
    isOver = true;
    give = undefined;
    waiting.reject(error);
    current?.reject(error);
    current = undefined;
  }

  const served = await serve(
    routed(
      [
        { method: "GET", path: `${VERSION}/invocation/next`, handle: next },
        {
          method: "POST",
          path: /^\/2018-06-01\/runtime\/invocation\/(?<requestId>[\w-]+)\/(?<outcome>response|error)$/,
          handle: settle,
        },
        {
          method: "POST",
          path: `${VERSION}/init/error`,
          handle({ seen }) {
            fail(errorIn(seen.body));
            return new Response('{"status":"OK"}', ACCEPTED);
          },
        },
      ],
      () => Response.json({ errorType: "NotFound" }, { status: 404 }),
    ),
    { name: "runtime" },
  );

  return {
    address: new URL(served.url).host,
    ready: () => waiting.promise,
    async invoke(event, timeoutSeconds) {
      await waiting.promise;
      if (!give) throw new Error("a process does one thing at a time");
      const requestId = randomUUID();
      const result = new Promise<unknown>((resolve, reject) => {
        current = { requestId, resolve, reject };
      });
      waiting = Promise.withResolvers();
      waiting.promise.catch(() => {});
      const headers = {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": requestId,
        "lambda-runtime-deadline-ms": String(Date.now() + (aheadSeconds + timeoutSeconds) * 1000),
        "lambda-runtime-invoked-function-arn": `arn:aws:lambda:eu-central-1:000000000000:function:${functionName}`,
        "lambda-runtime-trace-id": "Root=1-00000000-000000000000000000000000;Sampled=0",
      };
      give(new Response(JSON.stringify(event), { headers }));
      give = undefined;
      return result;
    },
    fail,
    get isOver() {
      return isOver;
    },
    close: () => served.close(),
  };
}

function errorIn(body: string): FunctionError {
  const { errorType = "Unknown", errorMessage = "" } = (parseJson(body) ?? {}) as Record<string, string | undefined>;
  return new FunctionError(errorType, errorMessage);
}
