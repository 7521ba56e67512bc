import type { SignInResult } from "../../sync/links/garmin-sign-in.ts";
import type { CallbackOutcome, LinkResult } from "../../sync/links/withings-consent.ts";
import type { CodeWay, GarminProfile } from "../../sync/model/garmin-sign-in.ts";
import type { WeighIn } from "../../sync/model/reading.ts";
import type { Format } from "./format.ts";

/** Why a Withings link was not made. */
export type WithingsRefusal = Exclude<LinkResult["type"], "linked" | "other_person">;

/** How and where Garmin sent a code. */
export interface CodeSent {
  sentBy: CodeWay;
  sentTo: string | undefined;
}

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

export type LinkingWords = ReturnType<typeof linkingInEnglish>;

/** The heading of the page a Garmin sign-in ends on (recorded in 2023, quoted again in 2026). */
export const GARMIN_PAGE_HEADING = "ERROR: clientId parameter must be specified";

const NOT_LINKED = "Not linked";
const notLinked = (why: string) => ({ title: NOT_LINKED, text: `${why} Go back to Telegram and begin again.` });

/** The English sentences of linking and unlinking, in the chat and on the page that Withings sends the browser to. */
export function linkingInEnglish({ weight, time, moment }: Format) {
  const OTHER_WAY = {
    ios: "sign in here in the chat.",
    android: "sign in on Garmin’s own page, or let me try as Garmin’s Android app.",
    page: "sign in on Garmin’s own page.",
  };
  const profile = ({ displayName, profileId }: GarminProfile) => `${displayName} (profile ${profileId})`;
  const person = ({ id, lastWeighIn: last }: WithingsPerson) =>
    last
      ? `the Withings person whose last weigh-in was ${weight(last.weightKg)}, ${time(last.takenAt)} (number ${id})`
      : `the Withings person with number ${id}`;
  const sharedWith = ({ bot = "this bot", person: name }: Whose) =>
    name
      ? `${bot}, for ${name}. Go back to Telegram. If you’re not ${name}, withdraw the access in the Withings app: Profile, then Partner apps.`
      : `${bot}. Go back to Telegram. If you don’t know it, withdraw the access in the Withings app: Profile, then Partner apps.`;
  return {
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

    garminSignInChoice: (isInCloud: boolean) =>
      `Two ways to sign in at Garmin:\n\nOn Garmin’s page: your password stays in your browser.\n\nHere in the chat: you send me your e-mail, password and code. I delete them here at once and never store the password.${isInCloud ? " This may not work: Garmin often refuses sign-ins from Amazon’s network, where I run." : ""}`,
    garminPageEnd: `Garmin’s last page is headed “${GARMIN_PAGE_HEADING}”. That’s expected: you’re signed in. Copy the whole address of that page and send it to me within a minute. (If it opens inside Telegram, choose “Open in browser” first.)`,
    askEmail: "Which e-mail address do you use at Garmin?",
    askPassword: (email: string) => `And the password for ${email}? I use it once and do not keep it.`,
    notAnEmail: "That is no e-mail address. Please send it again.",
    askCode: ({ sentBy, sentTo }: CodeSent) =>
      sentBy === "other"
        ? "Garmin wants a code, from your authenticator app or however you chose to get it. Send it to me."
        : `Garmin sent a code${sentTo ? ` to ${sentTo}` : ""}. Send it to me; it may take a minute to arrive.`,
    codeAwaited: "I’m waiting for the code Garmin sent you. Send it to me.",
    signIn(result: Exclude<SignInResult, { type: "mfa_required" }>): string {
      switch (result.type) {
        case "signed_in":
          return `Signed in at Garmin as ${result.displayName}.`;
        case "profile_unknown":
          return "Garmin signed you in, but isn’t saying whose account it is right now. Nothing is lost: I’ll keep this sign-in for ten minutes. Press the button in a moment, or send /connect.";
        case "other_profile":
          return `You’re linked to ${profile(result.linked)} at Garmin. This sign-in is for ${profile(result.profile)}. Nothing has changed yet. Do you want me to send your readings to ${result.profile.displayName} from now on? You have 10 minutes to answer.`;
        case "sign_in_forgotten":
          return "That sign-in expired after ten minutes. Nothing has changed. Please sign in again.";
        case "taken":
          return `${result.displayName} at Garmin already belongs to somebody else here, and two people’s readings would mix. If your browser still has them signed in, use this button: it asks for e-mail and password anyway.`;
        case "account_removed":
          return "You removed everything here before Garmin answered, so nothing was linked.";
        case "wrong_code":
          return "That code is not right. Check it and send it again, or ask for a new one.";
        case "code_sent":
          return `Garmin sent a new code${result.sentTo ? ` to ${result.sentTo}` : ""}. Only the new one counts.`;
        case "code_too_soon":
          return "Garmin sends a new code only every half minute. Try again in a moment.";
        case "expired":
          return "That took too long, and Garmin has closed that sign-in. We begin again.";
        case "code_tries_over":
          return "That was the third wrong code, so I’ve stopped: after a few more, Garmin accepts none for a day. Sign in again when you have the right one at hand.";
        case "too_many_codes":
          return "Garmin takes no more codes for now. Wait a day, or sign in on Garmin’s own page.";
        case "resting":
          return `Garmin is limiting sign-ins to this account, and every further try makes that last longer. So I won’t try again until ${time(result.until)}. You can still sign in on Garmin’s own page.`;
        case "network_limited":
          return "Garmin is limiting sign-ins from the network I run in. Your account isn’t the cause. Sign in on Garmin’s own page, or try again here in an hour.";
        case "password_expired":
          return "Garmin wants you to set a new password first. Do that at garmin.com, then sign in on Garmin’s own page.";
        case "terms_changed":
          return "Garmin wants you to accept its terms first. Sign in at connect.garmin.com and accept them, then sign in on Garmin’s own page.";
        case "account_disabled":
          return "Garmin says this account is disabled. Only Garmin’s support can change that; its own page may tell you more.";
        case "client_refused":
          return `Garmin doesn’t let this account sign in the way I tried (error 427). Sign in on Garmin’s own page${result.next ? ", or let me try as Garmin’s Android app" : ""}.`;
        case "chinese_account":
          return "That address is from garmin.cn. Garmin keeps accounts from mainland China apart, and I don’t support them yet. An account at garmin.com works.";
        case "wrong_password":
          return "Garmin does not know this e-mail and password. Look again: a few wrong tries, and Garmin stops listening for hours.";
        case "captcha":
          return "Garmin wants to see that you are no robot. That works on its own page only.";
        case "account_locked":
          return "Garmin has locked this account. Unlock it at garmin.com, then sign in on Garmin’s own page.";
        case "blocked":
          return "Garmin does not take sign-ins from the network that I run in. Sign in on Garmin’s own page, in your browser.";
        case "ticket_refused":
          return "Garmin does not take that sign-in: each works once, for about a minute. Open the page again and send me where it ends.";
        case "access_refused":
          return `Garmin signed you in, then didn’t accept the access it had just given. That happens with some accounts, and another way often works: ${OTHER_WAY[result.next ?? "page"]}`;
        case "no_ticket":
          return "There is no sign-in in that. Sign in on Garmin’s page, then copy the whole address that it ends on (“ticket=ST-” stands in it).";
        case "spent_ticket":
          return "That address is from Garmin Connect itself, which has already used the sign-in. Open the page with the button below, and send me where that one ends.";
        case "unclear":
          return "Garmin answered in a way I do not know. Sign in on its own page.";
      }
    },
    /** While no password or code is tried. `isLinked`: readings go over all the same. */
    signInRests: (until: Date, isLinked: boolean): string =>
      `Garmin is limiting sign-ins to this account, so I won’t try a password or code until ${moment(until)}. You can still sign in on Garmin’s own page.${isLinked ? " Syncing continues: your link works without a new sign-in." : ""}`,
    consentGiven: "Garmin’s settings show your consent. The next upload shows whether Garmin takes it.",
    consentStillMissing: "Garmin still says no. After you have allowed it, it may take a minute.",

    disconnectAsk: "What shall I remove?",
    disconnectChoice: { withings: "The Withings link", garmin: "The Garmin link", everything: "Everything of mine" },
    disconnectSure: {
      withings: "Remove the Withings link? I then no longer read your scale. The list of what I sent stays.",
      garmin: "Remove the Garmin link? I then send nothing more. The list of what I sent stays.",
      everything:
        "Remove both links, the list of what I sent, what you said of held readings, and your settings? This cannot be undone. What is in Garmin stays there.",
    },
    disconnected: {
      withings:
        "The Withings link is gone from here. Withings still lists me among your apps: remove me there under Profile, then Partner apps.",
      garmin:
        "The Garmin link is gone from here. What I sent stays in Garmin Connect; if you do not want it, delete it there.",
      everything:
        "Everything is gone from here. What I sent stays in Garmin Connect; delete it there if you like. Withings still lists me among your apps: remove me there under Profile, then Partner apps. /start begins again.",
    },

    /** What the page says to which Withings sends the browser. */
    callbackPage: (whose: Whose) =>
      ({
        linked: { title: "Linked", text: `Withings now shares your measurements with ${sharedWith(whose)}` },
        other_person: {
          title: "One more question",
          text: `You allowed access for a different Withings person from the one who is linked. Nothing has changed yet: ${whose.bot ?? "the bot"} is asking ${whose.person ?? "its user"} in Telegram whether to switch.`,
        },
        waiting: { title: "Weighbridge", text: "Withings sends you to this page after you have allowed access." },
        code_expired: notLinked("What Withings gives you works for half a minute, and that is over."),
        scope_missing: notLinked(
          "Withings does not let me read what you measure. Leave everything ticked on its page.",
        ),
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
      }) satisfies Record<CallbackOutcome, { title: string; text: string }>,
  };
}
