import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Terminal } from "../../src/cli/terminal.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig, WITHINGS_PATHS } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { asked, startServer } from "../../src/server.ts";
import { SERVICE_SECTIONS } from "../../src/service.ts";
import { demoActions } from "./demo-actions.ts";
import { freePort } from "./free-port.ts";
import { startPanel } from "./panel.ts";
import { moveIn } from "./people.ts";
import { startSandbox } from "./sandbox.ts";

/** The person at the page. */
export const DEMO_USER = 1001;
const PORT = 8765;

/** Every minute, so that one sees what the bot says without being asked. */
const SYNC_INTERVAL_MINUTES = 1;

/**
 * The real program against the sandbox, with a page to talk to it. It has an address of its own, where Withings calls and
 * sends the browser. Nothing of it leaves this machine or outlives it.
 */
export async function startDemo(options: { port?: number; syncIntervalMinutes?: number } = {}) {
  const clock = systemClock;
  const ownPort = await freePort();
  const publicUrl = `http://127.0.0.1:${ownPort}`;
  const sandbox = await startSandbox({ clock, withingsRedirectUrl: `${publicUrl}${WITHINGS_PATHS.callback}` });
  // The page shows times as this machine's browser does, and the bot takes its zone from Withings.
  const { timeZone: timezone } = new Intl.DateTimeFormat().resolvedOptions();
  const { owner } = moveIn(sandbox, { days: 14, timezone });
  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-demo-"));
  const env = {
    ...sandbox.env(),
    ...{ PUBLIC_URL: publicUrl, PORT: String(ownPort), WITHINGS_REDIRECT_URL: "" },
    ...{ TELEGRAM_ALLOWED_IDS: String(DEMO_USER), DATA_DIR: dataDir },
    SYNC_INTERVAL_MINUTES: String(options.syncIntervalMinutes ?? SYNC_INTERVAL_MINUTES),
  };
  const config = readConfig(env, SERVICE_SECTIONS);
  const server = await startServer(config, { clock, log: createLog({ level: "error" }) });
  // Closed while the bot still greets Telegram, it ends with an error; whoever waits for `polling` hears it all the same.
  server.polling.catch(() => undefined);
  // Not started: a bot cannot write first, so the chat is empty and shows its Start button.
  const chat = sandbox.telegram.user({ id: DEMO_USER, firstName: "You" });
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
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
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
