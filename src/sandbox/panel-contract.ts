import * as z from "zod";

/** Anything left out is made up by the sandbox, believably. */
const Composition = z.strictObject({
  weightKg: z.number().min(1).max(400).optional(),
  bodyFatPercent: z.number().min(1).max(80).optional(),
  muscleMassKg: z.number().min(1).max(200).optional(),
  boneMassKg: z.number().min(0.1).max(20).optional(),
  bodyWaterPercent: z.number().min(1).max(90).optional(),
  /** An instant, ISO 8601 in UTC. Now, when left out. */
  takenAt: z.iso.datetime().optional(),
});

/** What each action is given, checked before it is called. */
export const actionInputs = {
  link: z.strictObject({}),
  weighIn: Composition,
  bloodPressure: z.strictObject({
    systolicMmHg: z.int().min(50).max(260).optional(),
    diastolicMmHg: z.int().min(30).max(200).optional(),
    pulseBpm: z.int().min(20).max(250).optional(),
    takenAt: z.iso.datetime().optional(),
  }),
  /** Someone steps on whom the scale cannot tell from its owner. */
  guest: z.strictObject({ weightKg: z.number().min(1).max(400).optional() }),
  /** The last weigh-in is corrected in the Withings app. */
  editLast: Composition.omit({ takenAt: true }),
  /** A weigh-in of now with a date so many days away, as of a scale whose clock is wrong or that was offline. */
  weighInDated: z.strictObject({ days: z.int().min(-400).max(400) }),
  /** Something goes wrong until it is turned off again. */
  trouble: z.strictObject({ name: z.string().min(1), on: z.boolean() }),
  /** Withings no longer announces new readings, and tells nobody that it stopped. */
  loseSubscription: z.strictObject({}),
  /** The person takes the permission back in the Withings app. */
  removeApp: z.strictObject({}),
  /** The program is started where it does not find its data. */
  startOnEmptyFolder: z.strictObject({}),
  /** The data folder is put back as it was before a weigh-in that has arrived since. */
  putOldDataBack: z.strictObject({}),
  /** Ends all troubles, and what they leave behind. */
  putRight: z.strictObject({}),
  passTime: z.strictObject({ until: z.enum(["hour", "morning", "three_days", "two_weeks"]) }),
  /** How long the bot waits before it tells of an outage: a minute, or as long as any bot. */
  patience: z.strictObject({ isShort: z.boolean() }),
  /** Whether the program has an address that Withings can call. */
  address: z.strictObject({ on: z.boolean() }),
  /** Everything as it was when the demo began. */
  startOver: z.strictObject({}),
} as const;

export type ActionName = keyof typeof actionInputs;
export type ActionInput<Name extends ActionName> = z.infer<(typeof actionInputs)[Name]>;

/** Each answers with a short sentence for the person at the page; what it throws is shown there as well. */
export type PanelActions = { readonly [Name in ActionName]: (input: ActionInput<Name>) => Promise<string> };

/** What Garmin Connect shows of one weigh-in; a value it does not have is absent. */
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

/** A ready-made account to sign in with. */
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
  /** For people, and no other switch has it. */
  label: string;
  on: boolean;
}

export interface ShownStory {
  title: string;
  /** What the bot is expected to do, in one line. */
  expect: string;
  /** Each is flipped by the action `trouble`. */
  switches: readonly ShownSwitch[];
  buttons: readonly { label: string; action: ActionName; input: Record<string, unknown> }[];
}

/** In any order; the page sorts readings and mails by time, newest first. */
export interface Observed {
  linked: boolean;
  /** It was linked, and a vendor has ended that. */
  signedOut?: boolean;
  signIn?: ShownSignIn;
  weights: readonly ShownWeight[];
  bloodPressures: readonly ShownBloodPressure[];
  mails: readonly ShownMail[];
  stories: readonly ShownStory[];
  /** Why the program has ended by itself. */
  ended?: string | undefined;
  /** By how much the demo's time is ahead of this machine's. */
  aheadSeconds: number;
  hasShortPatience: boolean;
  hasAddress: boolean;
}

export type Observe = () => Observed | Promise<Observed>;

export function isActionName(name: string): name is ActionName {
  return Object.hasOwn(actionInputs, name);
}
