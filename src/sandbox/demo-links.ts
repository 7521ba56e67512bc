import type { DemoWorld } from "./demo-world.ts";

const BOTH = ["withings", "garmin"] as const;

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
    this.#states = await Promise.all(BOTH.map(async (vendor) => (await links.read(chat.id, vendor))?.value.state));
    return this.#states;
  }

  async bothLinked(): Promise<boolean> {
    const states = await this.#read();
    return states.length === 2 && states.every((state) => state === "linked");
  }

  async hasEnded(): Promise<boolean> {
    return (await this.#read()).includes("stale");
  }

  /** The program forgets it too, as if neither vendor had ever known it. */
  async forgetHeight(): Promise<void> {
    const { program, chat } = this.#world;
    const { accounts, links, ledgers } = program.app().store;
    const [withings, garmin] = await Promise.all(BOTH.map((vendor) => links.read(chat.id, vendor)));
    if (!withings || !garmin) return;
    await accounts.save(chat.id, { settings: { height: undefined } });
    const ledger = ledgers.of(chat.id, withings.value.vendorUserId, garmin.value.vendorUserId);
    const stored = await ledger.progress();
    if (!stored) return;
    const { height: _withings, profileHeight: _garmin, ...progress } = stored.value;
    await ledger.saveProgress(progress, stored.version);
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
