import { tableExists } from "../../app/open-stores.ts";
import { createTelegramSetup, type TelegramSetup } from "../../bot/telegram/setup.ts";
import { readConfig } from "../../config/config.ts";
import { TELEGRAM_PATH, WITHINGS_PATHS } from "../../config/paths.ts";
import { TABLE_NAME_VARIABLE } from "../../config/variables.ts";
import { UsageError } from "../../lib/errors.ts";
import { EXIT } from "../exit.ts";
import { withStore } from "../open.ts";
import type { Terminal } from "../terminal.ts";
import { doctorOfStage } from "./doctor-stage.ts";
import { osls, packaged, validated } from "./osls.ts";
import { ALARM_EMAIL, BOT_INFO, FROM_SETUP, missingFrom, TABLE_TAKEN_OVER } from "./parameters.ts";
import { type Deployment, environmentOf, findDeployment, incomplete, type StageDeps } from "./stage.ts";

/** From the parameters that setup wrote to a deployment that runs. Whatever failed is fixed and deploy is run again. */
export async function deployCommand(deps: StageDeps): Promise<number> {
  const { stage, aws, terminal, shell, clock } = deps;
  terminal.say(`Looking at what setup has written for ${stage} in ${aws.region}.`);
  const before = await aws.parameters(stage);
  const missing = missingFrom(before, FROM_SETUP);
  if (missing.length > 0) throw incomplete(stage, missing);
  const { telegram } = readConfig({ ...shell, ...Object.fromEntries(before) }, ["telegram"]);
  const introduction = createTelegramSetup(telegram, clock);
  try {
    const bot = await introduction.bot();
    if (!bot) throw new UsageError("Telegram does not know the bot's token any more. Run: npm run setup");
    await aws.put(stage, BOT_INFO, JSON.stringify(bot));

    terminal.say("Building and packaging.");
    const more = await parametersOfTemplate(deps, before);
    await step(packaged(deps, more), "It could not be packaged.");
    terminal.say("Checking the template.");
    await step(validated(deps), "AWS would not take this template, so nothing was deployed.");
    terminal.say(`Deploying weighbridge-${stage} to ${aws.region}; the first time takes some minutes.`);
    // Also what has not changed: functions read their parameters when they start, and a deployment restarts them.
    await step(osls(deps, "deploy", [...more, "--force"]), "It could not be deployed.");

    const deployment = await findDeployment(aws, stage);
    await introduce(deps, deployment, introduction, bot.username);
    sayCallback(terminal, deployment.publicUrl, before.get("PUBLIC_URL"));
    terminal.say("Checking everything.\n");
    const exit = await doctorOfStage(deps);
    terminal.hint(`\nDeployed. Next: open https://t.me/${bot.username} and press Start.`);
    // What an account's owner has yet to do, or time, is no failure of the deployment.
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
 * A table that was left by `remove`, or made by hand, is taken up by the stack. Its own parameters are there exactly as long
 * as the stack is; that it took up its table is remembered beside them, because from then on it must go on saying so.
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
    terminal.say(`The table ${tableName} is there already: it is taken up with everything in it.`);
    // It may have been brought back to an earlier point in time, and not know what was sent since.
    await withStore(env, { clock, log }, async ({ accounts, ledgers }) => {
      for (const { telegramUserId } of await accounts.list()) await ledgers.reconcileWithGarminFirst(telegramUserId);
    });
    await aws.put(stage, TABLE_TAKEN_OVER, "true");
  }
  // A stack that is gone took its word with it.
  if (!isTaken && before.has(TABLE_TAKEN_OVER)) await aws.remove(stage, [TABLE_TAKEN_OVER]);
  const email = before.get(ALARM_EMAIL);
  return [`--param=existingTable=${isTaken}`, ...(email ? [`--param=alarmEmail=${email}`] : [])];
}

/** Telegram brings updates from now on, and offers the commands. */
async function introduce(deps: StageDeps, deployment: Deployment, introduction: TelegramSetup, username: string) {
  const { terminal, shell, log } = deps;
  const { publicUrl } = deployment;
  terminal.say(`Telling Telegram that @${username} listens at ${publicUrl}.`);
  const env = environmentOf(deployment, shell);
  // As the functions read it: without the spaces around it, if somebody typed it in by hand.
  const { allowedIds, webhookSecret = "" } = readConfig(env, ["telegram"]).telegram;
  await introduction.listenAt(`${publicUrl}${TELEGRAM_PATH}`, webhookSecret, log);
  const [owner] = allowedIds;
  if (owner === undefined) return;
  const account = await withStore(env, deps, ({ accounts }) => accounts.find(owner));
  await introduction.offerCommands({ telegramUserId: owner, language: account?.language }, log);
}

function sayCallback(terminal: Terminal, publicUrl: string, publicUrlBefore: string | undefined): void {
  if (publicUrl === publicUrlBefore?.trim().replace(/\/+$/, "")) return;
  terminal.say(
    "The address of this deployment is new. At developer.withings.com, open your application and make this its callback " +
      `address, exactly:\n\n${publicUrl}${WITHINGS_PATHS.callback}\n`,
  );
}
