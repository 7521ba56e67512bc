import { Bot } from "grammy/web";
import { chromium } from "playwright-core";
import { test as base, expect } from "vitest";
import { startDemo } from "../../src/sandbox/demo.ts";
import { PageDriver } from "./page-driver.ts";

/** Where Debian's package puts it; CHROMIUM_PATH names another. */
const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** For one step of a test. */
const PATIENCE_MS = 15_000;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** The narrowest that anything is sold with. */
const NARROW = { width: 320, height: 640 };

/**
 * `demo` is a demo of the test's own, `api` what its bot can call. `desktop`, `phone` and `narrow` open its page in a window of that size; a test that fails
 * leaves a last picture of it, and a test in which the page broke fails.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads here what a fixture needs, which is nothing
  .extend("browser", { scope: "file" }, async ({}, { onCleanup }) => {
    const browser = await chromium.launch({ executablePath: CHROMIUM });
    onCleanup(() => browser.close());
    return browser;
  })
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads here what a fixture needs, which is nothing
  .extend("demo", async ({}, { onCleanup }) => {
    // Its own rounds are far apart: what arrives was announced, or asked for.
    const demo = await startDemo({ syncIntervalMinutes: 60 });
    onCleanup(() => demo.close());
    return demo;
  })
  // What the bot could do, whatever it does at the moment.
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
