import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { bundleFunction, type FunctionName, ROOT } from "../../build/bundle.ts";
import type { Environment } from "../../src/config/environment.ts";
import { functionUrlEvent } from "../lambda/events.ts";
import { createFunction, type FunctionProcess } from "../lambda/function-process.ts";
import { SIZES } from "../lambda/sizes.ts";

/** Processes of one function, each of which handles one call at a time. Calls wait for a free one. */
export async function startInstances(name: FunctionName, count: number, env: Environment) {
  const folder = path.join(ROOT, "node_modules/.cache/bench", name);
  await bundleFunction(name, folder);
  const all = Array.from({ length: count }, () => createFunction({ name, folder, env, ...SIZES[name] }));
  const free = [...all];
  const waiting: Array<(it: FunctionProcess) => void> = [];

  return {
    all,
    async invoke(event: unknown): Promise<unknown> {
      const it = free.pop() ?? (await new Promise<FunctionProcess>((resolve) => waiting.push(resolve)));
      try {
        return await it.invoke(event);
      } finally {
        const next = waiting.shift();
        if (next) next(it);
        else free.push(it);
      }
    },
    close: () => Promise.all(all.map((it) => it.close())),
  };
}
export type Instances = Awaited<ReturnType<typeof startInstances>>;

/** A function's address on this machine. `seen` gets how long each answer took, by the update's number. */
export async function startFunctionUrl(
  { invoke }: Instances,
  {
    twice,
    seen,
  }: { twice: (updateId: number) => boolean; seen: (updateId: number, ms: number, status: number) => void },
): Promise<{ url: string; close(): void }> {
  const server: Server = createServer(async (incoming, outgoing) => {
    const startedMs = performance.now();
    const body = await text(incoming);
    const { update_id: updateId } = JSON.parse(body) as { update_id: number };
    const headers = Object.entries(incoming.headers).map(([key, value]): [string, string] => [key, String(value)]);
    const event = await functionUrlEvent(
      new Request(`https://weighbridge.example.org${incoming.url}`, { method: "POST", headers, body }),
    );
    const calls = [invoke(event), ...(twice(updateId) ? [invoke(event)] : [])];
    const answers = (await Promise.all(calls)) as APIGatewayProxyStructuredResultV2[];
    // Telegram gets the first answer; it had given up the other call.
    const { statusCode = 502, headers: answered = {} } = answers[0] ?? {};
    seen(updateId, performance.now() - startedMs, statusCode);
    outgoing.writeHead(statusCode, answered as Record<string, string>).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
