import { createTelegramSetup } from "../../bot/telegram/setup.ts";
import { readConfig } from "../../config/config.ts";
import { TABLE_NAME_VARIABLE } from "../../config/table-name.ts";
import { UsageError } from "../../lib/errors.ts";
import { osls } from "./osls.ts";
import { FROM_STACK, SEALING_KEY as KEPT, parameterOf } from "./parameters.ts";
import type { StageDeps } from "./stage.ts";

/** Undoes a deployment, but keeps the table and the key to it. Run again, it goes on where it ended. */
export async function removeCommand(deps: StageDeps, { isSure }: { isSure: boolean }): Promise<number> {
  const { stage, aws, terminal } = deps;
  const parameters = await aws.parameters(stage);
  const isDeployed = parameters.has(TABLE_NAME_VARIABLE);
  if (!isDeployed && [...parameters.keys()].every((name) => name === KEPT)) {
    throw new UsageError(
      `There is no deployment called ${stage} in ${aws.region}: name another with --stage (and AWS_REGION).`,
    );
  }
  if (!isSure) {
    terminal.say(
      `This removes the deployment ${stage} in ${aws.region}: the bot stops answering, and nothing more is sent to Garmin. ` +
        "The table stays, with accounts, links and the ledger of what was sent, and so does what is in Garmin.",
    );
    const typed = await terminal.ask(`Type ${stage} to go on:`);
    if (typed !== stage) throw new UsageError("That isn’t its name. Nothing was changed.");
  }

  await silence(deps, parameters);
  terminal.say(`Removing weighbridge-${stage} from ${aws.region}; this takes a few minutes.`);
  const isRemoved = await osls(deps, "remove");
  if (!isRemoved && isDeployed) {
    throw new UsageError(
      "It couldn’t be removed; the lines above say why. The bot no longer hears anything. Fix the cause and run npm " +
        "run remove again, or bring everything back with npm run deploy.",
    );
  }
  if (!isRemoved) {
    terminal.say(
      `As far as I can see, nothing was deployed. If AWS CloudFormation still lists weighbridge-${stage}, delete it there.`,
    );
  }
  const ours = [...parameters.keys()].filter((name) => name !== KEPT && !FROM_STACK.some((other) => other === name));
  await aws.remove(stage, [...new Set(ours.map(parameterOf))]);

  const table = parameters.get(TABLE_NAME_VARIABLE) ?? `weighbridge-${stage}`;
  return terminal.result(
    { status: "success", stage, region: aws.region, left: { table, parameter: `/weighbridge/${stage}/${KEPT}` } },
    `Removed. What is left, so that npm run setup and npm run deploy can use it again:
  - the table ${table} with everything in it, whose storage costs cents a year
  - the parameter /weighbridge/${stage}/${KEPT}, without which the links in the table don’t open

To delete both for good, in the console as the end of docs/deploy-aws.md says, or with the AWS command line:
  aws dynamodb update-table --region ${aws.region} --table-name ${table} --no-deletion-protection-enabled
  aws dynamodb delete-table --region ${aws.region} --table-name ${table}
  aws ssm delete-parameter --region ${aws.region} --name /weighbridge/${stage}/${KEPT}`,
  );
}

/** So that what people write from now on waits at Telegram instead of failing. */
async function silence({ shell, terminal, clock }: StageDeps, parameters: ReadonlyMap<string, string>): Promise<void> {
  if (!parameters.has("TELEGRAM_BOT_TOKEN") || !parameters.has("TELEGRAM_ALLOWED_IDS")) return;
  const { telegram } = readConfig({ ...shell, ...Object.fromEntries(parameters) }, ["telegram"]);
  const introduction = createTelegramSetup(telegram, clock);
  try {
    const bot = await introduction.bot();
    if (!bot) return;
    terminal.say(`Telling Telegram to keep updates for @${bot.username}.`);
    await introduction.listenNoMore();
  } finally {
    await introduction.close();
  }
}
