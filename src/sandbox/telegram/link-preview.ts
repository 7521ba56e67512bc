import type { LinkPreviewOptions } from "grammy/types";
import * as z from "zod";
import { badRequest } from "./api-error.ts";
import type { Params } from "./params.ts";
import type { StoredMessage } from "./world.ts";

const Options = z.object({
  is_disabled: z.boolean().exactOptional(),
  url: z.string().exactOptional(),
  prefer_small_media: z.boolean().exactOptional(),
  prefer_large_media: z.boolean().exactOptional(),
  show_above_text: z.boolean().exactOptional(),
});

export function readLinkPreview(params: Params): LinkPreviewOptions | undefined {
  const value = params.json("link_preview_options");
  if (value === undefined) return undefined;
  const parsed = Options.safeParse(value);
  if (!parsed.success) throw badRequest("can't parse link preview options JSON object");
  return parsed.data;
}

/** By default, Telegram fetches the first address in a text of the bot. */
export function previewUrl({ from, text, entities, media, linkPreview }: StoredMessage): string | undefined {
  if (from !== "bot" || media || linkPreview?.is_disabled) return undefined;
  if (linkPreview?.url) return linkPreview.url;
  const first = entities.find(({ type }) => type === "url" || type === "text_link");
  return first?.type === "text_link" ? first.url : first && text.slice(first.offset, first.offset + first.length);
}
