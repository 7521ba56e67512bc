import { describe, expect, test } from "vitest";
import { parseHeight } from "../../../src/bot/typed/height.ts";

describe("a height is understood", () => {
  test.each([
    ["175", 1.75],
    ["1.75", 1.75],
    ["1,75", 1.75],
    ["1,8", 1.8],
    ["1.75 m", 1.75],
    ["1,75m", 1.75],
    ["1.755 m", 1.755],
    ["1m75", 1.75],
    ["1 m 75 cm", 1.75],
    ["175 cm", 1.75],
    ["175cm.", 1.75],
    ["175,5 cm", 1.755],
    ["1.75 Meter", 1.75],
    ["175 Zentimeter", 1.75],
    [`5'9"`, 1.753],
    ["5'9", 1.753],
    ["5’9”", 1.753],
    ["5′9″", 1.753],
    ["5' 9''", 1.753],
    ["5 ft 9", 1.753],
    ["5 ft 9 in", 1.753],
    ["5ft 9in", 1.753],
    ["5 feet 9 inches", 1.753],
    ["5 foot 9", 1.753],
    ["5 Fuß 9 Zoll", 1.753],
    ["6 ft", 1.829],
    ["5'10.5\"", 1.791],
    ["I’m 175 cm tall", 1.75],
    ["I am 5'9\"", 1.753],
    ["my height is 175", 1.75],
    ["Ich bin 1,75 m groß", 1.75],
    ["Größe: 175", 1.75],
    ["100", 1],
    ["250", 2.5],
  ])("%s", (text, heightM) => {
    expect(parseHeight(text)).toMatchObject({ heightM });
  });
});

test.each(["0", "5", "17", "2", "5.9", "300", "1750", "20 cm", "3 m", "17,5 m", `12'3"`, `5'12"`, "5 ft 13", "0.3 m"])(
  "%s is no height",
  (text) => {
    expect(parseHeight(text)).toBe("impossible");
  },
);

test.each([
  "72.4",
  "72,4 kg",
  "160 lb",
  "11st 4",
  "120/80",
  "120/80 62",
  "64",
  "hello",
  "yes",
  "7:30",
  "175 kg",
  "5'9\" or so",
])("%s is about something else", (text) => {
  expect(parseHeight(text)).toBeUndefined();
});
