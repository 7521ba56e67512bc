import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { freePort } from "../../src/sandbox/free-port.ts";

/** Amazon's DynamoDB Local as a process, in memory. `folder` has its jars and native library. */
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

/** It is ready when it answers; until then it refuses within milliseconds. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  }
}
