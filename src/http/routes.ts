import { createHash, timingSafeEqual } from "node:crypto";
import { MANUAL_SYNC_PATH, TELEGRAM_PATH, WITHINGS_PATHS } from "../config/paths.ts";
import { ActionNeededError, RetryLaterError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { Notified } from "../sync/jobs/worker.ts";
import type { CallbackOutcome, LinkResult, WithingsLinking } from "../sync/links/withings-consent.ts";
import type { Language } from "../sync/model/account.ts";
import type { OutcomeReport } from "../sync/model/outcome.ts";
import type { HttpRequest, HttpResponse } from "./message.ts";

/** What the world can ask this program for, whatever carries the request: node:http or AWS Lambda. */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpDeps {
  withCallback: WithingsLinking["withCallback"];
  /** So that the chat hears of it. The page does not wait for it, and it never throws. */
  onLinked: (account: number, result: LinkResult) => void;
  /** The words of the callback page, without markup. `account`: whose consent it was, if known. */
  words: (
    outcome: CallbackOutcome,
    language: Language,
    account: number | undefined,
  ) => Promise<{ title: string; text: string }>;
  /** Stands in the address that Withings calls, because Withings signs nothing. */
  notifyKey: string;
  accountOf: (withingsUserId: string) => Promise<number | undefined>;
  /** Resolves when the job is stored. */
  queue: (account: number, reason: Notified) => Promise<void>;
  /** What Telegram shows when it brings an update. Undefined where it is asked instead of calling. */
  webhookSecret: string | undefined;
  /** Throws `RetryLaterError` only when nothing was done and the update has to come again. */
  handleUpdate: (update: { update_id: number }) => Promise<void>;
  /** What somebody shows to begin a sync. Undefined: nobody may. */
  manualSyncToken: string | undefined;
  /** Of one account or of all; undefined where there is no such account. */
  manualSync: (account: number | undefined) => Promise<OutcomeReport | undefined>;
  /** Whether the program does its work, beside answering. */
  isWell: () => boolean;
  /** Whether the program hears from Telegram. Undefined if nothing keeps track of it. */
  telegramState: (() => string) | undefined;
  version: string;
  log: Log;
}

const MAX_BODY_BYTES = 64 * 1024;
/** A message can carry another one that it answers, each with its entities and buttons. */
const MAX_UPDATE_BYTES = 1024 * 1024;
/**
 * Said with every 503. Telegram would otherwise wait twice as long after each, and a tap on a button lives only 150
 * seconds; the chat of a handler that was killed is free after 120.
 */
const RETRY_SECONDS = 3;

export function createHttp(deps: HttpDeps): Http {
  return async (request) => {
    const { path, query, headers } = request;
    try {
      switch (path) {
        case WITHINGS_PATHS.callback:
          return await callback(deps, request);
        case WITHINGS_PATHS.notify:
          // Before anything else: a request without the key learns nothing and costs nothing.
          if (!isSame(query.get("key"), deps.notifyKey)) return plain(404);
          return await notification(deps, request);
        case TELEGRAM_PATH:
          if (!isSame(headers.get("x-telegram-bot-api-secret-token"), deps.webhookSecret)) return plain(401);
          return await update(deps, request);
        case MANUAL_SYNC_PATH: {
          const [, token] = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
          if (!isSame(token, deps.manualSyncToken)) return plain(401, { "www-authenticate": "Bearer" });
          return await manualSync(deps, request);
        }
        case "/health":
          return only(request, ["GET", "HEAD"]) ?? health(deps);
        default:
          return plain(404);
      }
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

/**
 * For supervisors that restart an unhealthy program. Trouble with Telegram is reported but does not count: a restart would not
 * end it and would only interrupt syncing.
 */
function health({ isWell, telegramState, version }: HttpDeps): HttpResponse {
  const facts = { version, ...(telegramState && { telegram: telegramState() }) };
  return isWell() ? json(200, { status: "ok", ...facts }) : json(503, { status: "stuck", ...facts });
}

/** Where Withings sends the owner's browser after its consent page. */
async function callback(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const refusal = only(request, ["GET", "HEAD"]);
  if (refusal) return refusal;
  const { query } = request;
  const language = languageOf(request);
  const show = async (outcome: CallbackOutcome, account?: number) =>
    page(await deps.words(outcome, language, account), language, STATUS[outcome] ?? 400);
  // Withings probes the address with HEAD, and programs that preview links do too: neither may spend the code.
  if (request.method === "HEAD" || !(query.has("code") || query.has("error"))) return await show("waiting");
  try {
    const { account, result } = await deps.withCallback(query);
    // A page that was loaded again has nothing new to tell.
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

/** Withings says that there is something to look at. It is queued, and nothing else is done before the answer. */
async function notification(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const refusal = only(request, ["GET", "HEAD", "POST"]);
  if (refusal) return refusal;
  if (request.method !== "POST") return plain(200);
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (!bytes) return plain(413);
  const fields = await fieldsOf(request, bytes);
  const withingsUserId = fields?.get("userid") ?? "";
  if (!fields || !/^\d{1,20}$/.test(withingsUserId)) {
    // Answered like the others: Withings gives up an address that refuses, and would say the same again.
    deps.log.warn("notification_not_understood");
    return plain(200);
  }
  const reason = reasonOf(fields);
  const account = reason && (await deps.accountOf(withingsUserId));
  if (reason && account !== undefined) await deps.queue(account, reason);
  return plain(200);
}

/** Something happened in a chat. What Telegram should not bring again is answered with 200, whatever became of it. */
async function update(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const refusal = only(request, ["POST"]);
  if (refusal) return refusal;
  const bytes = await readBody(request, MAX_UPDATE_BYTES);
  const received = bytes && parseJson(new TextDecoder().decode(bytes));
  // If we refused an update that fails, Telegram would repeat it for a day and send nothing else from that chat.
  if (!isUpdate(received)) deps.log.warn("update_not_understood", { isTooLong: !bytes });
  else
    await deps.handleUpdate(received).catch((error: unknown) => {
      if (error instanceof RetryLaterError) throw error;
      deps.log.error("update_failed", { update: received.update_id, ...errorFacts(error) });
    });
  return plain(200);
}

function isUpdate(received: unknown): received is { update_id: number } {
  return (
    typeof received === "object" &&
    received !== null &&
    "update_id" in received &&
    Number.isSafeInteger(received.update_id)
  );
}

/** Answered when the sync has ended, and with 200 also where its owner or time has to move: the status says which. */
async function manualSync(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const refusal = only(request, ["POST"]);
  if (refusal) return refusal;
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (!bytes) return plain(413);
  const given = request.query.get("account") ?? accountIn(new TextDecoder().decode(bytes).trim());
  if (given !== undefined && !/^[1-9]\d{0,15}$/.test(given)) {
    return sentence(400, "Name the account by its Telegram user id, as in account=123456789, or name none for all.");
  }
  const summary = await deps.manualSync(given === undefined ? undefined : Number(given));
  return summary ? json(200, summary) : sentence(404, `There is no account ${given}.`);
}

/** What stands for the account in JSON or in a form. Undefined where none is named. */
function accountIn(body: string): string | undefined {
  if (!body.startsWith("{")) return new URLSearchParams(body).get("account") ?? undefined;
  const fields = parseJson(body);
  if (typeof fields !== "object" || fields === null) return "";
  return "account" in fields ? String(fields.account) : undefined;
}

/** Of a person's profile only its end matters. Everything else means that something was measured. */
function reasonOf(fields: URLSearchParams): Notified | undefined {
  if (fields.get("appli") !== "46") return "withings_notified";
  return ["unlink", "delete"].includes(fields.get("action") ?? "") ? "withings_unlinked" : undefined;
}

/** A form in either of its two encodings: Withings' documentation has named both. */
async function fieldsOf(request: HttpRequest, bytes: Uint8Array<ArrayBuffer>): Promise<URLSearchParams | undefined> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data/i.test(contentType)) return new URLSearchParams(new TextDecoder().decode(bytes));
  const form = await new Response(bytes, { headers: { "content-type": contentType } })
    .formData()
    .catch(() => undefined);
  return form && new URLSearchParams([...form].map(([name, value]): [string, string] => [name, String(value)]));
}

/** Undefined as soon as it is longer than it may be. */
async function readBody(request: HttpRequest, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** In constant time. Nobody has the right secret where none is given or none is expected. */
function isSame(given: string | null | undefined, expected: string | undefined): boolean {
  if (!given || !expected) return false;
  // Hashed, because only texts of one length can be compared in constant time.
  const [a, b] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function languageOf(request: HttpRequest): Language {
  return /^\s*de\b/i.test(request.headers.get("accept-language") ?? "") ? "de" : "en";
}

const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

function plain(status: number, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers: { ...HEADERS, ...headers } };
}

function json(status: number, body: object): HttpResponse {
  return { status, headers: { ...HEADERS, "content-type": "application/json" }, body: JSON.stringify(body) };
}

function sentence(status: number, message: string): HttpResponse {
  return json(status, { status: "error", message });
}

function only(request: HttpRequest, methods: string[]): HttpResponse | undefined {
  return methods.includes(request.method) ? undefined : plain(405, { allow: methods.join(", ") });
}

const STYLE =
  "body{max-width:30rem;margin:20vh auto 0;padding:0 1.5rem;font:1.1rem/1.5 system-ui,sans-serif;color-scheme:light dark}" +
  "h1{font-size:1.4rem}";
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const PAGE_HEADERS = {
  ...HEADERS,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
};

function page({ title, text }: { title: string; text: string }, language: Language, status: number): HttpResponse {
  const body =
    `<!doctype html><html lang="${language}"><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>` +
    `<style>${STYLE}</style><h1>${escaped(title)}</h1><p>${escaped(text)}</p></html>`;
  return { status, headers: PAGE_HEADERS, body };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
