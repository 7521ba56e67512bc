/** What the bot says of itself, and what it keeps. Telegram allows 512 characters for `description`, 120 for `shortDescription`. */
export const ABOUT_IN_ENGLISH = {
  description:
    "I copy the readings from your Withings scale and blood pressure cuff to Garmin Connect: automatically, and each one once.\n\nIf a reading may not be yours, I ask you first. If something stops working, I tell you.\n\nPress Start, then link Withings and Garmin. It takes a few minutes. Only people my owner has invited can use me.",
  shortDescription:
    "Copies your Withings weigh-ins and blood pressure to Garmin Connect, and writes only when it has to.",
  privacy: (isInCloud: boolean) =>
    [
      "What I keep: your links to Withings and Garmin, encrypted and without your password; the values I sent or hold back, so that nothing arrives twice; your settings, your Telegram id and your first name.",
      `Where: only with the person who runs me, ${isInCloud ? "in their own account at Amazon (AWS)" : "on their own machine"}. Nobody else gets it, and a bug report contains no readings. The chat itself is stored by Telegram.`,
      "Only if you say that a reading was somebody else’s here, that person sees its value, its time and your first name, and you see their yes or no.",
      "To erase it all: /disconnect, then Everything. What’s at Withings and in Garmin stays there.",
    ].join("\n\n"),
  invitation: (inviter: string, bot: string, link: string) =>
    `${inviter} has invited you to ${bot}. It copies the readings from your own Withings scale and cuff to your own Garmin Connect.\n\nYour data stays separate: you link your own accounts, and ${inviter} sees your name but none of your readings.\n\nOpen this link and press Start. It works for one person and for 24 hours:\n${link}`,
  passOn: "Send this card to one person: forward it, press Share, or let them scan the code.",
  /** Telegram puts the link in front of it. */
  shared: (inviter: string) =>
    `${inviter} has invited you: your own Withings readings go to your own Garmin Connect. It works for one person, for 24 hours.`,
  share: "Share",
  invitedBy: (inviter: string) =>
    `${inviter} has invited you. Your data stays separate from everybody else’s here: ${inviter} sees your name but none of your readings. /privacy says what I keep.`,
  somebody: "Somebody",
};
export type AboutWords = typeof ABOUT_IN_ENGLISH;
