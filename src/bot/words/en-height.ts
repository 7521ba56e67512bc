export const heightInEnglish = {
  ask: {
    head: "How tall are you?",
    rest: "I couldn’t find your height at Withings or in Garmin. Garmin needs it for your BMI, and without a BMI its web page hides your body composition. Send me, for example, 175, 1.75 m or 5'9\".",
  },
  askAgain: "How tall are you? Send me, for example, 175, 1.75 m or 5'9\".",
  no: "I’d rather not",
  asBefore: "I’ve left your height as it was.",
  left: "OK, I won’t ask again. If you change your mind, tell me in /settings.",
  impossible: "That can’t be a height. Send me, for example, 175, 1.75 m or 5'9\".",
  saved: (height: string) =>
    `${height}. From your next weigh-in on, Garmin gets your BMI too. You can change it in /settings.`,
  withings: (height: string) => `Withings says ${height}, so I use that. You can change it in the Withings app.`,
};
export type HeightWords = typeof heightInEnglish;
