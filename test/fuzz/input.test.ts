import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SERVICE_SECTIONS } from "../../src/app/service.ts";
import { parseArguments } from "../../src/cli/arguments.ts";
import { readConfig, readLogLevel } from "../../src/config/config.ts";
import { UsageError } from "../../src/lib/errors.ts";
import { createSealer, parseSealingKeys, SealError } from "../../src/store/seal.ts";
import { isGarminsAddress, ticketFromPasted } from "../../src/sync/garmin/ticket.ts";
import { createWithingsOAuth } from "../../src/sync/withings/oauth.ts";
import { cases, textLike } from "./cases.ts";

const SSO = "https://sso.garmin.com";
const REDIRECT = "https://scale.example.org/withings/callback";
const oauth = createWithingsOAuth({
  call: () => Promise.reject(new Error("nothing is to be asked")),
  application: { clientId: "", clientSecret: "", redirectUrl: REDIRECT },
  accountUrl: "https://account.withings.com",
  now: () => new Date(),
});

/** What people may see of an error: complete sentences, without code. */
function expectSentences(error: unknown): asserts error is UsageError {
  if (!(error instanceof UsageError)) throw error;
  expect(error.message).not.toMatch(/\bat \S+ \(|\.ts:\d|undefined|\[object|NaN/);
  expect(error.message.length).toBeGreaterThan(10);
}

describe("a pasted text", () => {
  const pasted = textLike([
    ..."https://sso.garmin.com/sso/embed?ticket= ST-123456-abcDEF-cas ST- -sso https://mobile.integration.garmin.com/gcm/ios".split(
      " ",
    ),
    ..."https://connect.garmin.com/ garmin.com garmin.cn https:// ?code= &state= &error=access_denied code state # % %zz @ : / .".split(
      " ",
    ),
    REDIRECT,
    "https://account.withings.com",
    "redirect_uri_mismatch",
    "0123456789abcdef0123456789abcdef01234567",
    "\n",
    " ",
  ]);

  test("is a ticket, an answer or neither, and never throws", () => {
    fc.assert(
      fc.property(pasted, (text) => {
        expect(["ticket", "no_ticket", "spent_ticket", "chinese_account"]).toContain(ticketFromPasted(text, SSO).type);
        expect(["code", "refused", "no_code", "bare_code", "callback_refused", "not_an_address"]).toContain(
          oauth.pastedAnswer(text).type,
        );
        expect(["code", "refused", "no_code"]).toContain(oauth.consentAnswer(new URLSearchParams(text)).type);
        expect(typeof oauth.isAnswer(text)).toBe("boolean");
        expect(typeof isGarminsAddress(text, SSO)).toBe("boolean");
      }),
      cases(500),
    );
  });

  test("yields a ticket only if it contains exactly that ticket", () => {
    fc.assert(
      fc.property(pasted, (text) => {
        const found = ticketFromPasted(text, SSO);
        if (found.type !== "ticket") return;
        expect(text).toContain(found.ticket);
        expect(found.ticket).toMatch(/^ST-[\w.-]+$/);
        expect(found.service).toMatch(/^https:\/\/(sso|mobile\.integration)\.garmin\.com\//);
      }),
      cases(500),
    );
  });
});

describe("the command line", () => {
  const words =
    "account add list login withings garmin sync status doctor report setup deploy remove backup restore table create demo start help";
  const flags =
    "--telegram-id --timezone --account --ticket --android --as-somebody-else --since --dry-run --go-on --force --new --stage --yes --json --help -h --version -- - --no-json --account= -x";
  const values = "4711 0 -1 Europe/Berlin Mars/Olympus 2026-01-31 0001-01-01 2026-02-30 prod PROD file";
  const args = fc.array(
    fc.oneof(
      fc.constantFrom(...words.split(" ")),
      fc.constantFrom(...flags.split(" ")),
      fc.constantFrom(...values.split(" ")),
      fc.string({ unit: "binary", maxLength: 10 }),
    ),
    { maxLength: 6 },
  );

  test("becomes a command, or one sentence that says what to do", () => {
    fc.assert(
      fc.property(args, (all) => {
        try {
          expect(parseArguments(all).name).toEqual(expect.any(String));
        } catch (error) {
          expectSentences(error);
        }
      }),
      cases(1000),
    );
  });
});

describe("the environment", () => {
  const GOOD: Record<string, string> = {
    TELEGRAM_BOT_TOKEN: "7310042:AA-a-token-that-nobody-has",
    TELEGRAM_ALLOWED_IDS: "4711",
    WITHINGS_CLIENT_ID: "a-client-id",
    WITHINGS_CLIENT_SECRET: "a-client-secret-7b1d",
    WITHINGS_REDIRECT_URL: REDIRECT,
    DATA_DIR: "/nowhere",
    SEALING_KEY: Buffer.alloc(32, 7).toString("base64"),
    MANUAL_SYNC_TOKEN: "a-manual-sync-token-of-some-length",
    PUBLIC_URL: "https://scale.example.org",
    PORT: "8080",
    SYNC_INTERVAL_MINUTES: "30",
    STORE: "sqlite",
    TOKEN_TABLE_NAME: "weighbridge",
    BOT_INFO: '{"id":1,"is_bot":true,"first_name":"W","username":"w_bot"}',
    GARMIN_SSO_URL: SSO,
    LOG_LEVEL: "info",
  };
  const NAMES = Object.keys(readConfig({}, ["given"]).given);
  const value = fc.oneof(
    fc.constantFrom(
      undefined,
      "",
      " ",
      "…",
      "<your token>",
      "x",
      "0",
      "-1",
      "1e9",
      "http://",
      "https://[",
      "javascript:1",
      "//",
      ",",
      "4711,,4712",
    ),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const environment = fc
    .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 4 })
    .map((changes) => ({ ...GOOD, ...Object.fromEntries(changes) }));

  test("is read, or every wrong setting is named with its fix", () => {
    fc.assert(
      fc.property(environment, (env) => {
        try {
          readConfig(env, SERVICE_SECTIONS);
          readLogLevel(env, "info");
        } catch (error) {
          expectSentences(error);
          expect(NAMES.some((name) => error.message.includes(name))).toBe(true);
        }
      }),
      cases(500),
    );
  });

  test("with errors reveals no secret value", () => {
    const secrets = ["TELEGRAM_BOT_TOKEN", "WITHINGS_CLIENT_SECRET", "SEALING_KEY", "MANUAL_SYNC_TOKEN"];
    fc.assert(
      fc.property(
        environment,
        fc.constantFrom(...secrets),
        fc.constantFrom("!", " !", "\n", ",x"),
        (env, name, spoilt) => {
          const secret = `${GOOD[name]}${spoilt}`;
          try {
            readConfig({ ...env, [name]: secret }, SERVICE_SECTIONS);
          } catch (error) {
            expectSentences(error);
            for (const each of secrets) expect(error.message).not.toContain(GOOD[each]);
          }
        },
      ),
      cases(300),
    );
  });
});

describe("a sealed text", () => {
  const sealer = createSealer({
    keys: parseSealingKeys(Buffer.alloc(32, 7).toString("base64")),
    tableName: "weighbridge",
  });
  const place = { key: { pk: "account#4711", sk: "link#garmin" }, field: "tokens" };
  const PLAIN = '{"refreshToken":"never-in-a-message"}';

  test("that was changed by a single character doesn't open, and one sentence says so", () => {
    const change = fc.record({
      at: fc.nat(),
      by: fc.oneof(fc.constantFrom("", "A", ".", "-", "=", "\n"), fc.string({ maxLength: 4 })),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const sealed = sealer.seal(PLAIN, place);
        let spoilt = sealed;
        for (const { at, by } of changes) {
          const index = at % (spoilt.length + 1);
          spoilt = spoilt.slice(0, index) + by + spoilt.slice(index + 1);
        }
        fc.pre(spoilt !== sealed);
        expect(() => sealer.open(spoilt, place)).toThrow(SealError);
        try {
          sealer.open(spoilt, place);
        } catch (error) {
          expectSentences(error);
          expect(error.message).not.toContain("never-in-a-message");
        }
      }),
      cases(300),
    );
  });

  test("opens as the text that was sealed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (plain) => {
        expect(sealer.open(sealer.seal(plain, place), place)).toBe(plain);
      }),
      cases(200),
    );
  });
});
