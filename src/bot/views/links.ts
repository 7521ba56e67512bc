import { VENDORS, type Vendor } from "../../sync/model/link.ts";
import type { LinkOverview, Overview } from "../../sync/status/overview.ts";
import type { Words } from "../words/words.ts";

/** Links are renewed every week, so before that nobody has to know when they would end. */
const SOON_DAYS = 14;

export function linkLines({ links }: Pick<Overview, "links">, words: Words): string[] {
  return VENDORS.map((vendor) => linkLine(vendor, links[vendor], words));
}

function linkLine(vendor: Vendor, link: LinkOverview | undefined, { link: say }: Words): string {
  if (!link) return say.missing(vendor);
  // Withings gives no name, only a number that means nothing to its owner.
  const who = vendor === "withings" ? "" : link.displayName;
  return link.state === "stale"
    ? say.signedOut(vendor, who)
    : say.linked(vendor, who, link.daysLeft < SOON_DAYS ? link.daysLeft : undefined);
}
