import type { MessageEntity } from "grammy/types";
import * as z from "zod";
import { badRequest } from "./api-error.ts";
import { type Formatted, parseHtml } from "./html.ts";
import type { Params } from "./params.ts";

export const MAX_TEXT = 4096;
export const MAX_CAPTION = 1024;

const range = { offset: z.int().nonnegative(), length: z.int().positive() };
const Entities = z.array(
  z.union([
    z.object({ type: z.literal("text_link"), url: z.url(), ...range }),
    z.object({ type: z.literal("pre"), language: z.string().optional(), ...range }),
    z.object({
      type: z.enum([
        "mention",
        "hashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
      ]),
      ...range,
    }),
  ]),
);

/** From `parse_mode` or a list of entities, trimmed as Telegram trims it. */
export function readFormatted(params: Params, textName: string, entitiesName: string): Formatted {
  const source = params.text(textName) ?? "";
  const parseMode = params.text("parse_mode")?.toLowerCase() ?? "";
  if (parseMode === "html") return trimmed(withDetected(parseHtml(source)));
  // Telegram also knows Markdown. It's refused here, because a bot that escapes nothing would break it.
  if (parseMode !== "") throw badRequest("unsupported parse_mode");

  const parsed = Entities.safeParse(params.json(entitiesName) ?? []);
  if (!parsed.success) throw badRequest("can't parse entities: unknown kind of entity or wrong field");
  // The real server drops an entity that doesn't fit its text. Refusing it shows the bot's mistake.
  const outside = parsed.data.find(({ offset, length }) => offset + length > source.length);
  if (outside) throw badRequest(`can't parse entities: "${outside.type}" ends outside of the text`);
  return trimmed(withDetected({ text: source, entities: parsed.data as MessageEntity[] }));
}

const DETECTED = [
  ["bot_command", /(?<=^|[\s(])\/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/])/g],
  ["url", /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)]/g],
  ["email", /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
] as const;

/** Telegram finds commands, links and mail addresses by itself, on both sides. */
export function detectEntities(text: string): MessageEntity[] {
  return DETECTED.flatMap(([type, pattern]) =>
    [...text.matchAll(pattern)].map((match) => ({ type, offset: match.index, length: match[0].length })),
  ).sort((a, b) => a.offset - b.offset);
}

function withDetected({ text, entities }: Formatted): Formatted {
  const hides = entities.filter(({ type }) => ["code", "pre", "text_link"].includes(type));
  const overlaps = (a: MessageEntity, b: MessageEntity) =>
    a.offset < b.offset + b.length && b.offset < a.offset + a.length;
  const same = (a: MessageEntity, b: MessageEntity) => a.type === b.type && a.offset === b.offset;
  const found = detectEntities(text).filter(
    (entity) => !hides.some((other) => overlaps(entity, other)) && !entities.some((other) => same(entity, other)),
  );
  return { text, entities: [...entities, ...found].sort((a, b) => a.offset - b.offset || b.length - a.length) };
}

function trimmed({ text, entities }: Formatted): Formatted {
  const body = text.trim();
  const cut = text.length - text.trimStart().length;
  return {
    text: body,
    entities: entities
      .map((entity) => {
        const start = Math.max(0, entity.offset - cut);
        const end = Math.min(body.length, entity.offset - cut + entity.length);
        return { ...entity, offset: start, length: end - start };
      })
      .filter(({ length }) => length > 0),
  };
}
