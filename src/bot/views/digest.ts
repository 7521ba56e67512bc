import { type Digest, ESC_2024_AT_HOME } from "../../sync/status/digest.ts";
import { digestWords } from "../words/digest.ts";
import type { Words } from "../words/words.ts";
import { type Goal, goalLine } from "./goal.ts";

const DAY_MS = 24 * 3600 * 1000;

export function digestText(digest: Digest, goal: Goal, words: Words): string {
  const { of, from, to, weight, pressure, setAside } = digest;
  const { format } = words;
  const say = digestWords(words);
  const last = new Date(to.getTime() - DAY_MS / 2);
  const weeks = (to.getTime() - from.getTime()) / (7 * DAY_MS);
  const isBelow =
    pressure &&
    Math.round(pressure.systolicMmHg) < ESC_2024_AT_HOME.systolicMmHg &&
    Math.round(pressure.diastolicMmHg) < ESC_2024_AT_HOME.diastolicMmHg;
  return [
    say.title[of](format.day(from), format.day(last), format.month(from)),
    ...(weight ? [say.weight[of](weight)] : []),
    ...(pressure ? [say.pressure(pressure), say.limit(isBelow === true)] : []),
    ...(setAside ? [say.setAside(setAside)] : []),
    ...(weight && goal.goalKg !== undefined
      ? [goalLine(goal, weight.meanKg, weight.changeKg && weight.changeKg / weeks, words)]
      : []),
  ].join("\n");
}
