import type { HeightWords } from "./en-height.ts";

export const heightInGerman: HeightWords = {
  ask: {
    head: "Wie groß bist du?",
    rest: "Weder bei Withings noch in Garmin habe ich deine Größe gefunden. Garmin braucht sie für deinen BMI, und ohne BMI blendet Garmins Webseite deine Körperzusammensetzung aus. Schick mir zum Beispiel 175, 1,75 m oder 5'9\".",
  },
  askAgain: "Wie groß bist du? Schick mir zum Beispiel 175, 1,75 m oder 5'9\".",
  no: "Lieber nicht",
  asBefore: "Deine Größe bleibt, wie sie war.",
  left: "Gut, ich frage nicht noch einmal. Wenn du es dir anders überlegst, sag es mir in /settings.",
  impossible: "Das kann keine Körpergröße sein. Schick mir zum Beispiel 175, 1,75 m oder 5'9\".",
  saved: (height) =>
    `${height}. Ab deiner nächsten Messung bekommt Garmin auch deinen BMI. Mit /settings änderst du sie.`,
  withings: (height) => `Withings sagt ${height}, darum nehme ich das. Ändern kannst du es in der Withings-App.`,
};
