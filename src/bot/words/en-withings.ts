import type { CallbackOutcome, LinkResult } from "../../sync/links/withings-consent.ts";
import type { WeighIn } from "../../sync/model/reading.ts";
import type { Format } from "./format.ts";

export type WithingsRefusal = Exclude<LinkResult["type"], "linked" | "other_person">;

/** Whose bot the consent was for. The page shows it because its address may have been sent to somebody else; `bot` has its @. */
export interface Whose {
  bot?: string | undefined;
  person?: string | undefined;
}

export interface WithingsPerson {
  id: string;
  lastWeighIn?: WeighIn | undefined;
}

const NOT_LINKED = "Not linked";
const notLinked = (why: string) => ({ title: NOT_LINKED, text: `${why} Go back to Telegram and start again.` });

const sharedWith = ({ bot = "this bot", person: name }: Whose) =>
  name
    ? `${bot}, for ${name}. Go back to Telegram. If you’re not ${name}, withdraw the access in the Withings app: Profile, then Partner apps.`
    : `${bot}. Go back to Telegram. If you don’t know it, withdraw the access in the Withings app: Profile, then Partner apps.`;

const callbackPage = (whose: Whose) =>
  ({
    linked: { title: "Linked", text: `Withings now shares your measurements with ${sharedWith(whose)}` },
    other_person: {
      title: "One more question",
      text: `You allowed access for a different Withings person from the one who is linked. Nothing has changed yet: ${whose.bot ?? "the bot"} is asking ${whose.person ?? "its user"} in Telegram whether to switch.`,
    },
    waiting: { title: "Weighbridge", text: "Withings sends you to this page after you have allowed access." },
    code_expired: notLinked("That came too late: the address from Withings works for half a minute."),
    scope_missing: notLinked("Withings doesn’t let me read your measurements. Leave everything ticked on its page."),
    taken: notLinked("This Withings profile belongs to somebody else here. Choose your own on Withings’ page."),
    account_removed: {
      title: NOT_LINKED,
      text: "The account for this address has been removed, so nothing was linked. To start again, send /start in Telegram.",
    },
    refused: { title: NOT_LINKED, text: "Nothing was shared. If you change your mind, go back to Telegram." },
    wrong_state: notLinked("This address is damaged or isn’t from me."),
    late_state: notLinked("This took longer than ten minutes."),
    used_state: {
      title: "Already used",
      text: "This address works only once. Go back to Telegram: /status shows whether Withings is linked.",
    },
    other_chat: notLinked("This address belongs to another chat."),
    no_code: notLinked("This address has no Withings code in it."),
    not_an_address: notLinked("That isn’t an address."),
    application_refused: {
      title: NOT_LINKED,
      text: "Withings doesn’t know this bot. The person who runs it needs to correct its Withings client id or secret.",
    },
    callback_refused: {
      title: NOT_LINKED,
      text: "Withings doesn’t accept the address of this page. The person who runs the bot needs to enter it as a callback address on developer.withings.com.",
    },
    later: notLinked("Something didn’t answer in time."),
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
        ? "Withings will ask on its own page whether I may read your measurements. Choose your own profile there. I’ll tell you here when it’s done. The button works for 10 minutes."
        : "Withings will ask on its own page whether I may read your measurements. Choose your own profile there. Your browser then ends up on another page: copy its whole address and send it to me right away, because it only works for half a minute.",
    backToChat: "Back to Telegram",
    withingsLinked: (withingsUserId: string, last: WeighIn | undefined) =>
      last
        ? `Withings is linked: the profile whose last weigh-in was ${weight(last.weightKg)}, ${time(last.takenAt)}. If that isn’t you, link again and choose your own.`
        : `Withings is linked (profile ${withingsUserId}).`,
    otherWithingsPerson: (linked: WithingsPerson, other: WithingsPerson) =>
      `You’re linked to ${person(linked)}. The access given just now is for ${person(other)}. Nothing has changed yet. Do you want me to read the other person’s scale from now on? You have 10 minutes to answer.`,
    keptProfile:
      "Nothing has changed, and I’ve deleted the other sign-in. To sign in again as yourself, use this button: it asks for your e-mail and password even if your browser is signed in as somebody else.",
    lateAnswer: "That question has expired; nothing has changed. Link again and I’ll ask again.",
    keptLink: "Nothing has changed, and I’ve deleted the other sign-in.",
    withingsRefused: {
      code_expired: "That came too late: the address from Withings works for half a minute. Open its page again.",
      taken: "This Withings profile already belongs to somebody else here. Choose your own profile on Withings’ page.",
      account_removed: "You removed everything here before Withings answered, so nothing was linked.",
      refused: "You didn’t allow it, so nothing was linked. If that was a mistake, open the page again.",
      wrong_state: "That address isn’t from my button. Open Withings’ page with this one.",
      late_state: "That button was older than 10 minutes. Here’s a fresh one.",
      used_state: "That address has already been used. Here’s a fresh button.",
      other_chat: "That address belongs to somebody else’s chat. Here’s a button for you.",
      no_code:
        "That address has no Withings code in it. Send the one your browser ends up on after you choose Allow. If that page says “redirect_uri_mismatch”, send me its text.",
      not_an_address: "That isn’t an address. Copy the whole line at the top of your browser.",
      scope_missing: "Withings didn’t let me read measurements. Open the page again and leave everything ticked.",
    } satisfies Record<WithingsRefusal, string>,
    withingsRemovedThere:
      "You’ve removed me at Withings, so I no longer read your scale. What’s in Garmin stays there. If you want me back, link Withings again.",
    subscriptions: {
      restored: "Withings had stopped telling me about new readings. I’ve set it up again; nothing was lost.",
      unreachable:
        "Withings can’t reach my public address, so it doesn’t tell me about new readings at once. Nothing is lost: I check for them myself, so they arrive a little later. I’ll ask Withings again once a day. The person who runs me should check that the address answers from outside.",
      reached: "Withings reaches my public address again and tells me about new readings at once.",
    },
  };
}
export type WithingsWords = ReturnType<typeof withingsInEnglish>;
