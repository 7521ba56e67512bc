import type { Terminal } from "../cli/terminal.ts";
import { asked } from "../start.ts";
import { demoActions } from "./demo-actions.ts";
import { DemoProgram } from "./demo-program.ts";
import { createDemoTime } from "./demo-time.ts";
import type { DemoWorld } from "./demo-world.ts";
import { startLandingPage } from "./landing-page.ts";
import { startOutside } from "./outside.ts";
import { startPanel } from "./panel.ts";
import { addPeople, DEMO_NAME } from "./people.ts";
import { startSandbox } from "./sandbox.ts";

export const DEMO_USER = 1001;
const PORT = 8765;

const SYNC_INTERVAL_MINUTES = 1;

/** How long another program has to poll before the bot says so. */
const SHORT_CONFLICT_SECONDS = 20;
const USUAL_CONFLICT_SECONDS = 120;

interface DemoOptions {
  port?: number;
  syncIntervalMinutes?: number;
  /** When it begins, as "10:00" on the clock there; now by default. */
  startsAt?: string;
  /** Of the person's Telegram. */
  languageCode?: string;
  /** False: requests aren't spaced. Only for tests. */
  paced?: boolean;
}
type WorldOptions = Omit<DemoOptions, "port">;

/**
 * The real program against the sandbox, with a page to talk to it. It starts with a public address, where Withings calls and
 * sends the browser. Nothing leaves this machine, and nothing stays behind.
 */
export async function startDemo({ port, ...options }: DemoOptions = {}) {
  const begin = () => startWorld(options, startOver);
  let world = await begin();
  /** Two tabs may press at once. */
  let startingOver: Promise<void> | undefined;
  const page = world.page;
  const panel = await startPanel({ ...page, port }).catch(() => startPanel(page));

  async function startOver() {
    startingOver ??= (async () => {
      const before = world;
      world = await begin();
      panel.show(world.page);
      await before.close();
    })().finally(() => {
      startingOver = undefined;
    });
    await startingOver;
  }

  return {
    url: panel.url,
    get sandbox() {
      return world.sandbox;
    },
    get program() {
      return world.program;
    },
    get time() {
      return world.time;
    },
    pass: (seconds: number) => world.pass(seconds),
    async close() {
      await startingOver;
      await panel.close();
      await world.close();
    },
  };
}

async function startWorld(options: WorldOptions, startOver: () => Promise<void>) {
  const { startsAt, languageCode = "en", syncIntervalMinutes = SYNC_INTERVAL_MINUTES, paced = true } = options;
  const time = createDemoTime();
  // The page shows times in the browser's zone, and the bot takes its zone from Withings.
  const { timeZone: timezone } = new Intl.DateTimeFormat().resolvedOptions();
  if (startsAt !== undefined) time.advance(time.until(startsAt, timezone));
  const [sandbox, landing, outside] = await Promise.all([
    startSandbox({ clock: time.clock }),
    startLandingPage(),
    startOutside(time.clock),
  ]);
  const { owner, housemate } = addPeople(sandbox, { days: 14, timezone });
  // Not started, so the chat is empty and shows its Start button.
  const chat = sandbox.telegram.user({ id: DEMO_USER, firstName: DEMO_NAME, languageCode });
  const patience = { isShort: true };
  const program = await DemoProgram.start({
    ...{ sandbox, outside, clock: time.programClock, owner: DEMO_USER, landingUrl: landing.url },
    ...{ syncIntervalMinutes, paced },
    conflictSeconds: () => (patience.isShort ? SHORT_CONFLICT_SECONDS : USUAL_CONFLICT_SECONDS),
  });
  const world: DemoWorld = { sandbox, outside, program, time, patience, chat, owner, housemate, timezone };
  const { actions, observe, pass, close } = demoActions(world, startOver);
  return {
    ...{ sandbox, program, time, pass },
    page: { telegram: sandbox.telegram, chatUser: chat, actions, observe },
    async close() {
      close();
      await program.close();
      await Promise.all([sandbox, landing, outside].map((it) => it.close()));
    },
  };
}

export type Demo = Awaited<ReturnType<typeof startDemo>>;

export async function runDemo(terminal: Terminal): Promise<number> {
  const end = asked();
  const demo = await startDemo({ port: PORT });
  try {
    terminal.result({ url: demo.url }, `\nOpen ${demo.url}\n\nCtrl-C ends the demo.`);
    await end;
  } finally {
    await demo.close();
  }
  return 0;
}
