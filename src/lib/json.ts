import type * as z from "zod";

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where a value didn't fit its schema. Paths and kinds only, never values: they may be tokens. */
export function issuePaths(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.code}`)
    .join(", ");
}
