import type { FunctionName } from "./bundle.ts";

export interface Budget {
  kilobytes: number;
  /** The most CPU of a whole cold start, as a multiple of a bare echo bot's, with a quarter of room for noise. */
  timesEcho: number;
  because: string;
}

export const BUDGETS: Record<FunctionName, Budget> = {
  http: { kilobytes: 770, timesEcho: 2.5, because: "somebody in the chat waits for its first answer" },
  worker: { kilobytes: 770, timesEcho: 3.6, because: "it is the same bot, which reports on a run" },
  sweep: { kilobytes: 385, timesEcho: 1.9, because: "it starts every five minutes, and AWS bills the loading" },
  alarm: {
    kilobytes: 380,
    timesEcho: 1.9,
    because: "it has to work when the program is broken, so it loads none of it, nor the table's client",
  },
};

/** Imported on demand, because one machine doesn't need it. Here every start does. */
export const ALSO_LOADED = ["src/store/dynamodb/table.ts"];

/** What no start may load, as the metafile names it. */
export const FORBIDDEN: Array<{ input: RegExp; because: string }> = [
  { input: /node_modules\/undici\//, because: "460 KB that only a request to a vendor needs" },
  { input: /node_modules\/@garmin\/fitsdk\//, because: "only an upload needs it" },
  { input: /node_modules\/(@resvg|d3-\w+)\/|src\/bot\/charts\//, because: "only a picture needs it" },
  { input: /src\/store\/sqlite|:node:sqlite/, because: "the store is DynamoDB" },
  {
    input: /node_modules\/grammy\/out\/(?!web\.mjs)/,
    because: "grammY's build for Node has an HTTP client of its own",
  },
  { input: /node_modules\/node-fetch\//, because: "that HTTP client" },
  { input: /^test\/|node_modules\/(dynalite|fauxqs|vitest)\//, because: "they are for tests and the demo" },
  {
    input: /node_modules\/@aws-sdk\/client-(?!dynamodb\/)/,
    because: "src/lib/aws-client.ts makes the other calls with half of the CPU",
  },
  { input: /credential-provider-(ini|sso|process|login|http)/, because: "credentials come from the environment" },
];

/** A second copy of these would have other classes and double the weight. */
export const ONCE = ["grammy", "zod", "@aws-sdk/core", "@smithy/core", "@grammyjs/conversations"];
