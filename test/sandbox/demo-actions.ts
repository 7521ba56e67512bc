import type { App } from "../../src/app.ts";
import { type FaultName, namedFaults } from "./named-faults.ts";
import type { Observe, PanelActions } from "./panel-contract.ts";
import type { Resident } from "./people.ts";
import type { Sandbox } from "./sandbox.ts";
import type { PersonChat } from "./telegram/chat.ts";

/** What the switches of the page do, and what it shows: the vendors' side of the demo. */
export function demoActions(deps: { sandbox: Sandbox; app: App; chat: PersonChat; resident: Resident }): {
  actions: PanelActions;
  observe: Observe;
} {
  const { sandbox, app, chat, resident } = deps;
  const { person } = resident;
  const { email, password } = resident.account;
  const account = chat.id;
  const isFault = (name: string): name is FaultName => Object.hasOwn(namedFaults, name);
  const linkStates = async () => {
    const states = [];
    for (const vendor of ["withings", "garmin"] as const)
      states.push((await app.links.read(account, vendor))?.value.state);
    return states;
  };

  const isAnnounced = () => sandbox.withings.notifications.subscriptions.some(({ userid }) => userid === person.userid);
  const isLinked = async () => (await linkStates()).every((state) => state === "linked");
  const next = async () => {
    if (!(await isLinked())) return "It goes to Garmin once both are linked.";
    if (isAnnounced()) return "Withings tells the bot; wait ten seconds.";
    return "Nobody tells the bot: send /sync in the chat, or wait a minute.";
  };

  const actions: PanelActions = {
    async link() {
      if (!(await app.accounts.find(account))) await app.accounts.save(account, {});
      // In place of pressing Start: the bot may write from here on.
      sandbox.telegram.user({ id: account, firstName: "You", started: true });
      await app.garminSignIn.withPasted(account, sandbox.garmin.mintTicket(email));
      // Where the browser goes that has pressed Allow; the bot goes on from there by itself.
      await fetch(sandbox.withings.allow(person.userid, app.withingsLinking.begin(account)));
      return "Linked. The chat says how it goes on.";
    },
    async weighIn({ takenAt, ...own }) {
      const values = { ...randomBody(), ...present(own) };
      person.stepOnScale({ ...toWithings(values), siblings: true, ...(takenAt && { at: new Date(takenAt) }) });
      return `${values.weightKg.toFixed(2)} kg is at Withings now. ${await next()}`;
    },
    async bloodPressure({ systolicMmHg, diastolicMmHg, pulseBpm, takenAt }) {
      const values = {
        systolic: systolicMmHg ?? between(110, 135),
        diastolic: diastolicMmHg ?? between(68, 88),
        pulse: pulseBpm ?? between(52, 76),
      };
      person.takeBloodPressure({ ...values, ...(takenAt && { at: new Date(takenAt) }) });
      return `${values.systolic}/${values.diastolic} is at Withings now. ${await next()}`;
    },
    async guest({ weightKg = between(45, 110) }) {
      person.stepOnScale({ weightKg, attrib: 1 });
      return `Somebody of ${weightKg} kg stepped on, and the scale is not sure who. ${await next()}`;
    },
    async editLast(own) {
      const isOwnWeighIn = ({ attrib, measures }: (typeof person.groups)[number]) =>
        attrib === 0 && measures.some(({ type }) => type === 1);
      const last = person.groups
        .filter(isOwnWeighIn)
        .toSorted((a, b) => a.date - b.date)
        .at(-1);
      if (!last) return "There is no weigh-in of yours yet.";
      const values = { ...randomBody(), ...present(own) };
      person.edit(last.grpid, toWithings(values));
      return `Your last weigh-in says ${values.weightKg.toFixed(2)} kg now. ${await next()}`;
    },
    async fault({ name, on }) {
      if (!isFault(name)) return "There is no such fault.";
      if (on) {
        sandbox.faults.turnOn(name);
        // What goes wrong with renewing shows only where something has to be renewed.
        if (ENDS_WITHINGS_ACCESS.has(name)) sandbox.withings.expireAccessToken(person.userid);
        if (ENDS_GARMIN_ACCESS.has(name)) sandbox.garmin.expireAccessToken(email);
      } else sandbox.faults.turnOff(name);
      return `${namedFaults[name].label}: ${on ? "on" : "off"}.`;
    },
    async loseSubscription() {
      if (!isAnnounced()) return "Withings tells the bot nothing as it is.";
      sandbox.withings.notifications.drop(person.userid);
      return "Withings no longer tells the bot about new readings. It looks by itself every minute.";
    },
    async removeApp() {
      const learns = isAnnounced() ? "Withings tells it so" : "it learns it when it next asks there";
      sandbox.withings.notifications.announceProfile(person.userid, "unlink");
      sandbox.withings.revoke(person.userid);
      return `The bot is removed at Withings: ${learns}.`;
    },
    async block() {
      if (!chat.blocked) chat.block();
      return "The bot is blocked. It cannot write to you now.";
    },
    async unblock() {
      if (chat.blocked) chat.unblock();
      return "The bot may write to you again.";
    },
  };

  const observe: Observe = async () => ({
    linked: await isLinked(),
    signedOut: (await linkStates()).includes("stale"),
    signIn: { email, password },
    weights: sandbox.garmin.weights(email).map((it) => ({
      takenAt: it.takenAt.toISOString(),
      weightKg: it.weightKg,
      bmi: it.bmi,
      bodyFatPercent: it.bodyFatPercent,
      bodyWaterPercent: it.bodyWaterPercent,
      muscleMassKg: it.muscleKg,
      boneMassKg: it.boneKg,
      visceralFat: it.visceralFatRating,
    })),
    bloodPressures: sandbox.garmin.bloodPressures(email).map((it) => ({
      takenAt: it.takenAt.toISOString(),
      systolicMmHg: it.systolic,
      diastolicMmHg: it.diastolic,
      pulseBpm: it.pulse,
    })),
    mails: sandbox.garmin.inbox.map(({ email: to, code, sentAt }) => ({
      at: sentAt.toISOString(),
      to,
      subject: "Your Garmin security code",
      text: `Your code is ${code}.`,
    })),
    faults: Object.entries(namedFaults).map(([name, { label }]) => ({ name, label, on: sandbox.faults.isOn(name) })),
  });
  return { actions, observe };
}

const ENDS_WITHINGS_ACCESS = new Set<FaultName>(["withings_503_refresh_token_dead", "withings_503_client_secret"]);
const ENDS_GARMIN_ACCESS = new Set<FaultName>(["garmin_diauth_down", "garmin_refresh_lost_answer"]);

interface Body {
  weightKg: number;
  bodyFatPercent: number;
  muscleMassKg: number;
  boneMassKg: number;
  bodyWaterPercent: number;
}

function randomBody(): Body {
  const weightKg = between(6350, 6500) / 100;
  const bodyFatPercent = between(230, 250) / 10;
  const leanKg = weightKg * (1 - bodyFatPercent / 100);
  const boneMassKg = Math.round(leanKg * 5) / 100;
  return {
    weightKg,
    bodyFatPercent,
    boneMassKg,
    muscleMassKg: Math.round((leanKg - boneMassKg) * 100) / 100,
    bodyWaterPercent: Math.round((leanKg / weightKg) * 730) / 10,
  };
}

function toWithings({ weightKg, bodyFatPercent, muscleMassKg, boneMassKg, bodyWaterPercent }: Body) {
  return {
    weightKg,
    fatRatioPercent: bodyFatPercent,
    muscleKg: muscleMassKg,
    boneKg: boneMassKg,
    waterKg: Math.round(weightKg * bodyWaterPercent) / 100,
    visceralFat: 2.4,
  };
}

function present<T extends object>(values: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** A whole number, both ends included. */
function between(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}
