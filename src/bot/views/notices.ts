import { doubtedUntil } from "../../sync/engine/pause.ts";
import type { Differing } from "../../sync/model/ledger.ts";
import type { Facts, Notice } from "../../sync/status/kind-notices.ts";
import type { Words } from "../words/words.ts";

/** How Garmin shows or refuses readings, told once. */
export function noticeText(notice: Notice, { format, notices: say }: Words): string {
  switch (notice.type) {
    case "closed": {
      const doubted = doubtedUntil(notice.pause);
      return say.closed(notice.kind, notice.pause, format.now < doubted ? doubted : undefined);
    }
    case "served":
      return say.served(notice.kind);
    case "differs": {
      const { differing, pause } = notice;
      return [...differing.map(say.difference), say.differs(differing[0], pause.waiting)].join("\n");
    }
    case "fields":
      return [...notice.differing.map(say.difference), say.fields(notice.differing[0])].join("\n");
    case "twin":
      return say.twin(notice.twin);
  }
}

/** The same in /status, a paragraph each. */
export function noticeLines({ closed, differs, fields }: Pick<Facts, "closed" | "differs" | "fields">, words: Words) {
  return [
    ...[...differs, ...closed].flatMap((it) => ["", noticeText(it, words)]),
    ...(fields.length > 0 ? ["", notAsSentText(fields, words)] : []),
  ];
}

/** Parts of readings, with the newest one. Empty where Garmin shows everything. */
export function notAsSentText(fields: Differing[], { notices: say }: Words): string {
  const [newest] = fields.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  return newest
    ? say.notAsSent(
        fields.map(({ field }) => field),
        newest,
      )
    : "";
}
