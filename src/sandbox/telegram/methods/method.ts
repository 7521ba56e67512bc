import { badRequest, forbidden } from "../api-error.ts";
import type { Params } from "../params.ts";
import type { StoredChat, StoredMessage, World } from "../world.ts";

export type Method = (params: Params) => unknown;
export type Methods = Record<string, Method>;

export function findChat(world: World, params: Params): StoredChat {
  if (!params.has("chat_id")) throw badRequest("chat_id is empty");
  const chat = world.chats.get(params.integer("chat_id") ?? Number.NaN);
  if (!chat) throw badRequest("chat not found");
  return chat;
}
export function findOpenChat(world: World, params: Params): StoredChat {
  const chat = findChat(world, params);
  if (chat.state === "blocked") throw forbidden("bot was blocked by the user");
  if (!chat.started) throw forbidden("bot can't initiate conversation with a user");
  return chat;
}

export function findOwnMessage(world: World, params: Params): StoredMessage {
  if (params.text("inline_message_id")) throw badRequest("inline messages are not part of this sandbox");
  const chat = findChat(world, params);
  if (!params.has("message_id")) throw badRequest("message identifier is not specified");
  const message = chat.messages.get(params.integer("message_id") ?? Number.NaN);
  if (!message) throw badRequest("message to edit not found");
  if (message.from !== "bot" || !message.editable) throw badRequest("message can't be edited");
  return message;
}
