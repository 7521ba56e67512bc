import type { DemoLinks } from "./demo-links.ts";
import type { createDemoTroubles } from "./demo-troubles.ts";
import type { DemoWorld } from "./demo-world.ts";
import type { Observed, ShownStory } from "./panel-contract.ts";
import { scenes } from "./scenes.ts";
import { type Story, stories } from "./stories.ts";

export async function observed(
  world: DemoWorld,
  { links, troubles }: { links: DemoLinks; troubles: ReturnType<typeof createDemoTroubles> },
): Promise<Observed> {
  const { sandbox, program, time, patience, owner } = world;
  const { email, password } = owner.account;
  return {
    linked: await links.bothLinked(),
    signedOut: await links.hasEnded(),
    signIn: { email, password },
    weights: sandbox.garmin.weights(email).map((it) => ({
      takenAt: it.takenAt.toISOString(),
      weightKg: it.weightKg,
      bmi: it.bmi,
      bodyFatPercent: it.bodyFatPercent,
      bodyWaterPercent: it.bodyWaterPercent,
      muscleMassKg: it.muscleKg,
      boneMassKg: it.boneKg,
      visceralFat: it.visceralFatRating,
    })),
    bloodPressures: sandbox.garmin.bloodPressures(email).map((it) => ({
      takenAt: it.takenAt.toISOString(),
      systolicMmHg: it.systolic,
      diastolicMmHg: it.diastolic,
      pulseBpm: it.pulse,
    })),
    mails: mails(world),
    scenes: Object.values(scenes).map((scene) => shownStory({ ...scene, switches: [] })),
    stories: stories.map((story) => shownStory({ ...story, switches: story.switches.map(troubles.shown) })),
    ended: program.ended(),
    aheadSeconds: time.aheadSeconds,
    hasShortPatience: patience.isShort,
    hasAddress: program.hasAddress(),
  };
}

function shownStory({ title, expect, switches, buttons = [] }: Omit<Story, "switches"> & Pick<ShownStory, "switches">) {
  return {
    title,
    expect,
    switches,
    buttons: buttons.map(({ label, action, input = {} }) => ({ label, action, input })),
  };
}

function mails(world: DemoWorld): Observed["mails"] {
  const { sandbox, outside } = world;
  return [
    ...sandbox.garmin.inbox.map(({ email: to, code, sentAt: at }) => ({
      ...{ at, to, subject: "Your Garmin security code", text: `Your code is ${code}.` },
    })),
    ...outside.alarms.map(({ at, text }) => ({ at, to: "ALARM_URL", subject: "An alarm from the bot", text })),
    ...missedHeartbeat(world),
  ].map(({ at, ...mail }) => ({ ...mail, at: at.toISOString() }));
}

/** Only while the program is stopped: a running one is merely slow to notice that time has moved on. */
function missedHeartbeat({ program, outside, timezone }: DemoWorld) {
  const silence = program.isRunning() ? undefined : outside.silentAt();
  if (!silence) return [];
  const lastBeat = inWords(silence.lastBeatAt, timezone).replace(" ", " at ");
  const text = `The last heartbeat came on ${lastBeat}. Either the program or its machine has stopped.`;
  return [{ at: silence.at, to: "HEARTBEAT_URL", subject: "No heartbeat for 15 minutes", text }];
}

export function inWords(instant: Date, timeZone: string): string {
  const words = { weekday: "long", hour: "2-digit", minute: "2-digit", timeZone } as const;
  return new Intl.DateTimeFormat("en-GB", words).format(instant);
}
