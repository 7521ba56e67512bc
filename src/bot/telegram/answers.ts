import * as z from "zod";
import { parseJson } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";
import type { NoteUnknown } from "../../sync/model/vendor-answers.ts";

export interface AnswerLog {
  note: NoteUnknown;
  count: (endpoint: string, outcome: string, isWell: boolean) => void;
}

/** The shape of every Bot API answer (https://core.telegram.org/bots/api#making-requests). */
const Verdict = lazy(() =>
  z.discriminatedUnion("ok", [
    z.object({ ok: z.literal(true), result: z.unknown() }),
    z.object({ ok: z.literal(false), error_code: z.number() }),
  ]),
);
/** These refuse one message or one chat, and say nothing about Telegram. */
const OF_ONE_MESSAGE = new Set([400, 403]);

/** Notes an answer. A page from a failing gateway is an outage, not an unknown answer. */
export function noteAnswer(
  { note, count }: AnswerLog,
  method: string,
  { status, text }: { status: number; text: string },
) {
  const endpoint = `Telegram ${method}`;
  if (status === 0) return count(endpoint, "no answer", false);
  const body = parseJson(text);
  const verdict = Verdict().safeParse(body).data;
  if (verdict?.ok) return count(endpoint, `HTTP ${status}`, true);
  if (verdict) return count(endpoint, `HTTP ${status}, error ${verdict.error_code}`, OF_ONE_MESSAGE.has(status));
  count(endpoint, `HTTP ${status}, no verdict`, false);
  if (body === undefined && status >= 500) return;
  note({ vendor: "telegram", call: endpoint, httpStatus: status, where: "no verdict", value: body ?? text });
}
