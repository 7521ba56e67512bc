import type { Clock } from "../../lib/clock.ts";
import type { FaultBoard } from "../faults.ts";
import { Reply } from "../reply.ts";
import type { Answer, Call, Route } from "../serve.ts";
import type { Account } from "./accounts.ts";
import type { FitWeight } from "./fit-file.ts";
import { dayOf } from "./local-time.ts";
import { asStored } from "./storing.ts";
import type { Tokens } from "./tokens.ts";
import type { NoNeighbour } from "./weights.ts";

type Handle = (account: Account, call: Call) => Promise<Answer> | Answer;

/** Garmin has been seen to answer in more than one way. */
export interface ConnectSettings {
  readBackDelaySeconds: number;
  /** For a weight file that was accepted. */
  uploadStatus: 200 | 201 | 202;
  noNeighbour: NoNeighbour;
}

export interface Connect {
  readonly clock: Clock;
  readonly settings: Readonly<ConnectSettings>;
  reading(handle: Handle): Route["handle"];
  /** The same, with 412 until the upload consent is given. */
  writing(handle: Handle): Route["handle"];
  /** The time in ms, moved on if it was already given out. */
  nextKey(): number;
  /** What a reader can see: an upload takes a while to appear. */
  visible<T extends { uploadedAt: Date }>(stored: readonly T[]): T[];
  asStored(record: FitWeight): FitWeight;
  addManualWeight(account: Account, entry: { takenAt: Date; localMs: number; weightKg: number }): void;
}

export function createConnect(
  clock: Clock,
  tokens: Tokens,
  settings: Readonly<ConnectSettings>,
  faults: FaultBoard,
): Connect {
  let lastKey = 0;
  /** What was shown once stays visible when Garmin gets slower. */
  const shown = new WeakSet<object>();
  const reading =
    (handle: Handle): Route["handle"] =>
    (call) => {
      const bearer = /^Bearer (\S+)$/.exec(call.seen.headers.authorization ?? "")?.[1] ?? "";
      const account = tokens.accountOf(bearer);
      return account ? handle(account, call) : notSignedIn();
    };
  const connect: Connect = {
    clock,
    settings,
    reading,
    writing: (handle) => reading((account, call) => (account.uploadConsent ? handle(account, call) : consentMissing())),
    asStored: (record) => asStored(record, faults),
    nextKey() {
      lastKey = Math.max(lastKey + 1, clock.now().getTime());
      return lastKey;
    },
    visible(stored) {
      const delaySeconds = faults.setting("garmin_slow_to_show") ?? settings.readBackDelaySeconds;
      const shownBeforeMs = clock.now().getTime() - delaySeconds * 1000;
      for (const it of stored) if (it.uploadedAt.getTime() <= shownBeforeMs) shown.add(it);
      return stored.filter((it) => shown.has(it));
    },
    addManualWeight(account, { takenAt, localMs, weightKg }) {
      const isKnown = account.weights.some(
        (other) => other.sourceType === "MANUAL" && other.takenAt.getTime() === takenAt.getTime(),
      );
      if (isKnown) return;
      account.weights.push({
        takenAt,
        weightKg,
        ...(account.heightCm !== null && { bmi: weightKg / (account.heightCm / 100) ** 2 }),
        samplePk: connect.nextKey(),
        uploadedAt: clock.now(),
        wallClockMs: localMs,
        calendarDate: dayOf(localMs),
        sourceType: "MANUAL",
      });
    },
  };
  return connect;
}

function notSignedIn(): Reply {
  return Reply.json(
    { message: "HTTP 401 Unauthorized", error: "NotAuthorizedException" },
    {
      status: 401,
      headers: { "www-authenticate": 'Bearer error="invalid_token", error_description="The access token is invalid"' },
    },
  );
}

function consentMissing(): Reply {
  const message = "The user is from EU location, but upload consent is not yet granted or revoked";
  return Reply.json({ message, reasonCode: 2, error: "PreconditionFailedException" }, { status: 412 });
}
