import type { FunctionName } from "../../build/bundle.ts";

/** The memory that buys a whole core. Less memory buys that much less of a core. */
export const CORE_MEGABYTES = 1769;

/** What serverless.yml gives each function, which a test of the template compares. */
export const SIZES: Record<FunctionName, { timeoutSeconds: number; memoryMegabytes: number }> = {
  http: { timeoutSeconds: 120, memoryMegabytes: 1769 },
  worker: { timeoutSeconds: 300, memoryMegabytes: 512 },
  sweep: { timeoutSeconds: 120, memoryMegabytes: 512 },
  alarm: { timeoutSeconds: 30, memoryMegabytes: 512 },
};
