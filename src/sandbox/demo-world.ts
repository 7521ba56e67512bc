import type { DemoProgram } from "./demo-program.ts";
import type { DemoTime } from "./demo-time.ts";
import type { Outside } from "./outside.ts";
import type { SandboxUser } from "./people.ts";
import type { Sandbox } from "./sandbox.ts";
import type { PersonChat } from "./telegram/chat.ts";

/** What a demo consists of. Starting over makes a new one. */
export interface DemoWorld {
  readonly sandbox: Sandbox;
  readonly outside: Outside;
  readonly program: DemoProgram;
  readonly time: DemoTime;
  /** Short: the bot reports an outage after a minute. */
  readonly patience: { isShort: boolean };
  readonly chat: PersonChat;
  readonly owner: SandboxUser;
  readonly housemate: SandboxUser;
  /** Where the person is, also if Withings doesn't know. */
  readonly timezone: string;
}
