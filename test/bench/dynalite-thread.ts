import { parentPort } from "node:worker_threads";
import { startDynalite } from "../support/dynalite.ts";

/** A DynamoDB in a thread of its own, so that what it needs of the processor is not taken from what is measured. */
const { endpoint } = await startDynalite();
parentPort?.postMessage(endpoint);
