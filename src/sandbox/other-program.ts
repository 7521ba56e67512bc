import { realSeconds } from "./serve.ts";
import type { Telegram } from "./telegram.ts";

const POLL_SECONDS = 10;

/** Another program with the bot's token, which ignores what people write. */
export function createOtherProgram({ apiRoot, token, outbox }: Telegram, address: string) {
  let polling: AbortController | undefined;

  async function call(method: string, params: Record<string, string>, signal?: AbortSignal) {
    const body = new URLSearchParams(params);
    const response = await fetch(`${apiRoot}/bot${token}/${method}`, { method: "POST", body, signal: signal ?? null });
    return (await response.json()) as { ok: boolean; description?: string; result?: Array<{ update_id: number }> };
  }

  const hasWebhook = () =>
    outbox.findLast(({ method }) => /^(set|delete)Webhook$/.test(method))?.params.url === address;

  /** Like most programs: it removes a webhook that is in the way, and tries again after every refusal. */
  async function poll(signal: AbortSignal) {
    let offset = 0;
    while (!signal.aborted) {
      const params = { offset: String(offset), timeout: String(POLL_SECONDS) };
      const { ok, description = "", result = [] } = await call("getUpdates", params, signal);
      if (!ok && /webhook/.test(description) && !hasWebhook()) await call("deleteWebhook", {}, signal);
      else if (!ok) await realSeconds(1);
      offset = (result.at(-1)?.update_id ?? offset - 1) + 1;
    }
  }

  return {
    hasWebhook,
    takeWebhook: () => call("setWebhook", { url: address }),
    isPolling: () => polling !== undefined,
    startPolling() {
      if (polling) return;
      polling = new AbortController();
      const { signal } = polling;
      poll(signal).catch(() => undefined);
    },
    stopPolling() {
      polling?.abort();
      polling = undefined;
    },
  };
}
