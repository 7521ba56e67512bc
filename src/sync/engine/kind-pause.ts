import { isKindOn, type Sends } from "../model/account.ts";
import type { Pause, Progress } from "../model/ledger.ts";
import { KINDS, type ReadingKind } from "../model/reading.ts";

const HOUR_MS = 3600 * 1000;
/** A single refusal may pass within hours. After this, it counts as a fact, and is checked once a day. */
const DOUBTED_MS = 6 * HOUR_MS;
const LOOK_AGAIN_MS = 24 * HOUR_MS;

export const doubtedUntil = ({ since }: Pause) => new Date(since.getTime() + DOUBTED_MS);

export type Pauses = NonNullable<Progress["paused"]>;

export function isKindPaused({ paused }: Progress, kind: ReadingKind, sends: Sends, now: Date): boolean {
  const pause = paused?.[kind];
  if (!pause) return false;
  if (pause.reason === "differs" || !isKindOn(sends, kind)) return true;
  // A look far in the future was dated by a wrong clock.
  return now >= doubtedUntil(pause) && Math.abs(now.getTime() - pause.lookedAt.getTime()) < LOOK_AGAIN_MS;
}

export function reachingBack(progress: Progress, sends: Sends, now: Date): Progress {
  return KINDS.reduce((before, kind) => {
    const pause = progress.paused?.[kind];
    return pause && !isKindPaused(progress, kind, sends, now) ? backTo(before, pause) : before;
  }, progress);
}

/** The run looks into Garmin before it sends, because uploads under way when the kind was paused may have arrived. */
export function backTo(progress: Progress, { from, askedSince }: Pause): Progress {
  const asked = earliest(progress.askedSince, askedSince);
  return {
    ...progress,
    cursorAt: new Date(Math.min(progress.cursorAt.getTime(), from.getTime())),
    adopting: true,
    ...(asked && { askedSince: asked }),
  };
}

function earliest(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a < b ? a : b) : (a ?? b);
}

export interface Tried {
  pausedBy?: Pick<Pause, "reason" | "httpStatus"> | undefined;
  isServed: boolean;
  errors?: unknown[];
}

/** `waiting`: Withings' `modified` times of the readings that the run has not settled. */
export function pausesAfter(
  before: Pauses = {},
  found: {
    tried: Map<ReadingKind, Tried>;
    waiting: Record<ReadingKind, Date[]>;
    askedSince?: Date | undefined;
    now: Date;
  },
): Pauses {
  const { tried, waiting, now } = found;
  const after: Pauses = {};
  for (const kind of KINDS) {
    const known = before[kind];
    const times = waiting[kind].map((it) => it.getTime() - 1000);
    const from = new Date(Math.min(known?.from.getTime() ?? now.getTime(), ...times));
    const askedSince = earliest(known?.askedSince, found.askedSince);
    const kept = { from, ...(askedSince && { askedSince }) };
    const { pausedBy, isServed = false } = tried.get(kind) ?? {};
    if (pausedBy) {
      const isSame = known?.reason === pausedBy.reason;
      after[kind] = { ...pausedBy, since: isSame ? known.since : now, lookedAt: now, ...kept, waiting: times.length };
    } else if (known && !isServed) {
      // No reading waits, so nothing was asked and nothing needs asking for a day.
      const lookedAt = tried.has(kind) && times.length === 0 ? now : known.lookedAt;
      after[kind] = { ...known, lookedAt, ...kept, waiting: Math.max(known.waiting, times.length) };
    }
  }
  return after;
}
