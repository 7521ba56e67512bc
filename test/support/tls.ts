import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer } from "node:tls";

const pem = (name: string) => new URL(`../fixtures/tls/${name}.pem`, import.meta.url);
/** To be trusted by NODE_EXTRA_CA_CERTS. */
export const CERTIFICATE_FILE = pem("certificate").pathname;

/** The same server, behind TLS at another port of this machine. */
export async function startTls(url: string): Promise<{ url: string; close(): void }> {
  const { port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer({ key: readFileSync(pem("key")), cert: readFileSync(pem("certificate")) }, (front) => {
    const behind = connect(Number(port), "127.0.0.1");
    for (const [socket, other] of [
      [front, behind],
      [behind, front],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  // A client that dies in the middle of its handshake.
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
