import { Reply } from "../reply.ts";
/** Withings always answers HTTP 200; `status` in the body says how it went. */
export function ok(body: unknown): Reply {
  return Reply.json({ status: 0, body });
}

/** Some refusals have an empty `body`, others none. */
export function refused(status: number, error: string, shape: "empty body" | "no body" = "empty body"): Reply {
  return Reply.json(shape === "empty body" ? { status, body: {}, error } : { status, error });
}

/** `waitSeconds` comes in the body, not in a header. */
export const tooMany = ({ error, waitSeconds }: { error: string; waitSeconds: number | undefined }) =>
  Reply.json({ status: 601, body: waitSeconds === undefined ? {} : { wait_seconds: waitSeconds }, error });

export const invalidToken = () =>
  refused(401, "XRequestID: Not provided invalid_token: The access token provided is invalid");

export const insufficientScope = () =>
  refused(
    403,
    "XRequestID: [Not provided] - Insufficient_scope: The request requires higher privileges than provided by the access token",
    "no body",
  );

export const unknownAction = () => refused(2554, "Not implemented");
