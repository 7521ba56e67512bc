import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

const START_SECONDS = 60;

/** moto ends with its standard input, so it doesn't outlive this process, however that ends. */
export async function startMoto(python: string, options: { functionUrl: string; folder: string }) {
  const child = spawn(python, [path.join(import.meta.dirname, "moto_server.py"), options.functionUrl], {
    cwd: options.folder,
    env: {
      PATH: process.env.PATH,
      HOME: options.folder,
      PYTHONDONTWRITEBYTECODE: "1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said = text(child.stderr);
  const ended = once(child, "close");
  const timer = setTimeout(() => child.kill("SIGKILL"), START_SECONDS * 1000);
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended])) as [unknown];
  clearTimeout(timer);
  if (typeof line !== "string" || !/^\d+$/.test(line)) throw new Error(`moto did not start:\n${await said}`);
  return {
    url: `http://127.0.0.1:${line}`,
    async close() {
      child.stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(late);
    },
  };
}
