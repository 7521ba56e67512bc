import { badRequest } from "../api-error.ts";
import { CALLBACK_SECONDS, type World } from "../world.ts";
import type { Methods } from "./method.ts";

export function callbackMethods(world: World): Methods {
  return {
    answerCallbackQuery(params) {
      const query = world.queries.get(params.text("callback_query_id") ?? "");
      const oldestMs = world.clock.now().getTime() - CALLBACK_SECONDS * 1000;
      if (!query || query.answered || query.tappedAt.getTime() < oldestMs) {
        throw badRequest("query is too old and response timeout expired or query ID is invalid");
      }
      const text = params.text("text") ?? "";
      if (text.length > 200) throw badRequest("MESSAGE_TOO_LONG");
      query.answered = true;
      if (text !== "") query.chat.toasts.push({ text, alert: params.flag("show_alert") });
      world.nextChange();
      world.emit({ type: "callback_answered", chatId: query.chat.id });
      return true;
    },
  };
}
