import type { thingsToDo, Verdict } from "../../sync/status/checks.ts";
import { amountOf, plural } from "./format.ts";

const things = (count: number) => plural(count, "thing");
const amount = (seconds: number) => plural(...amountOf(seconds));
const minutesOf = (count: number) => (count === 1 ? "minute" : `${count} minutes`);

export const DOCTOR_IN_ENGLISH = {
  checking: "Checking…",
  running: (check: string) => `… · ${check}: checking…`,
  ownStore: "My store",
  noAnswer: (asked: string, seconds: number) => `${asked} didn’t answer within ${seconds} seconds.`,
  mark: { ok: "ok", note: "note", owner: "you", operator: "fix", later: "later", broken: "broken" } satisfies Record<
    Verdict,
    string
  >,
  check: {
    configuration: "setup",
    store: "store",
    sealing: "key",
    telegram: "Telegram",
    application: "Withings application",
    clock: "clock",
    garminSignIn: "Garmin sign-in",
    accounts: "accounts",
    withings: "Withings",
    garmin: "Garmin",
    notifications: "new readings",
    lastRun: "last sync",
  },
  reportButton: "Get a bug-report file",
  reportCaption:
    "Attach this file to a bug report. It contains versions, which settings are set, and how Withings, Garmin and Telegram answered recently, but no reading, name, password or token.",
  complete: "complete",
  store: (table: string, where: string, accounts: number) =>
    `table ${table} in ${where}, ${plural(accounts, "account")}`,
  openToOthers: (open: Array<{ file: string; mode: string }>) =>
    `Other users of this machine can read or change your data. Run: ${open.map(({ file, mode }) => `chmod ${mode} ${file}`).join(" && ")}`,
  sealing: (links: number) =>
    links === 0
      ? "ready; no link is stored yet"
      : `opens ${links === 1 ? "the stored link" : links === 2 ? "both stored links" : `all ${links} stored links`}`,
  telegram: (username: string, hasWebhook: boolean) =>
    hasWebhook ? `@${username}, and Telegram delivers messages to me` : `@${username}, and I fetch messages myself`,
  telegramUnknown: "Telegram doesn’t know TELEGRAM_BOT_TOKEN. Copy it again from @BotFather.",
  telegramSilent: "Telegram didn’t answer. Try again later.",
  webhookFails: (waiting: number) =>
    `Telegram can’t deliver messages to me: ${plural(waiting, "is", "are")} waiting. Check that the public address answers from outside.`,
  webhookElsewhere: (host: string) =>
    `Telegram delivers this bot’s messages to another program, at ${host}. Stop that one, or give it its own bot. The running program takes them back within minutes.`,
  polledElsewhere:
    "Another program is also reading this bot’s messages, so I’m missing some of them. Telegram doesn’t say which program that is or where it runs. Stop it, or give it its own bot.",
  webhookMissing:
    "Telegram doesn’t know my address yet. The running program sets it within minutes; if it doesn’t, restart it.",
  application: "Withings accepts its id and secret",
  garminReachable: "reachable from here",
  garminPageOnly:
    "works only on Garmin’s own page, because Garmin refuses sign-ins from this network. Syncing isn’t affected.",
  garminLimits: "Garmin is limiting sign-ins from here. Try again later.",
  garminOdd: "Garmin’s sign-in is answering in a way I don’t recognise. Try again later.",
  clock: "correct",
  clockOff: (seconds: number) =>
    `This machine’s clock is ${amount(seconds)} ${seconds > 0 ? "ahead" : "behind"}. Switch on its time synchronisation.`,
  noServerTime: "No server gave the time. Try again later.",
  mayUse: "may use the bot",
  blocksBot: (since: string) =>
    `has had the bot blocked in Telegram since ${since}, so doesn’t hear about trouble. Syncing continues. To fix this, unblock the bot or write to it`,
  mayNotUse: (account: number) =>
    `The bot isn’t open to ${account}: add the number to TELEGRAM_ALLOWED_IDS, after a comma.`,
  asksToWait: (vendor: string, until: string) =>
    `${vendor} asked me to wait until ${until}, so I’m not contacting it now. Nothing is lost; I’ll continue then.`,
  withings: "answers, and lets me read your measurements",
  garmin: (name: string, hasConsent: boolean) =>
    `signed in as ${name}${hasConsent ? "; your consent to uploads is on record" : ""}`,
  garminRefused: (name: string, at: string) =>
    `signed in as ${name}, but Garmin refused the last upload (${at}) because your consent was missing. The next upload will show whether it’s there now.`,
  notifications: {
    on: "Withings tells me about them at once",
    off: "Withings doesn’t tell me about them yet. Until it does, I check myself.",
    gone: "Withings no longer tells me about them. I’ll set it up again soon; until then I check myself.",
    unreachable:
      "Withings doesn’t tell me about them, because it couldn’t reach me when I last set it up. Until it can, I check myself. Check that the public address answers from outside.",
  },
  noRunNeedsLinks: "the next one needs both links",
  noRunSinceLink: "No sync has run since the last new link. One starts by itself.",
  noRunSinceClock: "No sync has run since the clock was set right. One starts by itself.",
  runNeedsClock: "stopped until the clock is right; nothing is lost",
  noRunYet: "No sync has run yet. One starts by itself; /sync starts it now.",
  runTooOld: (at: string, minutes: number) =>
    `The last sync was ${at}, and there should be one every ${minutesOf(minutes)}. Restart the program (on AWS: npm run deploy); if that doesn’t help, its log says more.`,
  runBroke:
    "The last sync failed on my side. Nothing is lost, and I’ll keep trying. The person who runs me can find more in my log.",
  forOperator: "Only the person who runs me can fix this. Ask them to send /doctor.",
  conclusion({ needYou, broken, later, notes }: ReturnType<typeof thingsToDo>): string {
    const said = [
      ...(needYou > 0 ? [`${things(needYou)} ${needYou === 1 ? "needs" : "need"} you.`] : []),
      ...(broken > 0 ? [`${things(broken)} broke on my side; the person who runs me can find more in my log.`] : []),
      ...(later > 0
        ? [`${things(later)} ${later === 1 ? "isn’t" : "aren’t"} working right now; check again later.`]
        : []),
    ];
    return said.join(" ") || (notes > 0 ? "Nothing needs you." : "All good.");
  },
};
export type DoctorWords = typeof DOCTOR_IN_ENGLISH;
