import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { AwsProxy } from "../support/aws-proxy.ts";
import { Line } from "./line.ts";
import { Model } from "./model.ts";
import { ACCOUNTS, GARMINS, type GarminName, PEOPLE, type PersonName, type Schedule } from "./steps.ts";
import { Turns } from "./turns.ts";

export const USERIDS: Record<PersonName, number> = { ann: 31_400_001, bob: 31_400_002, cy: 31_400_003 };
/** Has a scale in the same house, and doesn't use the program. */
export const NEIGHBOUR = 31_400_009;
export const mailOf = (garmin: GarminName) => `${garmin}@example.org`;
export const VENDORS = ["withings", "garmin"] as const;
const ACCESS_SECONDS = 86_400;

export type Fact = "runs" | "faults" | "crashes" | "kills" | "both" | "put backs" | "links ended" | "handed on";

/** What every part of the world works with. */
export type Scene = Awaited<ReturnType<typeof createScene>>;

export async function createScene(
  schedule: Schedule,
  { aws, trace }: { aws?: AwsProxy | undefined; trace?: ((line: string) => void) | undefined },
) {
  const turns = new Turns(Date.parse(schedule.startsAt));
  const sandbox = await startSandbox({ clock: turns.clock });
  const line = new Line(turns.clock);
  const { timezone } = schedule;
  for (const name of PEOPLE) sandbox.withings.addPerson({ userid: USERIDS[name], name, timezone });
  sandbox.withings.addPerson({ userid: NEIGHBOUR, name: "neighbour", timezone });
  for (const name of GARMINS) {
    const email = mailOf(name);
    sandbox.garmin.addAccount({ email, password: "x", displayName: name, fullName: name, timezone });
  }
  for (const id of ACCOUNTS) sandbox.telegram.user({ id, firstName: String(id), started: true });
  sandbox.withings.settings.pageSize = schedule.pageSize;
  sandbox.garmin.settings.accessSeconds = { from: ACCESS_SECONDS, to: ACCESS_SECONDS };
  const facts: Record<Fact, number> = {
    ...{ runs: 0, faults: 0, crashes: 0, kills: 0, both: 0, "put backs": 0 },
    ...{ "links ended": 0, "handed on": 0 },
  };
  return {
    ...{ schedule, turns, sandbox, line, aws, trace, facts },
    model: new Model(),
    violations: new Set<string>(),
    endFaults() {
      sandbox.faults.clear();
      line.clear();
      aws?.recover();
    },
  };
}
