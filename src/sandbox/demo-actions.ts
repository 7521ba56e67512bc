import type { App } from "../app/app.ts";
import type { DemoProgram } from "./demo-program.ts";
import { readingActions } from "./demo-readings.ts";
import type { DemoTime } from "./demo-time.ts";
import { createDemoTroubles } from "./demo-troubles.ts";
import type { Outside } from "./outside.ts";
import type { Observe, PanelActions } from "./panel-contract.ts";
import type { Resident } from "./people.ts";
import type { Sandbox } from "./sandbox.ts";
import { realSeconds } from "./serve.ts";
import { isTrouble, stories, whatToLookAt } from "./stories.ts";
import type { PersonChat } from "./telegram/chat.ts";

/** How long the bot waits in the demo before it tells of an outage, and how long any bot does, in hours. */
const SHORT_PATIENCE = 1 / 60;
const USUAL_PATIENCE = 6;

/** How long what has become due may take, in real time: a vendor may be playing dead. */
const SETTLING_SECONDS = 20;
/** How long a reading may take that was announced, in the demo's time, which the demo puts forward. */
const GATHERING_SECONDS = 10;

const NOTHING_TO_SAY = "Link both first: until then the bot has nothing to tell you by itself.";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;
const SPANS = {
  hour: "An hour",
  morning: "A night",
  three_days: "Three days",
  two_weeks: "Two weeks",
} as const;
const DAYS = { three_days: 3, two_weeks: 14 } as const;

/** What the buttons of the page do, and what it shows: the vendors' side of the demo, and its time. */
export function demoActions(deps: {
  sandbox: Sandbox;
  outside: Outside;
  program: DemoProgram;
  time: DemoTime;
  /** Whether the bot tells of an outage after a minute. */
  patience: { isShort: boolean };
  chat: PersonChat;
  resident: Resident;
  startOver: () => Promise<void>;
}): {
  actions: PanelActions;
  observe: Observe;
  /** Time passes, and what is due by then is done. */
  pass: (seconds: number) => Promise<void>;
  close: () => void;
} {
  const { sandbox, outside, program, time, patience, chat, resident, startOver } = deps;
  const { person } = resident;
  const { email, password } = resident.account;
  const account = chat.id;
  /** As it was when the program could last be asked. */
  let states: readonly (string | undefined)[] = [];

  const oauthStates = async () => {
    if (!program.isRunning()) return states;
    const { links } = program.app().store;
    states = await Promise.all(
      (["withings", "garmin"] as const).map(async (vendor) => (await links.read(account, vendor))?.value.state),
    );
    return states;
  };
  const isLinked = async () => {
    const now = await oauthStates();
    return now.length === 2 && now.every((state) => state === "linked");
  };
  const isSubscribed = () =>
    sandbox.withings.notifications.subscriptions.some(({ userid }) => userid === person.userid);
  const isAnnounced = () => isSubscribed() && program.hasAddress();

  const next = async () => {
    if (!program.isRunning()) return "The program is stopped: it waits there.";
    if (!(await isLinked())) return "It goes to Garmin once both are linked.";
    if (isAnnounced()) return "Withings tells the bot; wait ten seconds.";
    return "Nobody tells the bot: send /sync in the chat, or wait a minute.";
  };

  /** A bot whose patience is another than this one has just met its person. */
  async function keepPatience() {
    if (!program.isRunning()) return;
    const { accounts } = program.app().store;
    const patienceHours = patience.isShort ? SHORT_PATIENCE : USUAL_PATIENCE;
    const other = patience.isShort ? USUAL_PATIENCE : SHORT_PATIENCE;
    // A person who chose another one under /settings keeps it.
    if ((await accounts.find(account))?.settings.patienceHours === other)
      await accounts.save(account, { settings: { patienceHours } });
  }
  const stopListening = sandbox.telegram.onEvent(({ type, chatId }) => {
    // After the bot's answer, when it no longer writes to the account itself; with the next one if it does.
    if (type === "message" && chatId === account) keepPatience().catch(() => undefined);
  });

  /** Has the person's account looked at now. Resolves when the program has done all that is due by its clock. */
  async function settle() {
    await sandbox.withings.notifications.delivered();
    if (program.isRunning()) await bringForward(program.app());
    const endsAt = performance.now() + SETTLING_SECONDS * 1000;
    await Promise.race([program.wake(), realSeconds(SETTLING_SECONDS)]);
    while (program.isRunning() && performance.now() < endsAt) {
      await realSeconds(0.1);
      const { schedule, jobs } = program.app().store;
      const now = time.programClock.now();
      const isDue = ({ dueAt }: { dueAt: Date }) => dueAt <= now;
      const scheduledRun = await schedule.read(account);
      const waiting = await jobs.list();
      if (!(scheduledRun && isDue(scheduledRun)) && !waiting.some(({ value }) => isDue(value))) return;
    }
  }
  /** What else is due is taken out of the queue together with this run. */
  async function bringForward({ store: { schedule } }: App) {
    const scheduledRun = await schedule.read(account);
    const now = time.programClock.now();
    if (scheduledRun && scheduledRun.dueAt > now) await schedule.set(account, { ...scheduledRun, dueAt: now });
  }
  async function pass(seconds: number) {
    time.advance(seconds);
    await settle();
  }

  /** Trouble is noticed at its beginning. The watch takes the leap for a machine that has slept, and tells at its next look. */
  async function passHour() {
    await pass(60);
    await pass(3600 - 120);
    await pass(60);
  }

  /** Until a morning on which as many whole days are over: so long a scale has to be silent. */
  async function passDays(count: number) {
    // From one morning on, the third one after it comes some moments earlier in its minute.
    const endsAt = time.clock.now().getTime() + count * DAY_MS - MINUTE_MS;
    while (time.clock.now().getTime() < endsAt) await pass(time.untilMorning(person.timezone));
  }

  const troubles = createDemoTroubles({ sandbox, outside, program, time, patience, chat, resident, settle });

  const readings = readingActions({ person, now: time.clock.now, next });
  const actions: PanelActions = {
    ...readings,
    async link() {
      const { store, garminSignIn, withingsLinking } = program.app();
      const settings = patience.isShort ? { patienceHours: SHORT_PATIENCE } : {};
      if (!(await store.accounts.find(account))) await store.accounts.save(account, { settings });
      // In place of pressing Start: the bot may write from here on.
      sandbox.telegram.user({ id: account, firstName: "You", started: true });
      await garminSignIn.withPasted(account, sandbox.garmin.mintTicket(email));
      const back = sandbox.withings.allow(person.userid, withingsLinking.begin(account));
      // Where the browser goes that has pressed Allow; the bot goes on from there by itself, unless that is elsewhere.
      if (program.hasAddress()) await fetch(back);
      else chat.say(back);
      return "Linked. The chat says how it goes on.";
    },
    async trouble({ name, on }) {
      const words = await troubles.set(name, on);
      const hint = isTrouble(name) && on ? whatToLookAt[name] : undefined;
      if (!hint) return words;
      if (!hint.first) return `${words} ${hint.look}`;
      if (!program.isRunning() || !(await isLinked())) return `${words} ${NOTHING_TO_SAY}`;
      const happened = await readings[hint.first]({});
      await pass(GATHERING_SECONDS);
      return `${words} ${firstSentence(happened)} ${hint.look}`;
    },
    async putRight() {
      return troubles.putRight();
    },
    async loseSubscription() {
      if (!isSubscribed()) return "Withings tells the bot nothing as it is.";
      sandbox.withings.notifications.drop(person.userid);
      return "Withings no longer tells the bot about new readings. It looks by itself every minute.";
    },
    async removeApp() {
      const learns = isAnnounced() ? "Withings tells it so" : "it learns it when it next asks there";
      sandbox.withings.notifications.announceProfile(person.userid, "unlink");
      sandbox.withings.revoke(person.userid);
      return `The bot is removed at Withings: ${learns}.`;
    },
    async startOnEmptyFolder() {
      const why = await program.startOnEmptyFolder();
      const words = why === "" ? "It has ended." : `It has ended: ${firstSentence(why)}`;
      return `${words} Put everything right to start it on its own folder again.`;
    },
    async putOldDataBack() {
      if (!program.isRunning() || !(await isLinked())) return "Link both first, and put everything right.";
      await program.copyData();
      const before = sandbox.garmin.weights(email).length;
      person.stepOnScale({ weightKg: 64, at: time.clock.now() });
      await pass(GATHERING_SECONDS);
      await arrives(before + 1);
      if (sandbox.garmin.weights(email).length === before)
        return "The weigh-in didn’t get to Garmin: put everything right first.";
      await program.putCopyBack();
      await pass(60);
      const times = sandbox.garmin.weights(email).length - before;
      return `64.00 kg reached Garmin, and the data of before was put back. Garmin shows it ${times === 1 ? "once" : `${times} times`}.`;
    },
    async passTime({ until }) {
      if (until === "hour") await passHour();
      else if (until === "morning") await pass(time.untilMorning(person.timezone));
      else await passDays(DAYS[until]);
      return `${SPANS[until]} later: it is ${inWords(time.clock.now())}.`;
    },
    async patience({ isShort }) {
      patience.isShort = isShort;
      await keepPatience();
      return isShort ? "The bot tells of an outage after a minute." : "The bot tells of an outage after six hours.";
    },
    async address({ on }) {
      await program.setAddress(on);
      return on
        ? "The bot has a public address: Withings sends you back to it, and tells it what is new."
        : "The bot has no public address: after Allow you copy the address, and have 30 seconds to paste it.";
    },
    async startOver() {
      await startOver();
      return "Everything is back at the beginning.";
    },
  };

  function inWords(instant: Date): string {
    const words = { weekday: "long", hour: "2-digit", minute: "2-digit", timeZone: person.timezone } as const;
    return new Intl.DateTimeFormat("en-GB", words).format(instant);
  }

  async function arrives(count: number) {
    const endsAt = performance.now() + SETTLING_SECONDS * 1000;
    while (sandbox.garmin.weights(email).length < count && performance.now() < endsAt) await realSeconds(0.1);
  }

  /** A program that runs is only late for as long as it takes to notice that time has passed. */
  function missedHeartbeat() {
    const silence = program.isRunning() ? undefined : outside.silentAt();
    if (!silence) return [];
    const text = `The last heartbeat came ${inWords(silence.lastBeatAt)}. The program has stopped, or its machine has.`;
    return [{ at: silence.at, to: "HEARTBEAT_URL", subject: "No heartbeat for 15 minutes", text }];
  }

  const observe: Observe = async () => ({
    linked: await isLinked(),
    signedOut: (await oauthStates()).includes("stale"),
    signIn: { email, password },
    weights: sandbox.garmin.weights(email).map((it) => ({
      takenAt: it.takenAt.toISOString(),
      weightKg: it.weightKg,
      bmi: it.bmi,
      bodyFatPercent: it.bodyFatPercent,
      bodyWaterPercent: it.bodyWaterPercent,
      muscleMassKg: it.muscleKg,
      boneMassKg: it.boneKg,
      visceralFat: it.visceralFatRating,
    })),
    bloodPressures: sandbox.garmin.bloodPressures(email).map((it) => ({
      takenAt: it.takenAt.toISOString(),
      systolicMmHg: it.systolic,
      diastolicMmHg: it.diastolic,
      pulseBpm: it.pulse,
    })),
    mails: [
      ...sandbox.garmin.inbox.map(({ email: to, code, sentAt: at }) => ({
        ...{ at, to, subject: "Your Garmin security code", text: `Your code is ${code}.` },
      })),
      ...outside.alarms.map(({ at, text }) => ({ at, to: "ALARM_URL", subject: "An alarm of the bot’s", text })),
      ...missedHeartbeat(),
    ].map(({ at, ...mail }) => ({ ...mail, at: at.toISOString() })),
    stories: stories.map(({ title, expect, switches, buttons = [] }) => ({
      ...{ title, expect },
      switches: switches.map(troubles.shown),
      buttons: buttons.map(({ label, action, input = {} }) => ({ label, action, input })),
    })),
    ended: program.ended(),
    aheadSeconds: time.aheadSeconds,
    hasShortPatience: patience.isShort,
    hasAddress: program.hasAddress(),
  });
  return {
    ...{ actions, observe, pass },
    close() {
      stopListening();
      troubles.close();
    },
  };
}

const firstSentence = (text: string) => /^[\s\S]*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
