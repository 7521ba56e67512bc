import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { UsageError } from "../lib/errors.ts";
import type { Key } from "./table.ts";

const VERSION = "v1";
export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([0-9a-f]{8})\.([\w-]{16})\.([\w-]{22})\.([\w-]*)$/;
const HOW_TO_MAKE_ONE = "make one with: openssl rand -base64 32";

/** A key object instead of bytes, so that a key in a log or a dump shows nothing. */
export interface SealingKey {
  id: string;
  secret: KeyObject;
}

interface SealedPlace {
  key: Key;
  field: string;
  /** The value of another field of the item, which can't be changed without this one either. */
  belongsTo?: string;
}

export interface Sealer {
  seal(plain: string, place: SealedPlace): string;
  /** @throws SealError if the text was not sealed for this place with one of our keys. */
  open(sealed: string, place: SealedPlace): string;
}

export class SealError extends UsageError {
  override readonly name = "SealError";
}

/** Base64 keys with commas between them. The first seals; the others open what was sealed before they were replaced. */
export function parseSealingKeys(text: string): SealingKey[] {
  const keys = readKeys(text);
  if (keys === undefined) {
    throw new UsageError(
      `SEALING_KEY must be a base64 key of ${KEY_BYTES} bytes, or several with commas between them: ${HOW_TO_MAKE_ONE}`,
    );
  }
  return keys;
}

/**
 * Seals single fields with AES-256-GCM, as `v1.<key id>.<iv>.<tag>.<text>` in base64url.
 * The table, the item's key and the field are authenticated too, so a sealed text cannot be moved to another account.
 */
export function createSealer(options: { keys: SealingKey[]; tableName: string }): Sealer {
  const { keys, tableName } = options;
  const sealingKey = keys[0];
  if (sealingKey === undefined) throw new UsageError(`SEALING_KEY is empty: ${HOW_TO_MAKE_ONE}`);
  const additionalData = ({ key, field, belongsTo }: SealedPlace) =>
    Buffer.from(
      JSON.stringify([VERSION, tableName, key.pk, key.sk, field, ...(belongsTo === undefined ? [] : [belongsTo])]),
    );

  return {
    seal(plain, place) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealingKey.secret, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(additionalData(place));
      const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      const parts = [iv, cipher.getAuthTag(), text].map((part) => part.toString("base64url"));
      return [VERSION, sealingKey.id, ...parts].join(".");
    },

    open(sealed, place) {
      const [, keyId, ...encoded] = SEALED.exec(sealed) ?? [];
      const [iv, tag, text] = encoded.map(decodeExactly);
      if (iv === undefined || tag === undefined || text === undefined) throw damagedError(place);
      const key = keys.find(({ id }) => id === keyId);
      if (key === undefined) {
        throw new SealError(
          `The stored ${place.field} cannot be opened, because SEALING_KEY doesn't have key ${keyId}. Add it after a comma.`,
        );
      }
      try {
        const decipher = createDecipheriv("aes-256-gcm", key.secret, iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(additionalData(place));
        decipher.setAuthTag(tag);
        return Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8");
      } catch {
        throw damagedError(place);
      }
    },
  };
}

/** None of these secrets reveals anything about another, or about the key. */
export function deriveSecret(key: SealingKey, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key.secret, "", `weighbridge ${purpose}`, KEY_BYTES));
}

export function readKeys(text: string): SealingKey[] | undefined {
  const keys: SealingKey[] = [];
  for (const encoded of text.split(",").map((part) => part.trim())) {
    const bytes = Buffer.from(encoded, "base64");
    if (bytes.length !== KEY_BYTES || bytes.toString("base64") !== encoded) return undefined;
    const id = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
    keys.push({ id, secret: createSecretKey(bytes) });
  }
  return keys;
}

/** Node skips characters that aren't base64url. Here they mean that somebody else wrote the text. */
function decodeExactly(encoded: string): Buffer | undefined {
  const bytes = Buffer.from(encoded, "base64url");
  return bytes.toString("base64url") === encoded ? bytes : undefined;
}

function damagedError(place: SealedPlace): SealError {
  return new SealError(`The stored ${place.field} cannot be opened: damaged, or moved here from another place.`);
}
