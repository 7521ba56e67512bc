import { errorFacts, type Log } from "../lib/log.ts";
import type { VendorAnswers, VendorAnswersStore } from "../sync/model/vendor-answers.ts";
import { parseStored, readItem, toJson } from "./item-json.ts";
import { VendorAnswersItem, VendorAnswersSecrets } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import { expectation, type Table } from "./table.ts";

const FIELD = "sealedAnswers";

/** Sealed, although it holds no values: how a vendor answers is nobody else's business. */
export function createVendorAnswersStore(table: Table, sealer: Sealer, log: Log): VendorAnswersStore {
  const key = keys.vendorAnswers;
  return {
    async read() {
      const item = await table.get(key);
      const empty: VendorAnswers = { unknown: { withings: [], garmin: [], telegram: [] }, endpoints: {} };
      if (!item) return { value: empty, version: undefined };
      try {
        const { sealedAnswers } = readItem(item, VendorAnswersItem);
        const opened = JSON.parse(sealer.open(sealedAnswers, { key, field: FIELD }));
        return { value: parseStored(opened, key, VendorAnswersSecrets), version: item.version };
      } catch (error) {
        // Sealed with another key, or damaged: nothing depends on it, and the next write replaces it.
        log.warn("vendor_answers_not_read", errorFacts(error));
        return { value: empty, version: item.version };
      }
    },
    async write(answers, version) {
      const sealedAnswers = sealer.seal(JSON.stringify(toJson(answers)), { key, field: FIELD });
      return (await table.put(key, { sealedAnswers }, { expect: expectation(version) })).type === "written";
    },
  };
}
