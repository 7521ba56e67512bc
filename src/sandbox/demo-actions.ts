import { householdActions } from "./demo-household.ts";
import { DemoLinks } from "./demo-links.ts";
import { inWords, observed } from "./demo-observed.ts";
import { readingActions } from "./demo-readings.ts";
import { SETTLING_SECONDS, TimeTravel } from "./demo-time-travel.ts";
import { createDemoTroubles } from "./demo-troubles.ts";
import type { DemoWorld } from "./demo-world.ts";
import type { Observe, PanelActions } from "./panel-contract.ts";
import { DEMO_NAME } from "./people.ts";
import { realSeconds } from "./serve.ts";
import { isTrouble, whatToLookAt } from "./stories.ts";

/** How long the bot waits before it reports an outage, in hours: in the demo, and otherwise. */
const SHORT_PATIENCE = 1 / 60;
const USUAL_PATIENCE = 6;
/** In the demo's time: how long the bot waits for more readings after an announced one. */
const GATHERING_SECONDS = 10;

const NOTHING_TO_SAY = "Link both first: until then the bot has nothing to report.";
const SPANS = {
  hour: "An hour later",
  morning: "A night later",
  night: "Late in the evening",
  three_days: "Three days later",
  two_weeks: "Two weeks later",
  monday: "Some mornings later",
  first: "Some mornings later",
} as const;

interface Deps {
  world: DemoWorld;
  links: DemoLinks;
  timeTravel: TimeTravel;
  troubles: ReturnType<typeof createDemoTroubles>;
  readings: ReturnType<typeof readingActions>;
  startOver: () => Promise<void>;
}
export function demoActions(
  world: DemoWorld,
  startOver: () => Promise<void>,
): {
  actions: PanelActions;
  observe: Observe;
  pass: (seconds: number) => Promise<void>;
  close: () => void;
} {
  const { sandbox, time, chat, owner, timezone } = world;
  const links = new DemoLinks(world);
  const timeTravel = new TimeTravel(world);
  const troubles = createDemoTroubles(world, () => timeTravel.settle());
  const readings = readingActions({ person: owner.person, timezone, now: time.clock.now, next: () => links.next() });
  const deps: Deps = { world, links, timeTravel, troubles, readings, startOver };
  const stopListening = sandbox.telegram.onEvent(({ type, chatId }) => {
    // The account exists once the bot has answered. If this fails, the next message tries again.
    if (type === "message" && chatId === chat.id) keepPatience(world).catch(() => undefined);
  });
  return {
    actions: {
      ...readings,
      ...householdActions(world),
      ...linkActions(deps),
      ...chatActions(deps),
      ...troubleActions(deps),
      ...settingActions(deps),
    },
    observe: () => observed(world, { links, troubles }),
    pass: (seconds) => timeTravel.pass(seconds),
    close() {
      stopListening();
      troubles.close();
    },
  };
}

/** Sets the account to the demo's patience, unless the person chose another one under /settings. */
async function keepPatience({ program, chat, patience }: DemoWorld) {
  if (!program.isRunning()) return;
  const { accounts } = program.app().store;
  const [patienceHours, other] = patience.isShort ? [SHORT_PATIENCE, USUAL_PATIENCE] : [USUAL_PATIENCE, SHORT_PATIENCE];
  if ((await accounts.find(chat.id))?.settings.patienceHours === other)
    await accounts.save(chat.id, { settings: { patienceHours } });
}

function linkActions({
  world,
  links,
  readings,
}: Deps): Pick<PanelActions, "link" | "loseSubscription" | "removeApp" | "forgetHeight"> {
  const { sandbox, program, patience, chat } = world;
  const { person, account } = world.owner;
  return {
    async link({ hasTimezone = true }) {
      if (!hasTimezone && (await links.bothLinked()))
        return "The bot knows your time zone already. Start over, and press this instead of linking.";
      if (!hasTimezone) person.timezone = "";
      const { store, garminSignIn, withingsLinking } = program.app();
      const settings = patience.isShort ? { patienceHours: SHORT_PATIENCE } : {};
      if (!(await store.accounts.find(chat.id))) await store.accounts.save(chat.id, { settings });
      // Instead of pressing Start: from here on the bot may write.
      sandbox.telegram.user({ id: chat.id, firstName: DEMO_NAME, started: true });
      await garminSignIn.withPasted(chat.id, sandbox.garmin.mintTicket(account.email));
      const back = sandbox.withings.allow(person.userid, withingsLinking.begin(chat.id));
      // What the browser does after Allow; without an address, the person pastes it.
      if (program.hasAddress()) await fetch(back);
      else chat.say(back);
      return "Linked. The chat says what comes next.";
    },
    async loseSubscription() {
      if (!links.isSubscribed()) return "Withings has already stopped telling the bot.";
      sandbox.withings.notifications.drop(person.userid);
      return "Withings no longer tells the bot about new readings. It looks by itself every minute.";
    },
    async removeApp() {
      const learns = links.isAnnounced() ? "and Withings tells it" : "and finds out when it next asks there";
      sandbox.withings.notifications.announceProfile(person.userid, "unlink");
      sandbox.withings.revoke(person.userid);
      return `The bot is removed at Withings, ${learns}.`;
    },
    async forgetHeight() {
      person.forgetHeight();
      account.heightCm = null;
      await links.forgetHeight();
      return `Nobody knows your height now. ${await readings.weighIn({})}`;
    },
  };
}

function chatActions({ world: { chat } }: Deps): Pick<PanelActions, "say" | "location"> {
  return {
    async say({ text }) {
      chat.say(text);
      return `You wrote “${text}”. The answer comes in the chat.`;
    },
    async location(location) {
      chat.shareLocation(location);
      return "You shared a location. The answer comes in the chat.";
    },
  };
}

function troubleActions({
  world,
  links,
  timeTravel,
  troubles,
  readings,
}: Deps): Pick<PanelActions, "trouble" | "putRight" | "startOnEmptyFolder" | "putOldDataBack"> {
  const { sandbox, program, time, owner } = world;
  const inGarmin = () => sandbox.garmin.weights(owner.account.email).length;

  async function arrives(count: number) {
    const endsAt = performance.now() + SETTLING_SECONDS * 1000;
    while (inGarmin() < count && performance.now() < endsAt) await realSeconds(0.1);
  }

  return {
    async trouble({ name, on }) {
      const words = await troubles.set(name, on);
      const hint = isTrouble(name) && on ? whatToLookAt[name] : undefined;
      if (!hint) return words;
      if (!hint.first) return `${words} ${hint.look}`;
      if (!program.isRunning() || !(await links.bothLinked())) return `${words} ${NOTHING_TO_SAY}`;
      const happened = await readings[hint.first]({});
      await timeTravel.pass(GATHERING_SECONDS);
      return `${words} ${firstSentence(happened)} ${hint.look}`;
    },
    putRight: () => troubles.putRight(),
    async startOnEmptyFolder() {
      const why = await program.startOnEmptyFolder();
      const words = why === "" ? "It has ended." : `It has ended: ${firstSentence(why)}`;
      return `${words} Put everything right to start it in its own folder again.`;
    },
    async putOldDataBack() {
      if (!program.isRunning() || !(await links.bothLinked())) return "Link both first, and put everything right.";
      await program.copyData();
      const before = inGarmin();
      owner.person.stepOnScale({ weightKg: 64, at: time.clock.now() });
      await timeTravel.pass(GATHERING_SECONDS);
      await arrives(before + 1);
      if (inGarmin() === before) return "The weigh-in didn’t get to Garmin: put everything right first.";
      await program.putCopyBack();
      await timeTravel.pass(60);
      const times = inGarmin() - before;
      return `64.00 kg reached Garmin, and then the older data was put back. Garmin shows it ${times === 1 ? "once" : `${times} times`}.`;
    },
  };
}

function settingActions({
  world,
  timeTravel,
  readings,
  startOver,
}: Deps): Pick<PanelActions, "passTime" | "patience" | "address" | "startOver"> {
  const { program, time, patience, timezone } = world;
  const measure = () => Promise.all([readings.weighIn({}), readings.bloodPressure({})]);
  const pass = {
    hour: () => timeTravel.passHour(),
    morning: () => timeTravel.passNight(),
    night: () => timeTravel.passUntil("23:00"),
    three_days: () => timeTravel.passDays(3),
    two_weeks: () => timeTravel.passDays(14),
    monday: () => timeTravel.passTo("monday", measure),
    first: () => timeTravel.passTo("first", measure),
  };
  return {
    async passTime({ until }) {
      await pass[until]();
      return `${SPANS[until]}: it is ${inWords(time.clock.now(), timezone)}.`;
    },
    async patience({ isShort }) {
      patience.isShort = isShort;
      await keepPatience(world);
      return `The bot reports an outage after ${isShort ? "a minute" : "six hours"}.`;
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
}

const firstSentence = (text: string) => /^[\s\S]*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
