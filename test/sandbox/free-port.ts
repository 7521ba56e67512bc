import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A port of this machine that nobody uses, for a program that has to be told its own before it starts. */
export async function freePort(): Promise<number> {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  return port;
}
