/**
 * The two parts of undici that we use, by the paths of its exact version: its index also loads fetch, WebSocket, caches and
 * mocks, which take three times the time and twice the memory.
 */

import type { Dispatcher } from "undici";
import ask from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";
import { setWasmOptimizing } from "./wasm-optimizing.ts";

export { Agent };

/**
 * undici compiles its parser, which is WebAssembly, with its first connection. Whether V8 optimizes it is decided then, for good;
 * optimizing it takes 40 ms of CPU and 20 MB for the first three answers.
 */
let isParserCompiled = false;

export const request: typeof ask = async function (this: Dispatcher, options) {
  if (isParserCompiled) return ask.call(this, options);
  setWasmOptimizing(false);
  try {
    const answer = await ask.call(this, options);
    isParserCompiled = true;
    return answer;
  } finally {
    setWasmOptimizing(true);
  }
};
