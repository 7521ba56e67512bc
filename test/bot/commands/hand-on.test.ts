import { afterEach, describe, expect, test } from "vitest";
import { tellOfHanded } from "../../../src/app/handing-on.ts";
import { leaseName } from "../../../src/sync/links/with-lease.ts";
import type { HandOnAct, HandOnJob } from "../../../src/sync/model/jobs.ts";
import { crashAt } from "../../support/crash.ts";
import { addSecondPerson, OTHER, OTHER_NAME, type SecondPerson } from "../../support/second-person.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "../ui/notified-bot.ts";

let harness: NotifiedBot;
let anna: SecondPerson;
let annasChat: NotifiedBot["owner"];
afterEach(() => harness.close());

type Chat = NotifiedBot["owner"];
const HOUR = 3600;
const ownersKg = () => harness.weights().map(({ weightKg }) => weightKg);
const heard = (chat: Chat, text: string) => chat.waitForMessage((it) => it.text.includes(text));
/** The message as it is now. */
const shown = (chat: Chat, id: number) => chat.messages.find((it) => it.id === id) ?? expect.fail();
const textsOf = (chat: Chat) => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);

/** 80 kg of the owner yesterday, and then 58.2 kg, of which the scale doesn’t know whose they are. */
async function start(options: { language?: "de"; others?: boolean; names?: string[] } = {}) {
  const { others = true, names, ...account } = options;
  harness = await startNotifiedBot(account, {
    allowedIds: [ACCOUNT, ...(others ? [OTHER] : [])],
    others: names && (async () => names.map((name, index) => ({ id: 5000 + index, name }))),
  });
  anna = await addSecondPerson(harness);
  annasChat = harness.telegram.user({ id: OTHER, firstName: OTHER_NAME, started: true });
  harness.person.stepOnScale({ at: harness.ago({ days: 1 }), weightKg: 80 });
  await harness.scheduledRun();
  await anna.sync();
  harness.person.stepOnScale({ at: harness.ago({ minutes: 90 }), weightKg: 58.2, fatRatioPercent: 22, attrib: 1 });
  await harness.scheduledRun();
  harness.clock.advance(60);
}

async function tap(chat: Chat, label: string, id?: number) {
  chat.tap(label, id);
  await harness.quiet();
}

/** Up to the question in Anna's chat. */
async function handedOn() {
  await start();
  const { id } = await heard(harness.owner, "Was that you?");
  await tap(harness.owner, "It was Anna", id);
  const question = await heard(annasChat, "asks: was");
  return { id, question };
}

describe("“It was …”", () => {
  test("asks the other one, whose yes brings the weight into their Garmin; both chats say so", async () => {
    await start();
    const question = await heard(harness.owner, "Was that you?");
    expect(labels(question)).toEqual(["Yes", "No", "It was Anna"]);
    await tap(harness.owner, "It was Anna", question.id);
    const asked = shown(harness.owner, question.id);
    expect(asked.text).toBe("58.2 kg, today 11:30: I’ve asked Anna.");
    expect(labels(asked)).toEqual(["Undo"]);
    const annas = await heard(annasChat, "asks");
    expect(annas.text).toBe("Owner asks: was the 58.2 kg at 11:30 yours? If it was, I’ll put it into your Garmin.");
    expect(labels(annas)).toEqual(["Yes", "No"]);
    await tap(annasChat, "Yes", annas.id);
    await heard(annasChat, "is in Garmin.");
    await harness.quiet();
    expect(shown(annasChat, annas.id).text).toBe("58.2 kg, today 11:30, is in Garmin.");
    expect(labels(shown(annasChat, annas.id))).toEqual(["Undo"]);
    expect(shown(harness.owner, question.id).text).toBe("58.2 kg, today 11:30: Anna says yes. It’s in Anna’s Garmin.");
    expect(labels(shown(harness.owner, question.id))).toEqual([]);
    expect([ownersKg(), anna.weightsKg()]).toEqual([[80], [58.2]]);
    expect(anna.weights()[0]).not.toHaveProperty("bodyFatPercent");
  });

  test("a yes to a weight that is far from their own is asked about once more", async () => {
    await start();
    anna.person.stepOnScale({ at: harness.ago({ minutes: 100 }), weightKg: 95 });
    await anna.sync();
    const { id } = await heard(harness.owner, "Was that you?");
    await tap(harness.owner, "It was Anna", id);
    const question = await heard(annasChat, "asks: was");
    await tap(annasChat, "Yes", question.id);
    const sure = shown(annasChat, question.id);
    expect(sure.text).toBe(
      "58.2 kg, today 11:30. Really yours? That’s far from your last, 95.0 kg. If I send it, Garmin counts it as yours.",
    );
    expect(labels(sure)).toEqual(["Yes, it’s mine", "No"]);
    expect(anna.weightsKg()).toEqual([95]);
    await tap(annasChat, "Yes, it’s mine", question.id);
    await heard(annasChat, "is in Garmin.");
    expect([ownersKg(), anna.weightsKg().toSorted()]).toEqual([[80], [58.2, 95]]);
  });

  test("is asked again after a no, and may be its owner's after all", async () => {
    const { id, question } = await handedOn();
    await tap(annasChat, "No", question.id);
    expect(shown(annasChat, question.id).text).toBe(
      "58.2 kg, today 11:30: not yours, so I won’t send it to your Garmin.",
    );
    const again = shown(harness.owner, id);
    expect(again.text).toBe(
      "Anna says no, and there’s nobody else here to ask: if it wasn’t you, tap No, and it stays out of Garmin. " +
        "58.2 kg, today 11:30. Was that you? Your last was 80.0 kg.",
    );
    expect(labels(again)).toEqual(["Yes", "No"]);
    // A run doesn't ask beside it.
    const said = textsOf(harness.owner).length;
    await harness.scheduledRun();
    expect(textsOf(harness.owner)).toHaveLength(said);
    await tap(harness.owner, "Yes", id);
    await heard(harness.owner, "is in Garmin.");
    expect([ownersKg(), anna.weightsKg()]).toEqual([[80, 58.2], []]);
    await tap(annasChat, "Undo", question.id);
    expect(shown(annasChat, question.id).text).toBe("That question is closed, so nothing has changed.");
    expect(anna.weightsKg()).toEqual([]);
  });

  test("an undo of the no asks again, and the yes after it counts", async () => {
    const { id, question } = await handedOn();
    await tap(annasChat, "No", question.id);
    await tap(annasChat, "Undo", question.id);
    expect(labels(shown(annasChat, question.id))).toEqual(["Yes", "No"]);
    expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30: I’ve asked Anna.");
    await tap(annasChat, "Yes", question.id);
    await heard(annasChat, "is in Garmin.");
    expect([ownersKg(), anna.weightsKg()]).toEqual([[80], [58.2]]);
  });

  test("an undo of the yes takes it out of Garmin and asks again", async () => {
    const { id, question } = await handedOn();
    await tap(annasChat, "Yes", question.id);
    await heard(annasChat, "is in Garmin.");
    harness.clock.advance(HOUR);
    await tap(annasChat, "Undo", question.id);
    await heard(annasChat, "Owner asks: was the 58.2 kg at 11:30 yours?");
    expect(anna.weightsKg()).toEqual([]);
    expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30: I’ve asked Anna.");
    await tap(annasChat, "Yes", question.id);
    await heard(annasChat, "is in Garmin.");
    expect(anna.weightsKg()).toEqual([58.2]);
    harness.clock.advance(25 * HOUR);
    await tap(annasChat, "Undo", question.id);
    expect(shown(annasChat, question.id).text).toContain("for 24 hours");
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("is taken back as long as there's no answer, and the other one's question goes", async () => {
    const { id, question } = await handedOn();
    await tap(harness.owner, "Undo", id);
    expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30. Was that you? Your last was 80.0 kg.");
    expect(shown(annasChat, question.id).text).toBe("58.2 kg, today 11:30: Owner no longer asks.");
    expect(labels(shown(annasChat, question.id))).toEqual([]);
    await tap(harness.owner, "No", id);
    const kept = shown(harness.owner, id);
    expect(kept.text).toBe("58.2 kg, today 11:30: kept out of Garmin.");
    expect(labels(kept)).toEqual(["Undo", "It was Anna"]);
    await tap(harness.owner, "It was Anna", id);
    const again = await annasChat.waitForMessage((it) => it.id !== question.id && it.text.includes("asks: was"));
    await tap(annasChat, "Yes", again.id);
    await heard(annasChat, "is in Garmin.");
    // Too late for the one it came to.
    await tap(harness.owner, "Yes", id).catch(() => undefined);
    expect([ownersKg(), anna.weightsKg()]).toEqual([[80], [58.2]]);
  });

  test("the other one learns nothing of its owner but this, and its owner nothing of them but their answer", async () => {
    const { question } = await handedOn();
    anna.person.stepOnScale({ at: anna.ago(200), weightKg: 61.5 });
    await anna.sync();
    await tap(annasChat, "Yes", question.id);
    await heard(annasChat, "is in Garmin.");
    await tap(annasChat, "Undo", question.id);
    await tap(annasChat, "No", question.id);
    expect(textsOf(annasChat).join("\n")).not.toMatch(/80|22|fat/);
    const said = harness.telegram.outbox.filter(({ params }) => params.chat_id === String(ACCOUNT));
    expect(JSON.stringify(said)).not.toMatch(/61\.5/);
  });
});

describe("after a no", () => {
  test("its owner can't ask the same person again, not even from an older message", async () => {
    const { id, question } = await handedOn();
    await tap(annasChat, "No", question.id);
    await tap(harness.owner, "No", id);
    expect(labels(shown(harness.owner, id))).toEqual(["Undo"]);
    const { reading } = (await harness.app.store.offers.of(ACCOUNT))[0] ?? expect.fail();
    const keyboard = { inline_keyboard: [[{ text: "Found", callback_data: `hand:to:${OTHER}:${reading}` }]] };
    await harness.newBot().bot.api.sendMessage(ACCOUNT, "found", { reply_markup: keyboard });
    await tap(harness.owner, "Found");
    expect(harness.owner.toasts.at(-1)?.text).toBe("Anna has already said no to this one.");
    // What Anna takes back herself counts.
    await tap(annasChat, "Undo", question.id);
    expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30: I’ve asked Anna.");
    await tap(harness.owner, "Undo", id);
    expect(labels(shown(harness.owner, id))).toEqual(["Yes", "No", "It was Anna"]);
  });
});

describe("a yes that a later run brings to Garmin", () => {
  const SOON = "58.2 kg, today 11:30: Anna says yes. It goes into Anna’s Garmin with the next sync.";
  const annasRun = async () => {
    harness.clock.advance(180);
    await harness.notify(OTHER, await anna.sync());
    await harness.quiet();
  };

  /** Up to a yes during an outage of Garmin's. */
  async function saidYes() {
    const said = await handedOn();
    harness.sandbox.faults.add({
      ...{ name: "outage", server: "garmin_connectapi", match: {}, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 503 },
    });
    await tap(annasChat, "Yes", said.question.id);
    expect(shown(annasChat, said.question.id).text).toContain("isn’t in Garmin yet. The next sync will send it.");
    expect(shown(harness.owner, said.id).text).toBe(SOON);
    return said;
  }

  test("is there in both chats, and neither is edited again", async () => {
    const { id, question } = await saidYes();
    await annasRun();
    expect(shown(harness.owner, id).text).toBe(SOON);
    harness.sandbox.faults.clear();
    await annasRun();
    expect(anna.weightsKg()).toEqual([58.2]);
    expect(shown(annasChat, question.id).text).toBe("58.2 kg, today 11:30, is in Garmin.");
    expect(labels(shown(annasChat, question.id))).toEqual(["Undo"]);
    expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30: Anna says yes. It’s in Anna’s Garmin.");
    const said = harness.telegram.outbox.length;
    await annasRun();
    expect(harness.telegram.outbox.slice(said)).toEqual([]);
  });

  test("is told by the run after one that was killed before it could", async () => {
    const { id, question } = await saidYes();
    harness.sandbox.faults.clear();
    harness.clock.advance(180);
    const { handed: ids = expect.fail() } = await anna.sync();
    expect(anna.weightsKg()).toEqual([58.2]);
    const fullQueue = { put: () => Promise.reject(new Error("full")) };
    const now = harness.clock.now();
    await expect(tellOfHanded(harness.app.store, fullQueue, { account: OTHER, ids, now })).rejects.toThrow("full");
    await annasRun();
    expect(shown(annasChat, question.id).text).toBe("58.2 kg, today 11:30, is in Garmin.");
    expect(shown(harness.owner, id).text).toContain("It’s in Anna’s Garmin.");
  });

  test("doesn't come over a yes that was taken back meanwhile", async () => {
    const { id, question } = await saidYes();
    harness.sandbox.faults.clear();
    harness.clock.advance(180);
    const report = await anna.sync();
    await tap(annasChat, "Undo", question.id);
    await harness.notify(OTHER, report);
    await harness.quiet();
    expect(anna.weightsKg()).toEqual([]);
    expect(labels(shown(annasChat, question.id))).toEqual(["Yes", "No"]);
    expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30: I’ve asked Anna.");
  });

  test("is queued beside a tap on the same message, and doesn't replace it", async () => {
    const { question } = await saidYes();
    const { jobs } = harness.app.store;
    const job = { account: OTHER, reason: "handed_on", reading: "1#weigh_in", messageId: question.id } as const;
    for (const act of ["undo_theirs", "settled"] as const) await jobs.put([{ ...job, act, dueAt: harness.ago({}) }]);
    expect((await jobs.list()).map(({ value }) => "act" in value && value.act)).toEqual(["undo_theirs", "settled"]);
  });

  test("that Garmin refuses is said to both, without a promise", async () => {
    const { id, question } = await saidYes();
    harness.sandbox.faults.clear();
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { path: /upload/ }, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 400, body: { message: "no" } },
    });
    await annasRun();
    expect(shown(annasChat, question.id).text).toContain("Garmin refused it; I’ll try again tomorrow.");
    expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30: Anna says yes.");
  });
});

test("speaks German to Germans, each in their own language", async () => {
  await start({ language: "de" });
  const { id } = await heard(harness.owner, "Warst du das?");
  await tap(harness.owner, "Das war Anna", id);
  expect(shown(harness.owner, id).text).toBe("58,2 kg, heute 11:30: Ich habe Anna gefragt.");
  await harness.app.store.accounts.save(OTHER, { language: "de" });
  await tap(harness.owner, "Rückgängig", id);
  await tap(harness.owner, "Das war Anna", id);
  const question = await heard(annasChat, "Owner fragt: Warst du das, 58,2 kg um 11:30?");
  await tap(annasChat, "Ja", question.id);
  await heard(annasChat, "ist in Garmin.");
  expect(shown(harness.owner, id).text).toBe("58,2 kg, heute 11:30: Anna sagt Ja. Die Messung ist bei Anna in Garmin.");
});

describe("whom it can be", () => {
  test("nobody, if there's nobody else or they haven't linked both sides: there's no such button", async () => {
    await start({ others: false });
    expect(labels(await heard(harness.owner, "Was that you?"))).toEqual(["Yes", "No"]);
  });

  test("somebody who has lost a link since can't be asked, and the tap says so", async () => {
    await start();
    const { id } = await heard(harness.owner, "Was that you?");
    await harness.app.disconnect(await anna.account(), "garmin");
    await tap(harness.owner, "It was Anna", id);
    expect(harness.owner.toasts.at(-1)?.text).toBe("I can’t ask Anna: Withings or Garmin isn’t linked there.");
    expect(await harness.app.store.offers.of(ACCOUNT)).toEqual([]);
  });

  test("one of several is chosen from a list of pages", async () => {
    await start({ names: ["Ben", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo"] });
    const { id } = await heard(harness.owner, "Was that you?");
    await tap(harness.owner, "No", id);
    expect(labels(shown(harness.owner, id))).toEqual(["Undo", "It was …"]);
    await tap(harness.owner, "It was …", id);
    expect(labels(shown(harness.owner, id)).slice(-3)).toEqual(["It was Ida", "›", "Back"]);
    await tap(harness.owner, "›", id);
    expect(labels(shown(harness.owner, id))).toEqual(["It was Jo", "‹", "Back"]);
    await tap(harness.owner, "Back", id);
    expect(labels(shown(harness.owner, id))).toEqual(["Undo", "It was …"]);
  });
});

describe("trouble on the way", () => {
  test("somebody who has blocked the bot can't be reached, and its owner hears so", async () => {
    await start();
    annasChat.block();
    const { id } = await heard(harness.owner, "Was that you?");
    await tap(harness.owner, "It was Anna", id);
    expect(shown(harness.owner, id).text).toBe(
      "I can’t reach Anna, who has blocked me. 58.2 kg, today 11:30. Was that you? Your last was 80.0 kg.",
    );
    expect(labels(shown(harness.owner, id))).toContain("Yes");
  });

  test("a yes without a link waits for one, and both hear so", async () => {
    const { id, question } = await handedOn();
    await harness.app.disconnect(await anna.account(), "garmin");
    await tap(annasChat, "Yes", question.id);
    expect(shown(annasChat, question.id).text).toBe(
      "58.2 kg, today 11:30 is yours. I’ll send it once both sides are linked: /connect.",
    );
    expect(shown(harness.owner, id).text).toContain("as soon as Anna has linked both sides again.");
    annasChat.say("/status");
    await heard(annasChat, "Not in Garmin yet: 58.20 kg, today 11:30");
    await anna.link();
    harness.clock.advance(60);
    await harness.notify(OTHER, await anna.sync());
    await harness.quiet();
    expect(anna.weightsKg()).toEqual([58.2]);
    expect(shown(annasChat, question.id).text).toBe("58.2 kg, today 11:30, is in Garmin.");
    expect(shown(harness.owner, id).text).toContain("It’s in Anna’s Garmin.");
  });

  test("if their account is erased, its owner is asked again", async () => {
    const { id } = await handedOn();
    annasChat.say("/disconnect");
    await heard(annasChat, "What should I remove?");
    await tap(annasChat, "Everything");
    await tap(annasChat, "Yes, remove");
    await harness.owner.waitForMessage((it) => it.id === id && it.text.startsWith("The person I asked"));
    expect(labels(shown(harness.owner, id)).slice(0, 2)).toEqual(["Yes", "No"]);
    expect(await harness.app.store.offers.of(ACCOUNT)).toEqual([]);
  });

  test("without an answer for five days, both questions end and its owner is asked anew", async () => {
    const { question } = await handedOn();
    harness.clock.advance(5 * 24 * HOUR + 60);
    await harness.link();
    await harness.scheduledRun();
    await harness.quiet();
    const again = await heard(harness.owner, "Anna hasn’t answered for five days.");
    expect(labels(again)).toEqual(["Yes", "No", "It was Anna"]);
    expect(shown(annasChat, question.id).text).toContain("there was no answer for five days");
    await harness.scheduledRun();
    await harness.quiet();
    expect(textsOf(harness.owner).filter((it) => it.includes("hasn’t answered"))).toHaveLength(1);
  });

  test("that nobody has answered is said at seven, if it's night by then", async () => {
    const { question } = await handedOn();
    harness.clock.advance(5 * 24 * HOUR + 11 * HOUR);
    await harness.link();
    await harness.scheduledRun();
    await harness.quiet();
    expect(textsOf(harness.owner).join()).not.toContain("hasn’t answered");
    expect(labels(shown(annasChat, question.id))).toEqual(["Yes", "No"]);
    harness.clock.advance(8 * HOUR);
    await harness.scheduledRun();
    await heard(harness.owner, "Anna hasn’t answered for five days.");
  });

  test("a yes taken back while Garmin is down leaves Garmin later, and can't be restored then", async () => {
    const { question } = await handedOn();
    await tap(annasChat, "Yes", question.id);
    await heard(annasChat, "is in Garmin.");
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: {}, effect: { type: "status", status: 503 } });
    await tap(annasChat, "Undo", question.id);
    expect(shown(annasChat, question.id).text).toContain("The next sync takes it out of your Garmin.");
    expect(labels(shown(annasChat, question.id))).toEqual(["Yes", "No"]);
    harness.sandbox.faults.clear();
    harness.clock.advance(120);
    await harness.notify(OTHER, await anna.sync());
    expect(anna.weightsKg()).toEqual([]);
    const gone = await heard(annasChat, "no longer in Garmin.");
    expect(gone.text).toBe("58.2 kg, today 11:30: no longer in Garmin.");
    expect(labels(gone)).toEqual([]);
  });

  test("another one's question can't be answered", async () => {
    const { question } = await handedOn();
    const data = question.buttons.flat()[0]?.data ?? expect.fail();
    const keyboard = { inline_keyboard: [[{ text: "Found", callback_data: data }]] };
    await harness.newBot().bot.api.sendMessage(ACCOUNT, "found", { reply_markup: keyboard });
    await tap(harness.owner, "Found");
    expect(harness.owner.toasts.at(-1)?.text).toBe("That question is closed, so nothing has changed.");
    expect([ownersKg(), anna.weightsKg()]).toEqual([[80], []]);
  });
});

test("while another run is at work, an answer is tried again for half an hour, and then its buttons are back", async () => {
  const { id, question } = await handedOn();
  const { leases } = harness.app.store;
  const lease = await leases.acquire(leaseName(OTHER), 1000);
  const queued = () => harness.app.store.jobs.list();
  annasChat.tap("Yes", question.id);
  await expect.poll(queued).toHaveLength(1);
  while ((await queued()).length > 0) {
    await expect.poll(async () => (await queued()).every(isLater)).toBe(true);
    harness.clock.advance(700);
    await lease?.renew(1000);
    harness.wake();
  }
  await harness.quiet();
  expect(shown(annasChat, question.id).text).toBe("58.2 kg, today 11:30: that didn’t work just now. Please tap again.");
  expect(labels(shown(annasChat, question.id))).toEqual(["Yes", "No"]);
  expect(shown(harness.owner, id).text).toBe("58.2 kg, today 11:30: I’ve asked Anna.");
  await lease?.release();
  await tap(annasChat, "Yes", question.id);
  await heard(annasChat, "is in Garmin.");
  expect(anna.weightsKg()).toEqual([58.2]);
});

const isLater = ({ value: { dueAt } }: { value: { dueAt: Date } }) => dueAt > harness.clock.now();

test("a job that's stopped at any call to the store and comes again ends in the same place", async () => {
  const { id, question } = await handedOn();
  await tap(harness.owner, "Undo", id);
  const reading = `${String(harness.person.groups.at(-1)?.grpid).padStart(16, "0")}#weigh_in`;
  const job = (act: HandOnAct, messageId: number, other: number): HandOnJob => ({
    ...{ reason: "handed_on", act, reading, messageId, other, attempts: 0 },
    ...{ account: other === OTHER ? ACCOUNT : OTHER, dueAt: harness.clock.now() },
  });
  /** Stopped, and done again by a process that lives; without a moment, only counted. */
  async function play(it: HandOnJob, stop?: ReturnType<ReturnType<typeof crashAt>["moments"]>[number]) {
    const crash = crashAt(...(stop ?? ([Number.POSITIVE_INFINITY, "before"] as const)));
    const app = await harness.newApp(crash);
    const account = (await harness.app.store.accounts.find(it.account)) ?? expect.fail();
    await harness
      .botOn(app)
      .answerReading(account, it)
      .catch(() => undefined);
    await app.close().catch(() => undefined);
    harness.clock.advance(130);
    if (stop) await harness.newBot().answerReading(account, it);
    await harness.quiet();
    return crash.moments();
  }
  const offered = () => harness.app.store.offers.find(ACCOUNT, reading);
  let asked = 1;
  const round = async (stops: [offer?: Stop, yes?: Stop]) => {
    const offerMoments = await play(job("offer", id, OTHER), stops[0]);
    expect((await offered())?.value.state).toBe("asked");
    const last = annasChat.messages.findLast(({ text }) => text.startsWith("Owner asks")) ?? expect.fail();
    asked++;
    expect(shown(harness.owner, id).text).toContain("I’ve asked Anna.");
    const yesMoments = await play(job("theirs", last.id, ACCOUNT), stops[1]);
    expect(shown(harness.owner, id).text).toContain("It’s in Anna’s Garmin.");
    expect([ownersKg(), anna.weightsKg()]).toEqual([[80], [58.2]]);
    await play(job("undo_theirs", last.id, ACCOUNT));
    await tap(harness.owner, "Undo", id);
    expect(anna.weightsKg()).toEqual([]);
    return { offerMoments, yesMoments };
  };
  type Stop = Parameters<typeof play>[1];
  const { offerMoments, yesMoments } = await round([]);
  expect(offerMoments.length).toBeGreaterThan(4);
  for (const stop of offerMoments) await round([stop, undefined]);
  for (const stop of yesMoments) await round([undefined, stop]);
  expect(question.id).toBeGreaterThan(0);
  expect(asked).toBeGreaterThan(10);
}, 120_000);

test("/status of both names what's open, with a button", async () => {
  const { id } = await handedOn();
  harness.owner.say("/status");
  const owners = await heard(harness.owner, "I’ve asked Anna, who hasn’t answered yet.");
  expect(labels(owners)).toContain("Stop asking Anna");
  annasChat.say("/status");
  const annas = await heard(annasChat, "Owner asks whether that was you.");
  await tap(annasChat, "Answer Owner", annas.id);
  const question = annasChat.messages.at(-1) ?? expect.fail();
  await tap(annasChat, "Yes", question.id);
  await heard(annasChat, "is in Garmin.");
  expect(shown(harness.owner, id).text).toContain("Anna says yes.");
});
