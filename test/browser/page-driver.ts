import type { BrowserContext, Locator, Page } from "playwright-core";
import type { ActionName } from "../../src/sandbox/panel-contract.ts";
import { labelOf, type Trouble } from "../../src/sandbox/stories.ts";
import { nextScreenshot } from "./screenshots.ts";

const SEEN = "data-seen-by-the-test";

export type View = "chat" | "panel" | "mail";

/** Uses the page as a person does: it opens what is out of view first, and waits for what is visible. */
export class PageDriver {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** Console errors and failed requests. A refusal in words isn't one. */
  readonly problems: string[] = [];

  constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    this.watch(page);
  }

  /** What it complains about counts. */
  watch(page: Page): void {
    page.on("pageerror", ({ message }) => this.problems.push(message));
    page.on("console", (message) => {
      const isRefusal = message.text().includes("status of 422");
      if (message.type() === "error" && !isRefusal) this.problems.push(message.text());
    });
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator("#bot-status", { hasNotText: "connecting" }).waitFor();
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  /** Presses Start in the empty chat. */
  async start(): Promise<void> {
    await this.show("chat");
    await this.page.getByRole("button", { name: "Start", exact: true }).click();
    await this.waitForMessage(/Hello\.|Hallo\./);
  }

  async say(text: string): Promise<void> {
    await this.show("chat");
    await this.markSeen();
    await this.page.locator("#text").fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  /** The newest button of a message that matches. */
  button(label: string | RegExp): Locator {
    const words = typeof label === "string" ? `text-is(${JSON.stringify(label)})` : `text-matches("${label.source}")`;
    return this.page.locator(`#messages .buttons :is(button, a):${words}`).last();
  }

  async tapButton(label: string | RegExp): Promise<void> {
    await this.show("chat");
    await this.markSeen();
    await this.button(label).click();
  }

  /** Returns the opened page when it has loaded. */
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

  /** A message with this text that came or changed since the last word or tap. */
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

  /** Returns when the page has confirmed it. */
  stepOnScale({ weightKg }: { weightKg?: number } = {}): Promise<void> {
    return this.pressWith("weighIn", weightKg === undefined ? {} : { weightKg });
  }

  /** Sets these values before it presses. */
  async pressWith(action: ActionName, values: Record<string, number>): Promise<void> {
    await this.show("panel");
    const form = this.page.locator(`form[data-action="${action}"]`);
    for (const [name, value] of Object.entries(values)) {
      const field = form.locator(`[name="${name}"]`);
      if (!(await field.isVisible())) await form.getByRole("button", { name: "Set values" }).click();
      await field.fill(String(value));
    }
    await this.press(action);
  }

  /** Returns when the page shows the result. */
  async press(action: ActionName): Promise<void> {
    await this.show("panel");
    await this.markSeen();
    await this.resultOf(() => this.page.locator(`form[data-action="${action}"] button[type="submit"]`).first().click());
  }

  /** A button of the panel, by its words. Returns the result that the page shows. */
  async play(label: string): Promise<string> {
    await this.show("panel");
    await this.markSeen();
    const words = this.page.getByText(label, { exact: true });
    const button = this.page.locator("#sections").locator(words).first();
    if (!(await button.isVisible())) await this.#unfold(words);
    return this.resultOf(() => button.click());
  }

  async resultOf(press: () => Promise<void>): Promise<string> {
    const result = this.page.locator("#result");
    const before = Number(await result.getAttribute("data-count"));
    await press();
    // A month of mornings takes a while.
    await this.page.locator(`#result[data-count="${before + 1}"]`).waitFor({ timeout: 60_000 });
    return result.innerText();
  }

  async #unfold(part: Locator): Promise<void> {
    const folded = this.page.locator("details.story:not([open])", { has: part });
    if ((await folded.count()) > 0) await folded.locator("summary").click();
  }

  /** Links both at once, and waits until the first sync is over and Withings announces new readings. */
  async linkBoth(): Promise<void> {
    await this.start();
    await this.press("link");
    await this.waitForMessage(/(are|sind) in Garmin\./);
  }

  async waitForWeight(weight: string): Promise<void> {
    await this.show("panel");
    const shown = this.page.locator("#weights td.main").getByText(weight, { exact: true });
    await shown.waitFor();
    await this.page.locator("#garmin-title").scrollIntoViewIfNeeded();
    await shown.scrollIntoViewIfNeeded();
  }

  async setTrouble(name: Trouble, on: boolean): Promise<void> {
    await this.show("panel");
    const flip = this.page.locator(`[data-trouble="${name}"] input`);
    await this.#unfold(flip);
    const words = await this.resultOf(() => flip.setChecked(on));
    if (!words.startsWith(`${labelOf(name)}: ${on ? "on" : "off"}.`)) throw new Error(words);
  }

  /** Waits for a mail and returns its code. */
  async mailedCode(): Promise<string> {
    await this.show("mail");
    return this.page.locator("#mails .code").first().innerText();
  }

  /** Brings this page to the front, and in a narrow window this part of it. */
  async show(view: View): Promise<void> {
    await this.page.bringToFront();
    const tab = this.page.locator(`#tab-${view}`);
    if (await tab.isVisible()) await tab.click();
  }

  /** By how many pixels each element reaches beyond the window's right edge. Tables may, because they scroll. */
  overflow(): Promise<Record<string, number>> {
    return this.page.evaluate(`(() => {
      const parts = ["html", "body", "#messages", "#sections", "#result"].map((selector) => [selector, document.querySelector(selector)]);
      const beyond = parts.map(([selector, part]) => [selector, part.scrollWidth - part.clientWidth]);
      return Object.fromEntries(beyond.filter(([, px]) => px > 0));
    })()`);
  }

  async unfoldAll(): Promise<void> {
    await this.show("panel");
    await this.page.evaluate(`(() => {
      for (const story of document.querySelectorAll("details.story")) story.open = true;
      for (const more of document.querySelectorAll('button.more[aria-expanded="false"]')) more.click();
    })()`);
  }

  /** Where each visible button and switch is, from the top of all sections. */
  places(): Promise<Record<string, string>> {
    return this.page.evaluate(`(() => {
      const sections = document.querySelector("#sections");
      const top = sections.getBoundingClientRect().top - sections.scrollTop;
      const shown = [...sections.querySelectorAll("button:not(.code, #link-button), summary, label")].filter((it) => it.checkVisibility());
      const place = (it) => { const box = it.getBoundingClientRect(); return [box.x, box.y - top, box.width, box.height].map(Math.round).join(" ") };
      return Object.fromEntries(shown.map((it, index) => [index + " " + it.textContent.trim(), place(it)]));
    })()`);
  }

  /** What can be pressed or read, and is cut off, outside the window, or on top of something else that can be pressed. */
  crowded(): Promise<string[]> {
    return this.page.evaluate(`(() => {
      const kinds = "button, summary, label, .note, h2, #now, #link-note, .views button, input:not([role=switch])";
      const shown = [...document.querySelectorAll(kinds)].filter((it) => it.checkVisibility());
      const nameOf = (it) => it.tagName.toLowerCase() + " " + (it.textContent.trim().slice(0, 40) || it.name);
      const boxes = shown.map((it) => ({ it, name: nameOf(it), box: it.getBoundingClientRect() }));
      const beyond = boxes.filter(({ box }) => box.left < -0.5 || box.right > innerWidth + 0.5);
      const cut = boxes.filter(({ it }) => it.tagName !== "INPUT" && it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0);
      const apart = (a, b) => a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5;
      const inside = ({ it: a }, { it: b }) => a.contains(b) || b.contains(a);
      const scroller = ({ it }) => it.closest("#sections, .chat, .views, #mails");
      const over = boxes.flatMap((a, index) =>
        boxes.slice(index + 1).filter((b) => scroller(a) === scroller(b) && !inside(a, b) && !apart(a.box, b.box)).map((b) => a.name + " over " + b.name));
      return [...beyond.map(({ name }) => name + " beyond the window"), ...cut.map(({ name }) => name + " cut off"), ...over];
    })()`);
  }

  async shot(name: string, page = this.page, { isWhole = false } = {}): Promise<void> {
    await page.bringToFront();
    await page.screenshot({ path: nextScreenshot(name), animations: "disabled", fullPage: isWhole });
  }

  /** `waitForMessage` ignores what is marked. A message that changes loses its mark. `say` and `tapButton` mark too. */
  async markSeen(): Promise<void> {
    await this.page.evaluate(
      `for (const node of document.querySelectorAll("#messages article")) node.setAttribute("${SEEN}", "")`,
    );
  }
}
