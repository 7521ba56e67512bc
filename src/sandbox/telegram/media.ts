import * as z from "zod";
import { badRequest } from "./api-error.ts";
import { checkPhoto } from "./image.ts";
import type { Params, Upload } from "./params.ts";
import type { Media, World } from "./world.ts";

const MAX_DOCUMENT_BYTES = 50 * 1024 * 1024;

const InputMedia = z.looseObject({ type: z.enum(["photo", "document"]), media: z.string() });
export function readPhoto(world: World, given: Upload | string | undefined): Media {
  if (given === undefined) throw badRequest("there is no photo in the request");
  if (typeof given === "string") {
    const file = knownFile(world, given);
    return { type: "photo", file, ...checkPhoto(file.bytes) };
  }
  const size = checkPhoto(given.bytes);
  return { type: "photo", file: world.addFile(given, "photos"), ...size };
}

export function readDocument(world: World, given: Upload | string | undefined): Media {
  if (given === undefined) throw badRequest("there is no document in the request");
  if (typeof given === "string") return { type: "document", file: knownFile(world, given) };
  if (given.bytes.length === 0) throw badRequest("file must be non-empty");
  if (given.bytes.length > MAX_DOCUMENT_BYTES) throw badRequest("file is too big");
  return { type: "document", file: world.addFile(given, "documents") };
}

/** The `media` argument of editMessageMedia, with the caption fields inside it. */
export function readInputMedia(world: World, params: Params): { media: Media; caption: Record<string, unknown> } {
  const parsed = InputMedia.safeParse(params.json("media"));
  if (!parsed.success) throw badRequest("can't parse InputMedia: photo or document with media expected");
  const { type, media, ...caption } = parsed.data;
  const given = params.attached(media);
  return { media: type === "photo" ? readPhoto(world, given) : readDocument(world, given), caption };
}

function knownFile(world: World, id: string) {
  const file = world.files.get(id);
  // Telegram would fetch a URL; the sandbox stays on this machine.
  if (!file) throw badRequest("wrong remote file identifier specified: Wrong string length");
  return file;
}
