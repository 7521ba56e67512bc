import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Terminal } from "../../src/cli/terminal.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { asked, startServer } from "../../src/server.ts";
import { demoActions } from "./demo-actions.ts";
import { startPanel } from "./panel.ts";
import { moveIn } from "./people.ts";
import { startSandbox } from "./sandbox.ts";
import { serve } from "./serve.ts";
import { copyAddress, vendorPage } from "./vendor-page.ts";

/** The person at the page. */
export const DEMO_USER = 1001;
const PORT = 8765;

/** The real program against the sandbox, with a page to talk to it. Nothing of it leaves this machine or outlives it. */
export async function startDemo(options: { port?: number } = {}) {
  const clock = systemClock;
  const callback = await serve(callbackPage, { name: "callback" });
  const sandbox = await startSandbox({ clock, withingsRedirectUrl: `${callback.url}/withings` });
  // The page shows times as this machine's browser does, and the bot takes its zone from Withings.
  const { timeZone: timezone } = new Intl.DateTimeFormat().resolvedOptions();
  const { owner } = moveIn(sandbox, { days: 14, timezone });
  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-demo-"));
  // Every minute, so that one sees what the bot says without being asked.
  const env = {
    ...sandbox.env(),
    ...{ TELEGRAM_ALLOWED_IDS: String(DEMO_USER), DATA_DIR: dataDir, SYNC_INTERVAL_MINUTES: "1" },
  };
  const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin", "telegram", "schedule"]);
  const server = await startServer(config, { clock, log: createLog({ level: "error" }) });
  // Closed while the bot still greets Telegram, it ends with an error; whoever waits for `polling` hears it all the same.
  server.polling.catch(() => undefined);
  const chat = sandbox.telegram.user({ id: DEMO_USER, firstName: "You", started: true });
  const page = {
    telegram: sandbox.telegram,
    chatUser: chat,
    ...demoActions({ sandbox, app: server.app, chat, resident: owner }),
  };
  // A busy port is no reason to fail, another one does as well.
  const panel = await startPanel({ ...page, port: options.port }).catch(() => startPanel(page));

  return {
    url: panel.url,
    sandbox,
    server,
    async close() {
      await panel.close();
      await server.stop();
      await sandbox.close();
      await callback.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The callback address of the Withings application: nothing but an address to copy. */
function callbackPage(): Response {
  const note = '<p class="note">This stands for your own callback address, which may show anything.</p>';
  return vendorPage("Back from Withings", `<h1>Back from Withings</h1>${copyAddress}${note}`);
}

export async function runDemo(terminal: Terminal): Promise<number> {
  const end = asked();
  const demo = await startDemo({ port: PORT });
  try {
    terminal.result({ url: demo.url }, `\nOpen ${demo.url}\n\nCtrl-C ends the demo.`);
    await Promise.race([end, demo.server.polling]);
  } finally {
    await demo.close();
  }
  return 0;
}
