import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Demo } from "../../src/sandbox/demo.ts";
import type { Language } from "./fixtures.ts";
import type { PageDriver } from "./page-driver.ts";
import { EMAIL } from "./vendor-pages.ts";

type Words = string | RegExp;

/** Plays a scene on a phone, in one language. A step names what is said, seen or tapped in English, then in German. */
export class Player {
  readonly demo: Demo;
  readonly bot: PageDriver;
  readonly #language: Language;
  readonly #scene: string;
  #pictures = 0;

  constructor(demo: Demo, bot: PageDriver, language: Language, scene: string) {
    this.demo = demo;
    this.bot = bot;
    this.#language = language;
    this.#scene = scene;
  }

  #in<T>(english: T, german: T): T {
    return this.#language === "de" ? german : english;
  }

  say(english: string, german = english): Promise<void> {
    return this.bot.say(this.#in(english, german));
  }

  see(english: Words, german: Words): Promise<Locator> {
    return this.bot.waitForMessage(this.#in(english, german));
  }

  tap(english: Words, german: Words = english): Promise<void> {
    return this.bot.tapButton(this.#in(english, german));
  }

  open(english: string, german: string): Promise<Page> {
    return this.bot.openButton(this.#in(english, german));
  }

  /** Presses a button of the panel, and lets what it brings arrive. */
  async try(label: string): Promise<void> {
    await this.bot.play(label);
    await this.demo.pass(10);
  }

  async weigh(weightKg: number): Promise<void> {
    await this.bot.stepOnScale({ weightKg });
    await this.demo.pass(10);
  }

  /** Chooses how often cards come. */
  async chooseCards(english: string, german: string): Promise<void> {
    await this.say("/settings");
    await this.tap("Cards", "Meldungen");
    await this.tap(english, german);
    await this.tap("Back", "Zurück");
  }

  inGarmin(): number[] {
    return this.demo.sandbox.garmin.weights(EMAIL).map(({ weightKg }) => weightKg);
  }

  /** How many messages the bot has sent. */
  said(): Promise<number> {
    return this.bot.page.locator("#messages article:not(.own)").count();
  }

  /** In both colours. What reaches beyond the window is a failure. */
  async picture(page = this.bot.page): Promise<void> {
    this.#pictures += 1;
    if (page === this.bot.page) {
      await this.bot.show("chat");
      expect(await this.bot.overflow()).toEqual({});
    }
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await this.bot.shot(`scene ${this.#scene} ${this.#pictures} ${this.#language} ${colorScheme}`, page);
    }
  }
}
