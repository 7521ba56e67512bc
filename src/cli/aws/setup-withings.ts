import { isApplicationRefused } from "../../app/vendors.ts";
import { readConfig } from "../../config/config.ts";
import { WITHINGS_PATHS } from "../../config/paths.ts";
import { RetryLaterError, UsageError } from "../../lib/errors.ts";
import { type Answers, askOnce, type SetupDeps } from "./setup-answers.ts";

const MOST_TRIES = 5;

/** Client id and secret, to which Withings raises no objection. */
export async function askWithings({ shell, terminal, clock }: SetupDeps, { present, changes }: Answers): Promise<void> {
  const publicUrl = present.get("PUBLIC_URL")?.replace(/\/+$/, "");
  terminal.say(
    "\n3. Withings\nSign in at developer.withings.com with the account that owns the scale, and create an application: Public " +
      `cloud, Public API integration. ${callback(publicUrl)}`,
  );
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const clientId = await value("Client id", "WITHINGS_CLIENT_ID");
    const clientSecret = await value("Client secret", "WITHINGS_CLIENT_SECRET");
    const variables = { WITHINGS_CLIENT_ID: clientId, WITHINGS_CLIENT_SECRET: clientSecret };
    const { withings } = readConfig({ ...shell, ...variables }, ["withings"]);
    const isRefused = await isApplicationRefused(withings, clock.now()).catch((error: unknown) => {
      if (error instanceof RetryLaterError) return undefined;
      throw error;
    });
    if (!isRefused) {
      terminal.say(
        isRefused === false
          ? "Withings has nothing against them. Whether they are right shows when you link the scale."
          : "Withings could not be asked about them just now. Whether they are right shows when you link the scale.",
      );
      for (const [name, text] of Object.entries(variables)) changes.set(name, text);
      return;
    }
    terminal.say("Withings does not know this client id with this secret. Copy both once more.");
  }
  throw new UsageError("That did not work. Nothing was changed. Please begin again.");

  async function value(what: string, name: string): Promise<string> {
    const known = present.get(name);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const keeps = known ? "hidden; Enter keeps the one that is there" : "hidden while you type";
      const text = (await askOnce(terminal, `${what} (${keeps}):`, { secret: true })) || known;
      if (text) return text;
      terminal.say("It stands on the page of your application.");
    }
    throw new UsageError("That did not work. Nothing was changed. Please begin again.");
  }
}

function callback(publicUrl: string | undefined): string {
  if (publicUrl) return `Its callback address is ${publicUrl}${WITHINGS_PATHS.callback}, exactly.`;
  return (
    "It asks for a callback address, which is not known before the first deployment: an https page of your choice that answers will do " +
    "until then. npm run deploy prints the right one, for you to put in its place."
  );
}
