import type { Chat, Message, User } from "grammy/types";
import { epochSeconds } from "../../lib/clock.ts";
import type { Media, Person, StoredChat, StoredFile, StoredMessage, World } from "./world.ts";

export function renderUser({ id, firstName, username, languageCode }: Person): User {
  return {
    id,
    is_bot: false,
    first_name: firstName,
    ...(username === undefined ? {} : { username }),
    ...(languageCode === undefined ? {} : { language_code: languageCode }),
  };
}

export function renderChat({ id, type, person }: StoredChat): Chat {
  if (type === "group" || !person) return { id, type: "group", title: `Group ${Math.abs(id)}` };
  const { firstName, username } = person;
  return { id, type: "private", first_name: firstName, ...(username === undefined ? {} : { username }) };
}

/** A reply contains what it replies to, one level deep. */
export function renderMessage(world: World, stored: StoredMessage, depth = 0): Message {
  const { bot } = world;
  const from: User = stored.from === "bot" ? renderBot(bot) : renderUser(stored.from);
  return {
    message_id: stored.id,
    from,
    chat: renderChat(stored.chat),
    date: epochSeconds(stored.sentAt),
    ...(stored.editedAt ? { edit_date: epochSeconds(stored.editedAt) } : {}),
    ...(stored.replyTo && depth === 0 ? { reply_to_message: renderMessage(world, stored.replyTo, 1) } : {}),
    ...contentOf(stored),
    ...(stored.linkPreview ? { link_preview_options: stored.linkPreview } : {}),
    ...(stored.buttons ? { reply_markup: stored.buttons } : {}),
  } as Message;
}

function contentOf({ location, media, text, entities }: StoredMessage) {
  const hasEntities = entities.length > 0;
  if (location) return { location };
  if (!media) return { text, ...(hasEntities ? { entities } : {}) };
  return {
    ...renderMedia(media),
    ...(text === "" ? {} : { caption: text }),
    ...(hasEntities ? { caption_entities: entities } : {}),
  };
}

function renderBot({ id, first_name, username }: World["bot"]): User {
  return { id, is_bot: true, first_name, username };
}

function renderMedia(media: Media) {
  const file = renderFile(media.file);
  if (media.type === "photo") return { photo: [{ ...file, width: media.width, height: media.height }] };
  return { document: { ...file, file_name: media.file.fileName, mime_type: media.file.mimeType } };
}

export function renderFile({ id, bytes }: StoredFile) {
  return { file_id: id, file_unique_id: id.slice(-12), file_size: bytes.length };
}
