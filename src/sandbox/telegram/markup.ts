import type { InlineKeyboardMarkup } from "grammy/types";
import * as z from "zod";
import { badRequest } from "./api-error.ts";
import type { Params } from "./params.ts";

export type Markup =
  | { type: "inline"; markup: InlineKeyboardMarkup }
  | { type: "keyboard"; rows: string[][]; placeholder: string | undefined }
  | { type: "remove" }
  | { type: "force_reply"; placeholder: string | undefined };

const Rows = z.array(z.array(z.record(z.string(), z.unknown())));
const KeyboardRows = z.array(z.array(z.union([z.string(), z.looseObject({ text: z.string() })])));
const Placeholder = z.string().min(1).max(64).optional();

const WebApp = z.looseObject({ url: z.string() });
const CopyText = z.looseObject({ text: z.string().min(1).max(256) });
const MAX_BUTTONS = 100;
const MAX_ROW_BUTTONS = 8;
const MAX_MARKUP_BYTES = 10_000;

/** A button does exactly one of these. */
const ACTIONS = [
  "callback_data",
  "url",
  "web_app",
  "login_url",
  "copy_text",
  "switch_inline_query",
  "switch_inline_query_current_chat",
  "disabled",
];

export function readMarkup(params: Params): Markup | undefined {
  const value = params.json("reply_markup");
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest("object expected as reply markup");
  }
  if ("inline_keyboard" in value) {
    const rows = Rows.safeParse(value.inline_keyboard);
    if (!rows.success) throw badRequest("can't parse inline keyboard: array of arrays of objects expected");
    for (const button of rows.data.flat()) checkButton(button);
    const filled = rows.data.filter((row) => row.length > 0);
    if (filled.length === 0) return undefined;
    checkSize(filled);
    return { type: "inline", markup: { inline_keyboard: filled } as unknown as InlineKeyboardMarkup };
  }
  if ("keyboard" in value) {
    const rows = KeyboardRows.safeParse(value.keyboard);
    if (!rows.success) throw badRequest("can't parse reply keyboard markup JSON object");
    return {
      type: "keyboard",
      rows: rows.data.map((row) => row.map((button) => (typeof button === "string" ? button : button.text))),
      placeholder: readPlaceholder(value),
    };
  }
  if ("remove_keyboard" in value && value.remove_keyboard === true) return { type: "remove" };
  if ("force_reply" in value && value.force_reply === true) {
    return { type: "force_reply", placeholder: readPlaceholder(value) };
  }
  return undefined;
}

/** Edited messages keep inline buttons only. */
export function readInlineMarkup(params: Params): InlineKeyboardMarkup | undefined {
  const markup = readMarkup(params);
  if (markup === undefined) return undefined;
  if (markup.type !== "inline") throw badRequest("inline keyboard expected");
  return markup.markup;
}

/** Nothing documents what happens with a ninth button in a row. Refusing it shows the bot's mistake. */
function checkSize(rows: readonly (readonly unknown[])[]) {
  const isTooLong = rows.flat().length > MAX_BUTTONS || Buffer.byteLength(JSON.stringify(rows)) > MAX_MARKUP_BYTES;
  if (isTooLong || rows.some((row) => row.length > MAX_ROW_BUTTONS)) throw badRequest("reply markup is too long");
}

function readPlaceholder(value: object): string | undefined {
  const parsed = Placeholder.safeParse("input_field_placeholder" in value ? value.input_field_placeholder : undefined);
  if (!parsed.success) throw badRequest("input field placeholder must be 1-64 characters long");
  return parsed.data;
}

function checkButton(button: Record<string, unknown>) {
  const fail = (what: string) => badRequest(`can't parse inline keyboard button: ${what}`);
  if (typeof button.text !== "string" || button.text.trim() === "") throw fail('Field "text" must be non-empty');
  const actions = ACTIONS.filter((name) => button[name] !== undefined);
  if (actions.length === 0) throw fail("Text buttons are unallowed in the inline keyboard");
  if (actions.length > 1) throw fail(`a button does one thing, this one has ${actions.join(" and ")}`);
  const data = button.callback_data;
  if (data !== undefined) {
    // 64 bytes, not characters.
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : 0;
    if (bytes < 1 || bytes > 64) throw badRequest("BUTTON_DATA_INVALID");
  }
  if (button.url !== undefined) checkUrl(button.url);
  if (button.web_app !== undefined) checkWebApp(button.web_app);
  if (button.copy_text !== undefined && !CopyText.safeParse(button.copy_text).success) {
    throw badRequest("BUTTON_COPY_TEXT_INVALID");
  }
  if (button.style !== undefined && !["danger", "success", "primary"].includes(String(button.style))) {
    throw fail("unknown button style");
  }
}

/** Telegram takes https only, but here the program is on this machine. */
function checkWebApp(webApp: unknown) {
  const url = WebApp.safeParse(webApp).data?.url ?? "";
  const known = URL.canParse(url) ? new URL(url) : undefined;
  if (known?.protocol === "https:" || known?.hostname === "127.0.0.1") return;
  throw badRequest(`inline keyboard button Web App URL '${url}' is invalid: Only HTTPS links are allowed`);
}

/** Telegram also refuses a button to localhost, but here the vendors are there. */
function checkUrl(url: unknown) {
  const known = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  if (!known || !["http:", "https:", "tg:"].includes(known.protocol)) {
    throw badRequest(`inline keyboard button URL '${String(url)}' is invalid: Wrong HTTP URL`);
  }
}
