import type { StoryButton } from "./stories.ts";

/** What the chat can do, to try with a press; the rest needs only the chat, the scale and the time. */
export const scenes = {
  cards: {
    title: "Cards and digests",
    expect:
      "Step on the scale, and press “Next morning”: a card says what came. Under /settings, “Cards” says how often. A digest comes on Mondays and on the first.",
    buttons: [
      { label: "Weigh in, dated two days ago", action: "weighInDated", input: { days: -2 } },
      { label: "At 23:00", action: "passTime", input: { until: "night" } },
      { label: "Measure daily until Monday", action: "passTime", input: { until: "monday" } },
      { label: "Measure daily until the first", action: "passTime", input: { until: "first" } },
    ],
  },
  held: {
    title: "Whose reading is it?",
    expect: "The bot asks before it sends. It asks twice about what is far off, and once about many.",
    buttons: [
      { label: "A child steps on", action: "guest", input: { weightKg: 24 } },
      { label: "Seven guests step on", action: "guest", input: { count: 7 } },
      { label: "Link without a time zone", action: "link", input: { hasTimezone: false } },
    ],
  },
  handOn: {
    title: "Somebody else was on your scale",
    expect:
      "Below the bot’s question, press “It was Sam”. Sam is asked in a chat of their own, and a yes puts the weight into Sam’s Garmin.",
    buttons: [
      { label: "Sam joins the bot", action: "housemateJoins" },
      { label: "Somebody of 82.4 kg steps on", action: "guest", input: { weightKg: 82.4 } },
      { label: "Sam says yes", action: "housemateSays", input: { answer: "yes" } },
      { label: "Sam says no", action: "housemateSays", input: { answer: "no" } },
      { label: "Sam takes that back", action: "housemateSays", input: { answer: "undo" } },
    ],
  },
  dates: {
    title: "A reading with an odd date",
    expect: "The bot tells you about it instead of sending or dropping it silently.",
    buttons: [
      { label: "Weigh in, dated next week", action: "weighInDated", input: { days: 7 } },
      { label: "Weigh in, dated two months ago", action: "weighInDated", input: { days: -60 } },
      { label: "Weigh in, dated 1970", action: "weighIn", input: { takenAt: "1970-01-02T08:00:00Z" } },
    ],
  },
  gone: {
    title: "You delete a reading at Withings",
    expect:
      "Send /sync, then let three days pass: once the bot has missed it twice, a day apart, it asks whether to remove it from Garmin. Without /sync, it compares once a week.",
    buttons: [
      { label: "Delete your last weigh-in", action: "deleteLast" },
      { label: "Withings isn’t sure it’s yours", action: "doubtLast" },
    ],
  },
  height: {
    title: "Nobody knows how tall you are",
    expect: "The bot asks you, once. From your next weigh-in on, Garmin shows your BMI.",
    buttons: [{ label: "Forget my height, and weigh in", action: "forgetHeight" }],
  },
  silence: {
    title: "You forget the scale",
    expect: "After a few days without a reading, the bot tells you once for each device, and says what to check.",
    buttons: [{ label: "Two weeks later", action: "passTime", input: { until: "two_weeks" } }],
  },
  words: {
    title: "Write to the bot",
    expect: "Each button writes its words into the chat.",
    buttons: [
      ...["64.4 yesterday 7:30", "120/80 62", "105 kg", "/undo", "/goal 62 kg", "/weight"].map(said),
      ...["Why is my weight missing?", "What is sent?", "/privacy", "/invite"].map(said),
      { label: "Share a location", action: "location", input: { latitude: 48.137, longitude: 11.575 } },
    ],
  },
} satisfies Record<string, Scene>;

export type SceneName = keyof typeof scenes;

interface Scene {
  title: string;
  expect: string;
  buttons: readonly StoryButton[];
}

function said(text: string) {
  return { label: text, action: "say", input: { text } } as const;
}
