import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import * as z from "zod";
import { PROJECT_ROOT } from "../lib/project-root.ts";
import { actionInputs, isActionName, type Observe, type Observed, type PanelActions } from "./panel-contract.ts";
import { checked, HEADERS, Refused, readJson, sendJson, sentence } from "./panel-http.ts";
import { type PanelState, panelState } from "./panel-state.ts";
import { ButtonGone, type PersonChat } from "./telegram/chat.ts";
import type { Telegram } from "./telegram.ts";

export interface PanelWorld {
  telegram: Telegram;
  chatUser: PersonChat;
  actions: PanelActions;
  observe: Observe;
}

const PAGE = join(PROJECT_ROOT, "src/sandbox/page");
const PAGE_FILE = /^\/([a-z-]+\.(?:css|js|svg))$/;
const CONTENT_TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};
const OBSERVE_EVERY_MS = 1000;
/** A bot's answer is several events; the page gets them as one. */
const GATHER_MS = 15;

const Say = z.strictObject({ text: z.string().trim().min(1).max(4096) });
const Tap = z.strictObject({ button: z.string().min(1), messageId: z.int() });

/** Serves the page. It knows no vendor: the caller brings what the buttons do and what the page shows. */
export async function startPanel({ port = 0, ...world }: PanelWorld & { port?: number | undefined }): Promise<Panel> {
  const panel = new Panel(world);
  await panel.listen(port);
  return panel;
}

export class Panel {
  #world: PanelWorld;
  #beginning = 1;
  #observed: Observed | null = null;
  #problem: string | null = null;
  #lastSent = "";
  #gathering: NodeJS.Timeout | undefined;
  #stopListening = () => {};
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, error instanceof Refused ? error.status : 422, { message: sentence(error) });
    });
  });

  constructor(world: PanelWorld) {
    this.#world = world;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    this.#stopListening = this.#world.telegram.onEvent(() => this.#push());
    this.#timer = setInterval(() => {
      if (this.#listeners.size > 0) this.#refresh();
    }, OBSERVE_EVERY_MS);
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Replaces the world; every open page starts over. */
  show(next: PanelWorld): void {
    this.#stopListening();
    this.#world = next;
    this.#beginning += 1;
    this.#observed = null;
    this.#problem = null;
    this.#stopListening = next.telegram.onEvent(() => this.#push());
    this.#push();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopListening();
      clearInterval(this.#timer);
      clearTimeout(this.#gathering);
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse) {
    // No other website may drive the chat, not even under a name that resolves to this machine.
    const hosts = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (!hosts.includes(request.headers.host ?? "")) throw new Refused(403, "This page is for this machine only.");
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://panel");
    if (request.method === "GET") return this.#get(pathname, searchParams, response);
    if (request.method !== "POST") throw new Refused(405, "Only GET and POST work here.");
    if (request.headers["content-type"]?.split(";")[0] !== "application/json") {
      throw new Refused(415, "The request must be JSON.");
    }
    sendJson(response, 200, { message: await this.#post(pathname, await readJson(request)) });
  }

  async #get(path: string, query: URLSearchParams, response: ServerResponse) {
    if (path === "/panel/events") return this.#listenTo(response);
    if (path === "/panel/state") {
      await this.#look();
      return sendJson(response, 200, this.#state());
    }
    if (path === "/panel/web-app") {
      const location = openWebApp(this.#world.chatUser, query.get("button") ?? "", Number(query.get("message")));
      return response.writeHead(302, { ...HEADERS, location }).end();
    }
    const [, fileId] = /^\/panel\/file\/(\w+)$/.exec(path) ?? [];
    if (fileId !== undefined) return sendFile(response, this.#world.telegram, fileId);
    const name = path === "/" ? "index.html" : PAGE_FILE.exec(path)?.[1];
    const bytes = name === undefined ? undefined : await readFile(join(PAGE, name)).catch(() => undefined);
    if (name === undefined || bytes === undefined) throw new Refused(404, "There is nothing here.");
    response.writeHead(200, { ...HEADERS, "content-type": CONTENT_TYPES[extname(name)] ?? "text/plain" }).end(bytes);
  }

  async #post(path: string, body: unknown): Promise<string> {
    if (path === "/panel/say") {
      this.#world.chatUser.say(checked(Say, body).text);
      return "";
    }
    if (path === "/panel/tap") {
      const { button, messageId } = checked(Tap, body);
      tap(this.#world.chatUser, button, messageId);
      return "";
    }
    const [, action] = /^\/panel\/action\/(\w+)$/.exec(path) ?? [];
    if (action === undefined) throw new Refused(404, "There is nothing here.");
    return this.#act(action, body);
  }

  async #act(name: string, body: unknown): Promise<string> {
    if (!isActionName(name)) throw new Refused(404, `There is no action "${name}".`);
    const input = checked<unknown>(actionInputs[name], body);
    // TypeScript can't see that the input was checked for this very action.
    const action = this.#world.actions[name] as (given: unknown) => Promise<string>;
    try {
      return await action(input);
    } finally {
      await this.#refresh();
    }
  }

  async #listenTo(response: ServerResponse) {
    response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
    this.#listeners.add(response);
    response.on("close", () => this.#listeners.delete(response));
    await this.#look();
    response.write(`data: ${JSON.stringify(this.#state())}\n\n`);
  }

  async #look() {
    const looked = this.#world;
    try {
      const seen = await looked.observe();
      if (looked !== this.#world) return;
      this.#observed = seen;
      this.#problem = null;
    } catch (error) {
      if (looked !== this.#world) return;
      this.#problem = `Couldn’t read what the vendors show: ${sentence(error)}`;
    }
  }

  #state(): PanelState {
    return panelState(this.#world, {
      beginning: this.#beginning,
      observed: this.#observed,
      problem: this.#problem,
    });
  }

  #push() {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      const text = JSON.stringify(this.#state());
      if (text === this.#lastSent) return;
      this.#lastSent = text;
      for (const listener of this.#listeners) listener.write(`data: ${text}\n\n`);
    }, GATHER_MS);
  }

  async #refresh() {
    await this.#look();
    this.#push();
  }
}

const tap = (chat: PersonChat, button: string, messageId: number) => orGone(() => chat.tap(button, messageId));
const openWebApp = (chat: PersonChat, button: string, messageId: number) =>
  orGone(() => chat.openWebApp(button, messageId));

function orGone<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof ButtonGone) throw new Refused(422, "That button is gone: the bot has changed its message.");
    throw error;
  }
}

function sendFile(response: ServerResponse, telegram: Telegram, fileId: string) {
  const file = telegram.file(fileId);
  if (!file) throw new Refused(404, "There is no such file.");
  const isImage = /^image\/(png|jpeg|webp)$/.test(file.mimeType);
  const type = isImage ? file.mimeType : "application/octet-stream";
  const disposition = isImage ? {} : { "content-disposition": "attachment" };
  response.writeHead(200, { ...HEADERS, "content-type": type, ...disposition }).end(file.bytes);
}
