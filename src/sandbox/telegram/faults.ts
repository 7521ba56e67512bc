import type { NewFault } from "../faults.ts";

interface Refusal {
  method: string;
  times?: number;
}
export function floodWait({ method, times, retryAfterSeconds }: Refusal & { retryAfterSeconds: number }): NewFault {
  const description = `Too Many Requests: retry after ${retryAfterSeconds}`;
  return refusal({ method, times, code: 429, description, parameters: { retry_after: retryAfterSeconds } });
}

export function refuse({
  method,
  times,
  code,
  description,
}: Refusal & { code: number; description: string }): NewFault {
  return refusal({ method, times, code, description });
}

function refusal(given: {
  method: string;
  times: number | undefined;
  code: number;
  description: string;
  parameters?: { retry_after: number };
}): NewFault {
  const { method, times, code, description, parameters } = given;
  return {
    name: `telegram_${method}_${code}`,
    server: "telegram",
    match: { path: new RegExp(`/${method}$`, "i") },
    ...(times === undefined ? {} : { times }),
    effect: {
      type: "status",
      status: code,
      body: { ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) },
    },
  };
}
