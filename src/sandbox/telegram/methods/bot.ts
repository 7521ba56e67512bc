import { badRequest, conflict } from "../api-error.ts";
import { renderChat, renderFile } from "../render.ts";
import type { Updates } from "../updates.ts";
import type { Webhook } from "../webhook.ts";
import type { World } from "../world.ts";
import { findChat, type Methods } from "./method.ts";

const MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024;

export function botMethods(world: World, updates: Updates, webhook: Webhook): Methods {
  return {
    getMe: () => world.bot,
    getUpdates(params) {
      if (webhook.url !== "") {
        throw conflict(
          "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        );
      }
      return updates.getUpdates(params);
    },
    setWebhook: (params) => webhook.set(params),
    deleteWebhook: (params) => webhook.remove(params),
    getWebhookInfo: () => webhook.info(),
    getChat: (params) => renderChat(findChat(world, params)),
    getFile(params) {
      const file = world.files.get(params.text("file_id") ?? "");
      if (!file) throw badRequest("invalid file_id");
      if (file.bytes.length > MAX_DOWNLOAD_BYTES) throw badRequest("file is too big");
      return { ...renderFile(file), file_path: file.path };
    },
  };
}
