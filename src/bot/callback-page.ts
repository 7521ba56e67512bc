import type { CallbackOutcome } from "../sync/link-withings.ts";

/** What the page says to which Withings sends the owner's browser. */
export function callbackWords(outcome: CallbackOutcome): { title: string; text: string } {
  return WORDS[outcome];
}

const again = (what: string) => `${what} Go back to Telegram and begin again.`;
const NOT_LINKED = "Not linked";

const WORDS: Record<CallbackOutcome, { title: string; text: string }> = {
  linked: { title: "Linked", text: "Withings now shares what you measure. Go back to Telegram." },
  waiting: { title: "Weighbridge", text: "Withings sends you to this page after you have allowed access." },
  code_expired: { title: NOT_LINKED, text: again("The code of Withings has run out. It lives 30 seconds.") },
  scope_missing: {
    title: NOT_LINKED,
    text: again("Withings does not let me read what you measure. Please leave everything ticked on its page."),
  },
  taken: {
    title: NOT_LINKED,
    text: again("This Withings person is linked in another chat already. Choose yourself on the page of Withings."),
  },
  refused: { title: NOT_LINKED, text: "Nothing was shared. Should you change your mind, go back to Telegram." },
  wrong_state: { title: NOT_LINKED, text: again("This address is damaged, or does not come from me.") },
  late_state: { title: NOT_LINKED, text: again("This took longer than ten minutes.") },
  used_state: {
    title: "Used already",
    text: "This address works once. Go back to Telegram: /status says how things are.",
  },
  other_chat: { title: NOT_LINKED, text: again("This address belongs to another chat.") },
  no_code: { title: NOT_LINKED, text: again("There is no code in this address.") },
  not_an_address: { title: NOT_LINKED, text: again("This is no address.") },
  application_refused: {
    title: NOT_LINKED,
    text: "Withings does not know this bot. Its operator has to correct the client id, the secret or the callback address.",
  },
  later: { title: NOT_LINKED, text: again("Something did not answer in time.") },
  broken: { title: NOT_LINKED, text: again("Something broke on my side.") },
};
