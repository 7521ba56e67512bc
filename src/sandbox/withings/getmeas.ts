import { type Clock, epochSeconds } from "../../lib/clock.ts";
import { ok, unknownAction } from "./envelope.ts";
import type { MeasureGroup } from "./groups.ts";
import type { Person } from "./person.ts";

/** POST or GET /measure with action=getmeas */
export function getMeas(fields: URLSearchParams, person: Person, options: { clock: Clock; pageSize: number }) {
  if (fields.get("action") !== "getmeas") return unknownAction();
  const offset = whole(fields.get("offset")) ?? 0;
  const chosen = ordered(fields, select(fields, person.groups));
  const page = chosen.slice(offset, offset + options.pageSize);
  const end = offset + page.length;
  const isLast = end >= chosen.length;
  // Both are missing when everything fits on one page.
  const paging = isLast ? (offset > 0 ? { more: 0, offset: 0 } : {}) : { more: 1, offset: end };
  return ok({
    updatetime: epochSeconds(options.clock.now()),
    timezone: person.timezone,
    measuregrps: page,
    ...paging,
  });
}

function select(fields: URLSearchParams, groups: readonly MeasureGroup[]): MeasureGroup[] {
  const category = whole(fields.get("category"));
  const types = new Set(
    (fields.get("meastypes") ?? fields.get("meastype") ?? "").split(",").filter(Boolean).map(Number),
  );
  const lastupdate = whole(fields.get("lastupdate"));
  const startdate = whole(fields.get("startdate")) ?? -Infinity;
  const enddate = whole(fields.get("enddate")) ?? Infinity;

  return groups.flatMap((group) => {
    if (category !== undefined && group.category !== category) return [];
    // Strictly after: the documentation says "after this date", and a client must not rely on more.
    if (lastupdate !== undefined ? group.modified <= lastupdate : group.date < startdate || group.date > enddate) {
      return [];
    }
    if (types.size === 0 || group.measures.length === 0) return [group];
    const measures = group.measures.filter(({ type }) => types.has(type));
    return measures.length > 0 ? [{ ...group, measures }] : [];
  });
}

/** The vendor promises no order. Here: by `modified` with `lastupdate`, otherwise newest first. */
function ordered(fields: URLSearchParams, groups: MeasureGroup[]): MeasureGroup[] {
  return fields.has("lastupdate")
    ? groups.toSorted((a, b) => a.modified - b.modified || b.grpid - a.grpid)
    : groups.toSorted((a, b) => b.date - a.date || a.grpid - b.grpid);
}

function whole(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
