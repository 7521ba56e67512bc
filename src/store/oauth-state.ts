import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import type { OAuthStates } from "../sync/model/withings-link.ts";
import { keys as itemKeys } from "./keys.ts";
import { deriveSecret, type SealingKey } from "./seal.ts";
import type { Table } from "./table.ts";

const STATE_SECONDS = 10 * 60;
/** Spent states are remembered after they expire, in case another machine's clock is behind. */
const REMEMBERED_SECONDS = 3600;
/** Account (8 bytes), when it expires (4), random (8); then the signature. */
const PAYLOAD_BYTES = 20;
const SIGNATURE_BYTES = 16;
/** 36 bytes in base64url: at this length no two texts decode to the same bytes. */
const STATE = /^[\w-]{48}$/;

/** Signed with keys derived from the sealing keys: the first signs, all of them verify. */
export function createOAuthStates(table: Table, sealingKeys: SealingKey[], clock: Clock): OAuthStates {
  const signingKeys = sealingKeys.map((key) => deriveSecret(key, "withings consent state v1"));
  const [firstKey] = signingKeys;
  if (firstKey === undefined) throw new Error("there is no key to sign with");
  const sign = (key: Buffer, payload: Buffer) =>
    createHmac("sha256", key).update(payload).digest().subarray(0, SIGNATURE_BYTES);

  function open(state: string) {
    if (!STATE.test(state)) return undefined;
    const bytes = Buffer.from(state, "base64url");
    const payload = bytes.subarray(0, PAYLOAD_BYTES);
    const signature = bytes.subarray(PAYLOAD_BYTES);
    if (!signingKeys.some((key) => timingSafeEqual(sign(key, payload), signature))) return undefined;
    const expiresAt = payload.readUInt32BE(8);
    const type = epochSeconds(clock.now()) < expiresAt ? ("ok" as const) : ("late" as const);
    return { type, account: Number(payload.readBigUInt64BE(0)), expiresAt, id: payload.toString("base64url") };
  }

  return {
    issue(account) {
      const payload = Buffer.alloc(PAYLOAD_BYTES);
      payload.writeBigUInt64BE(BigInt(account), 0);
      payload.writeUInt32BE(epochSeconds(clock.now()) + STATE_SECONDS, 8);
      randomBytes(8).copy(payload, 12);
      return Buffer.concat([payload, sign(firstKey, payload)]).toString("base64url");
    },

    read(state) {
      const opened = open(state);
      return opened ? { type: opened.type, account: opened.account } : { type: "wrong" };
    },

    async redeem(state) {
      const opened = open(state);
      if (!opened) return { type: "wrong" };
      const { type, account, expiresAt, id } = opened;
      if (type === "late") return { type, account };
      const options = { expect: "absent", expiresAt: expiresAt + REMEMBERED_SECONDS } as const;
      const spent = await table.put(itemKeys.once(`consent#${id}`), {}, options);
      return { type: spent.type === "written" ? "ok" : "used", account };
    },
  };
}
