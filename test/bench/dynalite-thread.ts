import { parentPort } from "node:worker_threads";
import { startDynalite } from "../support/dynalite.ts";

/** In its own thread, so that its processor time isn't part of what is measured. */
const { endpoint } = await startDynalite();
parentPort?.postMessage(endpoint);
