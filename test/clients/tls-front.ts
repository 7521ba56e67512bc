import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import path from "node:path";
import { CannotRun } from "../support/python.ts";

export interface TlsFront {
  readonly port: number;
  /** The certificate to trust: a PEM file. */
  readonly certificate: string;
  /** By version of HTTP: "1.1", "2.0". */
  readonly versions: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/**
 * Serves the vendors' names over TLS, in HTTP/2 or HTTP/1.1, in front of local servers: real clients know no other addresses.
 * `upstreams` maps a host name to the address behind it.
 */
export async function startTlsFront(upstreams: Readonly<Record<string, string>>, folder: string): Promise<TlsFront> {
  const { key, certificate } = selfSigned(Object.keys(upstreams), folder);
  const versions = new Map<string, number>();
  const server = createSecureServer({ key: readFileSync(key), cert: readFileSync(certificate), allowHTTP1: true });
  const sockets = new Set<Socket>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("request", (incoming, outgoing) => {
    versions.set(incoming.httpVersion, (versions.get(incoming.httpVersion) ?? 0) + 1);
    const host = incoming.authority ?? incoming.headers.host ?? "";
    const upstream = upstreams[host.split(":")[0] ?? ""];
    if (upstream) passOn(incoming, outgoing, new URL(incoming.url, upstream), host);
    else outgoing.writeHead(421).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    versions,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Throws if openssl is missing, which makes the certificate. */
export function needsOpenssl(): void {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
  } catch {
    throw new CannotRun("openssl is missing, which makes the test's certificate.");
  }
}

function selfSigned(names: string[], folder: string): { key: string; certificate: string } {
  const key = path.join(folder, "key.pem");
  const certificate = path.join(folder, "certificate.pem");
  const altNames = names.map((name) => `DNS:${name}`).join(",");
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=sandbox", "-addext", `subjectAltName=${altNames}`, "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  return { key, certificate };
}

/** HTTP/2's own fields, and those about a single connection. */
const NOT_PASSED_ON = /^(:.*|connection|keep-alive|transfer-encoding|upgrade|http2-settings|te)$/;

function passOn(incoming: Http2ServerRequest, outgoing: Http2ServerResponse, url: URL, host: string): void {
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !NOT_PASSED_ON.test(name)));
  const behind = request(url, { method: incoming.method, headers: { ...headers, host } }, (answer: IncomingMessage) => {
    const kept = Object.entries(answer.headers).filter(([name]) => !NOT_PASSED_ON.test(name));
    outgoing.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
    answer.pipe(outgoing);
  });
  // An error behind the front breaks the connection in front of it.
  behind.on("error", () => outgoing.stream?.destroy() ?? outgoing.destroy());
  incoming.pipe(behind);
}
