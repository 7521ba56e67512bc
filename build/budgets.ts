import type { FunctionName } from "./bundle.ts";

export interface Budget {
  /** Of everything that a start loads. */
  kilobytes: number;
  /** How many times as long as that of a bare echo bot, which is 90 KB of grammY, loading may take. */
  timesEcho: number;
  because: string;
}

export const BUDGETS: Record<FunctionName, Budget> = {
  http: { kilobytes: 880, timesEcho: 13, because: "somebody in the chat waits for its first answer" },
  worker: { kilobytes: 880, timesEcho: 13, because: "it is the same bot, and says what became of a run" },
  sweep: { kilobytes: 620, timesEcho: 12, because: "it starts every five minutes, and loading costs money" },
  alarm: {
    kilobytes: 460,
    // Measured: 6.7 to 7.9 on a busy machine.
    timesEcho: 9,
    because: "what it cannot load it cannot tell, so it has no program; the store is for its language only",
  },
};

/** Behind an import on demand, because on one machine nobody needs it. Here every start does. */
export const ALSO_LOADED = ["src/store/dynamodb/table.ts"];

/** What no start may load. The names are those of the metafile. */
export const FORBIDDEN: Array<{ input: RegExp; because: string }> = [
  { input: /node_modules\/undici\//, because: "730 KB that only a request to a vendor needs" },
  { input: /node_modules\/@garmin\/fitsdk\//, because: "440 KB that only an upload needs" },
  { input: /src\/store\/sqlite|builtin:node:sqlite/, because: "the store is DynamoDB" },
  {
    input: /node_modules\/grammy\/out\/(?!web\.mjs)/,
    because: "grammY's build for Node has an HTTP client of its own",
  },
  { input: /node_modules\/node-fetch\//, because: "that HTTP client" },
  { input: /^test\/|node_modules\/(dynalite|fauxqs|vitest)\//, because: "the sandbox belongs to tests and the demo" },
  { input: /credential-provider-(ini|sso|process|login|http)/, because: "credentials come by the environment" },
];

/** Of these a start has one copy at most: a second one has other classes, and weighs as much again. */
export const ONCE = ["grammy", "zod", "@aws-sdk/core", "@smithy/core", "@grammyjs/conversations"];
