import type { MessageEntity } from "grammy/types";
import { type Finding, type Line, thingsToDo } from "../../sync/status/checks.ts";
import type { DoctorWords } from "../words/doctor.ts";
import type { Formatted } from "./question.ts";

export function checkLine({ check, finding }: Line, { mark, running }: DoctorWords): string {
  return finding ? `${mark[finding.verdict]} · ${check}: ${finding.text}` : running(check);
}

/** The verdict first, then what isn't in order. */
export function verdictText(findings: Finding[], say: DoctorWords): string {
  const toDo = thingsToDo(findings);
  const mark = toDo.needYou + toDo.broken + toDo.later > 0 ? "⚠️" : "✅";
  const others = findings.filter(({ verdict }) => verdict !== "ok");
  const verdict = `${mark} ${say.conclusion(toDo)}`;
  return others.length > 0 ? `${verdict}\n\n${linesOf(others, say)}` : verdict;
}

/** The same, with what is in order below it, folded. */
export function doctorReport(findings: Finding[], say: DoctorWords): Formatted {
  const text = verdictText(findings, say);
  const inOrder = linesOf(
    findings.filter(({ verdict }) => verdict === "ok"),
    say,
  );
  if (inOrder === "") return { text };
  const offset = text.length + 2;
  const folded: MessageEntity = { type: "expandable_blockquote", offset, length: inOrder.length };
  return { text: `${text}\n\n${inOrder}`, entities: [folded] };
}

function linesOf(findings: Finding[], say: DoctorWords): string {
  return findings.map((finding) => checkLine({ check: finding.check, finding }, say)).join("\n");
}
