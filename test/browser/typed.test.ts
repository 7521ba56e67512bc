import { expect } from "vitest";
import { test } from "./fixtures.ts";

const OWNER = "owner@example.org";

test("a typed reading is shown as understood, and is in Garmin once, also when the scale delivers it later", async ({
  demo,
  phone,
}) => {
  await phone.linkBoth();
  await phone.say("64.4 yesterday 7:30");
  await phone.waitForMessage("64.40 kg, yesterday 07:30.");
  await phone.shot("typed 1 as understood, phone");
  await phone.tapButton("Save to Garmin");
  await phone.waitForMessage("it’s in Garmin.");
  await phone.shot("typed 2 in Garmin, phone");
  expect(await phone.overflow()).toEqual({});
  const typed = () => demo.sandbox.garmin.weights(OWNER).filter(({ weightKg }) => weightKg === 64.4);
  const at = new Date((typed()[0]?.takenAt.getTime() ?? 0) + 120_000);
  expect(typed()).toHaveLength(1);
  for (const person of demo.sandbox.withings.people.values()) person.stepOnScale({ at, weightKg: 64.4 });
  await phone.say("/sync");
  await phone.waitForMessage("Nothing new.");
  expect(typed()).toHaveLength(1);
});

test("a far-off reading is asked about twice, in German too", async ({ demo, phone }) => {
  await phone.linkBoth();
  await phone.say("/settings");
  await phone.tapButton("Language");
  await phone.tapButton("Deutsch");
  await phone.say("105 kg");
  await phone.waitForMessage("Das liegt weit weg von deinem letzten Gewicht");
  await phone.tapButton("Ja, das stimmt");
  await phone.waitForMessage("Soll ich das wirklich an Garmin senden?");
  await phone.shot("typed 3 far off, in German, phone");
  await phone.tapButton("Abbrechen");
  await phone.waitForMessage("nicht gespeichert.");
  expect(demo.sandbox.garmin.weights(OWNER).map(({ weightKg }) => weightKg)).not.toContain(105);
});
