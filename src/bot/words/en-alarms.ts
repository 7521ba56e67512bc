import type { AlarmKey, AlarmText, MachineCase, StoreProblem } from "./alarm-keys.ts";

const LATE = "No reading is lost, but some may be late.";
const LOG_SAYS = "The log says what went wrong.";

const late = (what: string, fix: string, over: string): AlarmText => ({ means: `${what} ${LATE}`, fix, over });
const broken = (fix: string) =>
  late("Something unexpected broke on my side.", fix, "Nothing has broken on my side for an hour.");
const noSweep = (fix: string) =>
  late(
    "I haven’t checked what is due for at least ten minutes, so no sync starts by itself.",
    fix,
    "Regular syncs are starting by themselves again. Readings that waited will follow.",
  );
const unheard = (what: string, but: string, fix: string): AlarmText => ({
  means: `${what}. Syncing continues, but ${but}.`,
  fix,
  over: "My messages are getting through again, including the ones that waited.",
});
const undelivered = (fix: string): AlarmText => ({
  means:
    "Telegram can’t deliver messages to me and keeps them for a day. Syncing continues, but nobody who writes to me gets an answer.",
  fix: `${fix} If another program uses this bot, stop it or give it its own bot.`,
  over: "Telegram delivers messages to me again.",
});
const otherProgram = (what: string, isKnown: boolean): AlarmText => ({
  means: `Another program${what}${isKnown ? "" : " Telegram doesn’t say which program that is or where it runs."} Syncing continues.`,
  fix: "If it’s another copy of me, stop one of the two: a copy with its own store sends every reading a second time. If it’s something else, give it its own bot.",
  over: "No other program is reading this bot’s messages any more.",
});
const LINK_ENDED: AlarmText = {
  means:
    "Somebody’s link to Garmin or Withings has ended. They’ve been notified in their own chat; their readings wait and will follow.",
  fix: "You don’t have to do anything, unless it’s yours: then press the button in that message, or send /connect.",
};

export const ALARMS_IN_ENGLISH = {
  onAws: (stage: string, doctor: string): Record<AlarmKey, AlarmText> => ({
    broken: broken(`Run ${doctor}. ${LOG_SAYS}`),
    "dead-jobs": late(
      "A job failed seven times in half an hour and was set aside.",
      `Run ${doctor}. Once the cause is fixed, open the queue and choose “Start DLQ redrive”.`,
      "No job is set aside any more.",
    ),
    "jobs-waiting": late(
      "A job has been waiting for more than an hour.",
      `Run ${doctor}. In the function worker, under Configuration, Triggers, check that the queue is enabled; npm run deploy doesn’t enable it. If it is, there are more jobs than I can handle.`,
      "Jobs are being done on time again.",
    ),
    "sweep-missing": {
      ...noSweep(`In EventBridge, under Rules, enable the rule of the stage ${stage}; npm run deploy doesn’t.`),
      first: `I’m newly set up, and the regular syncs haven’t started yet. Within ten minutes I’ll tell you that they have. If I don’t, enable the rule of the stage ${stage} in EventBridge, under Rules.`,
    },
    "webhook-failing": undelivered(
      `Run ${doctor}. npm run deploy -- --stage ${stage} gives Telegram my address again.`,
    ),
    "stale-session": LINK_ENDED,
    "sweep-errors": late(
      "I couldn’t start the regular syncs; I’ll try again automatically.",
      `If this happens again, run ${doctor}. ${LOG_SAYS}`,
      "The regular syncs are starting again.",
    ),
    throttles: late(
      "AWS refused to run more functions at once in this account, so some of my work may have to wait.",
      "If this happens again, docs/deploy-aws.md says what to do.",
      "AWS is running as many functions as I need again.",
    ),
    "alarm-errors": {
      means: "I couldn’t send you an alarm; I’ll try again automatically. Some alarms may be late or missing.",
      fix: "CloudWatch lists the alarms that are on.",
      over: "I can send you alarms again.",
    },
  }),
  onMachine(since: string | undefined, cause: string, takenBy: string): Record<MachineCase, AlarmText> {
    const lasting = since ? `since ${since}` : "for at least ten minutes";
    const doctor = `Run npx weighbridge doctor on the machine I run on. ${LOG_SAYS}`;
    return {
      broken: broken(doctor),
      "needs-fixing": late(
        "Something on the machine I run on needs fixing.",
        cause,
        "The machine I run on is fine again.",
      ),
      "sweep-missing": noSweep(`${LOG_SAYS} If it lasts, restart me.`),
      "webhook-failing": undelivered(
        "Check that the public address can be reached from outside and that its certificate is valid.",
      ),
      "webhook-taken": otherProgram(
        `${takenBy && `, at ${takenBy},`} took over this bot’s messages; I’ve just taken them back. Please send me again what you wrote in the meantime.`,
        takenBy !== "",
      ),
      "updates-taken": otherProgram(
        ` ${since ? "has also been" : "is also"} reading this bot’s messages${since ? ` since at least ${since}` : ""}, so I’m missing some of them.`,
        false,
      ),
      "stale-session": LINK_ENDED,
      "telegram-gone": unheard(
        `Telegram hasn’t let me read or write messages ${lasting}`,
        "I can’t message anyone",
        doctor,
      ),
      "token-unknown": unheard(
        `Telegram hasn’t accepted my bot’s token ${lasting}`,
        "I can’t message anyone",
        "Copy the token again from @BotFather into my settings (TELEGRAM_BOT_TOKEN), then restart me.",
      ),
      "owner-away": unheard(
        "You’ve blocked the bot in Telegram",
        "I can’t tell you about any trouble",
        "Unblock the bot in Telegram, or send it a message.",
      ),
      "owner-not-told": unheard(
        `Telegram works, but hasn’t accepted my messages to you ${lasting}`,
        "I can’t tell you about any trouble",
        `Send the bot /status in Telegram. ${LOG_SAYS}`,
      ),
      "address-failing": unheard(
        `An outside address that watches me hasn’t accepted anything from me ${lasting}`,
        "nobody there would notice if I stopped",
        "Check the addresses for alarms and heartbeats in my settings. The log says which one fails, and how.",
      ),
    };
  },
  stuck:
    "I’ve been stuck for 15 minutes, so I’m stopping. No reading is lost. Under systemd or Docker I’m back within two minutes; otherwise start me again.",
  wasOff: (since: string) =>
    `I’m running again, after doing nothing since ${since}. No reading is lost: the ones taken in the meantime follow now.`,
  /** `where` is like "table weighbridge in /data"; `settings` names the variables that decide on it, undefined on AWS. */
  store: (problem: StoreProblem, where: string, settings: readonly string[] | undefined): string =>
    ({
      empty: `I’ve started with an empty store: ${where}. If I’m new here, send /start. If you’ve set me up before, your data is somewhere else and nothing is syncing: check ${settings?.join(" and ")}, then restart me.`,
      empty_and_used_elsewhere: settings
        ? `I was started with an empty store (${where}), but this bot used another one before, so I’ve stopped and nothing is syncing. Check ${settings.join(" and ")}, or restore a backup. If the store is meant to be empty, run this once: npx weighbridge start --new`
        : `My store is empty (${where}), but this bot used another one before, so nothing is syncing. If that’s on purpose, send /start and link both sides again. If not, restore the table from a backup.`,
      used_elsewhere_too: `This bot last used a different store from the one I use now (${where}). If you’ve moved, there’s nothing to do. If another copy of me is still running, stop one of the two: both send your readings, so they arrive twice.`,
    })[problem],
  unknownOn: (name: string) => `The alarm ${name} is on. It isn’t one of mine, so I’m only passing it on.`,
  unknownOver: (name: string) => `The alarm ${name} is over.`,
  noAlarm: (text = "the log has it") => `Something that isn’t an alarm arrived where my alarms do: ${text}`,
  button: {
    queue: "Open the queue",
    log: "Open the log",
    function: "Open the function",
    alarms: "Open the alarms",
  },
};
export type AlarmWords = typeof ALARMS_IN_ENGLISH;
