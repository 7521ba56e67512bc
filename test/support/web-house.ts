import { expect } from "vitest";
import { wordsIn } from "../../src/bot/words/words.ts";
import { listen } from "../../src/http/node-server.ts";
import { createHttp, type Http } from "../../src/http/routes.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Table } from "../../src/store/table.ts";
import { createJobHandler } from "../../src/sync/jobs/handler.ts";
import { createManualSync } from "../../src/sync/jobs/manual-sync.ts";
import { jobOf, startWorker } from "../../src/sync/jobs/worker.ts";
import type { LinkResult } from "../../src/sync/links/withings-consent.ts";
import { ACCOUNT, startHousehold } from "./household.ts";

/** What Telegram shows here. */
export const WEBHOOK_SECRET = "a-secret-of-the-webhook";

/** The household with an address on this machine, where Withings really calls. */
export async function startWebHouse(
  options: {
    linked?: boolean;
    wrapTable?: (table: Table) => Table;
    manualSyncToken?: string;
    onUpdate?: () => Promise<void>;
  } = {},
) {
  // The address has to be known before the program that answers there can be made.
  let http: Http = async () => ({ status: 503, headers: {} });
  const listener = await listen((request) => http(request), {
    host: "127.0.0.1",
    port: 0,
    log: createLog({ level: "error" }),
  });
  const url = `http://127.0.0.1:${listener.port}`;

  const { linked = false, wrapTable } = options;
  const house = await startHousehold({
    linked,
    env: { PUBLIC_URL: url, WITHINGS_REDIRECT_URL: "" },
    sandbox: { withingsRedirectUrl: `${url}/withings/callback` },
  });
  const { clock } = house;
  const app = await house.newApp(wrapTable ? { wrapTable } : {});
  const { log } = app;

  const heard: Array<{ account: number; result: LinkResult }> = [];
  const unlinked: number[] = [];
  const updates: number[] = [];
  const work = createJobHandler({
    ...app.store,
    sync: (account, runOptions) => app.sync.run(account, runOptions),
    answerSync: () => expect.fail("nobody asked for this run"),
    answerDoctor: () => expect.fail("nobody asked for this"),
    confirmUnlink: (account) => app.confirmUnlink(account, async (id) => void unlinked.push(id)),
    keepSubscriptions: async () => {},
    summarize: async () => undefined,
    intervalMinutes: 30,
    ...{ clock, log },
  });
  http = createHttp({
    withCallback: app.withingsLinking.withCallback,
    onLinked: (account, result) => void heard.push({ account, result }),
    words: async (outcome, language) => wordsIn(language).callbackPage({})[outcome],
    notifyKey: app.store.notifyKey,
    accountOf: app.store.withingsUsers.accountOf,
    queue: (account, reason) => app.store.jobs.put([jobOf(account, reason, clock.now())]),
    webhookSecret: WEBHOOK_SECRET,
    handleUpdate: async (update) => {
      updates.push(update.update_id);
      await options.onUpdate?.();
    },
    manualSyncToken: options.manualSyncToken,
    manualSync: createManualSync({
      accounts: app.store.accounts,
      sync: (account) => app.sync.run(account),
      isTimeUp: () => false,
      log,
    }),
    isWell: () => true,
    telegramState: undefined,
    version: "1.2.3",
    log,
  });

  return {
    ...house,
    app,
    url,
    /** What the chats were told. */
    heard,
    unlinked,
    /** What was handed to the bot. */
    updates,
    work,
    notifyUrl: `${url}/withings/notify?key=${app.store.notifyKey}`,
    ask: (path: string, init: RequestInit = {}) => fetch(url + path, init),
    /** The address at which the browser of somebody ends who begins in this account's chat and chooses Allow. */
    consent: (account = ACCOUNT, userid = house.person.userid) =>
      house.sandbox.withings.allow(userid, app.withingsLinking.begin(account)),
    jobs: async () => (await app.store.jobs.list()).map(({ value }) => `${value.account} ${value.reason}`),
    startWorker: () => startWorker({ jobs: app.store.jobs, work, clock, log }),
    async close() {
      await listener.close();
      await house.close();
    },
  };
}
export type WebHouse = Awaited<ReturnType<typeof startWebHouse>>;
