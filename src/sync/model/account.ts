import type { RunOutcome } from "./outcome.ts";
import type { ChosenParts, ReadingKind } from "./reading.ts";
import type { Height } from "./vendors.ts";

/** One Telegram user with their own Withings and Garmin links, named by the Telegram user id everywhere. */
export interface Account {
  telegramUserId: number;
  createdAt: Date;
  name?: string;
  /** IANA zone the owner chose; otherwise the one Withings reports counts. */
  timezone?: string;
  /** What Withings said when it was linked, until a run knows better. */
  reportedTimezone?: string;
  language?: Language;
  settings: Settings;
  /** Since when the owner has blocked the bot: messages pause, syncs go on. */
  blockedAt?: Date;
  questions?: Partial<Record<QuestionTopic, Question>>;
}

export const QUESTION_TOPICS = [
  "links",
  "sign_in_choice",
  "withings",
  "garmin",
  "zone",
  "disconnect",
  "people",
  "height",
] as const;
export type QuestionTopic = (typeof QUESTION_TOPICS)[number];

/** The buttons of the other topics start to link a side, and stay valid until that side is linked. */
export type AnswerTopic = Exclude<QuestionTopic, "links" | "sign_in_choice">;

export interface Question {
  messageId: number;
  isOpen: boolean;
}

export function zoneOf({ timezone, reportedTimezone }: Account): string {
  return timezone ?? reportedTimezone ?? "UTC";
}

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Settings {
  units: Units;
  summaryHour: number;
  cards: (typeof CARDS)[number];
  tellsSilence: Record<ReadingKind, boolean>;
  patienceHours: number;
  sends: Sends;
  deletions: (typeof DELETIONS)[number];
  /** Of pictures. */
  theme: Theme;
  /** The weight that the owner wants to reach. */
  goalKg?: number | undefined;
  /** What they weighed when they said so. */
  goalFromKg?: number | undefined;
  /** As the owner said it, and when; for a BMI if Withings has none. */
  height?: Height | undefined;
}

export const UNITS = ["kg", "lb", "st"] as const;
export type Units = (typeof UNITS)[number];

/** When a card says what came: `needed` is never, and what needs the owner is told whatever is chosen here. */
export const CARDS = ["each", "daily", "weekly", "needed"] as const;

/** Whether what was sent leaves Garmin once it's gone at Withings. */
export const DELETIONS = ["ask", "always", "never"] as const;

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Which kinds of readings go to Garmin. What is measured while a kind is off stays at Withings. */
export interface Sends extends ChosenParts {
  weight: boolean;
  bloodPressure: boolean;
}

export function isKindOn(sends: Sends, kind: "weigh_in" | "blood_pressure"): boolean {
  return kind === "weigh_in" ? sends.weight : sends.bloodPressure;
}

export const DEFAULT_SETTINGS: Settings = {
  units: "kg",
  summaryHour: 9,
  cards: "daily",
  tellsSilence: { weigh_in: true, blood_pressure: true },
  patienceHours: 6,
  sends: { weight: true, composition: true, muscle: true, bloodPressure: true },
  deletions: "ask",
  theme: "light",
};

export interface LastRun {
  finishedAt: Date;
  outcome: RunOutcome;
}

/** `timezone: null` leaves it to Withings again, `blockedAt: null` clears it. What is left out stays. */
export interface AccountChanges {
  name?: string | undefined;
  timezone?: string | null | undefined;
  reportedTimezone?: string | undefined;
  language?: Language | undefined;
  settings?: Partial<Settings> | undefined;
  blockedAt?: Date | null | undefined;
}

export interface Accounts {
  list(): Promise<Account[]>;
  find(telegramUserId: number): Promise<Account | undefined>;
  save(telegramUserId: number, changes: AccountChanges): Promise<Account>;
  /** Keeps the newest question of a topic, if the account is still there. Resolves to the one before. */
  saveQuestion(
    telegramUserId: number,
    topic: QuestionTopic,
    next: (before?: Question) => Question,
  ): Promise<Question | undefined>;
}
