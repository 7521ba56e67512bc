import { GARMIN_PAGE_HEADING } from "../bot/words/en-garmin.ts";
import type { SignInPageWords } from "../bot/words/sign-in-page.ts";
import { escaped } from "../http/answers.ts";

/** The page a sign-in at Garmin ends on, drawn: a browser whose address is to be copied, above a heading that says ERROR. */
export function pictureOfGarminsEnd({ pictureOf, pictureCopy }: SignInPageWords): string {
  const [error, rest] = [GARMIN_PAGE_HEADING.slice(0, 6), GARMIN_PAGE_HEADING.slice(7)];
  return `<svg class="picture" viewBox="0 0 320 150" role="img" aria-label="${escaped(pictureOf)}">
<rect class="window" x="1" y="1" width="318" height="148" rx="10"/>
<path class="line" d="M1 44h318"/>
<circle class="dot" cx="16" cy="23" r="4"/><circle class="dot" cx="29" cy="23" r="4"/><circle class="dot" cx="42" cy="23" r="4"/>
<rect class="marked" x="56" y="10" width="254" height="26" rx="13"/>
<text class="address" x="68" y="27" textLength="230" lengthAdjust="spacingAndGlyphs">sso.garmin.com/sso/embed?<tspan class="ticket">ticket=ST-01…</tspan></text>
<path class="arrow" d="M183 70V44M176 51l7-8 7 8"/>
<text class="hint" x="183" y="86" text-anchor="middle">${escaped(pictureCopy)}</text>
<text class="error" x="160" y="114" text-anchor="middle">${escaped(error)}</text>
<text class="rest" x="160" y="134" text-anchor="middle">${escaped(rest)}</text>
</svg>`;
}
