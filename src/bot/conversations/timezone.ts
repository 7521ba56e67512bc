import type { Dialog } from "../ui/context.ts";
import type { Step, TimezoneDeps } from "./timezone-answers.ts";

export const TIMEZONE_DIALOG = "timezone";

/** Asks for a time zone as text. `commands/settings` takes the taps on its buttons, which end it. */
export function createTimezoneDialog(deps: TimezoneDeps): Dialog {
  // Loaded on demand, because hardly any message is about a time zone.
  const load = () => import("./timezone-answers.ts");
  return async (conversation) => {
    let step: Step = await conversation.external(async (ctx) => (await load()).start(deps, ctx));
    while (step !== "done") {
      await conversation.waitUntil(({ message }) => message?.text !== undefined, { next: true });
      step = await conversation.external(async (ctx) => (await load()).answer(deps, ctx));
    }
  };
}
