import { doubtedUntil } from "../../sync/engine/kind-pause.ts";
import type { Differing } from "../../sync/model/ledger.ts";
import type { Facts, Notice } from "../../sync/status/kind-notices.ts";
import type { Words } from "../words/words.ts";

/** The question about the height is in `views/height`, loaded on demand. */
export type NoticeInWords = Exclude<Notice, { type: "height" }>;

export function noticeText(notice: NoticeInWords, { format, notices: say }: Words): string {
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

export function noticeLines({ closed, differs, fields }: Pick<Facts, "closed" | "differs" | "fields">, words: Words) {
  return [
    ...[...differs, ...closed].flatMap((it) => ["", noticeText(it, words)]),
    ...(fields.length > 0 ? ["", notAsSentText(fields, words)] : []),
  ];
}

/** Empty if Garmin shows everything as it was sent. */
export function notAsSentText(fields: Differing[], { notices: say }: Words): string {
  const [newest] = fields.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  return newest
    ? say.notAsSent(
        fields.map(({ field }) => field),
        newest,
      )
    : "";
}
