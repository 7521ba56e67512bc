import { isApplicationRefused } from "../../app/vendors.ts";
import { readConfig } from "../../config/config.ts";
import { WITHINGS_PATHS } from "../../config/paths.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { type Answers, askOnce, repeat, type SetupDeps } from "./setup-answers.ts";

export async function askWithings({ shell, terminal, clock }: SetupDeps, { present, changes }: Answers): Promise<void> {
  terminal.say(
    "\n3. Withings\nSign in at developer.withings.com with the account that owns the scale, and create an application: Public " +
      `cloud, Public API integration. ${callback(present.get("PUBLIC_URL")?.replace(/\/+$/, ""))}`,
  );
  const variables = await repeat(async () => {
    const clientId = await value("Client id", "WITHINGS_CLIENT_ID");
    const clientSecret = await value("Client secret", "WITHINGS_CLIENT_SECRET");
    const answered = { WITHINGS_CLIENT_ID: clientId, WITHINGS_CLIENT_SECRET: clientSecret };
    const { withings } = readConfig({ ...shell, ...answered }, ["withings"]);
    const isRefused = await isApplicationRefused(withings, clock.now()).catch((error: unknown) => {
      if (error instanceof RetryLaterError) return undefined;
      throw error;
    });
    if (isRefused) {
      terminal.say("Withings doesn’t know this client id with this secret. Copy both again.");
      return undefined;
    }
    terminal.say(
      isRefused === false
        ? "Withings accepts them so far. You’ll know for sure when you link the scale."
        : "Withings couldn’t be asked about them just now. You’ll know when you link the scale.",
    );
    return answered;
  });
  for (const [name, text] of Object.entries(variables)) changes.set(name, text);

  function value(what: string, name: string): Promise<string> {
    const known = present.get(name);
    const keeps = known ? "hidden; Enter keeps the one that is there" : "hidden while you type";
    return repeat(async () => {
      const text = (await askOnce(terminal, `${what} (${keeps}):`, { secret: true })) || known;
      if (!text) terminal.say("You find it on the page of your application.");
      return text || undefined;
    });
  }
}

function callback(publicUrl: string | undefined): string {
  if (publicUrl) return `Its callback address is ${publicUrl}${WITHINGS_PATHS.callback}, exactly.`;
  return (
    "It asks for a callback address, which isn’t known before the first deployment: until then, any https page that answers will " +
    "do. npm run deploy prints the right one, for you to put in its place."
  );
}
