import { isHeightMissing } from "../engine/height.ts";
import { isDecisive } from "../engine/read-back.ts";
import { isKindOn, type Sends, type Settings } from "../model/account.ts";
import type { Differing, Pause, Progress, Twin } from "../model/ledger.ts";
import { KINDS, type ReadingKind } from "../model/reading.ts";

/**
 * A fact about how Garmin handles the readings, reported once.
 *
 *   closed       Garmin doesn't offer this kind to this account
 *   served       it does again
 *   differs      a reading came back different, and its owner decides about the rest
 *   fields       Garmin shows parts of a reading differently from what was sent, or not at all
 *   twin         Garmin has a reading a second time, from elsewhere
 *   height       neither Withings nor Garmin says how tall the owner is, so there is no BMI
 */
export type Notice =
  | { type: "closed"; kind: ReadingKind; pause: Pause }
  | { type: "served"; kind: ReadingKind }
  | { type: "differs"; kind: ReadingKind; pause: Pause; differing: Differing[] }
  | { type: "fields"; differing: Differing[] }
  | { type: "twin"; twin: Twin }
  | { type: "height" };

export interface Facts {
  closed: Array<Extract<Notice, { type: "closed" }>>;
  differs: Array<Extract<Notice, { type: "differs" }>>;
  fields: Differing[];
  twin: Twin | undefined;
  on: ReadingKind[];
  isHeightMissing: boolean;
}

export function factsOf(progress: Progress | undefined, settings: Settings): Facts {
  const { sends } = settings;
  const on = KINDS.filter((kind) => isKindOn(sends, kind));
  const { paused = {}, differing = [], twin } = progress ?? {};
  const facts: Facts = {
    ...{ closed: [], differs: [], fields: [], twin, on },
    isHeightMissing: on.includes("weigh_in") && isHeightMissing(settings, progress),
  };
  for (const kind of on) {
    const pause = paused[kind];
    const ofKind = differing.filter((it) => it.kind === kind);
    const decisive = ofKind.filter((it) => isDecisive(it) && !it.isAccepted);
    if (pause?.reason === "closed") facts.closed.push({ type: "closed", kind, pause });
    if (pause?.reason === "differs") facts.differs.push({ type: "differs", kind, pause, differing: decisive });
    facts.fields.push(...ofKind.filter((it) => !isDecisive(it) && isFieldOn(sends, it)));
  }
  return facts;
}

function isFieldOn(sends: Sends, { kind, field }: Differing): boolean {
  if (kind === "blood_pressure" || field === "bmi") return true;
  return sends.composition && (field !== "muscleMassKg" || sends.muscle);
}

const fieldKey = ({ kind, field }: Differing) => `field#${kind}#${field}`;

export function keysOf(notice: Notice): string[] {
  switch (notice.type) {
    case "closed":
    case "served":
      return [`closed#${notice.kind}`];
    case "differs":
      return [`differs#${notice.kind}`];
    case "fields":
      return notice.differing.map(fieldKey);
    case "twin":
    case "height":
      return [notice.type];
  }
}

/** That a kind is served again has to be reported before it's forgotten, unless the kind is off. */
export function stillTold(told: string[], { differs, fields, on }: Facts): string[] {
  const known = new Set([
    ...on.map((kind) => `closed#${kind}`),
    ...[...differs, { type: "fields" as const, differing: fields }].flatMap(keysOf),
    "twin",
    "height",
  ]);
  return told.filter((key) => known.has(key));
}

/** A closed kind must have lasted for `patienceHours`. */
export function noticesOf(facts: Facts, told: string[], now: Date, patienceHours: number): Notice[] {
  const { closed, differs, fields, twin, on } = facts;
  const isNew = (notice: Notice) => !keysOf(notice).every((key) => told.includes(key));
  const isLasting = ({ pause }: { pause: Pause }) =>
    now.getTime() - pause.since.getTime() >= patienceHours * 3600 * 1000;
  const served = on.filter((kind) => told.includes(`closed#${kind}`) && !closed.some((it) => it.kind === kind));
  const newFields = fields.filter((it) => !told.includes(fieldKey(it)));
  return [
    ...[...differs, ...closed.filter(isLasting)].filter(isNew),
    ...served.map((kind): Notice => ({ type: "served", kind })),
    ...(newFields.length > 0 ? [{ type: "fields" as const, differing: newFields }] : []),
    ...(twin && !told.includes("twin") ? [{ type: "twin" as const, twin }] : []),
    ...(facts.isHeightMissing && !told.includes("height") ? [{ type: "height" as const }] : []),
  ];
}

export function afterNotice(told: string[], notice: Notice): string[] {
  const keys = keysOf(notice);
  return notice.type === "served" ? told.filter((key) => !keys.includes(key)) : [...new Set([...told, ...keys])];
}
