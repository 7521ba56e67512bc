import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { freePort } from "../../src/sandbox/free-port.ts";

/** Amazon's own DynamoDB Local in a process of its own, in memory: the jars and the native library lie in `folder`. */
export async function startDynamoDbLocal(folder: string): Promise<{ endpoint: string; close(): Promise<void> }> {
  const port = await freePort();
  const java = ["-Xmx256m", `-Djava.library.path=${folder}`, "-cp", path.join(folder, "*")];
  const main = ["com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-disableTelemetry"];
  const child = spawn("java", [...java, ...main, "-port", String(port)], { stdio: "ignore" });
  const ended = once(child, "exit");
  const close = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null) throw new Error(`DynamoDB Local from ${folder} ended with ${child.exitCode}`);
  }
  return { endpoint, close };
}

/** It has no sign of being ready but an answer, and until then refuses in a few milliseconds. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  }
}
