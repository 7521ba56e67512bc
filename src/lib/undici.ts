/**
 * The two parts of undici that we use, by the paths of its exact version: its index also loads fetch, WebSocket, caches and
 * mocks, which take three times the time and twice the memory.
 */

import request from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";

export { Agent, request };
