import { isDeepStrictEqual } from "node:util";
import { badRequest } from "../api-error.ts";
import { MAX_CAPTION, MAX_TEXT, readFormatted } from "../formatting.ts";
import { readLinkPreview } from "../link-preview.ts";
import { readInlineMarkup } from "../markup.ts";
import { readInputMedia } from "../media.ts";
import { paramsOf } from "../params.ts";
import { renderMessage } from "../render.ts";
import type { StoredChat, StoredMessage, World } from "../world.ts";
import { findChat, findOwnMessage, type Methods } from "./method.ts";

type Change = Partial<Pick<StoredMessage, "text" | "entities" | "media" | "buttons" | "linkPreview">>;

const NOT_MODIFIED =
  "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
const DELETABLE_MS = 48 * 3600 * 1000;

export function editMethods(world: World): Methods {
  return {
    ...deleteMethods(world),
    editMessageText(params) {
      const message = findOwnMessage(world, params);
      if (message.media) throw badRequest("there is no text in the message to edit");
      const { text, entities } = readFormatted(params, "text", "entities");
      if (text === "") throw badRequest("message text is empty");
      if (text.length > MAX_TEXT) throw badRequest("MESSAGE_TOO_LONG");
      return apply(world, message, {
        text,
        entities,
        buttons: readInlineMarkup(params),
        linkPreview: readLinkPreview(params),
      });
    },
    editMessageCaption(params) {
      const message = findOwnMessage(world, params);
      if (!message.media) throw badRequest("there is no caption in the message to edit");
      const { text, entities } = readFormatted(params, "caption", "caption_entities");
      if (text.length > MAX_CAPTION) throw badRequest("message caption is too long");
      return apply(world, message, { text, entities, buttons: readInlineMarkup(params) });
    },
    editMessageMedia(params) {
      const message = findOwnMessage(world, params);
      const buttons = readInlineMarkup(params);
      const { media, caption } = readInputMedia(world, params);
      const { text, entities } = readFormatted(paramsOf(caption), "caption", "caption_entities");
      return apply(world, message, { media, text, entities, buttons });
    },
    editMessageReplyMarkup(params) {
      return apply(world, findOwnMessage(world, params), { buttons: readInlineMarkup(params) });
    },
  };
}

function apply(world: World, message: StoredMessage, change: Change) {
  const differs = (Object.keys(change) as (keyof Change)[]).some(
    (name) => !isDeepStrictEqual(message[name], change[name]),
  );
  if (!differs) throw badRequest(NOT_MODIFIED);
  const contentDiffers = "text" in change && (change.text !== message.text || change.media !== message.media);
  if (change.text !== undefined && change.text !== message.text) message.history.push(message.text);
  // As in the apps, new buttons alone don't mark a message as edited.
  if (contentDiffers) message.editedAt = world.clock.now();
  // Removed buttons are nothing to read.
  const isNews = contentDiffers || change.buttons !== undefined;
  Object.assign(message, change, isNews && { changedAs: world.nextChange() });
  world.emit({ type: "edited", chatId: message.chat.id });
  return renderMessage(world, message);
}

function deleteMethods(world: World): Methods {
  return {
    deleteMessage(params) {
      const chat = findChat(world, params);
      const message = chat.messages.get(params.integer("message_id") ?? Number.NaN);
      if (!message) throw badRequest("message to delete not found");
      if (!deletable(world, message)) throw badRequest("message can't be deleted");
      remove(world, message);
      return true;
    },
    deleteMessages(params) {
      const chat: StoredChat = findChat(world, params);
      const ids = params.json("message_ids");
      if (!Array.isArray(ids) || ids.length === 0 || ids.some((id) => !Number.isInteger(id))) {
        throw badRequest("message identifiers are not specified");
      }
      if (ids.length > 100) throw badRequest("too many message identifiers specified");
      // Unlike deleteMessage, this skips what isn't there.
      const found = ids.map((id) => chat.messages.get(id)).filter((message) => message !== undefined);
      if (!found.every((message) => deletable(world, message))) throw badRequest("message can't be deleted");
      for (const message of found) remove(world, message);
      return true;
    },
  };
}

function remove(world: World, message: StoredMessage) {
  message.chat.messages.delete(message.id);
  if (message.chat.forceReply?.message === message) delete message.chat.forceReply;
  world.nextChange();
  world.emit({ type: "deleted", chatId: message.chat.id });
}

/** In a private chat also the person's messages; in a group only its own, because the bot isn't an admin. */
function deletable(world: World, { chat, from, sentAt }: StoredMessage): boolean {
  const isYoung = world.clock.now().getTime() - sentAt.getTime() < DELETABLE_MS;
  return isYoung && (from === "bot" || chat.type === "private");
}
