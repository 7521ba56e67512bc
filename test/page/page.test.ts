import { afterEach, describe, expect, test } from "vitest";
import { pageFor } from "../../src/page/page.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

const GARMIN = "https://sso.example.org/sso/signin?id=gauth-widget&a=b";
const pageOf = (language: "en" | "de", isInCloud: boolean) =>
  pageFor(language, { isInCloud, pageUrl: () => GARMIN }).body ?? "";
const withoutScript = (html: string) => html.replace(/<script>.*<\/script>/s, "").replace(/<style>.*<\/style>/s, "");
const HEADINGS = {
  en: ["With e-mail and password", "On Garmin’s page"],
  de: ["Mit E-Mail und Passwort", "Auf Garmins Seite"],
};

describe.each(["en", "de"] as const)("the page in %s", (language) => {
  test("begins with Garmin's own way where Garmin refuses passwords, and with the form elsewhere", () => {
    const headings = (isInCloud: boolean) =>
      [...pageOf(language, isInCloud).matchAll(/<h2[^>]*>([^<]+)/g)].map(([, text]) => text);
    expect(headings(false)).toEqual(HEADINGS[language]);
    expect(headings(true)).toEqual(HEADINGS[language].toReversed());
    expect(/Amazon/.test(pageOf(language, true))).toBe(true);
    expect(/Amazon/.test(pageOf(language, false))).toBe(false);
  });

  test("loads nothing, and names no address but Garmin's and the one in the picture", () => {
    const html = pageOf(language, false);
    expect(withoutScript(html)).not.toMatch(/<(img|iframe|link|object|embed|base)\b| (src|style|on\w+)=/);
    expect([...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual([GARMIN.replaceAll("&", "&amp;")]);
    const outside = [...html.matchAll(/https?:\/\/[^"'` <]+/g)].map(([address]) => address);
    // The page of Telegram in which it may be shown: it's told when to close it.
    expect(outside).toEqual([GARMIN.replaceAll("&", "&amp;"), "https://web.telegram.org"]);
  });

  test("nothing in it is left untranslated or unescaped", () => {
    const html = pageOf(language, true);
    expect(withoutScript(html)).not.toMatch(/undefined|\[object/);
    expect(html).toContain(`<html lang="${language}">`);
  });
});

describe("as it is served", () => {
  let harness: TestApp;
  afterEach(() => harness.close());

  test("it may run its own script and ask its own address, and nothing else; nobody keeps it", async () => {
    harness = await startTestApp({ hasAddress: true, linked: false });
    for (const method of ["GET", "HEAD"]) {
      const answer = await harness.ask("/sign-in?lang=de", { method });
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-type": "text/html; charset=utf-8",
      });
      expect(answer.headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}='; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors https:\/\/web\.telegram\.org$/,
      );
      expect(answer.headers.get("set-cookie")).toBeNull();
    }
  });

  test("its language is the one of its button, or of the browser", async () => {
    harness = await startTestApp({ hasAddress: true, linked: false });
    const languageOf = async (path: string, headers: Record<string, string> = {}) =>
      /<html lang="(\w+)"/.exec(await (await harness.ask(path, { headers })).text())?.[1];
    expect(await languageOf("/sign-in?lang=de", { "accept-language": "en" })).toBe("de");
    expect(await languageOf("/sign-in", { "accept-language": "de-AT,de;q=0.9" })).toBe("de");
    expect(await languageOf("/sign-in", { "accept-language": "de,en;q=0.5" })).toBe("de");
    expect(await languageOf("/sign-in?lang=xx")).toBe("en");
  });
});
