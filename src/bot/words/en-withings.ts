import type { CallbackOutcome, LinkResult } from "../../sync/links/withings-consent.ts";
import type { WeighIn } from "../../sync/model/reading.ts";
import type { Format } from "./format.ts";

/** Why a Withings link was not made. */
export type WithingsRefusal = Exclude<LinkResult["type"], "linked" | "other_person">;

/** Whose bot a consent was for, if known: somebody who was only sent the page's address may see it too. */
export interface Whose {
  /** With its "@". */
  bot?: string | undefined;
  person?: string | undefined;
}

/** A Withings person, with what tells two of them apart. */
export interface WithingsPerson {
  id: string;
  lastWeighIn?: WeighIn | undefined;
}

const NOT_LINKED = "Not linked";
const notLinked = (why: string) => ({ title: NOT_LINKED, text: `${why} Go back to Telegram and begin again.` });

const sharedWith = ({ bot = "this bot", person: name }: Whose) =>
  name
    ? `${bot}, for ${name}. Go back to Telegram. If you’re not ${name}, withdraw the access in the Withings app: Profile, then Partner apps.`
    : `${bot}. Go back to Telegram. If you don’t know it, withdraw the access in the Withings app: Profile, then Partner apps.`;

/** The page that Withings sends the browser to. */
const callbackPage = (whose: Whose) =>
  ({
    linked: { title: "Linked", text: `Withings now shares your measurements with ${sharedWith(whose)}` },
    other_person: {
      title: "One more question",
      text: `You allowed access for a different Withings person from the one who is linked. Nothing has changed yet: ${whose.bot ?? "the bot"} is asking ${whose.person ?? "its user"} in Telegram whether to switch.`,
    },
    waiting: { title: "Weighbridge", text: "Withings sends you to this page after you have allowed access." },
    code_expired: notLinked("What Withings gives you works for half a minute, and that is over."),
    scope_missing: notLinked("Withings does not let me read what you measure. Leave everything ticked on its page."),
    taken: notLinked("This Withings profile belongs to somebody else here. Choose your own on Withings’ page."),
    account_removed: {
      title: NOT_LINKED,
      text: "The account for this address has been removed, so nothing was linked. To begin again, send /start in Telegram.",
    },
    refused: { title: NOT_LINKED, text: "Nothing was shared. If you change your mind, go back to Telegram." },
    wrong_state: notLinked("This address is damaged, or does not come from me."),
    late_state: notLinked("This took longer than ten minutes."),
    used_state: {
      title: "Used already",
      text: "This address works once. Go back to Telegram: /status shows whether Withings is linked.",
    },
    other_chat: notLinked("This address belongs to another chat."),
    no_code: notLinked("There is no permission in this address."),
    not_an_address: notLinked("That isn’t an address."),
    application_refused: {
      title: NOT_LINKED,
      text: "Withings doesn’t know this bot. The person who runs it needs to correct its Withings client id or secret.",
    },
    callback_refused: {
      title: NOT_LINKED,
      text: "Withings doesn’t accept the address of this page. The person who runs the bot needs to enter it as a callback address on developer.withings.com.",
    },
    later: notLinked("Something did not answer in time."),
    broken: notLinked("Something broke on my side."),
  }) satisfies Record<CallbackOutcome, { title: string; text: string }>;

export function withingsInEnglish({ weight, time }: Format) {
  const person = ({ id, lastWeighIn: last }: WithingsPerson) =>
    last
      ? `the Withings person whose last weigh-in was ${weight(last.weightKg)}, ${time(last.takenAt)} (number ${id})`
      : `the Withings person with number ${id}`;
  return {
    callbackPage,
    withingsOffer: (answersByItself: boolean): string =>
      answersByItself
        ? "Withings asks on its own page whether I may read your measurements. Choose your own profile there. I tell you here when it is done. The button works for 10 minutes."
        : "Withings asks on its own page whether I may read your measurements. Choose your own profile there. Your browser then ends on another page: copy its whole address and send it to me at once, it works for half a minute.",
    withingsLinked: (withingsUserId: string, last: WeighIn | undefined) =>
      last
        ? `Withings is linked: the profile whose last weigh-in was ${weight(last.weightKg)}, ${time(last.takenAt)}. If that is not you, link again and choose your own.`
        : `Withings is linked (profile ${withingsUserId}).`,
    otherWithingsPerson: (linked: WithingsPerson, other: WithingsPerson) =>
      `You’re linked to ${person(linked)}. The access given just now is for ${person(other)}. Nothing has changed yet. Do you want me to read the other person’s scale from now on? You have 10 minutes to answer.`,
    keptProfile:
      "Nothing has changed, and I’ve deleted the other sign-in. To sign in again as yourself, use this button: it asks for e-mail and password even if your browser remembers somebody else.",
    lateAnswer: "That question has expired; nothing has changed. Link again and I’ll ask again.",
    keptLink: "Nothing has changed, and I’ve deleted the other sign-in.",
    withingsRefused: {
      code_expired: "That came too late: what Withings gives you works for half a minute. Open its page again.",
      taken: "This Withings profile already belongs to somebody else here. Choose your own profile on Withings’ page.",
      account_removed: "You removed everything here before Withings answered, so nothing was linked.",
      refused: "You did not allow it, so nothing was linked. If that was a slip, open the page again.",
      wrong_state: "That address is not from my button. Open Withings’ page with this one.",
      late_state: "That button was older than 10 minutes. Here is a fresh one.",
      used_state: "That address was used before. Here is a fresh button.",
      other_chat: "That address belongs to somebody else’s chat. Here is a button of your own.",
      no_code:
        "There is no permission in that address. Send the one that your browser ends on after you chose Allow. If that page says “redirect_uri_mismatch”, send me its text.",
      not_an_address: "That is no address. Copy the whole line at the top of your browser.",
      scope_missing: "Withings did not let me read measurements. Open the page again and leave everything ticked.",
    } satisfies Record<WithingsRefusal, string>,
    withingsRemovedThere:
      "You have removed me at Withings, so I no longer read your scale. What is in Garmin stays. If you want me back, link it again.",
    subscriptions: {
      restored: "Withings had stopped telling me about new readings. I have set it up again; nothing was lost.",
      unreachable:
        "Withings can’t reach my public address, so it doesn’t tell me about new readings at once. Nothing is lost: I check for them myself, so they arrive a little later, and ask Withings again once a day. The person who runs me should check that the address answers from outside.",
      reached: "Withings reaches my public address again and tells me about new readings at once.",
    },
  };
}
export type WithingsWords = ReturnType<typeof withingsInEnglish>;
