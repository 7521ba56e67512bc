import type { Clock } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import type { Link, Links, Vendor } from "../sync/model/link.ts";
import { parseStored, readItem, toJson } from "./item-json.ts";
import { LinkItem, LinkSecrets } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import type { Key, Table } from "./table.ts";
import { ContendedError, overwrite, removeItem } from "./update.ts";

const TRIES = 5;

/** With whose they are: under another person's id, readings would get a second ledger and go to Garmin twice. */
const placeOf = (key: Key, vendorUserId: string) => ({ key, field: "sealedTokens", belongsTo: vendorUserId });

export function createLinks(table: Table, sealer: Sealer, clock: Clock): Links {
  function sealed(account: number, vendor: Vendor, link: Link) {
    const key = keys.link(account, vendor);
    const { tokens, previousRefreshToken, ...rest } = link;
    const { accessExpiresAt, refreshExpiresAt, ...secrets } = tokens;
    const plain = JSON.stringify({ ...secrets, previousRefreshToken });
    const sealedTokens = sealer.seal(plain, placeOf(key, link.vendorUserId));
    return { key, value: { ...rest, accessExpiresAt, refreshExpiresAt, sealedTokens } };
  }

  function secretsOf(key: Key, sealedTokens: string, vendorUserId: string) {
    const opened = sealer.open(sealedTokens, placeOf(key, vendorUserId));
    return parseStored(parseJson(opened), key, LinkSecrets);
  }

  return {
    async facts(account, vendor) {
      const key = keys.link(account, vendor);
      const item = await table.get(key);
      if (!item) return undefined;
      const { sealedTokens, accessExpiresAt: _, ...facts } = readItem(item, LinkItem);
      try {
        secretsOf(key, sealedTokens, facts.vendorUserId);
        return facts;
      } catch {
        // Whatever uses the tokens says why; here it only has to show that the link doesn't work.
        return { ...facts, state: "stale" };
      }
    },

    async read(account, vendor) {
      const key = keys.link(account, vendor);
      const item = await table.get(key);
      if (!item) return undefined;
      const { sealedTokens, accessExpiresAt, refreshExpiresAt, ...rest } = readItem(item, LinkItem);
      const { previousRefreshToken, ...secrets } = secretsOf(key, sealedTokens, rest.vendorUserId);
      const link: Link = {
        ...rest,
        tokens: { ...secrets, accessExpiresAt, refreshExpiresAt },
        ...(previousRefreshToken && { previousRefreshToken }),
      };
      return { value: link, version: item.version };
    },

    async write(account, vendor, link, version) {
      const { key, value } = sealed(account, vendor, link);
      return (await table.put(key, toJson(value), { expect: { version } })).type === "written";
    },

    async replace(account, vendor, link) {
      const { key, value } = sealed(account, vendor, link);
      for (let tries = 1; ; tries++) {
        try {
          return await overwrite(table, key, value, { what: `the ${vendor} link` });
        } catch (error) {
          // The sign-in's ticket or code is used up: a short store failure must not cost the owner another sign-in.
          const isHiccup = error instanceof RetryLaterError && !(error instanceof ContendedError);
          if (!isHiccup || tries === TRIES) throw error;
          await clock.sleep(2 ** (tries - 1));
        }
      }
    },

    async remove(account, vendor) {
      await removeItem(table, keys.link(account, vendor));
      await table.purge();
    },
  };
}
