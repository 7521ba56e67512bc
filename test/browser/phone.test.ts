import { expect } from "vitest";
import { DEMO_USER } from "../../src/sandbox/demo.ts";
import { test } from "./fixtures.ts";
import { copyAddress } from "./vendor-pages.ts";

test("the tabs of a phone switch between the chat, the scale and the mail", async ({ phone }) => {
  await phone.shot("first look, phone");
  expect(await phone.page.locator("#text").isVisible()).toBe(true);
  expect(await phone.page.locator("#panel").isVisible()).toBe(false);
  await phone.show("panel");
  await phone.shot("scale, phone");
  expect(await phone.page.locator("#text").isVisible()).toBe(false);
  expect(await phone.page.getByRole("button", { name: "Step on the scale" }).isVisible()).toBe(true);
  expect(await phone.overflow()).toEqual({});
  await phone.show("mail");
  expect(await phone.page.getByText("No mail.").isVisible()).toBe(true);
  expect(await phone.page.getByRole("button", { name: "Step on the scale" }).isVisible()).toBe(false);
  await phone.show("chat");
  expect(await phone.page.locator("#text").isVisible()).toBe(true);
});

test("a person on a phone can step on the scale and see what Garmin shows", async ({ demo, phone }) => {
  await phone.linkBoth();
  await phone.stepOnScale({ weightKg: 64.35 });
  await demo.pass(10);
  await phone.waitForWeight("64.35");
  await phone.page.locator("#garmin-title").scrollIntoViewIfNeeded();
  await phone.shot("Garmin, phone");
  expect(await phone.overflow()).toEqual({});
});

test("on a phone, many long buttons fit, and each is high enough for a thumb", async ({ api, phone }) => {
  await phone.say("/help");
  await phone.waitForMessage("/sync");
  const button = (text: string) => ({ text, callback_data: text });
  await api.sendMessage(
    DEMO_USER,
    "Held: 92.4 kg from this morning. It is <b>far from your recent weights</b>. Its number is <code>5543254371-5543254388-5543254405</code>.\n<pre>withings 601  Same arguments in less than 10 seconds, asked again at 07:30:12</pre>",
    {
      parse_mode: "HTML",
      reply_markup: {
        inline_keyboard: [
          [button("It is mine, send it to Garmin"), button("It is somebody else's, leave it")],
          ["7", "14", "30", "60", "90", "180", "1 y", "All"].map(button),
          [{ text: "Open Garmin's sign-in page", url: "http://127.0.0.1/" }],
          [{ text: "Copy the address", copy_text: { text: "https://example.org/a" } }, button("Later")],
        ],
      },
    },
  );
  const message = await phone.waitForMessage("Held");
  await message.locator(".buttons").scrollIntoViewIfNeeded();
  await phone.shot("many buttons, phone");
  expect(await phone.overflow()).toEqual({});
  const buttons = await message.locator(".buttons :is(button, a)").all();
  expect(buttons).toHaveLength(13);
  for (const box of await Promise.all(buttons.map((shown) => shown.boundingBox()))) {
    expect(box?.height).toBeGreaterThanOrEqual(40);
    // Not higher than one line.
    expect(box?.height).toBeLessThan(50);
    expect(box?.width).toBeGreaterThanOrEqual(40);
    expect(box && box.x >= 0 && box.x + box.width <= 390).toBe(true);
  }
  const composer = await phone.page.locator("#composer").boundingBox();
  expect(composer && composer.y + composer.height).toBe(844);
});

test("a tap copies a button's text or a code, and the page says so", async ({ api, phone }) => {
  await phone.say("/start");
  await phone.waitForMessage("Hello.");
  await api.sendMessage(DEMO_USER, "Your number is <code>5543254371</code>", {
    parse_mode: "HTML",
    reply_markup: { inline_keyboard: [[{ text: "Copy the address", copy_text: { text: "https://example.org/a" } }]] },
  });
  await phone.tapButton("Copy the address");
  expect(await phone.clipboard()).toBe("https://example.org/a");
  await phone.page.locator("#messages code").click();
  expect(await phone.clipboard()).toBe("5543254371");
  await phone.page.locator("#toasts p").first().waitFor();
  await phone.shot("copied, phone");
});

test("a new mail is marked on its tab, and a tap copies its code", async ({ demo, phone }) => {
  const { garmin } = demo.sandbox;
  await phone.show("panel");
  const [email, password] = await phone.page.locator("#sign-in .code").allInnerTexts();
  const signIn = await phone.openUrl(
    `${garmin.ssoUrl}/sso/signin?service=${encodeURIComponent(`${garmin.ssoUrl}/sso/embed`)}`,
  );
  await signIn.locator('[name="username"]').fill(email ?? "");
  await signIn.locator('[name="password"]').fill(password ?? "");
  await signIn.getByRole("button").click();
  await signIn.locator('[name="mfa-code"]').waitFor();
  await phone.show("chat");
  await phone.page.locator("#tab-mail.news").waitFor();
  await phone.shot("mail has come, phone");
  const code = await phone.mailedCode();
  await phone.page.getByRole("button", { name: code, exact: true }).click();
  expect(await phone.clipboard()).toBe(code);
  await phone.shot("mail, phone");
  expect(await phone.page.locator("#tab-mail.news").count()).toBe(0);
  await signIn.locator('[name="mfa-code"]').fill(code);
  await signIn.getByRole("button").click();
  await signIn.waitForURL(/\/sso\/embed\?ticket=ST-/);
  expect(await copyAddress(phone, signIn)).toBe(signIn.url());
});
