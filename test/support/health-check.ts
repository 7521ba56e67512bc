import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { BIN } from "./cli-process.ts";

/** What the container runs every minute. Resolves with its exit code; `folder` holds its state. */
export async function healthCheck(port: string | number, folder: string): Promise<number> {
  const env = { PATH: process.env.PATH, TMPDIR: folder, PORT: String(port) };
  const [code] = await once(spawn(process.execPath, [path.resolve(BIN, "../health.js")], { env }), "exit");
  return code;
}
