import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import * as z from "zod";
import { actionInputs, isActionName, type Observe, type Observed, type PanelActions } from "./panel-contract.ts";
import { checked, HEADERS, Refused, readJson, sendJson, sentence } from "./panel-http.ts";
import { type PanelState, panelState } from "./panel-state.ts";
import { ButtonGone, type PersonChat } from "./telegram/chat.ts";
import type { Telegram } from "./telegram.ts";

export interface PanelWorld {
  telegram: Telegram;
  /** Whose chat the page shows. */
  chatUser: PersonChat;
  actions: PanelActions;
  observe: Observe;
}

export interface Panel {
  readonly url: string;
  /** Another world in place of the one shown: every page begins again with it. */
  show(world: PanelWorld): void;
  close(): Promise<void>;
}

const PAGE = join(import.meta.dirname, "page");
const PAGE_FILE = /^\/([a-z-]+\.(?:css|js|svg))$/;
const CONTENT_TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};
const OBSERVE_EVERY_MS = 1000;
/** Several things happen at once when a bot answers; the page gets them as one. */
const GATHER_MS = 15;

const Say = z.strictObject({ text: z.string().trim().min(1).max(4096) });
const Tap = z.strictObject({ button: z.string().min(1), messageId: z.int() });

/** The page with the chat and the switches. It knows no vendor: what happens and what is seen come from the caller. */
export async function startPanel({ port = 0, ...first }: PanelWorld & { port?: number | undefined }): Promise<Panel> {
  let world: PanelWorld = first;
  let beginning = 1;
  const listeners = new Set<ServerResponse>();
  let observed: Observed | null = null;
  let problem: string | null = null;
  let lastSent = "";
  let gathering: NodeJS.Timeout | undefined;
  let hosts: readonly string[] = [];

  async function look() {
    const looked = world;
    try {
      const seen = await looked.observe();
      if (looked !== world) return;
      observed = seen;
      problem = null;
    } catch (error) {
      if (looked !== world) return;
      problem = `What the vendors show could not be read: ${sentence(error)}`;
    }
  }

  const state = (): PanelState => panelState(world, { beginning, observed, problem });

  function push() {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      const text = JSON.stringify(state());
      if (text === lastSent) return;
      lastSent = text;
      for (const listener of listeners) listener.write(`data: ${text}\n\n`);
    }, GATHER_MS);
  }

  async function refresh() {
    await look();
    push();
  }

  async function act(name: string, body: unknown): Promise<string> {
    if (!isActionName(name)) throw new Refused(404, `There is no action "${name}".`);
    const input = checked<unknown>(actionInputs[name], body);
    // The input was checked for this very action, which TypeScript cannot follow through the two lookups.
    const action = world.actions[name] as (given: unknown) => Promise<string>;
    try {
      return await action(input);
    } finally {
      await refresh();
    }
  }

  async function post(path: string, body: unknown): Promise<string> {
    if (path === "/panel/say") {
      world.chatUser.say(checked(Say, body).text);
      return "";
    }
    if (path === "/panel/tap") {
      const { button, messageId } = checked(Tap, body);
      tap(button, messageId);
      return "";
    }
    const [, action] = /^\/panel\/action\/(\w+)$/.exec(path) ?? [];
    if (action === undefined) throw new Refused(404, "There is nothing here.");
    return act(action, body);
  }

  function tap(button: string, messageId: number) {
    try {
      world.chatUser.tap(button, messageId);
    } catch (error) {
      // In another tab, for instance, the same question was answered a moment ago.
      if (error instanceof ButtonGone) throw new Refused(422, "That button is gone: the bot has changed its message.");
      throw error;
    }
  }

  async function listen(response: ServerResponse) {
    response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
    listeners.add(response);
    response.on("close", () => listeners.delete(response));
    await look();
    response.write(`data: ${JSON.stringify(state())}\n\n`);
  }

  async function get(path: string, response: ServerResponse) {
    if (path === "/panel/events") return listen(response);
    if (path === "/panel/state") {
      await look();
      return sendJson(response, 200, state());
    }
    const [, fileId] = /^\/panel\/file\/(\w+)$/.exec(path) ?? [];
    if (fileId !== undefined) return sendFile(response, world.telegram, fileId);
    const name = path === "/" ? "index.html" : PAGE_FILE.exec(path)?.[1];
    const bytes = name === undefined ? undefined : await readFile(join(PAGE, name)).catch(() => undefined);
    if (name === undefined || bytes === undefined) throw new Refused(404, "There is nothing here.");
    response.writeHead(200, { ...HEADERS, "content-type": CONTENT_TYPES[extname(name)] ?? "text/plain" }).end(bytes);
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    // A page from elsewhere, even under a name that resolves to this machine, must not drive the chat.
    if (!hosts.includes(request.headers.host ?? "")) throw new Refused(403, "This page is for this machine only.");
    const { pathname } = new URL(request.url ?? "/", "http://panel");
    if (request.method === "GET") return get(pathname, response);
    if (request.method !== "POST") throw new Refused(405, "Only GET and POST work here.");
    if (request.headers["content-type"]?.split(";")[0] !== "application/json") {
      throw new Refused(415, "The request must be JSON.");
    }
    sendJson(response, 200, { message: await post(pathname, await readJson(request)) });
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, error instanceof Refused ? error.status : 422, { message: sentence(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  hosts = [`127.0.0.1:${bound}`, `localhost:${bound}`];
  let stopListening = world.telegram.onEvent(push);
  const timer = setInterval(() => {
    if (listeners.size > 0) refresh();
  }, OBSERVE_EVERY_MS);

  return {
    url: `http://127.0.0.1:${bound}`,
    show(next) {
      stopListening();
      world = next;
      beginning += 1;
      observed = null;
      problem = null;
      stopListening = world.telegram.onEvent(push);
      push();
    },
    close: () =>
      new Promise((resolve) => {
        stopListening();
        clearInterval(timer);
        clearTimeout(gathering);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendFile(response: ServerResponse, telegram: Telegram, fileId: string) {
  const file = telegram.file(fileId);
  if (!file) throw new Refused(404, "There is no such file.");
  const isImage = /^image\/(png|jpeg|webp)$/.test(file.mimeType);
  const type = isImage ? file.mimeType : "application/octet-stream";
  const disposition = isImage ? {} : { "content-disposition": "attachment" };
  response.writeHead(200, { ...HEADERS, "content-type": type, ...disposition }).end(file.bytes);
}
