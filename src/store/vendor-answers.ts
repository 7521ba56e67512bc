import { errorFacts, type Log } from "../lib/log.ts";
import type { VendorAnswers, VendorAnswersStore } from "../sync/model/vendor-answers.ts";
import { VendorAnswersShape } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import { openItem, sealItem } from "./sealed-item.ts";
import { expectation, type Table } from "./table.ts";

const empty = (): VendorAnswers => ({ unknown: { withings: [], garmin: [], telegram: [] }, endpoints: {} });

export function createVendorAnswersStore(table: Table, sealer: Sealer, log: Log): VendorAnswersStore {
  const key = keys.vendorAnswers;
  return {
    async read() {
      const item = await table.get(key);
      try {
        return { value: item ? openItem(sealer, item, VendorAnswersShape) : empty(), version: item?.version };
      } catch (error) {
        // Sealed with another key, or damaged: nothing depends on it, and the next write replaces it.
        log.warn("vendor_answers_not_read", errorFacts(error));
        return { value: empty(), version: item?.version };
      }
    },
    async write(answers, version) {
      const outcome = await table.put(key, sealItem(sealer, key, answers), { expect: expectation(version) });
      return outcome.type === "written";
    },
  };
}
