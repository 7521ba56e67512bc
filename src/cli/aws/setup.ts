import { randomBytes } from "node:crypto";
import { SECRETS_PARAMETER, SHARED_SECRETS } from "../../config/secrets.ts";
import { ALARM_EMAIL, parameterOf, SEALING_KEY } from "./parameters.ts";
import { type Answers, askUntil, type SetupDeps } from "./setup-answers.ts";
import { askBot, askOwner } from "./setup-telegram.ts";
import { askWithings } from "./setup-withings.ts";

/** Asks for everything a deployment needs, checks what can be checked, and only then writes it. */
export async function setupCommand(deps: SetupDeps): Promise<number> {
  const { stage, aws, terminal } = deps;
  const present = await aws.parameters(stage);
  const answers: Answers = { present, changes: new Map() };
  terminal.say(
    `Setting up the deployment ${stage} in ${aws.region}. Nothing is stored before the last question is answered.` +
      (present.size > 0 ? "\nSome of it is stored already: Enter keeps it." : ""),
  );
  const introduction = await askBot(deps, answers);
  try {
    await askOwner(deps, answers, introduction);
  } finally {
    await introduction.close();
  }
  await askWithings(deps, answers);
  await askEmail(deps, answers);
  makeKeys(answers);
  const written = await write(deps, answers);
  const exit = terminal.result(
    { status: "success", stage, region: aws.region, written },
    written.length === 0
      ? "Nothing has changed."
      : `Stored at AWS, in the Parameter Store of Systems Manager, under /weighbridge/${stage}/: ${written.join(", ")}.`,
  );
  terminal.hint("Next: npm run deploy");
  return exit;
}

/** It isn't checked: AWS asks the address for its consent. */
async function askEmail({ terminal }: SetupDeps, { present, changes }: Answers): Promise<void> {
  const known = present.get(ALARM_EMAIL);
  terminal.say(
    "\n4. Alarms\nThe bot writes to you when something is wrong. If the bot is what broke, only an e-mail reaches you. AWS first " +
      "sends a mail there that you have to confirm.",
  );
  const keeps = known ? `Enter keeps ${known}, none removes it` : "Enter for none";
  const email = await askUntil(terminal, `E-mail address (${keeps}):`, (text) =>
    text === "" || text === "none" || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)
      ? undefined
      : "That doesn’t look like an e-mail address.",
  );
  if (email !== "" && (email !== "none" || known)) changes.set(ALARM_EMAIL, email);
}

function makeKeys({ present, changes }: Answers): void {
  const made = {
    SEALING_KEY: () => randomBytes(32).toString("base64"),
    TELEGRAM_WEBHOOK_SECRET: () => randomBytes(32).toString("base64url"),
    MANUAL_SYNC_TOKEN: () => randomBytes(32).toString("base64url"),
  };
  for (const [name, make] of Object.entries(made)) if (!present.get(name)) changes.set(name, make());
}

/** Returns the parameters that were written. */
async function write({ stage, aws, terminal }: SetupDeps, { present, changes }: Answers): Promise<string[]> {
  const textOf = (name: string) => changes.get(name) ?? present.get(name) ?? "";
  const secrets = () => JSON.stringify(Object.fromEntries(SHARED_SECRETS.map((name) => [name, textOf(name)])));
  const changed = [...changes]
    .filter(([name, value]) => present.get(name) !== value)
    .map(([name]) => parameterOf(name));
  // The key goes first, and never replaces one that another setup has stored meanwhile.
  const wanted = [...new Set(changed)].sort((a, b) => Number(b === SEALING_KEY) - Number(a === SEALING_KEY));
  const written: string[] = [];
  for (const [index, name] of wanted.entries()) {
    const value = name === SECRETS_PARAMETER ? secrets() : textOf(name);
    try {
      const replace = name !== SEALING_KEY;
      if (value === "none" && name === ALARM_EMAIL) await aws.remove(stage, [name]);
      else if (!(await aws.put(stage, name, value, { replace }))) continue;
    } catch (error) {
      const left = wanted.slice(index);
      terminal.hint(
        `Written: ${written.join(", ") || "nothing"}. Not written: ${left.join(", ")}. Run setup again to finish.`,
      );
      throw error;
    }
    written.push(name);
  }
  return written;
}
