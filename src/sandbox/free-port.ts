import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * For a program that needs to know its port before it starts. It stays below those the system hands out (from 32768 on),
 * because another process could get one of them before the program starts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}
