import type { BrowserContext, Locator, Page } from "playwright-core";
import { type FaultName, namedFaults } from "../sandbox/named-faults.ts";
import type { ActionName } from "../sandbox/panel-contract.ts";
import { nextScreenshot } from "./screenshots.ts";

const SEEN = "data-seen-by-the-test";

export type View = "chat" | "panel" | "mail";

/** The demo's page as a person uses it: what is out of view is switched to first, and waiting is for what can be seen. */
export class PageDriver {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** What the page wrote to the console as an error, or failed to load. What it refuses in words is no problem. */
  readonly problems: string[] = [];

  constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("pageerror", ({ message }) => this.problems.push(message));
    page.on("console", (message) => {
      const isRefusal = message.text().includes("status of 422");
      if (message.type() === "error" && !isRefusal) this.problems.push(message.text());
    });
  }

  /** The page with the state of the chat on it. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator("#bot-status", { hasNotText: "connecting" }).waitFor();
  }

  /** Types it and presses Send. */
  async say(text: string): Promise<void> {
    await this.show("chat");
    await this.markSeen();
    await this.page.locator("#text").fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  /** The newest button of a message that says exactly this, or fits. */
  button(label: string | RegExp): Locator {
    const words = typeof label === "string" ? `text-is(${JSON.stringify(label)})` : `text-matches("${label.source}")`;
    return this.page.locator(`#messages .buttons :is(button, a):${words}`).last();
  }

  async tapButton(label: string | RegExp): Promise<void> {
    await this.show("chat");
    await this.markSeen();
    await this.button(label).click();
  }

  /** Taps a button that opens a page, and returns that page when it has loaded. */
  async openButton(label: string): Promise<Page> {
    const opened = this.#context.waitForEvent("page");
    await this.tapButton(label);
    const page = await opened;
    await page.waitForLoadState();
    return page;
  }

  /** Another page in the same browser, for instance a vendor's. */
  async openUrl(url: string): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(url);
    return page;
  }

  clipboard(): Promise<string> {
    return this.page.evaluate("navigator.clipboard.readText()");
  }

  /** A message of the bot that came or changed since the last word or tap, and has this text in it. */
  async waitForMessage(text: string | RegExp): Promise<Locator> {
    await this.show("chat");
    const message = this.page
      .locator(`#messages article:not(.own, .leaving, [${SEEN}])`, {
        has: this.page.locator(".words", { hasText: text }),
      })
      .last();
    await message.waitFor();
    return message;
  }

  /** Without values they are made up. Returns when the page has confirmed it. */
  async stepOnScale(values: { weightKg?: number } = {}): Promise<void> {
    await this.show("panel");
    const form = this.page.locator('form[data-action="weighIn"]');
    const field = form.locator('[name="weightKg"]');
    if (values.weightKg !== undefined) {
      if (!(await field.isVisible())) await form.getByRole("button", { name: "Set values" }).click();
      await field.fill(String(values.weightKg));
    }
    await this.press("weighIn");
  }

  /** The button of that action. Returns when the page has said what came of it. */
  async press(action: ActionName): Promise<void> {
    await this.show("panel");
    await this.markSeen();
    const form = `form[data-action="${action}"]`;
    await this.page.locator(`${form} button[type="submit"]`).click();
    await this.page.locator(`${form}:not([data-running]) output:not(:empty)`).waitFor();
  }

  /** Both sides in one step, and all that was there before is over. From now on Withings announces what comes. */
  async linkBoth(): Promise<void> {
    await this.say("/start");
    await this.waitForMessage("Hello.");
    await this.press("link");
    await this.waitForMessage("now seen in Garmin");
  }

  /** A weigh-in of so much, among what Garmin Connect shows. */
  async waitForWeight(weight: string): Promise<void> {
    await this.show("panel");
    const shown = this.page.locator("#weights td.main").getByText(weight, { exact: true });
    await shown.waitFor();
    await this.page.locator("#garmin-title").scrollIntoViewIfNeeded();
    await shown.scrollIntoViewIfNeeded();
  }

  /** Flips a switch of "Break something". */
  async setFault(name: FaultName, on: boolean): Promise<void> {
    await this.show("panel");
    const { label } = namedFaults[name];
    await this.page.getByRole("switch", { name: label, exact: true }).setChecked(on);
    await this.page.locator("#faults-output", { hasText: `${label}: ${on ? "on" : "off"}.` }).waitFor();
  }

  /** The code in the newest mail, as soon as there is one. */
  async mailedCode(): Promise<string> {
    await this.show("mail");
    return this.page.locator("#mails .code").first().innerText();
  }

  /** Comes back to this page from any other, and to this part of it where the window is too narrow for everything. */
  async show(view: View): Promise<void> {
    await this.page.bringToFront();
    const tab = this.page.locator(`#tab-${view}`);
    if (await tab.isVisible()) await tab.click();
  }

  /** What reaches beyond the window's right edge, by how many pixels. Tables may: they scroll by themselves. */
  overflow(): Promise<Record<string, number>> {
    return this.page.evaluate(`(() => {
      const parts = ["html", "body", "#messages", "#panel"].map((selector) => [selector, document.querySelector(selector)]);
      const beyond = parts.map(([selector, part]) => [selector, part.scrollWidth - part.clientWidth]);
      return Object.fromEntries(beyond.filter(([, px]) => px > 0));
    })()`);
  }

  /** This page, or another one of the same browser. */
  async shot(name: string, page = this.page): Promise<void> {
    await page.bringToFront();
    await page.screenshot({ path: nextScreenshot(name), animations: "disabled" });
  }

  /**
   * Whatever the chat shows now is old to `waitForMessage`. A message that changes is drawn anew and loses the mark.
   * `say` and `tapButton` do it by themselves.
   */
  async markSeen(): Promise<void> {
    await this.page.evaluate(
      `for (const node of document.querySelectorAll("#messages article")) node.setAttribute("${SEEN}", "")`,
    );
  }
}
