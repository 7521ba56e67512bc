import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { DialogStore } from "../ui/context.ts";

/** As the plugin stores it: the log of each open dialog, by its name. */
const Stored = lazy(() => z.object({ state: z.record(z.string(), z.array(z.unknown()).min(1)) }));

/** Ends this dialog, if it is open, from outside of any update. The caller has the turn in the chat. */
export async function endDialog(dialogs: DialogStore, chatId: string, name: string): Promise<void> {
  const stored = await dialogs.read(chatId);
  if (Stored().safeParse(stored).data?.state[name]) await dialogs.delete(chatId);
}
