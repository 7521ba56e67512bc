import type { LedgerEntry } from "../../src/sync/model/ledger.ts";
import { readingId } from "../../src/sync/model/reading.ts";
import { type Known, type KnownHandOn, type KnownTyped, pairName } from "./model.ts";
import { ACCOUNTS, type AccountId, DAY, GARMINS, type GarminName, HOUR } from "./steps.ts";
import type { World } from "./world.ts";

/** Ends all faults, lets time pass and does what owners are asked. After that, everything must be right. */
export async function settle(world: World): Promise<void> {
  const { violations } = world.scene;
  const { lastReports } = world.copies;
  // A paused kind is tried again once a day.
  const isAtRest = () =>
    ACCOUNTS.every((it) => lastReports.get(it)?.status === "success" && !lastReports.get(it)?.paused);
  const wereClocksWrong = world.wellAgain();
  // Time to find out what is wrong, and to say so.
  await world.rounds(3, 40 * 60);
  // What a clock ahead of time put off becomes due.
  if (wereClocksWrong) await world.rounds(2, 6 * HOUR);
  await tellsOfEndedLinks(world);
  await world.owners.doAsAsked();
  await world.owners.switchAllOn();
  await world.rounds(2, 130);
  await world.rounds(1, 31 * 60);
  // The program looks for late copies for a day after the last upload, by clocks that may have been half a day wrong.
  // An ended link may show only when its access token expires. Then its owner signs in again.
  for (let calm = 0, n = 0; n < 24 && (calm < 4 || !isAtRest()); n++) {
    await world.rounds(1, 10 * HOUR);
    const isMoving = ACCOUNTS.some((it) => (lastReports.get(it)?.synced ?? 0) > 0);
    calm = (await world.owners.doAsAsked()) || isMoving ? 0 : calm + 1;
  }
  await missTwice(world);
  for (const account of ACCOUNTS) {
    const report = lastReports.get(account);
    if (report?.status !== "success") violations.add(`${account} never came to rest: ${JSON.stringify(report)}`);
  }
}

/** Two comparisons a day apart, and a run that takes out what is to go. */
async function missTwice(world: World): Promise<void> {
  const { copies, owners } = world;
  for (let n = 0; n < 2; n++) {
    for (const account of ACCOUNTS) await copies.alone(() => copies.main.sync(account, { compares: true }));
    await world.rounds(1, 25 * HOUR);
    if (await owners.doAsAsked()) await world.rounds(1, 130);
  }
  for (const account of ACCOUNTS) await copies.alone(() => copies.main.sync(account, { compares: true }));
  await world.rounds(2, 31 * 60);
}

async function tellsOfEndedLinks(world: World) {
  // An older store may know that its owner was notified of the same trouble before: then only a reminder comes, days later.
  if (world.scene.facts["put backs"] > 0) return;
  for (const [name, sinceMs] of world.watch.endedMs) {
    const [account] = name.split(" ");
    const heard = world.watch.messagesTo(Number(account) as AccountId).some((at) => at >= sinceMs - HOUR * 1000);
    if (!heard) world.scene.violations.add(`silent: the link ${name} ended and its owner got no message`);
  }
}

export async function judge(world: World): Promise<void> {
  for (const garmin of GARMINS) {
    const account = ACCOUNTS.find((it) => world.scene.model.current(it)?.garmin === garmin);
    judgeEntries(world, garmin, account);
    if (account) await judgeReadings(world, account);
  }
  for (const account of ACCOUNTS) await judgeProgress(world, account);
  for (const typed of world.scene.model.typed) await judgeTyped(world, typed);
  for (const handedOn of world.scene.model.handedOn) await judgeHandedOn(world, handedOn);
}

function isSameTyped(
  it: KnownTyped,
  entry: { kind: KnownTyped["kind"]; date: number; value: string },
  garmin: GarminName,
) {
  const isStill = !it.isGone || it.leftIn === garmin;
  return isStill && it.kind === entry.kind && it.date === entry.date && it.value === entry.value;
}

/** As long as it's offered, and once the other account has accepted it, nothing brings it to the one it came to. */
async function judgeHandedOn({ scene, readings, handingOn }: World, handedOn: KnownHandOn) {
  const { known, from, pair, typed, date, createdMs, isEither } = handedOn;
  const { model, violations } = scene;
  const isOffered = known.said.get(pair) === "handed_on";
  if (!isOffered || typed?.isGone || isEither || known.isEither || (await handingOn.hasExpired(handedOn))) return;
  // A ledger of other links doesn't know of it, and sends what Withings calls certain.
  for (const garmin of GARMINS.filter((it) => pairName({ person: known.person, garmin: it }) === pair)) {
    const isKept = readings
      .entriesOf(garmin)
      .filter((it) => it.kind === known.kind && (it.date === date || it.date === known.date))
      .filter(({ uploadedMs }) => uploadedMs >= createdMs && model.wasLinked(from, garmin, uploadedMs))
      .filter(
        (entry) => !model.typed.some((it) => it !== typed && it.account === from && isSameTyped(it, entry, garmin)),
      )
      .some(({ uploadedMs }) => !typed || !model.wasLinked(typed.account, garmin, uploadedMs));
    if (isKept) violations.add(`handed on and kept: ${known.id} of ${from} is in ${garmin}`);
  }
}

/**
 * It isn't sent again, and its owner decides: an unreadable entry may have been it, or Garmin has said three times, a day apart, that
 * it took it.
 */
function isGivenUp({ fate, accepted = 0 }: LedgerEntry): boolean {
  if (fate.state !== "failed") return false;
  return fate.reason === "unreadable_in_garmin" || (fate.reason === "never_appeared" && accepted >= 3);
}

/** A typed reading, or the same one from a device, is in Garmin once. */
async function judgeTyped({ scene, typists, owners }: World, typed: KnownTyped) {
  const { model, violations } = scene;
  const { id, account, kind, date, value, device, isEither, mayBeTwice, isGone } = typed;
  const what = `${id} (${kind} ${date}, ${value}, typed${device ? ` and delivered as ${device.id}` : ""})`;
  const found = GARMINS.map((garmin) => ({ garmin, entries: typists.entriesOf(typed, garmin) }));
  for (const { garmin, entries } of found) {
    // A late copy stays in a profile that isn't linked any more.
    if (entries.length > 1 && !mayBeTwice && model.current(account)?.garmin === garmin)
      violations.add(`typed twice: ${what} is in ${garmin} ${entries.length} times`);
  }
  // Handed on once more, by new links of its first owner, and accepted.
  const isTheirsAgain = model.typed.some((it) => it.typedId === typed.typedId && it.account === account && !it.isGone);
  if (isGone && !isEither && !device && !isTheirsAgain) {
    for (const { garmin, entries } of found.filter((it) => it.garmin !== typed.leftIn)) {
      const isThere = entries.some(({ uploadedMs }) => model.wasLinked(account, garmin, uploadedMs));
      if (isThere) violations.add(`given back and kept: ${what} is in ${garmin}`);
    }
  }
  if (isEither || isGone || !model.current(account) || found.some(({ entries }) => entries.length > 0)) return;
  const readings = await owners.ledgerOf(account)?.entries([readingId({ measureGroupId: typed.typedId, kind })]);
  const [entry] = readings?.values() ?? [];
  const fate = entry?.value.fate;
  if (!entry || !isGivenUp(entry.value))
    violations.add(`typed and lost: ${what} is nowhere, ledger says ${JSON.stringify(fate)}`);
}

/** Everything in a Garmin account was measured with these values, by somebody linked to it. */
function judgeEntries({ scene, readings }: World, garmin: GarminName, account: AccountId | undefined) {
  const { model, violations } = scene;
  for (const entry of readings.entriesOf(garmin)) {
    // Withings may have given the same one to two people.
    const same = model.readings.filter((it) => it.kind === entry.kind && it.date === entry.date);
    const known = same.find((it) => model.mayBeSent(it.person, garmin, entry.uploadedMs)) ?? same[0];
    const moved = model.readings.find((it) => it.kind === entry.kind && it.earlier.includes(entry.date));
    const alike = model.typed.filter((it) => isSameTyped(it, entry, garmin));
    // A device may have delivered it to the one it was handed on to, who hands that on in turn.
    const typed = alike.find((it) => model.wasLinked(it.account, garmin, entry.uploadedMs)) ?? alike[0];
    const what = `${known?.id ?? moved?.id ?? typed?.id} (${entry.kind} ${entry.date}, ${entry.value})`;
    // Before it was handed on, it may have been its first owner’s.
    const handedOn = model.handedOn.find((it) => it.typed === typed);
    // An older store doesn't know that it was.
    const isUnknown = handedOn?.isEither && known && model.mayBeSent(known.person, garmin, entry.uploadedMs);
    const isEarlier = known && handedOn && typed && (entry.uploadedMs < typed.createdMs || isUnknown);
    if (typed && !isEarlier) {
      if (!model.wasLinked(typed.account, garmin, entry.uploadedMs))
        violations.add(`wrong account: ${what} is in ${garmin}`);
      continue;
    }
    if (!known && moved) {
      const pairing = account && model.current(account);
      const isLookedAfter = pairing?.person === moved.person && model.verdict(moved, pairing) === "must";
      // Deleted at Withings before anybody saw the change, it's restored as it was sent.
      if (isLookedAfter && !moved.mayBeOutdated && !moved.isDeleted)
        violations.add(`old time: ${what} is in ${garmin}`);
      continue;
    }
    if (!known) {
      violations.add(`made up: ${garmin} holds what nobody measured, ${JSON.stringify(entry)}`);
      continue;
    }
    if (!model.mayBeSent(known.person, garmin, entry.uploadedMs)) {
      violations.add(
        `wrong account: ${what} of ${known.person} is in ${garmin} since ${new Date(entry.uploadedMs).toISOString()}`,
      );
    }
    // An older store has forgotten that its owner said so, and they may say something else by now.
    const isForgotten = known.isEither && scene.facts["put backs"] > 0;
    if (![...known.said.values()].includes("mine") && known.isForeign && !isForgotten) {
      violations.add(`sent while held: ${what} is in ${garmin}`);
    }
    if (!known.versions.includes(entry.value)) {
      violations.add(`wrong values: ${what} in ${garmin} was never one of ${known.versions.join(", ")}`);
    }
    const offMs =
      entry.localMs - entry.date * 1000 - zoneOffsetMs(new Date(entry.date * 1000), scene.schedule.timezone);
    if (offMs !== 0) violations.add(`wrong local time: ${what} in ${garmin} is off by ${offMs / 60_000} minutes`);
  }
}

/** Every reading of the linked person is there as often as it should be. */
async function judgeReadings(world: World, account: AccountId) {
  const { model, violations } = world.scene;
  const pairing = model.current(account);
  if (!pairing) return;
  const { garmin, person } = pairing;
  const ledger = world.owners.ledgerOf(account);
  for (const known of model.readings.filter((it) => it.person === person)) {
    const id = readingId({ measureGroupId: known.grpid, kind: known.kind });
    const entry = (await ledger?.entries([id]))?.get(id)?.value;
    const fate = entry ? `${entry.fate.state}${"reason" in entry.fate ? ` ${entry.fate.reason}` : ""}` : "nothing";
    const here = world.readings.entriesOf(garmin).filter((it) => it.kind === known.kind && it.date === known.date);
    const what = `${known.id} (${known.kind} ${known.date}, ledger says ${fate})`;
    const areVersions = new Set(here.map((it) => it.value)).size === here.length;
    if (here.length > 1 && !(known.mayStandInVersions && areVersions)) {
      violations.add(
        `twice: ${what} appears ${here.length} times in ${garmin}, as ${here.map((it) => it.value).join(", ")}`,
      );
    }
    if (known.takenOut.has(pairName(pairing)) && here.length > 0) {
      violations.add(`not taken out: ${what} is still in ${garmin}`);
    }
    await judgeGone(world, { account, known, entry, what });
    if (model.verdict(known, pairing) !== "must") continue;
    if (known.isDeleted) {
      if (!isAnywhere(world, garmin, known)) violations.add(`not restored: ${what} is not in ${garmin}`);
      continue;
    }
    const isLeftToOwner =
      entry && isGivenUp(entry) && world.watch.messagesTo(account).some((at) => at >= known.createdMs);
    if (!world.readings.isThere(garmin, known) && !isLeftToOwner) violations.add(`lost: ${what} is not in ${garmin}`);
    const isCurrent = here.some((it) => it.value === world.readings.versionOf(known));
    if (here.length === 1 && !isCurrent && !known.mayBeOutdated) {
      violations.add(
        `old version: ${what} in ${garmin} is ${here[0]?.value}, Withings says ${world.readings.versionOf(known)}`,
      );
    }
  }
  tellsOfHeld(world, account);
}

const isAnywhere = ({ readings }: World, garmin: GarminName, { kind, date, earlier }: Known) =>
  readings.entriesOf(garmin).some((it) => it.kind === kind && [date, ...earlier].includes(it.date));

/** What is gone at Withings is asked about, taken out if its owner wants that, and otherwise stays. */
async function judgeGone(
  world: World,
  { account, known, entry, what }: { account: AccountId; known: Known; entry: LedgerEntry | undefined; what: string },
) {
  const { model, violations, turns } = world.scene;
  const pairing = model.current(account);
  const progress = (await world.owners.ledgerOf(account)?.progress())?.value;
  if (!pairing || !progress) return;
  const id = readingId({ measureGroupId: known.grpid, kind: known.kind });
  const gone = progress.gone?.find((it) => it.id === id);
  const removal = progress.removals?.find((it) => it.id === id);
  if ((gone?.askedAt || removal?.because) && !known.isDeleted && !known.wasDoubted) {
    violations.add(`gone by mistake: ${what} is ${gone ? "asked about" : "removed"}, and Withings has it`);
  }
  const isKept = known.kept.has(pairName(pairing));
  if (isKept && gone) violations.add(`asked again: ${what} was to be kept`);
  const isLeft = isKept && known.isDeleted && !known.isEither && !known.takenOut.has(pairName(pairing));
  if (isLeft && !isAnywhere(world, pairing.garmin, known)) violations.add(`kept and gone: ${what} isn't in Garmin`);
  const isUnasked = entry?.fate.state === "removed" && !known.takenOut.has(pairName(pairing)) && !known.isEither;
  if (isUnasked && !model.removing.has(account)) violations.add(`removed unasked: ${what}`);
  const choice = model.deletions.get(account) ?? "ask";
  if (!known.isDeleted || choice === "never" || entry?.fate.state !== "seen" || entry.isKept || known.isEither) return;
  const isRecent = (modifiedMs: number) => modifiedMs > turns.nowMs - 27 * DAY * 1000;
  const listed = world.readings.groupsOf(known.person).filter((it) => isRecent(it.modified * 1000));
  const others = model.readings.filter((it) => listed.some(({ grpid }) => grpid === it.grpid));
  // What was measured long before may have a lower id than where the comparison begins.
  if (!isRecent(entry.modifiedAt.getTime()) || !isRecent(entry.takenAt.getTime())) return;
  if (!others.some(({ kind }) => kind === known.kind)) return;
  if (!gone?.askedAt) violations.add(`not asked: ${what} is gone at Withings and in Garmin`);
  else if (choice === "always" && !gone.isOfMany)
    violations.add(`not removed: ${what} is gone at Withings and in Garmin`);
}

function tellsOfHeld({ scene, watch }: World, account: AccountId) {
  const { model, violations } = scene;
  const pairing = model.current(account);
  const isHeld = (it: Known) =>
    it.isForeign && !it.isDeleted && !it.isEither && it.person === pairing?.person && !it.said.has(pairName(pairing));
  for (const known of model.readings.filter(isHeld)) {
    // Nobody is asked about readings from before the first run.
    if (pairing && model.isBeforeStart(known, pairing)) continue;
    // It was held and reported when this pair was linked before.
    if (watch.messagesTo(account).some((at) => at >= known.createdMs)) continue;
    violations.add(`silent: ${known.id} is held and ${account} got no message`);
  }
}

async function judgeProgress(world: World, account: AccountId) {
  const { turns, model, violations } = world.scene;
  const progress = (await world.owners.ledgerOf(account)?.progress())?.value;
  const person = model.current(account)?.person;
  if (!progress || !person) return;
  if (progress.cursorAt.getTime() > turns.nowMs) {
    violations.add(`the cursor of ${account} is ahead of the time: ${progress.cursorAt.toISOString()}`);
  }
  const changes = model.readings.flatMap((it) =>
    it.person === person ? (world.readings.groupOf(it)?.modified ?? []) : [],
  );
  const newestMs = Math.max(0, ...changes) * 1000;
  // Its owner is asked again, because an offer has ended just now, and the next run moves the cursor.
  const isToBeListed = progress.attention.some(({ waitsSince }) => Number(waitsSince) > turns.nowMs - HOUR * 1000);
  if (!isToBeListed && newestMs <= turns.nowMs && progress.cursorAt.getTime() < newestMs - DAY * 1000) {
    const newest = new Date(newestMs).toISOString();
    violations.add(
      `the cursor of ${account} is stuck at ${progress.cursorAt.toISOString()}, the newest change is from ${newest}`,
    );
  }
}

function zoneOffsetMs(at: Date, timeZone: string): number {
  return Date.parse(`${formatter(timeZone).format(at).replace(" ", "T")}Z`) - at.getTime();
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The Swedish format is 2026-11-21 13:00:00. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  formatters.set(timeZone, made);
  return made;
}
