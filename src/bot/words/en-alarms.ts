import type { AlarmKey, MachineAlarmKey, StoreVerdict } from "./alarm-keys.ts";

/** What one alarm says. Absent `over`: that nothing more was heard does not mean that anything is over. */
export interface AlarmSentences {
  /** What it means for people and their readings. */
  means: string;
  fix: string;
  /** Instead of both, where the alarm has only just been set up: nothing has ever been otherwise yet. */
  first?: string;
  over?: string;
}
/** What is known of an alarm. */
export interface AlarmFacts {
  /** A sentence that names the fix. */
  cause?: string | undefined;
  /** Where the other program is that has taken the bot; empty where nobody can know. */
  takenBy?: string | undefined;
  isTokenUnknown?: true | undefined;
  /** When it began, in words. */
  since?: string | undefined;
}
export type AlarmWords = ReturnType<typeof alarmsInEnglish>;

/** The English sentences of what the deployment on AWS has to tell its owner. */
export function alarmsInEnglish() {
  return {
    of(key: AlarmKey, stage: string): AlarmSentences {
      const doctor = `npx weighbridge doctor --stage ${stage}`;
      const logSays = "The log says what it was.";
      const concurrency = (name: string) =>
        `If it comes again, see in docs/deploy-aws.md how many functions may run at once, and how to let ${name} run more often.`;
      const SENTENCES: Record<AlarmKey, AlarmSentences> = {
        "dead-jobs": {
          means:
            "A job failed seven times within half an hour and was put aside, so the readings of an account may be late. None is lost: Withings keeps them.",
          fix: `Run ${doctor} to see what is wrong. Once it’s fixed, open the queue and choose “Start DLQ redrive”.`,
          over: "No job is put aside any more.",
        },
        "jobs-waiting": {
          means:
            "A job has waited for more than an hour, so readings are not carried over, or very late. None is lost.",
          fix: `Run ${doctor}. In the function worker, under Configuration, Triggers, see that its queue is enabled; npm run deploy does not switch it on again. If it is on, there are more jobs than I get done.`,
          over: "No job waits for long any more.",
        },
        "http-errors": {
          means:
            "Something that Telegram or Withings sent me could not be taken in, so an answer in a chat or a reading may be late. No reading is lost: I look for them regularly as well.",
          fix: `${logSays} If it goes on, run ${doctor}.`,
          over: "The trouble with taking in what Telegram and Withings send is over.",
        },
        "worker-errors": {
          means:
            "The part of me that carries readings over broke in the middle of a job. The job is tried again by itself, up to seven times, and no reading is lost.",
          fix: `There is nothing to do if it stays at this one message. If there are more, run ${doctor}; the log says what it was.`,
          over: "The trouble with carrying readings over is past.",
        },
        "sweep-errors": {
          means: "The part of me that begins the regular syncs broke. If that goes on, readings arrive late.",
          fix: `${logSays} Until it’s fixed, npx weighbridge sync --stage ${stage} brings over what waits.`,
          over: "The regular syncs begin without errors again.",
        },
        "alarm-errors": {
          means: "A message like this one could not be brought to you, so you may have missed an alarm.",
          fix: "Look which alarms are on in CloudWatch.",
          over: "Messages like this one get through again.",
        },
        "http-throttles": {
          means:
            "More came in at once than I may take, so answers in chats are late. Telegram sends its part again, and I find readings by looking myself.",
          fix: concurrency("http"),
          over: "I take in everything again.",
        },
        "worker-throttles": {
          means: "There are more jobs at once than I may do, so readings arrive later than usual. None is lost.",
          fix: concurrency("worker"),
          over: "The jobs are done without delay again.",
        },
        "sweep-throttles": {
          means: "AWS did not let me begin the regular syncs, so readings arrive late.",
          fix: concurrency("sweep"),
          over: "The regular syncs may begin again.",
        },
        "alarm-throttles": {
          means: "AWS held back messages like this one, so they may come late.",
          fix: concurrency("alarm"),
          over: "Messages like this one are no longer held back.",
        },
        "sweep-missing": {
          means: "I have not looked for anything to do for 15 minutes, so no sync begins by itself. Readings wait.",
          fix: `In EventBridge, under Rules, enable the rule of the stage ${stage}. npm run deploy does not do that.`,
          first: `I am newly set up, and my regular syncs have not begun yet. That is as it should be: within ten minutes I write that they have. If I don’t, enable the rule of the stage ${stage} in EventBridge, under Rules.`,
          over: "The regular syncs begin by themselves, and what waited follows.",
        },
        "webhook-failing": {
          means:
            "Telegram does not bring me what people write, so they get no answer in the chat. What cannot be brought it keeps for a day. Syncs go on.",
          fix: `Run ${doctor}. npm run deploy -- --stage ${stage} tells Telegram the address again. If another program runs with this bot, a second deployment for instance, end it or give it a bot of its own.`,
          over: "Telegram gets through to me again.",
        },
        "stale-session": {
          means:
            "A link at Garmin or Withings has ended, and its owner has been told in their own chat. Their readings wait and follow by themselves.",
          fix: "You don’t have to do anything. If the link is yours, you have that message already: press its button, or send /connect.",
        },
        broken: {
          means: "Something unexpected broke on my side. No reading is lost, but some may wait until it’s fixed.",
          fix: `Run ${doctor}. The log says what it was.`,
          over: "What broke on my side has not happened again since.",
        },
        "table-throttled": {
          means:
            "The table got more requests at once than it can handle. What was held up is tried again, and no reading is lost.",
          fix: "It grows with its use within half an hour. If it comes again, look at its metrics.",
          over: "The table keeps up again.",
        },
      };
      return SENTENCES[key];
    },
    /** What it says on one machine. */
    onMachine(key: MachineAlarmKey, { cause, takenBy, isTokenUnknown, since }: AlarmFacts): AlarmSentences {
      const logSays = "The program’s log says what it was.";
      const needsFixing =
        "Something on the machine I run on needs fixing. No reading is lost; some may wait until it’s fixed.";
      const nobodyKnows = "Telegram doesn’t say which program that is or where it runs.";
      const stopTheOther =
        "If it’s another copy of me, stop one of the two: with its own store, it sends readings a second time. If it’s something else, give it its own bot.";
      const forTenMinutes = since ? `since ${since}` : "for at least ten minutes";
      const taken = takenBy
        ? `Another program, at ${takenBy}, had Telegram bring it this bot’s messages; I’ve just taken them back.`
        : `Another program reads this bot’s messages: it had Telegram forget my address, and I’ve just set it again. ${nobodyKnows}`;
      const ITS_OWN: Record<MachineAlarmKey, AlarmSentences> = {
        broken: {
          ...this.of("broken", ""),
          ...(cause
            ? { means: needsFixing, fix: cause }
            : { fix: `Run npx weighbridge doctor on the machine I run on. ${logSays}` }),
        },
        "sweep-missing": {
          ...this.of("sweep-missing", ""),
          means: "For ten minutes I haven’t checked what is due, so no sync starts by itself. Readings wait.",
          fix: `${logSays} If it doesn’t recover, restart me.`,
        },
        "webhook-failing": {
          ...this.of("webhook-failing", ""),
          ...(takenBy === undefined
            ? {
                fix: "Check that the public address can be reached from outside and that its certificate is valid. If another program uses this bot, stop it or give it its own bot.",
              }
            : {
                means: `${taken} What was written to me meanwhile didn’t get here, so send it again. Syncing continues.`,
                fix: stopTheOther,
                over: "No other program has taken this bot’s messages in the last hour.",
              }),
        },
        "stale-session": {
          means:
            "Somebody else’s link to Garmin or Withings has ended. They’ve been told in their own chat; their readings wait and follow by themselves.",
          fix: "You don’t have to do anything.",
        },
        "updates-taken": {
          means: `Another program is also reading this bot’s messages${since ? `, at least since ${since}` : ""}, so some get no answer from me. ${nobodyKnows} Syncing continues.`,
          fix: stopTheOther,
          over: "No other program is reading this bot’s messages any more.",
        },
        "telegram-gone": {
          means: `Telegram hasn’t let me read or write messages ${forTenMinutes}. Syncing continues, but nobody is told anything in the chat.`,
          fix: `Run npx weighbridge doctor on the machine I run on. If Telegram no longer knows my token, copy it again from @BotFather into my settings and restart me. ${logSays}`,
          ...(isTokenUnknown && {
            means: `Telegram hasn’t accepted my bot’s token ${forTenMinutes}, so I can’t read or write messages. Syncing continues, but nobody is told anything in the chat.`,
            fix: "Copy the token again from @BotFather into my settings (TELEGRAM_BOT_TOKEN), then restart me.",
          }),
          over: "Telegram works for me again. What I couldn’t say then is in the chat now.",
        },
        "owner-away": {
          means:
            "My owner has blocked the bot in Telegram. Syncing continues, but I can’t tell them about any trouble.",
          fix: "Unblock the bot in Telegram, or send it a message.",
          over: "My messages reach my owner in Telegram again.",
        },
        "owner-not-told": {
          means: `Telegram works, but hasn’t accepted my messages to my owner ${forTenMinutes}. Syncing continues, but they don’t hear of any trouble.`,
          fix: `Send the bot /status in Telegram. ${logSays}`,
          over: "My owner gets my messages again, including those that waited.",
        },
        "address-failing": {
          means: `An outside address that watches me hasn’t accepted anything from me ${forTenMinutes}, so nobody there would notice if I stopped. Syncing continues.`,
          fix: "Check the addresses for alarms and heartbeats in my settings. My log says which one fails, and how.",
          over: "The addresses that watch me accept what I send again.",
        },
      };
      return ITS_OWN[key];
    },
    /** The last word of a program on one machine that hangs. */
    stuck:
      "I’ve done nothing for 15 minutes because something in me hangs, so I’m stopping. Under systemd or Docker I’m back within two minutes; otherwise start me again. No reading is lost.",
    /** A program on one machine runs again after more than ten minutes in which it did not run, or hung. */
    wasOff: (since: string) =>
      `I’m running again, after doing nothing since ${since}. No reading is lost: what was measured in the meantime follows now.`,
    /** `where` is like "table weighbridge in /data"; `settings` names the variables that decide on it, undefined on AWS. */
    store(verdict: Exclude<StoreVerdict, "known">, where: string, settings: string | undefined): string {
      const SENTENCES: Record<Exclude<StoreVerdict, "known">, string> = {
        empty: `I’ve started with an empty store: ${where}. If I’m new here, send /start. If you’ve set me up before, your data is somewhere else and nothing is syncing: check ${settings}, then restart me.`,
        empty_and_used_elsewhere:
          settings === undefined
            ? `My store is empty (${where}), but this bot used another one before, so nothing is syncing. If that’s on purpose, send /start and link both sides again. If not, restore the table from a backup.`
            : `I was started with an empty store (${where}), but this bot used another one before, so I’ve stopped and nothing is syncing. Check ${settings}, or restore a backup. If the store is meant to be empty, run this once: npx weighbridge start --new`,
        used_elsewhere_too: `This bot last used a different store from the one I use now (${where}). If you’ve moved, there’s nothing to do. If another copy of me is still running, stop one of the two: both send your readings, so they arrive twice.`,
      };
      return SENTENCES[verdict];
    },
    unknownOn: (name: string) => `The alarm ${name} is on. It isn’t one of mine, so I’m only passing it on.`,
    unknownOver: (name: string) => `The alarm ${name} is over.`,
    noAlarm: (text: string | undefined) =>
      text === undefined
        ? "A notice that is no alarm came in where my alarms do. The log holds it."
        : `A notice that is no alarm came in where my alarms do: ${text}`,
    button: {
      queue: "Open the queue",
      log: "Open the log",
      function: "Open the function",
      alarms: "Open the alarms",
      table: "Open the table",
    },
  };
}
