import type { WithAccess } from "../model/link.ts";
import type { NoteUnknown } from "../model/vendor-answers.ts";
import type { ReadingSource } from "../model/vendors.ts";
import type { WithingsCall } from "./client.ts";
import { getMeas } from "./measure.ts";
import { toReadings } from "./to-reading.ts";

const HEIGHT = [4];
/** Everything: some read 0 as "not given", and what a negative number means is not documented. */
const FROM_THE_START = 1;

export function createWithingsSource(call: WithingsCall, onUnknown?: NoteUnknown): ReadingSource {
  const read = (
    withAccess: WithAccess,
    lastUpdate: number,
    more: { measureTypes?: readonly number[]; knownTimezone?: string | undefined },
  ) => withAccess((accessToken) => getMeas(call, { accessToken, lastUpdate, onUnknown, ...more }));

  return {
    async changedSince(withAccess, since, knownTimezone) {
      const meas = await read(withAccess, Math.max(FROM_THE_START, Math.floor(since.getTime() / 1000)), {
        knownTimezone,
      });
      const { groups, unreadable, isComplete, timezone, unknownTimezone, answeredAt } = meas;
      const { readings, height, unknown, unplaced } = toReadings(groups);
      return {
        ...{ readings, unplaced, height, timezone, unreadable, isComplete },
        unknown: unknownTimezone === undefined ? unknown : [...unknown, `timezone ${unknownTimezone.slice(0, 40)}`],
        ...(answeredAt && { answeredAt }),
      };
    },

    async latestHeight(withAccess) {
      const { groups } = await read(withAccess, FROM_THE_START, { measureTypes: HEIGHT });
      return toReadings(groups).height;
    },
  };
}
