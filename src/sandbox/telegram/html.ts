import type { MessageEntity } from "grammy/types";
import { badRequest } from "./api-error.ts";

export interface Formatted {
  text: string;
  entities: MessageEntity[];
}

const SIMPLE: Record<string, "bold" | "italic" | "underline" | "strikethrough" | "spoiler"> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  "tg-spoiler": "spoiler",
};
const OTHER = new Set(["a", "code", "pre", "blockquote", "span"]);
const CHARACTERS: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"' };

interface OpenTag {
  name: string;
  attributes: Record<string, string>;
  startsAt: number;
}

/** `parse_mode: HTML`. Like the real parser, it refuses the whole message for one wrong tag. */
export function parseHtml(html: string): Formatted {
  let text = "";
  const entities: MessageEntity[] = [];
  const open: OpenTag[] = [];
  let at = 0;

  const fail = (what: string) => badRequest(`can't parse entities: ${what}`);
  const byteOffset = () => new TextEncoder().encode(html.slice(0, at)).length;

  while (at < html.length) {
    const character = html[at];
    if (character === "&") {
      const [whole, decoded] = reference(html.slice(at));
      text += decoded;
      at += whole.length;
    } else if (character !== "<") {
      text += character;
      at += 1;
    } else if (html[at + 1] === "/") {
      const closing = /^<\/([a-zA-Z-]*)\s*>/.exec(html.slice(at));
      const last = open.pop();
      if (!last) throw fail(`Unexpected end tag at byte offset ${byteOffset()}`);
      if (!closing) throw fail(`Unclosed end tag at byte offset ${byteOffset()}`);
      const name = (closing[1] ?? "").toLowerCase();
      if (name !== "" && name !== last.name) {
        throw fail(`Unmatched end tag at byte offset ${byteOffset()}, expected "</${last.name}>", found "</${name}>"`);
      }
      const entity = entityOf(last, text);
      if (entity) entities.push(entity);
      at += closing[0].length;
    } else {
      const opening = /^<([a-zA-Z-]+)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+))?)*)\s*>/.exec(
        html.slice(at),
      );
      const name = (opening?.[1] ?? /^<([^\s>]*)/.exec(html.slice(at))?.[1] ?? "").toLowerCase();
      if (!(name in SIMPLE) && !OTHER.has(name)) {
        throw fail(`Unsupported start tag "${name}" at byte offset ${byteOffset()}`);
      }
      if (!opening) throw fail(`Unclosed start tag "${name}" at byte offset ${byteOffset()}`);
      const attributes = attributesOf(opening[2] ?? "");
      if (name === "span" && attributes.class !== "tg-spoiler") {
        throw fail(`Tag "span" must have class "tg-spoiler" at byte offset ${byteOffset()}`);
      }
      open.push({ name, attributes, startsAt: text.length });
      at += opening[0].length;
    }
  }
  const unclosed = open.pop();
  if (unclosed) throw fail(`Can't find end tag corresponding to start tag "${unclosed.name}"`);
  return { text, entities: entities.sort((a, b) => a.offset - b.offset || b.length - a.length) };
}

function entityOf(tag: OpenTag, text: string): MessageEntity | undefined {
  const range = { offset: tag.startsAt, length: text.length - tag.startsAt };
  if (range.length === 0) return undefined;
  const simple = SIMPLE[tag.name];
  if (simple) return { type: simple, ...range };
  switch (tag.name) {
    case "a": {
      const url = tag.attributes.href ?? text.slice(tag.startsAt);
      // Like the real server, it keeps the words of a broken link without the link.
      return URL.canParse(url) ? { type: "text_link", url, ...range } : undefined;
    }
    case "pre":
      return { type: "pre", ...range };
    case "blockquote":
      return { type: "expandable" in tag.attributes ? "expandable_blockquote" : "blockquote", ...range };
    case "span":
      return { type: "spoiler", ...range };
    default:
      return { type: "code", ...range };
  }
}

/** A character reference, or a bare ampersand. */
function reference(rest: string): [whole: string, decoded: string] {
  const match = /^&(?:#(\d+)|#x([0-9a-fA-F]+)|([a-z]+));?/.exec(rest);
  if (!match) return ["&", "&"];
  const [whole, decimal, hex, name] = match;
  const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
  if (code !== undefined) return code > 0 && code <= 0x10ffff ? [whole, String.fromCodePoint(code)] : ["&", "&"];
  const character = CHARACTERS[name ?? ""];
  return character === undefined ? ["&", "&"] : [whole, character];
}

function attributesOf(source: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const match of source.matchAll(/([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g)) {
    const value = match[2] ?? match[3] ?? match[4] ?? "";
    attributes[(match[1] ?? "").toLowerCase()] = value.replaceAll(/&[^;]*;/g, (found) => reference(found)[1]);
  }
  return attributes;
}
