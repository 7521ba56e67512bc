import { expect, test } from "vitest";
import { readInitData } from "../../src/page/init-data.ts";

/** Published with the libraries that check initData (tma.js and others), so neither the program nor the sandbox has signed it. */
const TOKEN = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8";
const SIGNED_AT = new Date("2022-09-10T01:00:48Z");
const SIGNED =
  "query_id=AAHdF6IQAAAAAN0XohDhrOrc" +
  "&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D" +
  "&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2";

const after = (seconds: number) => new Date(SIGNED_AT.getTime() + seconds * 1000);

test("what others take for signed by Telegram is, whatever the order of its fields", () => {
  const expected = { type: "ok", telegramUserId: 279058397, signedAt: SIGNED_AT };
  expect(readInitData(SIGNED, TOKEN, after(0))).toEqual(expected);
  expect(readInitData(SIGNED.split("&").toReversed().join("&"), TOKEN, after(600))).toEqual(expected);
});

test("ten minutes before or after it was signed it is late, and with any other token forged", () => {
  expect(readInitData(SIGNED, TOKEN, after(601))).toEqual({ type: "late" });
  expect(readInitData(SIGNED, TOKEN, after(-601))).toEqual({ type: "late" });
  expect(readInitData(SIGNED, `${TOKEN}x`, after(0))).toEqual({ type: "forged" });
  expect(readInitData(SIGNED, "", after(0))).toEqual({ type: "forged" });
});

test("after a change of any one character it is forged", () => {
  for (let at = 0; at < SIGNED.length; at++) {
    const changed = SIGNED.slice(0, at) + (SIGNED[at] === "x" ? "y" : "x") + SIGNED.slice(at + 1);
    expect(readInitData(changed, TOKEN, after(0)), changed).toEqual({ type: "forged" });
  }
});
