interface ReplyOptions {
  status?: number;
  headers?: Record<string, string>;
}

/** An answer as the platform's `Response` has it, without a stream: to make and read one of those takes longer than to send it. */
export class Reply {
  readonly body: string | Uint8Array | null;
  readonly status: number;
  readonly headers: Headers;

  constructor(body: string | Uint8Array | null, { status = 200, headers }: ReplyOptions = {}) {
    this.body = body;
    this.status = status;
    this.headers = new Headers(headers);
    if (typeof body === "string" && !this.headers.has("content-type")) {
      this.headers.set("content-type", "text/plain;charset=UTF-8");
    }
  }

  static json(value: unknown, { status, headers }: ReplyOptions = {}): Reply {
    return new Reply(JSON.stringify(value), {
      ...(status !== undefined && { status }),
      headers: { "content-type": "application/json", ...headers },
    });
  }
}
