import * as z from "zod";

/** What is left out gets a plausible value. */
const Composition = z.strictObject({
  weightKg: z.number().min(1).max(400).optional(),
  bodyFatPercent: z.number().min(1).max(80).optional(),
  muscleMassKg: z.number().min(1).max(200).optional(),
  boneMassKg: z.number().min(0.1).max(20).optional(),
  bodyWaterPercent: z.number().min(1).max(90).optional(),
  /** ISO 8601 in UTC; now by default. */
  takenAt: z.iso.datetime().optional(),
});

export const actionInputs = {
  link: z.strictObject({ hasTimezone: z.boolean().optional() }),
  say: z.strictObject({ text: z.string().min(1).max(200) }),
  location: z.strictObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) }),
  weighIn: Composition,
  bloodPressure: z.strictObject({
    systolicMmHg: z.int().min(50).max(260).optional(),
    diastolicMmHg: z.int().min(30).max(200).optional(),
    pulseBpm: z.int().min(20).max(250).optional(),
    takenAt: z.iso.datetime().optional(),
  }),
  /** Several have weights of their own. */
  guest: z.strictObject({
    weightKg: z.number().min(1).max(400).optional(),
    count: z.int().min(1).max(7).optional(),
  }),
  /** The housemate is invited, and links both sides. */
  housemateJoins: z.strictObject({}),
  /** A tap in the housemate's chat, below what they were asked last. */
  housemateSays: z.strictObject({ answer: z.enum(["yes", "no", "undo"]) }),
  editLast: Composition.omit({ takenAt: true }),
  deleteLast: z.strictObject({}),
  /** The scale turns out not to be sure whose it is. */
  doubtLast: z.strictObject({}),
  /** A weigh-in that comes now with its date off by this much. */
  weighInDated: z.strictObject({ days: z.int().min(-400).max(400) }),
  trouble: z.strictObject({ name: z.string().min(1), on: z.boolean() }),
  /** Withings stops announcing new readings, and doesn't say so. */
  loseSubscription: z.strictObject({}),
  removeApp: z.strictObject({}),
  /** Nobody knows how tall the person at the page is, who steps on the scale. */
  forgetHeight: z.strictObject({}),
  startOnEmptyFolder: z.strictObject({}),
  /** To the state before a weigh-in that has since arrived. */
  putOldDataBack: z.strictObject({}),
  putRight: z.strictObject({}),
  /** On the way to Monday and to the first, the person measures daily. */
  passTime: z.strictObject({
    until: z.enum(["hour", "morning", "night", "three_days", "two_weeks", "monday", "first"]),
  }),
  /** Short: the bot reports an outage after a minute. */
  patience: z.strictObject({ isShort: z.boolean() }),
  /** Whether Withings can call the program. */
  address: z.strictObject({ on: z.boolean() }),
  startOver: z.strictObject({}),
} as const;

export type ActionName = keyof typeof actionInputs;
export type ActionInput<Name extends ActionName> = z.infer<(typeof actionInputs)[Name]>;

/** Each answers with a short sentence for the person at the page. An error's message is shown there too. */
export type PanelActions = { readonly [Name in ActionName]: (input: ActionInput<Name>) => Promise<string> };

export interface ShownWeight {
  /** ISO 8601 in UTC. */
  takenAt: string;
  weightKg: number;
  bmi?: number | undefined;
  bodyFatPercent?: number | undefined;
  bodyWaterPercent?: number | undefined;
  muscleMassKg?: number | undefined;
  boneMassKg?: number | undefined;
  visceralFat?: number | undefined;
}

export interface ShownBloodPressure {
  takenAt: string;
  systolicMmHg: number;
  diastolicMmHg: number;
  pulseBpm?: number | undefined;
}

export interface ShownSignIn {
  email: string;
  password: string;
}

export interface ShownMail {
  /** ISO 8601 in UTC. */
  at: string;
  to: string;
  subject: string;
  text: string;
}

export interface ShownSwitch {
  name: string;
  /** Different for each switch. */
  label: string;
  on: boolean;
}

export interface ShownStory {
  title: string;
  expect: string;
  /** Each is flipped with the action `trouble`. */
  switches: readonly ShownSwitch[];
  buttons: readonly { label: string; action: ActionName; input: Record<string, unknown> }[];
}

/** In any order: the page sorts them. */
export interface Observed {
  linked: boolean;
  /** A vendor has ended a link. */
  signedOut?: boolean;
  signIn?: ShownSignIn;
  weights: readonly ShownWeight[];
  bloodPressures: readonly ShownBloodPressure[];
  mails: readonly ShownMail[];
  scenes: readonly ShownStory[];
  stories: readonly ShownStory[];
  /** Why the program ended by itself. */
  ended?: string | undefined;
  aheadSeconds: number;
  hasShortPatience: boolean;
  hasAddress: boolean;
}

export type Observe = () => Observed | Promise<Observed>;

export function isActionName(name: string): name is ActionName {
  return Object.hasOwn(actionInputs, name);
}
