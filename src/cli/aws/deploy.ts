import { tableExists } from "../../app/open-stores.ts";
import { createTelegramSetup, type TelegramSetup } from "../../bot/telegram/setup.ts";
import { readConfig } from "../../config/config.ts";
import { TELEGRAM_PATH, WITHINGS_PATHS } from "../../config/paths.ts";
import { TABLE_NAME_VARIABLE } from "../../config/table-name.ts";
import { UsageError } from "../../lib/errors.ts";
import { EXIT } from "../exit.ts";
import { withStore } from "../open.ts";
import type { Terminal } from "../terminal.ts";
import { osls, packaged, validated } from "./osls.ts";
import { ALARM_EMAIL, BOT_INFO, FROM_SETUP, missingFrom, TABLE_TAKEN_OVER } from "./parameters.ts";
import { type Deployment, doctorOfStage, environmentOf, findDeployment, incomplete, type StageDeps } from "./stage.ts";

/** From the parameters that setup wrote to a deployment that runs. If a step fails, fix the cause and run it again. */
export async function deployCommand(deps: StageDeps): Promise<number> {
  const { stage, aws, terminal, shell, clock } = deps;
  terminal.say(`Reading what setup has stored for ${stage} in ${aws.region}.`);
  const before = await aws.parameters(stage);
  const missing = missingFrom(before, FROM_SETUP);
  if (missing.length > 0) throw incomplete(stage, missing);
  const { telegram } = readConfig({ ...shell, ...Object.fromEntries(before) }, ["telegram", "logging"]);
  const introduction = createTelegramSetup(telegram, clock);
  try {
    const bot = await introduction.bot();
    if (!bot) throw new UsageError("Telegram no longer knows the bot’s token. Run: npm run setup");
    await aws.put(stage, BOT_INFO, JSON.stringify(bot));

    terminal.say("Building and packaging.");
    const more = await parametersOfTemplate(deps, before);
    await step(packaged(deps, more), "It couldn’t be packaged.");
    terminal.say("Checking the template.");
    await step(validated(deps), "AWS wouldn’t accept this template, so nothing was deployed.");
    terminal.say(`Deploying weighbridge-${stage} to ${aws.region}; the first time takes a few minutes.`);
    // Even if nothing has changed: functions read their parameters when they start, and a deployment restarts them.
    await step(osls(deps, "deploy", [...more, "--force"]), "It couldn’t be deployed.");

    const deployment = await findDeployment(deps);
    await introduce(deps, deployment, introduction, bot.username);
    sayCallback(terminal, deployment.publicUrl, before.get("PUBLIC_URL"));
    terminal.say("Checking everything.\n");
    const exit = await doctorOfStage(deps);
    terminal.hint(`\nDeployed. Next: open https://t.me/${bot.username} and press Start.`);
    // What is left for an account's owner, or for time, isn't a failure of the deployment.
    return exit === EXIT.actionNeeded || exit === EXIT.retryLater ? EXIT.success : exit;
  } finally {
    await introduction.close();
  }
}

async function step(ended: Promise<boolean>, failure: string): Promise<void> {
  if (await ended) return;
  throw new UsageError(
    `${failure} The lines above say why. Fix the cause and run npm run deploy again: it goes on from there.`,
  );
}

/**
 * A table that `remove` left, or that was made by hand, is taken over by the stack. From then on every deployment has to say
 * so, which is why it is stored beside the stack's own parameters.
 */
async function parametersOfTemplate(
  { stage, aws, shell, clock, terminal, log }: StageDeps,
  before: ReadonlyMap<string, string>,
): Promise<string[]> {
  const tableName = `weighbridge-${stage}`;
  const env = { ...shell, STORE: "dynamodb", [TABLE_NAME_VARIABLE]: tableName };
  const { store } = readConfig(env, ["store"]);
  const isTaken =
    before.has(TABLE_NAME_VARIABLE) || store.engine !== "dynamodb"
      ? before.has(TABLE_TAKEN_OVER)
      : await tableExists(store, clock);
  if (isTaken && !before.has(TABLE_TAKEN_OVER)) {
    terminal.say(`The table ${tableName} already exists: it is used with everything in it.`);
    // It may have been restored to an earlier time, and not know what was sent since.
    await withStore({ env, clock, log }, async ({ accounts, ledgers }) => {
      for (const { telegramUserId } of await accounts.list()) await ledgers.reconcileWithGarminFirst(telegramUserId);
    });
    await aws.put(stage, TABLE_TAKEN_OVER, "true");
  }
  if (!isTaken && before.has(TABLE_TAKEN_OVER)) await aws.remove(stage, [TABLE_TAKEN_OVER]);
  const email = before.get(ALARM_EMAIL);
  return [`--param=existingTable=${isTaken}`, ...(email ? [`--param=alarmEmail=${email}`] : [])];
}

async function introduce(deps: StageDeps, deployment: Deployment, introduction: TelegramSetup, username: string) {
  const { terminal, shell, log } = deps;
  const { publicUrl } = deployment;
  terminal.say(`Telling Telegram to send updates for @${username} to ${publicUrl}.`);
  const env = environmentOf(deployment, shell);
  // As the functions read it: without spaces around it.
  const { allowedIds, webhookSecret = "" } = readConfig(env, ["telegram"]).telegram;
  await introduction.listenAt(`${publicUrl}${TELEGRAM_PATH}`, webhookSecret, log);
  const [owner] = allowedIds;
  if (owner === undefined) return;
  const account = await withStore({ ...deps, env }, ({ accounts }) => accounts.find(owner));
  await introduction.keepProfile({ telegramUserId: owner, language: account?.language }, log);
}

function sayCallback(terminal: Terminal, publicUrl: string, publicUrlBefore: string | undefined): void {
  if (publicUrl === publicUrlBefore?.trim().replace(/\/+$/, "")) return;
  terminal.say(
    "The address of this deployment is new. At developer.withings.com, open your application and enter this as its callback " +
      `address, exactly:\n\n${publicUrl}${WITHINGS_PATHS.callback}\n`,
  );
}
