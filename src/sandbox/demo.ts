import type { Terminal } from "../cli/terminal.ts";
import { asked } from "../start.ts";
import { demoActions } from "./demo-actions.ts";
import { DemoProgram } from "./demo-program.ts";
import { createDemoTime } from "./demo-time.ts";
import type { DemoWorld } from "./demo-world.ts";
import { startLandingPage } from "./landing-page.ts";
import { startOutside } from "./outside.ts";
import { startPanel } from "./panel.ts";
import { moveIn } from "./people.ts";
import { startSandbox } from "./sandbox.ts";

/** The person at the page. */
export const DEMO_USER = 1001;
const PORT = 8765;

/** Every minute, so that one sees what the bot says without being asked. */
const SYNC_INTERVAL_MINUTES = 1;

/** How long another program has to poll before the bot tells of it. */
const SHORT_CONFLICT_SECONDS = 20;
const USUAL_CONFLICT_SECONDS = 120;

interface DemoOptions {
  port?: number;
  syncIntervalMinutes?: number;
  /** False: the program's requests are not spaced, which no bot may do and a test is glad of. */
  paced?: boolean;
}

/**
 * The real program against the sandbox, with a page to talk to it. It has an address of its own, where Withings calls and
 * sends the browser, unless the page takes it away. Nothing of it leaves this machine or outlives it.
 */
export async function startDemo(options: DemoOptions = {}) {
  const { port, syncIntervalMinutes = SYNC_INTERVAL_MINUTES, paced = true } = options;
  const begin = () => startWorld({ syncIntervalMinutes, paced }, startOver);
  let world = await begin();
  /** Two tabs may press at once. */
  let startingOver: Promise<void> | undefined;
  const page = world.page;
  // A busy port is no reason to fail, another one does as well.
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
    /** Time passes, and what is due by then is done. */
    pass: (seconds: number) => world.pass(seconds),
    async close() {
      await startingOver;
      await panel.close();
      await world.close();
    },
  };
}

/** The vendors, two people, the program, and the time: all that starts over together. */
async function startWorld(pace: { syncIntervalMinutes: number; paced: boolean }, startOver: () => Promise<void>) {
  const time = createDemoTime();
  const [sandbox, landing, outside] = await Promise.all([
    startSandbox({ clock: time.clock }),
    startLandingPage(),
    startOutside(time.clock),
  ]);
  // The page shows times as this machine's browser does, and the bot takes its zone from Withings.
  const { timeZone: timezone } = new Intl.DateTimeFormat().resolvedOptions();
  const { owner: resident } = moveIn(sandbox, { days: 14, timezone });
  // Not started: a bot cannot write first, so the chat is empty and shows its Start button.
  const chat = sandbox.telegram.user({ id: DEMO_USER, firstName: "You" });
  const patience = { isShort: true };
  const program = await DemoProgram.start({
    ...{ sandbox, outside, clock: time.programClock, owner: DEMO_USER, ...pace, landingUrl: landing.url },
    conflictSeconds: () => (patience.isShort ? SHORT_CONFLICT_SECONDS : USUAL_CONFLICT_SECONDS),
  });
  const world: DemoWorld = { sandbox, outside, program, time, patience, chat, resident };
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
