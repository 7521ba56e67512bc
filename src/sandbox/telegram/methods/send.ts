import * as z from "zod";
import { badRequest } from "../api-error.ts";
import { MAX_CAPTION, MAX_TEXT, readFormatted } from "../formatting.ts";
import type { Formatted } from "../html.ts";
import { readLinkPreview } from "../link-preview.ts";
import { readMarkup } from "../markup.ts";
import { readDocument, readPhoto } from "../media.ts";
import type { Params } from "../params.ts";
import { renderMessage } from "../render.ts";
import type { Media, StoredChat, StoredMessage, World } from "../world.ts";
import { findOpenChat, type Methods } from "./method.ts";

const CHAT_ACTIONS = [
  "typing",
  "upload_photo",
  "record_video",
  "upload_video",
  "record_voice",
  "upload_voice",
  "upload_document",
  "choose_sticker",
  "find_location",
  "record_video_note",
  "upload_video_note",
];
const CHAT_ACTION_SECONDS = 5;

const ReplyParameters = z.looseObject({
  message_id: z.int(),
  allow_sending_without_reply: z.boolean().optional(),
});

export function sendMethods(world: World): Methods {
  function send(params: Params, chat: StoredChat, { text, entities }: Formatted, media?: Media) {
    const markup = readMarkup(params);
    const message = world.addMessage(chat, "bot", {
      text,
      entities,
      ...(media ? { media } : {}),
      buttons: markup?.type === "inline" ? markup.markup : undefined,
      replyTo: repliedTo(params, chat),
      silent: params.flag("disable_notification"),
      linkPreview: readLinkPreview(params),
      editable: markup === undefined || markup.type === "inline",
    });
    if (markup?.type === "force_reply") chat.forceReply = { message, placeholder: markup.placeholder };
    if (markup?.type === "keyboard") chat.keyboard = { rows: markup.rows, placeholder: markup.placeholder };
    if (markup?.type === "remove") delete chat.keyboard;
    return renderMessage(world, message);
  }

  function sendMedia(params: Params, readMedia: (params: Params) => Media) {
    const chat = findOpenChat(world, params);
    const caption = readFormatted(params, "caption", "caption_entities");
    if (caption.text.length > MAX_CAPTION) throw badRequest("message caption is too long");
    return send(params, chat, caption, readMedia(params));
  }

  return {
    sendMessage(params) {
      const chat = findOpenChat(world, params);
      const formatted = readFormatted(params, "text", "entities");
      if (formatted.text === "") throw badRequest("message text is empty");
      if (formatted.text.length > MAX_TEXT) throw badRequest("message is too long");
      return send(params, chat, formatted);
    },
    sendPhoto: (params) => sendMedia(params, (given) => readPhoto(world, given.file("photo"))),
    sendDocument: (params) => sendMedia(params, (given) => readDocument(world, given.file("document"))),
    sendChatAction(params) {
      const chat = findOpenChat(world, params);
      const name = params.text("action") ?? "";
      if (!CHAT_ACTIONS.includes(name)) throw badRequest("wrong parameter action in request");
      chat.action = { name, until: new Date(world.clock.now().getTime() + CHAT_ACTION_SECONDS * 1000) };
      world.emit({ type: "chat_action", chatId: chat.id });
      return true;
    },
  };
}

function repliedTo(params: Params, chat: StoredChat): StoredMessage | undefined {
  const given = params.json("reply_parameters");
  if (given === undefined) return undefined;
  const parsed = ReplyParameters.safeParse(given);
  if (!parsed.success) throw badRequest("can't parse reply parameters JSON object");
  const message = chat.messages.get(parsed.data.message_id);
  if (!message && !parsed.data.allow_sending_without_reply) throw badRequest("message to be replied not found");
  return message;
}
