import type { Clock } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import type { Link, Links, Vendor } from "../sync/model/link.ts";
import { parseStored, readItem, toJson } from "./item-json.ts";
import { LinkItem, LinkSecrets } from "./items.ts";
import { keys } from "./keys.ts";
import { removeItem } from "./remove.ts";
import type { Sealer } from "./seal.ts";
import type { Key, PutOptions, Table } from "./table.ts";

const TRIES = 5;

/** Links, with their tokens sealed to the very place they are stored at. */
export function createLinks(table: Table, sealer: Sealer, clock: Clock): Links {
  async function put(account: number, vendor: Vendor, link: Link, expect: PutOptions["expect"]): Promise<boolean> {
    const key = keys.link(account, vendor);
    const { tokens, previousRefreshToken, ...rest } = link;
    const { accessExpiresAt, refreshExpiresAt, ...secrets } = tokens;
    const plain = JSON.stringify({ ...secrets, previousRefreshToken });
    const sealedTokens = sealer.seal(plain, { key, field: "sealedTokens" });
    const value = toJson({ ...rest, accessExpiresAt, refreshExpiresAt, sealedTokens });
    return (await table.put(key, value, { expect })).type === "written";
  }

  function secretsOf(key: Key, sealedTokens: string) {
    const opened = JSON.parse(sealer.open(sealedTokens, { key, field: "sealedTokens" }));
    return parseStored(opened, key, LinkSecrets);
  }

  return {
    async facts(account, vendor) {
      const key = keys.link(account, vendor);
      const item = await table.get(key);
      if (!item) return undefined;
      const { sealedTokens, accessExpiresAt: _, ...facts } = readItem(item, LinkItem);
      try {
        secretsOf(key, sealedTokens);
        return facts;
      } catch {
        // Whoever uses the tokens says loudly why; here it only has to be seen that the link does not work.
        return { ...facts, state: "stale" };
      }
    },

    async read(account, vendor) {
      const key = keys.link(account, vendor);
      const item = await table.get(key);
      if (!item) return undefined;
      const { sealedTokens, accessExpiresAt, refreshExpiresAt, ...rest } = readItem(item, LinkItem);
      const { previousRefreshToken, ...secrets } = secretsOf(key, sealedTokens);
      const link: Link = {
        ...rest,
        tokens: { ...secrets, accessExpiresAt, refreshExpiresAt },
        ...(previousRefreshToken && { previousRefreshToken }),
      };
      return { value: link, version: item.version };
    },

    write: (account, vendor, link, version) => put(account, vendor, link, { version }),

    async replace(account, vendor, link) {
      for (let tries = 1; ; tries++) {
        try {
          const item = await table.get(keys.link(account, vendor));
          if (await put(account, vendor, link, item ? { version: item.version } : "absent")) return;
          if (tries === TRIES) throw new RetryLaterError(`the ${vendor} link kept changing while it was saved`);
        } catch (error) {
          // What it was got for, a ticket or a code, is spent: a hiccup must not cost the owner another sign-in.
          if (!(error instanceof RetryLaterError) || tries === TRIES) throw error;
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
