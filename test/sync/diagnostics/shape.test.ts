import fc from "fast-check";
import { expect, test } from "vitest";
import { nameOrLength, shapeOf, withoutValues } from "../../../src/sync/diagnostics/shape.ts";

test("a shape says paths, kinds and lengths, once for all elements of a list", () => {
  const answer = {
    status: 0,
    body: {
      updatetime: 1_700_000_000,
      timezone: "Europe/Berlin",
      measuregrps: [
        { grpid: 1, date: "1700000000", measures: [{ value: 80_250, unit: -3 }] },
        { grpid: 2, date: null, measures: [] },
      ],
    },
  };
  expect(shapeOf(answer)).toEqual([
    "the whole: object, length 2",
    "status: integer",
    "body: object, length 3",
    "body.updatetime: integer",
    "body.timezone: text, length 13",
    "body.measuregrps: list, length 2",
    "body.measuregrps[]: object, length 3, 2 times",
    "body.measuregrps[].grpid: integer, 2 times",
    "body.measuregrps[].date: digits, length 10",
    "body.measuregrps[].measures: list, length 0 to 1, 2 times",
    "body.measuregrps[].measures[]: object, length 2",
    "body.measuregrps[].measures[].value: integer",
    "body.measuregrps[].measures[].unit: integer",
    "body.measuregrps[].date: null",
  ]);
});

test.each([
  ["a name in camel case", "sampleTimeGMT", "sampleTimeGMT"],
  ["one with underscores", "refresh_token", "refresh_token"],
  ["a new one, made of known words", "weightInGrams", "weightInGrams"],
  ["a date", "2026-11-21", "<10>"],
  ["an id", "31400001", "<8>"],
  ["a person", "Zacharias", "<9>"],
  ["somebody's e-mail", "owner@example.org", "<17>"],
  ["a token", "eyJhbGciOiJIUzI1NiJ9", "<20>"],
  ["nothing", "", "<0>"],
])("as a key, %s is shown only as far as it is no value", (_what, key, shown) => {
  expect(nameOrLength(key)).toBe(shown);
  expect(shapeOf({ [key]: true })).toEqual(["the whole: object, length 1", `${shown}: boolean`]);
});

test("of a sentence, known names, kinds and small numbers are kept", () => {
  expect(withoutValues("measuregrps.0.measures.1.value: invalid_type")).toBe(
    "measuregrps.0.measures.1.value: invalid_type",
  );
  expect(withoutValues("Garmin GET /weight-service/weight/range")).toBe("Garmin GET /weight-service/weight/range");
  expect(withoutValues("userinfo of Zacharias, 31400001")).toBe("<8> of <9>, <8>");
});

/** Anything a vendor may answer, as deep and as odd as it likes. */
const anything = fc.anything({
  maxDepth: 6,
  key: fc.oneof(fc.string(), fc.constantFrom("status", "body", "__proto__")),
});

test("a shape of anything is bounded, and consists of known names, kinds and numbers", () => {
  const kinds =
    /^(the whole|and more|[\w.$<>[\]-]*)(: (object|list|integer|decimal|boolean|null|undefined|bigint|symbol|function|digits|decimal as text|empty text|date|page|text|deeper)(, length \d+( to \d+)?)?(, \d+ times)?)?$/;
  fc.assert(
    fc.property(anything, (value) => {
      const lines = shapeOf(value);
      expect(lines.join("\n").length).toBeLessThan(2500);
      for (const line of lines) expect(line).toMatch(kinds);
    }),
    { numRuns: 300 },
  );
});

test("no secret comes out, wherever it was put in", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9+/=@.-]{8,40}$/).filter((it) => nameOrLength(it) !== it);
  const place = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant("S"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("status", "body", "S", "K"), tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(secret, place, (planted, tree) => {
      const text = JSON.stringify(tree)
        .replaceAll('"S"', JSON.stringify(planted))
        .replaceAll('"K"', JSON.stringify(`x${planted}`));
      expect(shapeOf(JSON.parse(text)).join("\n")).not.toContain(planted);
      expect(shapeOf(text).join("\n")).not.toContain(planted);
    }),
    { numRuns: 300 },
  );
});
