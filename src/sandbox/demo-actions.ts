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
  hour: "An hour",
  morning: "A night",
  three_days: "Three days",
  two_weeks: "Two weeks",
} as const;
const DAYS = { three_days: 3, two_weeks: 14 } as const;

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
  const { sandbox, time, chat, owner } = world;
  const links = new DemoLinks(world);
  const timeTravel = new TimeTravel(world);
  const troubles = createDemoTroubles(world, () => timeTravel.settle());
  const readings = readingActions({ person: owner.person, now: time.clock.now, next: () => links.next() });
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

function linkActions({ world, links }: Deps): Pick<PanelActions, "link" | "loseSubscription" | "removeApp"> {
  const { sandbox, program, patience, chat } = world;
  const { person, account } = world.owner;
  return {
    async link() {
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
  startOver,
}: Deps): Pick<PanelActions, "passTime" | "patience" | "address" | "startOver"> {
  const { program, time, patience, owner } = world;
  return {
    async passTime({ until }) {
      if (until === "hour") await timeTravel.passHour();
      else if (until === "morning") await timeTravel.passNight();
      else await timeTravel.passDays(DAYS[until]);
      return `${SPANS[until]} later: it is ${inWords(time.clock.now(), owner.person.timezone)}.`;
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
