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
  words: {
    title: "Write to the bot",
    expect: "Each button writes its words into the chat.",
    buttons: [
      ...["64.4 yesterday 7:30", "120/80 62", "105 kg", "/undo", "/goal 62 kg"].map(said),
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
