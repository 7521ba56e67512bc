import type { DemoWorld } from "./demo-world.ts";
import type { FaultName } from "./named-faults.ts";
import { createOtherProgram } from "./other-program.ts";
import type { ShownSwitch } from "./panel-contract.ts";
import { realSeconds } from "./serve.ts";
import { isTrouble, labelOf, type OtherTrouble, otherTroubles, type Trouble } from "./stories.ts";

/** Real seconds, not demo time. */
const LOOKS_SECONDS = [20, 40, 55];

interface Switch {
  isOn(): boolean;
  set(on: boolean): void | Promise<void>;
}

function otherSwitches({ sandbox, outside, program, time, patience, chat }: DemoWorld) {
  const { telegram } = sandbox;
  const other = createOtherProgram(telegram, outside.otherProgramUrl);
  /** By itself it would look every five minutes. */
  const lookSoon = () => {
    if (!patience.isShort) return;
    for (const seconds of LOOKS_SECONDS) looks.push(setTimeout(() => program.wake(), seconds * 1000).unref());
  };
  const looks: NodeJS.Timeout[] = [];
  const wrongClock = (wrong: "ahead" | "in_1970"): Switch => ({
    isOn: () => time.wrong === wrong,
    set(on) {
      if (on) time.wrong = wrong;
      else if (time.wrong === wrong) time.wrong = undefined;
      program.wake();
    },
  });
  const switches: Record<OtherTrouble, Switch> = {
    bot_blocked: {
      isOn: () => chat.blocked,
      set(on) {
        if (on === chat.blocked) return;
        if (on) chat.block();
        else chat.unblock();
      },
    },
    bot_taken: {
      isOn: other.hasWebhook,
      async set(on) {
        if (on) {
          await other.takeWebhook();
          return lookSoon();
        }
        // A program takes the bot's messages back when it starts.
        await program.stop();
        await program.start();
        for (let tries = 0; other.hasWebhook() && tries < 50; tries++) await realSeconds(0.1);
      },
    },
    bot_polled: {
      isOn: other.isPolling,
      async set(on) {
        if (on) {
          other.startPolling();
          return lookSoon();
        }
        other.stopPolling();
        await program.wake();
      },
    },
    program_stopped: {
      isOn: () => !program.isRunning(),
      set: (on) => (on ? program.stop() : program.start()),
    },
    clock_ahead: wrongClock("ahead"),
    clock_in_1970: wrongClock("in_1970"),
  };
  return {
    switches,
    close() {
      other.stopPolling();
      for (const it of looks) clearTimeout(it);
    },
  };
}

/** Each trouble as a switch, and one way out of all of them. `settle` resolves when the program has done what is due. */
export function createDemoTroubles(world: DemoWorld, settle: () => Promise<void>) {
  const { sandbox, program, time, chat, owner } = world;
  const { switches: others, close } = otherSwitches(world);
  const isOther = (name: Trouble): name is OtherTrouble => Object.hasOwn(otherTroubles, name);
  const switchOf = (name: Trouble): Switch => (isOther(name) ? others[name] : faultSwitch(name));

  function faultSwitch(name: FaultName): Switch {
    return {
      isOn: () => sandbox.faults.isOn(name),
      set(on) {
        if (!on) return sandbox.faults.turnOff(name);
        sandbox.faults.turnOn(name);
        // A fault at renewal shows only when something is renewed.
        if (ENDS_WITHINGS_ACCESS.has(name)) sandbox.withings.expireAccessToken(owner.person.userid);
        if (ENDS_GARMIN_ACCESS.has(name)) sandbox.garmin.expireAccessToken(owner.account.email);
      },
    };
  }

  /** Some things only the person can fix. Without any link there's nothing to fix. */
  async function rightAgain(): Promise<string> {
    const app = program.app();
    const { links } = app.store;
    const account = await app.store.accounts.find(chat.id);
    const overview = account && (await app.overviews.of(account));
    const asks = overview && (overview.attention.length > 0 || overview.facts.differs.length > 0);
    const withings = (await links.read(chat.id, "withings"))?.value.state;
    const garmin = (await links.read(chat.id, "garmin"))?.value.state;
    const ended = [
      ...(withings === "linked" ? [] : ["link Withings again"]),
      ...(garmin === "linked" ? [] : ["sign in to Garmin again"]),
      ...(asks ? ["answer what /status asks"] : []),
    ];
    if (ended.length === 0 || (withings ?? garmin) === undefined) return "Everything works again.";
    return `Nothing is broken any more. In the chat, you still have to ${ended.join(", and ")}.`;
  }

  return {
    close,

    async set(name: string, on: boolean): Promise<string> {
      if (!isTrouble(name)) return "There’s no such trouble.";
      await switchOf(name).set(on);
      return `${labelOf(name)}: ${on ? "on" : "off"}.`;
    },

    shown: (name: Trouble): ShownSwitch => ({ name, label: labelOf(name), on: switchOf(name).isOn() }),

    async putRight(): Promise<string> {
      sandbox.faults.clear();
      for (const each of Object.values(others)) if (each.isOn()) await each.set(false);
      await settle();
      const { garminSignIn } = program.app();
      const obstacle = await garminSignIn.obstacle(chat.id).catch(() => undefined);
      if (obstacle?.type !== "resting") return rightAgain();
      time.advance((obstacle.until.getTime() - time.clock.now().getTime()) / 1000 + 1);
      await settle();
      return `${await rightAgain()} Time has moved forward too, so you can sign in to Garmin in the chat again.`;
    },
  };
}

const ENDS_WITHINGS_ACCESS = new Set<FaultName>(["withings_503_refresh_token_dead", "withings_503_client_secret"]);
const ENDS_GARMIN_ACCESS = new Set<FaultName>(["garmin_diauth_down", "garmin_refresh_lost_answer"]);
