/** A vendor answered in an unknown way. Never put it into a log or a message as it is: `value` may hold tokens and readings. */
export interface UnknownAnswer {
  vendor: "withings" | "garmin" | "telegram";
  call: string;
  httpStatus?: number;
  /** Which part was not understood, as paths and kinds: `measuregrps.0.measures.1.value: invalid_type`. */
  where: string;
  /** The parsed answer, or the part of it that was not understood; its text if it isn't JSON. */
  value: unknown;
  headerNames?: string[];
}

export type NoteUnknown = (unknown: UnknownAnswer) => void;

export interface UnknownShape extends Pick<UnknownAnswer, "call" | "httpStatus" | "where"> {
  firstAt: Date;
  lastAt: Date;
  times: number;
  headerNames: string[];
  shape: string[];
}

/** How the calls to one endpoint ended, by outcome: `HTTP 200`, `HTTP 200, status 601`, `no answer`. */
export type Outcomes = Record<string, { times: number; lastAt: Date }>;

export interface VendorAnswers {
  unknown: Record<UnknownAnswer["vendor"], UnknownShape[]>;
  endpoints: Record<string, Outcomes>;
}

export interface VendorAnswersStore {
  /** The version is undefined if nothing readable is stored. */
  read(): Promise<{ value: VendorAnswers; version: string | undefined }>;
  /** False if somebody else wrote first. */
  write(answers: VendorAnswers, version: string | undefined): Promise<boolean>;
}
