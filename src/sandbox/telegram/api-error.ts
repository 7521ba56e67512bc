import { Reply } from "../reply.ts";
/** How the Bot API refuses: an HTTP status, the same number in the body, and a sentence. */
export class ApiError extends Error {
  readonly code: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, description: string, retryAfterSeconds?: number) {
    super(description);
    this.name = "ApiError";
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export const badRequest = (what: string) => new ApiError(400, `Bad Request: ${what}`);
export const forbidden = (what: string) => new ApiError(403, `Forbidden: ${what}`);
export const conflict = (what: string) => new ApiError(409, `Conflict: ${what}`);

export function okResponse(result: unknown): Reply {
  return Reply.json({ ok: true, result });
}

export function errorResponse({ code, message, retryAfterSeconds }: ApiError): Reply {
  const parameters = retryAfterSeconds === undefined ? {} : { parameters: { retry_after: retryAfterSeconds } };
  return Reply.json({ ok: false, error_code: code, description: message, ...parameters }, { status: code });
}
