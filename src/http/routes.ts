import { createHash, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { MANUAL_SYNC_PATH, SIGN_IN_PATH, TELEGRAM_PATH, WITHINGS_PATHS } from "../config/paths.ts";
import { ActionNeededError, RetryLaterError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { lazy } from "../lib/lazy.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { Notified } from "../sync/jobs/worker.ts";
import type { CallbackOutcome, LinkResult, WithingsLinking } from "../sync/links/withings-consent.ts";
import type { Language } from "../sync/model/account.ts";
import type { OutcomeReport } from "../sync/model/outcome.ts";
import { escaped, HEADERS, json, plain, readBody } from "./answers.ts";
import type { HttpRequest, HttpResponse } from "./message.ts";

export type Http = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpDeps {
  withCallback: WithingsLinking["withCallback"];
  /** Tells the chat. The page doesn't wait for it, and it never throws. */
  onLinked: (account: number, result: LinkResult) => void;
  /** The words of the callback page, without markup. `account`: whose consent it was, if known. */
  words: (outcome: CallbackOutcome, language: Language, account: number | undefined) => Promise<CallbackPage>;
  /** The page for signing in to Garmin. Undefined without a public address. */
  signInPage: Http | undefined;
  /** Part of the address that Withings calls, because Withings signs nothing. */
  notifyKey: string;
  accountOf: (withingsUserId: string) => Promise<number | undefined>;
  queue: (account: number, reason: Notified) => Promise<void>;
  /** Undefined with long polling. */
  webhookSecret: string | undefined;
  /** Throws `RetryLaterError` only when nothing was done and the update has to come again. */
  handleUpdate: (update: { update_id: number }) => Promise<void>;
  /** Undefined: nobody may start a sync over the web. */
  manualSyncToken: string | undefined;
  /** Of one account or of all. Resolves to undefined if the account doesn't exist. */
  manualSync: (account: number | undefined) => Promise<OutcomeReport | undefined>;
  isWell: () => boolean;
  /** Undefined where another process tracks it. */
  telegramState: (() => string) | undefined;
  version: string;
  log: Log;
}

const MAX_BODY_BYTES = 64 * 1024;
/** A message can carry another one that it answers, each with its entities and buttons. */
const MAX_UPDATE_BYTES = 1024 * 1024;
/** Without it Telegram would wait twice as long after each 503, and a tap on a button can be answered for 150 seconds only. */
const RETRY_SECONDS = 3;

interface Route {
  /** The answer to a sender who doesn't know the route's secret. It comes before anything else, so that they learn nothing. */
  refuse?: (deps: HttpDeps, request: HttpRequest) => HttpResponse | undefined;
  methods: string[];
  handle: (deps: HttpDeps, request: HttpRequest) => Promise<HttpResponse>;
}

const ROUTES = new Map(
  Object.entries<Route>({
    [WITHINGS_PATHS.callback]: { methods: ["GET", "HEAD"], handle: callback },
    [WITHINGS_PATHS.notify]: {
      refuse: ({ notifyKey }, { query }) => (isSame(query.get("key"), notifyKey) ? undefined : plain(404)),
      methods: ["GET", "HEAD", "POST"],
      handle: notification,
    },
    [TELEGRAM_PATH]: {
      refuse: ({ webhookSecret }, { headers }) =>
        isSame(headers.get("x-telegram-bot-api-secret-token"), webhookSecret) ? undefined : plain(401),
      methods: ["POST"],
      handle: update,
    },
    [SIGN_IN_PATH]: {
      // It checks by itself who calls, before anything else.
      refuse: ({ signInPage }) => (signInPage ? undefined : plain(404)),
      methods: ["GET", "HEAD", "POST"],
      handle: async ({ signInPage }, request) => signInPage?.(request) ?? plain(404),
    },
    [MANUAL_SYNC_PATH]: {
      refuse({ manualSyncToken }, { headers }) {
        const [, token] = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
        return isSame(token, manualSyncToken) ? undefined : plain(401, { "www-authenticate": "Bearer" });
      },
      methods: ["POST"],
      handle: manualSync,
    },
    "/health": { methods: ["GET", "HEAD"], handle: health },
  }),
);

export function createHttp(deps: HttpDeps): Http {
  return async (request) => {
    const { path, method } = request;
    try {
      const route = ROUTES.get(path);
      if (!route) return plain(404);
      const refusal = route.refuse?.(deps, request);
      if (refusal) return refusal;
      if (!route.methods.includes(method)) return plain(405, { allow: route.methods.join(", ") });
      return await route.handle(deps, request);
    } catch (error) {
      if (error instanceof RetryLaterError) {
        deps.log.warn("request_not_served", { path, ...errorFacts(error) });
        return plain(503, { "retry-after": String(RETRY_SECONDS) });
      }
      deps.log.error("request_failed", { path, ...errorFacts(error) });
      return plain(500);
    }
  };
}

/** For supervisors that restart an unhealthy program. Trouble with Telegram doesn't count: a restart wouldn't help. */
async function health({ isWell, telegramState, version }: HttpDeps): Promise<HttpResponse> {
  const facts = { version, ...(telegramState && { telegram: telegramState() }) };
  return isWell() ? json(200, { status: "ok", ...facts }) : json(503, { status: "stuck", ...facts });
}

async function callback(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const { method, query, headers } = request;
  const language: Language = /^\s*de\b/i.test(headers.get("accept-language") ?? "") ? "de" : "en";
  const show = async (outcome: CallbackOutcome, account?: number) =>
    page(await deps.words(outcome, language, account), language, STATUS[outcome] ?? 400);
  // Withings probes the address with HEAD, and so do link previews: neither may use up the code.
  if (method === "HEAD" || !(query.has("code") || query.has("error"))) return await show("waiting");
  try {
    const { account, result } = await deps.withCallback(query);
    if (account !== undefined && result.type !== "used_state") deps.onLinked(account, result);
    return await show(result.type, account);
  } catch (error) {
    if (error instanceof RetryLaterError) {
      deps.log.warn("callback_put_off", errorFacts(error));
      return await show("later");
    }
    deps.log.error("callback_failed", errorFacts(error));
    if (!(error instanceof ActionNeededError)) return await show("broken");
    return await show(error.action === "fix_withings_callback" ? "callback_refused" : "application_refused");
  }
}

const STATUS: Partial<Record<CallbackOutcome, number>> = {
  linked: 200,
  other_person: 200,
  waiting: 200,
  application_refused: 500,
  callback_refused: 500,
  broken: 500,
  later: 503,
};

async function notification(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  if (request.method !== "POST") return plain(200);
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (!bytes) return plain(413);
  const fields = await fieldsOf(request, bytes);
  const withingsUserId = fields?.get("userid") ?? "";
  if (!fields || !/^\d{1,20}$/.test(withingsUserId)) {
    // No refusal: Withings gives up an address that refuses.
    deps.log.warn("notification_not_understood");
    return plain(200);
  }
  const reason = reasonOf(fields);
  const account = reason && (await deps.accountOf(withingsUserId));
  if (reason && account !== undefined) await deps.queue(account, reason);
  return plain(200);
}

async function update(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const bytes = await readBody(request, MAX_UPDATE_BYTES);
  const { data: received } = Update().safeParse(bytes && parseJson(new TextDecoder().decode(bytes)));
  // No refusal: Telegram would repeat the update for a day and send nothing else from that chat.
  if (!received) deps.log.warn("update_not_understood", { isTooLong: !bytes });
  else
    await deps.handleUpdate(received).catch((error: unknown) => {
      if (error instanceof RetryLaterError) throw error;
      deps.log.error("update_failed", { update: received.update_id, ...errorFacts(error) });
    });
  return plain(200);
}

const Update = lazy(() => z.looseObject({ update_id: z.int() }));

/** Answers when the sync has ended, and with 200 even if it has to wait for its owner or for a vendor: the status says so. */
async function manualSync(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (!bytes) return plain(413);
  const given = request.query.get("account") ?? accountIn(new TextDecoder().decode(bytes).trim());
  if (given !== undefined && !/^[1-9]\d{0,15}$/.test(given)) {
    return sentence(400, "Name the account by its Telegram user id, as in account=123456789, or name none for all.");
  }
  const summary = await deps.manualSync(given === undefined ? undefined : Number(given));
  return summary ? json(200, summary) : sentence(404, `There is no account ${given}.`);
}

function accountIn(body: string): string | undefined {
  if (!body.startsWith("{")) return new URLSearchParams(body).get("account") ?? undefined;
  const fields = parseJson(body);
  if (typeof fields !== "object" || fields === null) return "";
  return "account" in fields ? String(fields.account) : undefined;
}

/** A changed profile (46) matters only if the person is gone. Everything else means that something was measured. */
function reasonOf(fields: URLSearchParams): Notified | undefined {
  if (fields.get("appli") !== "46") return "withings_notified";
  return ["unlink", "delete"].includes(fields.get("action") ?? "") ? "withings_unlinked" : undefined;
}

/** Withings' documentation has named both encodings of a form. */
async function fieldsOf(request: HttpRequest, bytes: Uint8Array<ArrayBuffer>): Promise<URLSearchParams | undefined> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data/i.test(contentType)) return new URLSearchParams(new TextDecoder().decode(bytes));
  const form = await new Response(bytes, { headers: { "content-type": contentType } })
    .formData()
    .catch(() => undefined);
  return form && new URLSearchParams([...form].map(([name, value]): [string, string] => [name, String(value)]));
}

/** In constant time. An absent secret is never right. */
function isSame(given: string | null | undefined, expected: string | undefined): boolean {
  if (!given || !expected) return false;
  // Hashed, because only texts of the same length can be compared in constant time.
  const [a, b] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function sentence(status: number, message: string): HttpResponse {
  return json(status, { status: "error", message });
}

const STYLE =
  "body{margin:0;min-height:100vh;display:grid;place-items:center;color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif;" +
  "background:light-dark(#f1f3f5,#17212b);color:light-dark(#17212b,#f2f4f6)}" +
  "main{box-sizing:border-box;max-width:28rem;margin:1rem;padding:1.5rem;border-radius:.9rem;background:light-dark(#fff,#202c38)}" +
  "h1{margin:0;font-size:1.4rem}p{margin:.75rem 0 0;overflow-wrap:anywhere}" +
  "a{display:block;margin-top:1.25rem;padding:.7rem 1rem;border-radius:.6rem;font-weight:600;text-align:center;text-decoration:none;" +
  "background:light-dark(#0b6bb5,#64b5f6);color:light-dark(#fff,#0d1620)}";
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const PAGE_HEADERS = {
  ...HEADERS,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
};

/** What a browser shows after a consent. `back`: the way to the chat, if it's known. */
export interface CallbackPage {
  title: string;
  text: string;
  back?: { url: string; label: string };
}

function page({ title, text, back }: CallbackPage, language: Language, status: number): HttpResponse {
  const button = back ? `<a href="${escaped(back.url)}">${escaped(back.label)}</a>` : "";
  const body =
    `<!doctype html><html lang="${language}"><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>` +
    `<style>${STYLE}</style><main><h1>${escaped(title)}</h1><p>${escaped(text)}</p>${button}</main></html>`;
  return { status, headers: PAGE_HEADERS, body };
}
