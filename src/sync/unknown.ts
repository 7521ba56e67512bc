/**
 * A vendor answered in a way that this program does not know. Adapters note it as they meet it, whatever else they do about
 * the answer. Nothing here may reach a log or a message as it is: `value` may hold tokens and readings.
 */
export interface UnknownAnswer {
  vendor: "withings" | "garmin" | "telegram";
  /** Method and path without a query or ids, `Garmin GET /weight-service/weight/range`. */
  call: string;
  httpStatus?: number;
  /** Which part was not understood, as paths and kinds: `measuregrps.0.measures.1.value: invalid_type`. */
  where: string;
  /** The parsed answer, or the record of it, that was not understood; its text where it is no JSON. */
  value: unknown;
  /** Names of the answer's headers, without their values. */
  headerNames?: string[];
}

/** Never throws and never waits: an answer that cannot be noted is still dealt with. */
export type NoteUnknown = (unknown: UnknownAnswer) => void;
