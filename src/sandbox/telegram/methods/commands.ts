import type { BotCommand, MenuButton } from "grammy/types";
import * as z from "zod";
import { badRequest } from "../api-error.ts";
import type { Params } from "../params.ts";
import type { StoredChat, World } from "../world.ts";
import type { Methods } from "./method.ts";

const Scope = z.union([
  z.object({ type: z.enum(["default", "all_private_chats", "all_group_chats", "all_chat_administrators"]) }),
  z.object({ type: z.enum(["chat", "chat_administrators"]), chat_id: z.coerce.number().int() }),
  z.object({ type: z.literal("chat_member"), chat_id: z.coerce.number().int(), user_id: z.int() }),
]);
const Commands = z.array(z.looseObject({ command: z.string(), description: z.string() }));
const Menu = z.union([
  z.object({ type: z.enum(["default", "commands"]) }),
  z.object({ type: z.literal("web_app"), text: z.string(), web_app: z.object({ url: z.url() }) }),
]);

export function commandMethods(world: World): Methods {
  function scopeKey(params: Params): string {
    const scope = Scope.safeParse(params.json("scope") ?? { type: "default" });
    if (!scope.success) throw badRequest("can't parse BotCommandScope: unknown type or wrong field");
    if ("chat_id" in scope.data && !world.chats.has(scope.data.chat_id)) throw badRequest("chat not found");
    const language = params.text("language_code") ?? "";
    if (!/^([a-z]{2})?$/.test(language)) throw badRequest("invalid language code specified");
    return keyOf(scope.data, language);
  }

  return {
    setMyCommands(params) {
      const key = scopeKey(params);
      const commands = Commands.safeParse(params.json("commands"));
      if (!commands.success) throw badRequest("can't parse commands: array of commands with descriptions expected");
      if (commands.data.length > 100) throw badRequest("BOT_COMMANDS_TOO_MUCH");
      world.commands.set(key, commands.data.map(checkCommand));
      world.emit({ type: "commands" });
      return true;
    },
    getMyCommands: (params) => world.commands.get(scopeKey(params)) ?? [],
    deleteMyCommands(params) {
      world.commands.delete(scopeKey(params));
      world.emit({ type: "commands" });
      return true;
    },
    setChatMenuButton(params) {
      const chatId = params.integer("chat_id") ?? 0;
      if (chatId !== 0 && !world.chats.has(chatId)) throw badRequest("chat not found");
      const button = Menu.safeParse(params.json("menu_button") ?? { type: "default" });
      if (!button.success) throw badRequest("can't parse menu button: unknown type or wrong field");
      world.menuButtons.set(chatId, button.data as MenuButton);
      world.emit({ type: "commands" });
      return true;
    },
    getChatMenuButton: (params) =>
      world.menuButtons.get(params.integer("chat_id") ?? 0) ?? world.menuButtons.get(0) ?? { type: "commands" },
    ...Object.fromEntries(profileText(world, "Description", 512)),
    ...Object.fromEntries(profileText(world, "ShortDescription", 120)),
  };
}

/** What an empty chat shows above *Start*, in the person's language if possible. */
export function descriptionIn(world: World, chat: StoredChat): string {
  const language = chat.person?.languageCode?.slice(0, 2) ?? "";
  return world.texts.get(`description/${language}`) || (world.texts.get("description/") ?? "");
}

/** The narrowest scope that has a list, in the person's language if possible. */
export function commandsIn(world: World, chat: StoredChat): BotCommand[] {
  const language = chat.person?.languageCode?.slice(0, 2) ?? "";
  const broad = chat.type === "private" ? "all_private_chats" : "all_group_chats";
  for (const scope of [{ type: "chat", chat_id: chat.id }, { type: broad }, { type: "default" }]) {
    for (const spoken of [language, ""]) {
      const found = world.commands.get(keyOf(scope, spoken));
      if (found) return found;
    }
  }
  return [];
}

function keyOf(scope: { type: string; chat_id?: number; user_id?: number }, language: string): string {
  return [scope.type, scope.chat_id ?? "", scope.user_id ?? "", language].join("/");
}

function checkCommand({ command, description }: { command: string; description: string }): BotCommand {
  const name = command.replace(/^\//, "");
  if (!/^[a-z0-9_]{1,32}$/.test(name)) throw badRequest("BOT_COMMAND_INVALID");
  if (description.trim() === "") throw badRequest("command description must be non-empty");
  if (description.length > 256) throw badRequest("BOT_COMMAND_DESCRIPTION_INVALID");
  return { command: name, description };
}

function profileText(world: World, name: "Description" | "ShortDescription", max: number) {
  const field = name === "Description" ? "description" : "short_description";
  const key = (params: Params) => `${field}/${params.text("language_code") ?? ""}`;
  const methods: [string, (params: Params) => unknown][] = [
    [
      `setMy${name}`,
      (params) => {
        const text = params.text(field) ?? "";
        if (text.length > max) throw badRequest(`bot ${field.replace("_", " ")} is too long`);
        world.texts.set(key(params), text);
        world.emit({ type: "commands" });
        return true;
      },
    ],
    [`getMy${name}`, (params) => ({ [field]: world.texts.get(key(params)) ?? "" })],
  ];
  return methods;
}
