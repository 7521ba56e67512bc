import type { Clock } from "../../lib/clock.ts";
import type { MeasureGroup } from "./groups.ts";
import { type NewPerson, Person } from "./person.ts";

/** Above 2^32, like the vendor's. */
const FIRST_GRPID = 5_543_254_354;

export class People {
  readonly byUserid = new Map<number, Person>();
  readonly #clock: Clock;
  readonly #changed: (person: Person, group: MeasureGroup) => void;
  #lastGrpid = FIRST_GRPID;

  constructor(clock: Clock, changed: (person: Person, group: MeasureGroup) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  add(about: NewPerson): Person {
    const nextGrpid = () => {
      this.#lastGrpid += 17;
      return this.#lastGrpid;
    };
    const added = new Person(about, { clock: this.#clock, nextGrpid, changed: this.#changed });
    this.byUserid.set(about.userid, added);
    return added;
  }

  get(userid: number): Person {
    const found = this.byUserid.get(userid);
    if (!found) throw new Error(`nobody at Withings has the userid ${userid}`);
    return found;
  }
}
