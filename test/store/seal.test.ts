import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../src/lib/errors.ts";
import { loadOrCreateSealingKey } from "../../src/store/key-file.ts";
import { createSealer, parseSealingKeys, SealError } from "../../src/store/seal.ts";

const OLD_KEY = Buffer.alloc(32, 1).toString("base64");
const NEW_KEY = Buffer.alloc(32, 2).toString("base64");
const place = { key: { pk: "account#42", sk: "garmin" }, field: "Garmin tokens" };
const secret = '{"refreshToken":"never-in-a-message"}';

function sealerWith(sealingKey: string, tableName = "weighbridge") {
  return createSealer({ keys: parseSealingKeys(sealingKey), tableName });
}

function refusal(open: () => unknown): SealError {
  try {
    open();
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error("it was opened");
}

describe("a sealed text", () => {
  test.each([
    ["JSON", secret],
    ["nothing", ""],
    ["text beyond ASCII", "Zoë 體重 😀"],
    ["100 KB", "x".repeat(100_000)],
  ])("a sealed text of %s opens unchanged", (_, plain) => {
    expect(sealerWith(NEW_KEY).open(sealerWith(NEW_KEY).seal(plain, place), place)).toBe(plain);
  });

  test("a text sealed by another implementation of AES-256-GCM in the documented form opens", () => {
    const sealed = "v1.75877bb4.AAECAwQFBgcICQoL.qDsuT239s68mNcU8yOEZfw.Im2Sjg";
    expect(sealerWith(NEW_KEY).open(sealed, place)).toBe("kept");
  });

  test("a sealed text is different each time and shows nothing of its content", () => {
    const sealer = sealerWith(NEW_KEY);
    const sealed = [sealer.seal(secret, place), sealer.seal(secret, place)];

    expect(sealed[0]).not.toBe(sealed[1]);
    expect(sealed[0]).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/);
    expect(Buffer.from(sealed.join(), "base64url").toString()).not.toContain("never");
  });

  test.each([
    ["another account", { ...place, key: { ...place.key, pk: "account#43" } }],
    ["another item", { ...place, key: { ...place.key, sk: "withings" } }],
    ["another field", { ...place, field: "Withings tokens" }],
    ["a place whose names run together the same", { ...place, key: { pk: "account#42garmin", sk: "" } }],
  ])("a sealed text does not open in %s", (_, elsewhere) => {
    const sealer = sealerWith(NEW_KEY);
    const error = refusal(() => sealer.open(sealer.seal(secret, place), elsewhere));

    expect(error.message).toBe(
      `The stored ${elsewhere.field} cannot be opened: damaged, or moved here from another place.`,
    );
  });

  test("a sealed text does not open in another table", () => {
    const sealed = sealerWith(NEW_KEY, "weighbridge-test").seal(secret, place);
    refusal(() => sealerWith(NEW_KEY, "weighbridge").open(sealed, place));
  });

  test("a sealed text does not open after any change of one character, cut short, or with something added", () => {
    const sealer = sealerWith(NEW_KEY);
    const sealed = sealer.seal(secret, place);
    const changed = [...sealed].map((c, at) => sealed.slice(0, at) + (c === "A" ? "B" : "A") + sealed.slice(at + 1));
    const cut = [...sealed].map((_, at) => sealed.slice(0, at));
    const added = [`${sealed}A`, `${sealed}=`, `${sealed}.`, `${sealed}.AAAA`, ` ${sealed}`, `${sealed}\n`];

    for (const damaged of [...changed, ...cut, ...added, "", "plain text", secret]) {
      const error = refusal(() => sealer.open(damaged, place));
      expect(error.message).not.toContain("never-in-a-message");
      expect(error.message).toMatch(/^The stored Garmin tokens cannot be opened: /);
    }
  });
});

describe("a change of keys", () => {
  test("with the new key before the old one, old texts open and the new key seals", () => {
    const sealed = sealerWith(OLD_KEY).seal(secret, place);
    const both = sealerWith(`${NEW_KEY}, ${OLD_KEY}\n`);

    expect(both.open(sealed, place)).toBe(secret);
    expect(sealerWith(NEW_KEY).open(both.seal(secret, place), place)).toBe(secret);
  });

  test("without the old key the error names the missing key", () => {
    const sealed = sealerWith(OLD_KEY).seal(secret, place);
    const [oldKey] = parseSealingKeys(OLD_KEY);

    expect(refusal(() => sealerWith(NEW_KEY).open(sealed, place)).message).toBe(
      `The stored Garmin tokens cannot be opened, because SEALING_KEY doesn't have key ${oldKey?.id}. Add it after a comma.`,
    );
  });
});

describe("the text of SEALING_KEY", () => {
  test("a key's id is the first 8 hex digits of its SHA-256, and printing it shows no key", () => {
    const keys = parseSealingKeys(`${NEW_KEY},${OLD_KEY}`);
    expect(keys.map(({ id }) => id)).toEqual(["75877bb4", "72cd6e84"]);
    expect(inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys)).not.toMatch(/AQEB|AgIC|01 01|02 02/);
  });

  test.each([
    ["nothing", ""],
    ["31 bytes", Buffer.alloc(31).toString("base64")],
    ["33 bytes", Buffer.alloc(33).toString("base64")],
    ["hexadecimal digits", "ab".repeat(32)],
    ["a password", "correct horse battery staple"],
    ["characters that base64 has not", `${NEW_KEY.slice(0, 20)}!${NEW_KEY.slice(20)}`],
    ["a comma too many", `${NEW_KEY},`],
    ["one good and one bad key", `${NEW_KEY},abc`],
  ])("%s is refused in one sentence that says how to make a key and does not repeat it", (_, text) => {
    const parse = () => parseSealingKeys(text);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(
      /^SEALING_KEY must be a base64 key of 32 bytes, or several with commas between them: make one with: openssl rand -base64 32$/,
    );
  });
});

describe("the key file of one machine", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "weighbridge-seal-"));
    file = path.join(folder, "data", "sealing.key");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("the key file is created once, for this user alone, and keeps its key", () => {
    const umask = process.umask(0);
    const key = loadOrCreateSealingKey(file);
    process.umask(umask);

    expect(parseSealingKeys(key)).toHaveLength(1);
    expect(loadOrCreateSealingKey(file)).toBe(key);
    expect(readdirSync(path.dirname(file))).toEqual(["sealing.key"]);
    expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
    expect((statSync(path.dirname(file)).mode & 0o777).toString(8)).toBe("700");
    expect(loadOrCreateSealingKey(path.join(folder, "elsewhere", "sealing.key"))).not.toBe(key);
  });

  test.each(["", "\n", "half-a-key", Buffer.alloc(16).toString("base64")])(
    "a key file that holds %j is refused and kept",
    (text) => {
      mkdirSync(path.dirname(file));
      writeFileSync(file, text);

      expect(() => loadOrCreateSealingKey(file)).toThrow(UsageError);
      expect(() => loadOrCreateSealingKey(file)).toThrow(/sealing\.key does not hold a base64 key of 32 bytes: .*\.$/);
      expect(readFileSync(file, "utf8")).toBe(text);
    },
  );

  test("a key file whose folder can't be created is refused in one sentence", () => {
    writeFileSync(path.dirname(file), "a file where the folder should be");
    expect(() => loadOrCreateSealingKey(file)).toThrow(UsageError);
    expect(() => loadOrCreateSealingKey(file)).toThrow(/sealing\.key cannot be read or created \(\w+\): /);
  });
});
