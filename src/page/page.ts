import { createHash } from "node:crypto";
import { SIGN_IN_PAGE_WORDS, type SignInPageWords } from "../bot/words/sign-in-page.ts";
import { escaped, HEADERS } from "../http/answers.ts";
import type { HttpResponse } from "../http/message.ts";
import type { GarminSignIn } from "../sync/links/garmin-sign-in.ts";
import type { Language } from "../sync/model/account.ts";
import { pictureOfGarminsEnd } from "./picture.ts";
import { runSignInPage } from "./script.js";
import { STYLE } from "./style.ts";

const SCRIPT = `(${runSignInPage})();`;
const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Nothing but what is in the page itself may run or be loaded. Telegram's web client shows a Mini App in a frame. */
const HEADERS_OF_PAGE = {
  ...HEADERS,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    `script-src ${hashOf(SCRIPT)}`,
    `style-src ${hashOf(STYLE)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors https://web.telegram.org",
  ].join("; "),
};

/** The same for everybody: whom it is for turns out when its script has asked. */
export function pageFor(language: Language, garmin: Pick<GarminSignIn, "isInCloud" | "pageUrl">): HttpResponse {
  const words = SIGN_IN_PAGE_WORDS[language];
  return { status: 200, headers: HEADERS_OF_PAGE, body: htmlOf(words, language, garmin) };
}

function htmlOf(words: SignInPageWords, language: Language, garmin: Pick<GarminSignIn, "isInCloud" | "pageUrl">) {
  const ways = [passwordWay(words, garmin.isInCloud), garminsWay(words, garmin.pageUrl())];
  // Garmin often refuses passwords from a cloud.
  const [first, second] = garmin.isInCloud ? ways.toReversed() : ways;
  const said = (["over", "outside", "noAnswer", "notServed", "opening"] as const)
    .map((name) => `data-${name.toLowerCase()}="${escaped(words[name])}"`)
    .join(" ");
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${escaped(words.title)}</title><style>${STYLE}</style></head>
<body><main ${said}>
<h1 tabindex="-1">${escaped(words.title)}</h1>
<p id="person" class="quiet" hidden></p>
<p id="answer" role="status" aria-live="polite" aria-atomic="true"></p>
<noscript>${escaped(words.noScript)}</noscript>
<div class="step" data-step="ways" hidden>${first}${second}</div>
${codeStep(words)}
<div class="step card" data-step="profile" hidden>
<button type="button" class="main" data-act="switch">${escaped(words.switchProfile)}</button>
<button type="button" data-act="keep">${escaped(words.keepProfile)}</button></div>
<div class="step card" data-step="look" hidden>
<button type="button" class="main" data-act="look">${escaped(words.lookAgain)}</button></div>
<div class="step card" data-step="done" hidden>
<button type="button" class="main" id="close">${escaped(words.close)}</button></div>
</main><script>${SCRIPT}</script></body></html>`;
}

function passwordWay(words: SignInPageWords, isInCloud: boolean): string {
  return `<section class="way" id="with-password" aria-labelledby="password-title">
<h2 id="password-title">${escaped(words.withPassword)}</h2>
<p class="quiet">${escaped(words.passwordOnce)}${isInCloud ? ` ${escaped(words.passwordInCloud)}` : ""}</p>
<form method="post" data-act="password">
<label>${escaped(words.email)}<input name="email" type="email" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" pattern="\\S+@\\S+\\.\\S+" required></label>
<label>${escaped(words.password)}<input name="password" type="password" autocomplete="current-password" maxlength="1000" required></label>
<button class="main">${escaped(words.signIn)}</button></form></section>
`;
}

function garminsWay(words: SignInPageWords, garminPage: string): string {
  return `<section class="way" aria-labelledby="garmin-title">
<h2 id="garmin-title">${escaped(words.onGarminsPage)}</h2>
<p class="quiet">${escaped(words.garminAlone)}</p>
<ol><li>${escaped(words.garminOpen)}
<a class="button" id="garmin-page" href="${escaped(garminPage)}" target="_blank" rel="noopener noreferrer">${escaped(words.garminLink)}</a></li>
<li>${escaped(words.garminEnd)}
${pictureOfGarminsEnd(words)}</li>
<li>${escaped(words.garminPaste)}
<form method="post" data-act="pasted">
<label>${escaped(words.address)}<input name="address" inputmode="url" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="10000" required></label>
<button class="main">${escaped(words.useAddress)}</button></form></li></ol></section>
`;
}

function codeStep(words: SignInPageWords): string {
  return `<div class="step card" data-step="code" hidden>
<form method="post" data-act="code">
<label>${escaped(words.code)}<input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="100" required></label>
<button class="main">${escaped(words.confirm)}</button></form>
<button type="button" data-act="new_code">${escaped(words.newCode)}</button>
<button type="button" id="start-over">${escaped(words.startOver)}</button></div>`;
}
