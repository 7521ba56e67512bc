import { Bot } from "grammy/web";
import { chromium } from "playwright-core";
import { test as base, expect } from "vitest";
import { startDemo } from "../../src/sandbox/demo.ts";
import { PageDriver } from "./page-driver.ts";

export type Language = "en" | "de";

/** Debian's path; CHROMIUM_PATH sets another. */
const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

const PATIENCE_MS = 15_000;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** The narrowest phone on sale. */
const NARROW = { width: 320, height: 640 };

/**
 * Each test gets its own `demo`, and `api` acts as its bot. `desktop`, `phone` and `narrow` open its page in a window of that size.
 * A failing test leaves a last picture of it, and a test fails if the page reported an error.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads here what a fixture needs, which is nothing
  .extend("browser", { scope: "file" }, async ({}, { onCleanup }) => {
    const browser = await chromium.launch({ executablePath: CHROMIUM });
    onCleanup(() => browser.close());
    return browser;
  })
  /** Of the person's Telegram. */
  .extend("language", "en" as Language)
  .extend("demo", async ({ language }, { onCleanup }) => {
    // With rare syncs, what arrives was announced or asked for. At night the bot sends no cards.
    const demo = await startDemo({
      ...{ syncIntervalMinutes: 60, startsAt: "10:00", languageCode: language, paced: false },
    });
    onCleanup(() => demo.close());
    return demo;
  })
  // Acts as the bot.
  .extend("api", ({ demo }) => {
    const { apiRoot, token } = demo.sandbox.telegram;
    return new Bot(token, { client: { apiRoot } }).api;
  })
  .extend("openAt", async ({ browser, demo, task }, { onCleanup }) => {
    const opened: PageDriver[] = [];
    onCleanup(async () => {
      for (const driver of opened) {
        if (task.result?.state === "fail") await driver.shot(`failed ${task.name}`);
        await driver.close();
      }
      expect(
        opened.flatMap(({ problems }) => problems),
        "what the page complained about",
      ).toEqual([]);
    });
    return async (viewport: typeof PHONE, isPhone: boolean) => {
      const context = await browser.newContext({
        viewport,
        ...(isPhone ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
        permissions: ["clipboard-read", "clipboard-write"],
      });
      context.setDefaultTimeout(PATIENCE_MS);
      const driver = new PageDriver(context, await context.newPage());
      opened.push(driver);
      await driver.open(demo.url);
      return driver;
    };
  })
  .extend("desktop", ({ openAt }) => openAt(DESKTOP, false))
  .extend("phone", ({ openAt }) => openAt(PHONE, true))
  .extend("narrow", ({ openAt }) => openAt(NARROW, true));
