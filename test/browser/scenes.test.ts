import { describe, expect } from "vitest";
import { type SceneName, scenes } from "../../src/sandbox/scenes.ts";
import { test } from "./fixtures.ts";
import { Player } from "./player.ts";
import { EMAIL, PASSWORD } from "./vendor-pages.ts";

type Play = (it: Player) => Promise<void>;

/** By scene of the panel: what can be tried there, as a person plays it. */
const PLAYS: Record<SceneName, Record<string, Play>> = {
  cards: {
    "the first success": async (it) => {
      const first = await it.see(
        "14 weigh-ins and 2 blood pressure readings,",
        "14 Gewichtsmessungen und 2 Blutdruckmessungen,",
      );
      const text = await first.innerText();
      expect(text).toMatch(/Newest: 6\d\.\d kg, |Die neuesten Werte: 6\d,\d kg, /);
      expect(text).toMatch(/It has no field for |Kein Feld gibt es dort für /);
      expect(text).toMatch(/From now on I’ll send|Ab jetzt schicke ich dir/);
      expect(await first.locator(".buttons a").count()).toBe(2);
      await it.picture();
    },
    "a card a day": async (it) => {
      await it.weigh(64.35);
      await it.bot.play("Next morning");
      const first = await it.see(/64\.4 kg ✓ in Garmin · .* last week/, /64,4 kg ✓ in Garmin · .* Vorwoche/);
      // What the first success has said isn't said again.
      expect(await first.innerText()).not.toMatch(/mmHg/);
      await it.bot.pressWith("editLast", { weightKg: 63.12 });
      await it.demo.pass(10);
      await it.try("Weigh in, dated two days ago");
      await it.bot.play("Next morning");
      const card = await it.see("Corrected: 64.4 → 63.1 kg.", "Korrigiert: 64,4 → 63,1 kg.");
      expect(await card.innerText()).toMatch(/6\d[.,]\d kg \(\d+\.? /);
      await it.picture();
    },
    "a card with every reading, and none at night": async (it) => {
      await it.chooseCards("Every reading", "Jede Messung");
      await it.weigh(64.35);
      await it.see("64.4 kg ✓ in Garmin", "64,4 kg ✓ in Garmin");
      const before = await it.said();
      await it.bot.pressWith("bloodPressure", { systolicMmHg: 121, diastolicMmHg: 79, pulseBpm: 61 });
      await it.demo.pass(10);
      await it.see("121/79 mmHg", "121/79 mmHg");
      await it.picture();
      expect(await it.said()).toBe(before);
      await it.bot.play("At 23:00");
      await it.weigh(64.55);
      await it.bot.waitForWeight("64.55");
      expect(await it.said()).toBe(before);
      await it.bot.play("Next morning");
      await it.see("64.6 kg ✓ in Garmin", "64,6 kg ✓ in Garmin");
      await it.picture();
    },
    "taken out from its card": async (it) => {
      await it.chooseCards("Every reading", "Jede Messung");
      await it.weigh(64.35);
      await it.see("64.4 kg ✓ in Garmin", "64,4 kg ✓ in Garmin");
      await it.picture();
      await it.tap("Undo", "Rückgängig");
      await it.see("no longer in Garmin.", "nicht mehr in Garmin.");
      expect(it.inGarmin()).not.toContain(64.35);
      await it.picture();
    },
    "only what needs somebody": async (it) => {
      await it.chooseCards("Only when something needs me", "Nur wenn ich etwas tun muss");
      await it.picture();
      const before = await it.said();
      await it.weigh(64.35);
      await it.bot.play("Next morning");
      await it.bot.waitForWeight("64.35");
      expect(await it.said()).toBe(before);
      await it.try("A child steps on");
      await it.see("Was that you?", "Warst du das?");
    },
    "a digest on Monday, with a goal": async (it) => {
      await it.chooseCards("Weekly", "Wöchentlich");
      await it.say("/goal 62 kg");
      await it.see(/Goal 62\.0 kg: \d\.\d kg to go/, /Ziel 62,0 kg: noch \d,\d kg/);
      const before = await it.said();
      await it.bot.play("Measure daily until Monday");
      const digest = await it.see("Your week, ", "Deine Woche, ");
      expect(await digest.innerText()).toMatch(/135\/85.*\n.*(Goal|Ziel) 62[.,]0 kg/);
      expect(await it.said()).toBe(before + 1);
      await it.picture();
    },
    "a digest on the first": async (it) => {
      await it.chooseCards("Weekly", "Wöchentlich");
      await it.bot.play("Measure daily until the first");
      await it.see(/Your (January|Feb|March|April|May|June|July|August|Sep|Oct|Nov|Dec)/, /Dein [JFMASOND]/);
      await it.picture();
    },
  },
  held: {
    "somebody else, and undo": async (it) => {
      await it.bot.press("guest");
      await it.demo.pass(10);
      const question = await it.see("Was that you?", "Warst du das?");
      expect(await question.locator("b, strong").innerText()).toMatch(/^[\d.,]+ kg, (today|heute) \d\d:\d\d\. /);
      await it.picture();
      await it.tap("No", "Nein");
      await it.see("kept out of Garmin.", "kommt nicht in Garmin.");
      await it.picture();
      await it.tap("Undo", "Rückgängig");
      await it.see("Was that you?", "Warst du das?");
    },
    "far off": async (it) => {
      await it.try("A child steps on");
      await it.see("24.0 kg, today", "24,0 kg, heute");
      await it.tap("Yes", "Ja");
      await it.see("Really yours?", "Wirklich von dir?");
      await it.picture();
      expect(it.inGarmin()).not.toContain(24);
      await it.tap("Yes, it’s mine", "Ja, von mir");
      await it.see("is in Garmin.", "ist in Garmin.");
      expect(it.inGarmin().filter((kg) => kg === 24)).toHaveLength(1);
      await it.picture();
      await it.tap("Undo", "Rückgängig");
      await it.see(/no longer in Garmin|Was that you/, /nicht mehr in Garmin|Warst du das/);
      expect(it.inGarmin()).not.toContain(24);
    },
    "many at once": async (it) => {
      await it.try("Seven guests step on");
      await it.see("7 readings. Which of them are yours?", "7 Messungen. Welche davon sind von dir?");
      await it.picture();
      await it.tap("›");
      await it.see(/^6\. /m, /^6\. /m);
      await it.picture();
      await it.tap("All mine, except what is far off", "Alle von mir, bis auf Ausreißer");
      await it.see("24.0 kg, today", "24,0 kg, heute");
      await expect.poll(() => it.inGarmin().filter((kg) => kg % 1 === 0).length).toBe(6);
      await it.picture();
      await it.tap("No", "Nein");
      await it.see("kept out of Garmin.", "kommt nicht in Garmin.");
      expect(it.inGarmin()).not.toContain(24);
    },
  },
  handOn: {
    "it was Sam": async (it) => {
      await it.try("Sam joins the bot");
      await it.try("Somebody of 82.4 kg steps on");
      await it.see("82.4 kg, today", "82,4 kg, heute");
      await it.picture();
      await it.tap("It was Sam", "Das war Sam");
      await it.see("I’ve asked Sam.", "Ich habe Sam gefragt.");
      await it.try("Sam says yes");
      await it.see("Sam says yes.", "Sam sagt Ja.");
      await it.picture();
      expect(it.inGarmin()).not.toContain(82.4);
    },
    "it wasn't Sam": async (it) => {
      await it.try("Sam joins the bot");
      await it.try("Somebody of 82.4 kg steps on");
      await it.tap("It was Sam", "Das war Sam");
      await it.see("I’ve asked Sam.", "Ich habe Sam gefragt.");
      await it.try("Sam says no");
      await it.see("Sam says no, and there’s nobody else", "Sam sagt Nein, und sonst kann ich");
      await it.picture();
    },
  },
  dates: {
    "an odd date": async (it) => {
      await it.try("Weigh in, dated next week");
      await it.see("in the future.", "in der Zukunft.");
      await it.try("Weigh in, dated 1970");
      await it.see("No scale could send readings back then", "Damals konnte noch keine Waage");
      await it.picture();
      await it.try("Weigh in, dated two months ago");
      await it.see("turned up at Withings", "dazugekommen");
      await it.picture();
    },
  },
  gone: {
    "deleted, and restored": async (it) => {
      await it.weigh(64.35);
      await it.try("Delete your last weigh-in");
      await it.say("/sync");
      await it.see("Nothing new.", "Nichts Neues.");
      await it.bot.play("Three days later");
      const question = await it.see("is gone at Withings.", "gibt es bei Withings nicht mehr.");
      expect(await question.locator("b, strong").innerText()).toMatch(/^64[.,]4 kg, /);
      await it.picture();
      await it.tap("Remove from Garmin", "Aus Garmin entfernen");
      await it.see("no longer in Garmin.", "nicht mehr in Garmin.");
      expect(it.inGarmin()).not.toContain(64.35);
      await it.demo.pass(10);
      await it.tap("Restore", "Wiederherstellen");
      await it.see("is in Garmin.", "ist in Garmin.");
      expect(it.inGarmin().filter((kg) => kg === 64.35)).toHaveLength(1);
    },
    "no longer sure": async (it) => {
      await it.weigh(64.35);
      await it.try("Withings isn’t sure it’s yours");
      await it.see("Withings is no longer sure it’s yours.", "Withings ist nicht mehr sicher");
      await it.picture();
      await it.tap("Keep", "Behalten");
      await it.see("stays in Garmin.", "bleibt in Garmin.");
      expect(it.inGarmin()).toContain(64.35);
    },
  },
  height: {
    "asked once": async (it) => {
      await it.try("Forget my height, and weigh in");
      await it.see("How tall are you?", "Wie groß bist du?");
      await it.picture();
      await it.say("1.68 m", "1,68 m");
      await it.see("Garmin gets your BMI too.", "deinen BMI");
      await it.picture();
    },
  },
  silence: {
    "two weeks without a reading": async (it) => {
      await it.bot.play("Two weeks later");
      await it.see(/No weigh-in (for|since) /, "kam keine Gewichtsmessung an");
      await it.picture();
      await it.tap("Don’t tell me about this", "Dazu nichts mehr sagen");
      await it.see("when your scale goes quiet", "wenn von der Waage nichts mehr kommt");
    },
  },
  words: {
    "a reading": async (it) => {
      await it.say("64.4 yesterday 7:30", "64,4 gestern 7:30");
      await it.see("64.40 kg, yesterday 07:30.", "64,40 kg, gestern 07:30.");
      await it.picture();
      await it.tap("Save to Garmin", "In Garmin speichern");
      await it.see("in Garmin.", "in Garmin.");
      // The scale brings the same reading later.
      const [typed] = it.demo.sandbox.garmin.weights(EMAIL).filter(({ weightKg }) => weightKg === 64.4);
      const at = new Date((typed?.takenAt.getTime() ?? 0) + 120_000);
      for (const person of it.demo.sandbox.withings.people.values()) person.stepOnScale({ at, weightKg: 64.4 });
      await it.say("/sync");
      await it.see("Nothing new.", "Nichts Neues.");
      expect(it.inGarmin().filter((kg) => kg === 64.4)).toHaveLength(1);
      await it.try("120/80 62");
      await it.see("120/80 mmHg, pulse 62, today", "120/80 mmHg, Puls 62, heute");
      await it.tap("Save to Garmin", "In Garmin speichern");
      await it.see("in Garmin.", "in Garmin.");
      await it.picture();
    },
    "a far-off reading": async (it) => {
      await it.try("105 kg");
      await it.see("That’s far from your last weight", "Das weicht stark von deinem letzten Gewicht ab");
      await it.tap("Yes, it’s right", "Ja, das stimmt");
      await it.see("Shall I really send it to Garmin?", "Soll ich das wirklich an Garmin senden?");
      await it.picture();
      await it.tap("Cancel", "Abbrechen");
      await it.see("I haven’t saved it.", "nicht gespeichert.");
      expect(it.inGarmin()).not.toContain(105);
    },
    "how tall somebody is": async (it) => {
      await it.try("Forget my height, and weigh in");
      await it.see("How tall are you?", "Wie groß bist du?");
      await it.picture();
      await it.say("17", "17");
      await it.see("That can’t be a height.", "Das kann keine Körpergröße sein.");
      await it.say("5'9\"", "1,75");
      await it.see("Garmin gets your BMI too.", "bekommt Garmin auch deinen BMI.");
      await it.picture();
      await it.weigh(64.35);
      const bmi = () => it.demo.sandbox.garmin.weights(EMAIL).find(({ weightKg }) => weightKg === 64.35)?.bmi;
      await expect.poll(bmi).toBeCloseTo(21, 0);
    },
    "/undo, and restore": async (it) => {
      await it.weigh(64.35);
      await it.try("/undo");
      await it.see("Take it out?", "Wieder herausnehmen?");
      await it.picture();
      await it.tap("Take it out", "Herausnehmen");
      await it.see("no longer in Garmin.", "nicht mehr in Garmin.");
      expect(it.inGarmin()).not.toContain(64.35);
      await it.picture();
      await it.demo.pass(10);
      await it.tap("Restore", "Wiederherstellen");
      await it.see("is in Garmin.", "ist in Garmin.");
      expect(it.inGarmin().filter((kg) => kg === 64.35)).toHaveLength(1);
    },
    "pictures, light and dark": async (it) => {
      await it.weigh(64.35);
      await it.try("/weight");
      const message = await it.see("Weight, 30 days: 64.4 kg", "Gewicht, 30 Tage: 64,4 kg");
      const picture = message.locator("img");
      await picture.waitFor();
      const width = () => picture.evaluate((shown) => (shown as unknown as { naturalWidth: number }).naturalWidth);
      await expect.poll(width).toBe(1200);
      await it.picture();
      await it.tap("All", "Alle");
      await it.see("Weight, all readings: 64.4 kg", "Gewicht, alle Messungen: 64,4 kg");
      await it.say("/settings");
      await it.tap("Pictures", "Bilder");
      await it.tap("Dark", "Dunkel");
      await it.say("/body");
      await it.see("Body composition, 30 days:", "Körperzusammensetzung, 30 Tage:");
      await it.picture();
    },
    "plain questions": async (it) => {
      await it.say("WHY is my weight missing???", "WARUM fehlt mein Gewicht???");
      await it.see("that’s the newest at Withings", "Das ist die neueste Messung bei Withings");
      await it.bot.press("guest");
      await it.demo.pass(10);
      await it.try("Why is my weight missing?");
      await it.see("because you haven’t said whether it’s yours", "weil du noch nicht gesagt hast");
      await it.picture();
      await it.tap("Decide", "Entscheiden");
      await it.see("Last sync:", "Letzter Abgleich:");
      await it.try("What is sent?");
      await it.see("What I send to Garmin:", "Das sende ich an Garmin:");
      await it.say("stop messages", "keine Nachrichten mehr");
      await it.see("You decide when I write.", "Du bestimmst, wann ich schreibe.");
      await it.say("last weight", "letztes Gewicht");
      await it.see("Your last weigh-in:", "Dein letztes Gewicht:");
      await it.picture();
    },
    "something else": async (it) => {
      await it.say("blue cheese", "blauer Käse");
      await it.see("I’m not sure what you mean.", "Ich weiß nicht genau, was du meinst.");
      await it.tap("Sync now", "Jetzt abgleichen");
      await it.see("Nothing new.", "Nichts Neues.");
      await it.tap("Help", "Hilfe");
      await it.see("You can also ask in plain words", "Du kannst auch einfach fragen");
      await it.picture();
      await it.tap("Status");
      await it.see("Last sync:", "Letzter Abgleich:");
      await it.picture();
    },
    "what it keeps, and an invitation": async (it) => {
      await it.try("/privacy");
      await it.see("What I keep:", "Was ich aufbewahre:");
      await it.picture();
      await it.try("/invite");
      const card = await it.see("Your data stays separate", "Deine Daten bleiben getrennt");
      const picture = card.locator("img");
      await picture.waitFor();
      const width = () => picture.evaluate((shown) => (shown as unknown as { naturalWidth: number }).naturalWidth);
      await expect.poll(width).toBeGreaterThan(200);
      const share = it.bot.button(/^(Share|Teilen)$/);
      expect(await share.getAttribute("href")).toMatch(/^https:\/\/t\.me\/share\/url\?url=https%3A%2F%2Ft\.me%2F/);
      await it.picture();
    },
  },
};

/** What is in no scene of the panel, from the empty chat on. */
const OTHERS: Record<string, Play> = {
  "before Start": async (it) => {
    const what = it.bot.page.locator(".empty-chat", { hasText: /I copy the readings|Ich übertrage alles/ });
    await what.waitFor();
    await it.picture();
  },
  "no time zone": async (it) => {
    await it.bot.start();
    await it.picture();
    await it.try("Link without a time zone");
    await it.see("Which time zone are you in?", "In welcher Zeitzone bist du?");
    await it.picture();
    await it.try("Share a location");
    await it.see("Where you are, it’s", "Bei dir ist es jetzt");
    await it.picture();
    await it.tap("Yes, use it", "Ja, diese nehmen");
    await it.see("set by you", "von dir gewählt");
    await expect.poll(() => it.demo.sandbox.garmin.bloodPressures(EMAIL).length).toBe(2);
  },
  "the sign-in page": async (it) => {
    await it.bot.start();
    await it.tap("Link Garmin", "Garmin verbinden");
    await it.see("Three ways to sign in", "Drei Wege");
    await it.picture();
    const page = await it.open("On my sign-in page", "Auf meiner Anmeldeseite");
    it.bot.watch(page);
    await page.locator('[name="email"]').fill(EMAIL);
    await page.locator('[name="password"]').fill("wrong-password");
    await page.locator('[name="password"]').press("Enter");
    const answer = page.locator("#answer");
    await answer.filter({ hasText: /doesn’t know this e-mail|kennt diese E-Mail/ }).waitFor();
    await it.picture(page);
    await page.locator('[name="password"]').fill(PASSWORD);
    await page.locator('[name="password"]').press("Enter");
    await page.locator('[name="code"]').waitFor();
    await it.picture(page);
    const code = await it.bot.mailedCode();
    await page.bringToFront();
    await page.locator('[name="code"]').fill(code);
    await page.locator('[name="code"]').press("Enter");
    await answer.filter({ hasText: /Signed in to Garmin as Robin|Bei Garmin angemeldet als Robin/ }).waitFor();
    await it.picture(page);
    await it.see("Signed in to Garmin as", "Bei Garmin angemeldet als");
    await it.picture();
  },
  "Garmin signs out": async (it) => {
    await it.bot.linkBoth();
    await it.bot.setTrouble("garmin_signed_out", true);
    await it.weigh(64.35);
    await it.see("Garmin has signed me out.", "Garmin hat mich abgemeldet.");
    await it.picture();
    await it.tap("Here in the chat", "Hier im Chat");
    await it.see("Which e-mail address", "Mit welcher E-Mail-Adresse");
    await it.say(EMAIL);
    await it.see(`the password for ${EMAIL}`, `das Passwort für ${EMAIL}`);
    await it.say("wrong-password");
    await it.see("doesn’t know this e-mail", "kennt diese E-Mail");
    await it.picture();
    await it.say(PASSWORD);
    await it.see("Garmin sent a code", "Garmin hat einen Code");
    await it.say(await it.bot.mailedCode());
    await it.see("Garmin lets me in again.", "Garmin lässt mich wieder rein.");
    await it.picture();
  },
  "an outage": async (it) => {
    await it.bot.linkBoth();
    await it.bot.setTrouble("garmin_api_500", true);
    await it.weigh(64.35);
    await it.bot.play("An hour later");
    await it.see("Garmin hasn’t answered properly since", "Garmin antwortet seit");
    await it.say("/doctor");
    await it.see(/later|not working/, "später");
    await it.picture();
    await it.bot.play("Put everything right");
    await it.see("Garmin is answering again.", "Garmin antwortet wieder.");
    await it.picture();
  },
  "settings and commands": async (it) => {
    await it.bot.linkBoth();
    await it.say("/settings");
    for (const [english, german] of SETTINGS) {
      await it.tap(english, german);
      await it.bot.button(/^(Back|Zurück)$/).waitFor();
      await it.picture();
      await it.tap("Back", "Zurück");
      await it.bot.button(/^(Language|Sprache)$/).waitFor();
    }
    await it.say("/doctor");
    await it.see("All good.", "Alles gut.");
    await it.picture();
    await it.say("/people");
    await it.see("Robin (you)", "Robin (du)");
    await it.say("/disconnect");
    await it.see("What should I remove?", "Was soll ich entfernen?");
    await it.tap("Everything", "Alles");
    await it.see("This can’t be undone.", "Das lässt sich nicht rückgängig machen.");
    await it.picture();
    await it.tap("Yes, remove", "Ja, entfernen");
    await it.see("I’ve removed everything of yours.", "Hier ist alles gelöscht.");
    await it.picture();
  },
};

const SETTINGS = [
  ["Units", "Einheiten"],
  ["Time zone", "Zeitzone"],
  ["Cards", "Meldungen"],
  ["No readings", "Messpausen"],
  ["Short outages", "Kurze Störungen"],
  ["What is sent", "Was gesendet wird"],
  ["Deleted at Withings", "Bei Withings gelöscht"],
  ["Height", "Körpergröße"],
  ["Pictures", "Bilder"],
] as const;

describe.each(["en", "de"] as const)("on a phone, in %s", (language) => {
  test.override({ language });

  for (const [name, play] of Object.entries(OTHERS)) {
    test(name, async ({ demo, phone }) => {
      await play(new Player(demo, phone, language, name));
    });
  }

  for (const [scene, plays] of Object.entries(PLAYS)) {
    for (const [name, play] of Object.entries(plays)) {
      test(`${scenes[scene as SceneName].title}: ${name}`, async ({ demo, phone }) => {
        await phone.linkBoth();
        await play(new Player(demo, phone, language, name));
      });
    }
  }
});
