/** Withings answers HTTP 200 whatever happens; `status` in the envelope tells. */
export function ok(body: unknown): Response {
  return Response.json({ status: 0, body });
}

/** Some refusals carry an empty `body`, others none: a client must live with both. */
export function refused(status: number, error: string, shape: "empty body" | "no body" = "empty body"): Response {
  return Response.json(shape === "empty body" ? { status, body: {}, error } : { status, error });
}

/** `waitSeconds`, where Withings tells it, is in the body and in no header. */
export const tooMany = ({ error, waitSeconds }: { error: string; waitSeconds: number | undefined }) =>
  Response.json({ status: 601, body: waitSeconds === undefined ? {} : { wait_seconds: waitSeconds }, error });

export const invalidToken = () =>
  refused(401, "XRequestID: Not provided invalid_token: The access token provided is invalid");

export const insufficientScope = () =>
  refused(
    403,
    "XRequestID: [Not provided] - Insufficient_scope: The request requires higher privileges than provided by the access token",
    "no body",
  );

export const unknownAction = () => refused(2554, "Not implemented");
