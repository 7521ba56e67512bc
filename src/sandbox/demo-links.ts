import type { DemoWorld } from "./demo-world.ts";

/** What links the person at the page has, and how the bot hears of a new reading. */
export class DemoLinks {
  readonly #world: DemoWorld;
  /** As they were when the program was last running. */
  #states: readonly (string | undefined)[] = [];

  constructor(world: DemoWorld) {
    this.#world = world;
  }

  async #read() {
    const { program, chat } = this.#world;
    if (!program.isRunning()) return this.#states;
    const { links } = program.app().store;
    this.#states = await Promise.all(
      (["withings", "garmin"] as const).map(async (vendor) => (await links.read(chat.id, vendor))?.value.state),
    );
    return this.#states;
  }

  async bothLinked(): Promise<boolean> {
    const states = await this.#read();
    return states.length === 2 && states.every((state) => state === "linked");
  }

  async hasEnded(): Promise<boolean> {
    return (await this.#read()).includes("stale");
  }

  isSubscribed(): boolean {
    const { sandbox, owner } = this.#world;
    return sandbox.withings.notifications.subscriptions.some(({ userid }) => userid === owner.person.userid);
  }

  isAnnounced(): boolean {
    return this.isSubscribed() && this.#world.program.hasAddress();
  }

  /** How a reading that is at Withings gets to Garmin. */
  async next(): Promise<string> {
    if (!this.#world.program.isRunning()) return "The program is stopped, so it stays there for now.";
    if (!(await this.bothLinked())) return "It goes to Garmin once both are linked.";
    if (this.isAnnounced()) return "Withings will tell the bot; give it ten seconds.";
    return "Withings doesn’t tell the bot: send /sync in the chat, or wait a minute.";
  }
}
