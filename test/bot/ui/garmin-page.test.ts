import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { withFixes } from "../../../src/bot/ui/keyboards.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { Action } from "../../../src/lib/errors.ts";
import { NOON, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

const HEADING = "ERROR: clientId parameter must be specified";
const PAGE = "https://sso.example.org/sso/signin?id=gauth-widget";
const PAGES = { pageUrl: () => PAGE, ownPageUrl: undefined };
const OWN_PAGE = "https://bot.example.org/sign-in";
const ACTIONS: Record<Action, "page" | "no page"> = {
  add_account: "no page",
  link_withings: "no page",
  relink_withings: "no page",
  link_garmin: "no page",
  relink_garmin: "page",
  grant_garmin_upload: "no page",
  unlock_garmin_account: "page",
  use_garmin_page: "page",
  fix_withings_application: "no page",
  fix_withings_callback: "no page",
  fix_clock: "no page",
  fix_garmin_client_id: "no page",
};

describe.each(["en", "de"] as const)("in %s", (language) => {
  const words = wordsFor({ language, units: "kg", timezone: "UTC", now: NOON });

  test.each(Object.entries(ACTIONS) as Array<[Action, string]>)("the fix for %s leads to %s", (action, leadsTo) => {
    const { text, keyboard } = withFixes("What is wrong.", [action], words, PAGES);
    const urls = keyboard.inline_keyboard.flat().flatMap((button) => ("url" in button ? [button.url] : []));
    expect(urls.includes(PAGE)).toBe(leadsTo === "page");
    expect(text.startsWith("What is wrong.")).toBe(true);
    expect(text.includes(HEADING)).toBe(leadsTo === "page");
  });

  test("several actions that lead to Garmin’s page share one button and one explanation", () => {
    const { text, keyboard } = withFixes("", ["relink_withings", "use_garmin_page", "relink_garmin"], words, PAGES);
    expect(text.split(HEADING)).toHaveLength(2);
    expect(keyboard.inline_keyboard.flat().map((button) => button.text)).toEqual([
      words.button.relinkWithings,
      words.button.onGarminsPage,
      words.button.here,
    ]);
  });

  test("wherever Garmin’s page is offered, our own page is too, where it can be reached", () => {
    for (const action of ["relink_garmin", "use_garmin_page"] as const) {
      const { keyboard } = withFixes("", [action], words, { ...PAGES, ownPageUrl: OWN_PAGE });
      expect(keyboard.inline_keyboard.flat()[0]).toEqual({
        text: words.button.signInPage,
        web_app: { url: `${OWN_PAGE}?lang=${language}` },
      });
      const without = withFixes("", [action], words, PAGES).keyboard.inline_keyboard.flat();
      expect(without.filter((button) => "web_app" in button)).toEqual([]);
    }
  });
});

test("buttons to Garmin’s page are made in one place, which explains its last page", () => {
  const folder = "src/bot";
  const users = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => readFileSync(path.join(folder, file), "utf8").includes("button.onGarminsPage"));
  expect(users).toEqual(["ui/keyboards.ts"]);
});

describe("signing in again by following only what the bot says", () => {
  let harness: TestBot;
  afterEach(() => harness.close());

  test("gets past the page that says ERROR to a working link", async () => {
    harness = await startTestBot();
    harness.startBot();
    harness.sandbox.garmin.revoke(OWNER.email);
    harness.person.stepOnScale({ weightKg: 80.25 });
    harness.owner.say("/sync");
    const { text, buttons } = await harness.owner.waitForMessage((message) => message.text.includes("signed me out"));
    expect(text).toContain(`“${HEADING}”. That’s expected`);
    expect(text).toContain("Copy the whole address of that page and send it to me within a minute.");

    const last = await signInInBrowser(buttons.flat().find((it) => it.text === "On Garmin’s page")?.url ?? "");
    expect(last.text).toContain(`${HEADING}!!!`);
    harness.owner.say(last.url);
    await harness.owner.waitForMessage((message) => message.text.includes("Signed in to Garmin as Owner."));
    await expect.poll(() => harness.weights()).toHaveLength(1);
  });
});

/** Signs in like a browser. Resolves to the last page and its address. */
async function signInInBrowser(address: string): Promise<{ url: string; text: string }> {
  const form = await fetch(address);
  const cookies = form.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  const csrf = /name="_csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
  const signedIn = await fetch(address, {
    method: "POST",
    headers: { cookie: cookies.join("; ") },
    body: new URLSearchParams({ username: OWNER.email, password: OWNER.password, embed: "true", _csrf: csrf }),
  });
  const url = /response_url = "([^"]+)"/.exec(await signedIn.text())?.[1] ?? "";
  return { url, text: await (await fetch(url)).text() };
}
