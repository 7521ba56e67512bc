import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * A port of this machine that nobody uses, for a program that has to be told its own before it starts. It is none of those
 * that the system hands out by itself (from 32768 on): between our look and that start somebody else would get it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const probe = createServer().listen(port, "127.0.0.1");
    // The wait rejects when the port is taken.
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}
