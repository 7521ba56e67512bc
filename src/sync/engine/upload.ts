import { asksToWait } from "../../lib/errors.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { type Reading, readingId } from "../model/reading.ts";
import type { GarminEntry, UnreadableEntry } from "../model/vendors.ts";
import { changed, mayBeOurs, OURS, UnclaimedEntries } from "./match.ts";
import { type BatchContext, type BatchReport, describe, recordSeen, unconfirmed } from "./record.ts";

/** Garmin takes in what it accepted a moment later: when to look, in seconds after the look before. */
const READ_BACK_AFTER_SECONDS = [0, 1, 2, 4];

/** A reading on its way, and what the ledger says of it. */
export interface Outgoing {
  reading: Reading;
  entry: Versioned<LedgerEntry> | undefined;
}

/** Writes down what is about to be sent, sends it, writes down what came of it, and reads it back. */
export async function upload(outgoing: Outgoing[], deps: BatchContext, report: BatchReport): Promise<void> {
  const { sink, withAccess, ledger, lease, clock, context } = deps;
  await lease.ensure();
  deps.onStage("sending", outgoing.length);
  const attemptedAt = clock.now();
  const sending = await Promise.all(
    outgoing.map(({ reading, entry }) =>
      ledger.write(
        {
          ...describe(reading, entry?.value),
          fate: { state: "sending" },
          attempts: (entry?.value.attempts ?? 0) + 1,
          ...(entry?.value.accepted && { accepted: entry.value.accepted }),
          attemptedAt,
          ...unconfirmed(entry?.value, attemptedAt),
          ...(entry?.value.replaces && { replaces: entry.value.replaces }),
        },
        entry?.version,
      ),
    ),
  );

  const readings = outgoing.map(({ reading }) => reading);
  // The queue may be long, the store slow and the machine asleep: nothing is sent on a lease that has ended meanwhile.
  const { outcomes, stoppedBy } = await sink.send(withAccess, readings, { ...context, beforeEach: lease.ensure });
  const awaited: Array<Versioned<LedgerEntry>> = [];
  const refused: Array<Versioned<LedgerEntry>> = [];
  for (const [index, written] of sending.entries()) {
    const { value, version } = written;
    switch (outcomes[index]) {
      case "accepted":
        report.hasUploaded = true;
        awaited.push(
          await ledger.write({ ...value, accepted: (value.accepted ?? 0) + 1, fate: { state: "sent" } }, version),
        );
        break;
      case "refused":
        refused.push(written);
        break;
      case "not_sent": {
        const before = outgoing[index]?.entry;
        if (before) await ledger.write(before.value, version);
        else await ledger.forget(written);
        break;
      }
      default:
        // Unknown: it stays "sending", and the wait for it starts now.
        awaited.push(await ledger.write({ ...value, attemptedAt: clock.now() }, version));
    }
  }
  for (const { value } of awaited) report.sent.set(readingId(value), value);
  // Open uploads are looked for once Garmin may be asked again.
  if (asksToWait(stoppedBy)) throw stoppedBy;
  const read = new Map(readings.map((it) => [readingId(it), it]));
  await readBack(awaited, read, deps, report);
  await settleRefused(refused, outgoing, deps, report);
  if (stoppedBy) throw stoppedBy;
}

/**
 * Garmin may have stored readings it refused, so none of them is sent again or given up before a look. Until that look
 * succeeds, the ledger keeps them open.
 */
async function settleRefused(
  refused: Array<Versioned<LedgerEntry>>,
  outgoing: Outgoing[],
  deps: BatchContext,
  report: BatchReport,
) {
  const readings = new Map(outgoing.map(({ reading }) => [readingId(reading), reading]));
  const { missing, unreadable } = await lookFor(refused, readings, new Set(deps.taken), deps, report);
  const absent = missing.filter(({ value }) => !unreadable.some((it) => mayBeOurs(value, it)));
  if (deps.sink.sendsAsOne && refused.length === outgoing.length && absent.length > 1) {
    // One bad record spoils a file: sending halves isolates it and delivers the others. All this counts as one attempt.
    const again = absent.flatMap((entry) => {
      const reading = readings.get(readingId(entry.value));
      return reading ? [{ reading, entry: uncounted(entry, deps.clock.now()) }] : [];
    });
    const middle = Math.ceil(again.length / 2);
    await upload(again.slice(0, middle), deps, report);
    await upload(again.slice(middle), deps, report);
    return;
  }
  for (const { value, version } of absent) {
    const open = unconfirmed(value, deps.clock.now());
    const failed: LedgerEntry = { ...value, ...open, fate: { state: "failed", reason: "refused_by_garmin" } };
    await deps.ledger.write(failed, version);
    report.fates.set(readingId(value), failed);
  }
}

/** Looks until everything is there, but not for long: a later run looks again. */
async function readBack(
  awaited: Array<Versioned<LedgerEntry>>,
  readings: Map<string, Reading>,
  deps: BatchContext,
  report: BatchReport,
) {
  const { clock, taken } = deps;
  let missing = awaited;
  if (missing.length === 0) return;
  deps.onStage("checking", missing.length);
  const notThese = new Set(taken);
  for (const seconds of READ_BACK_AFTER_SECONDS) {
    if (seconds > 0) await clock.sleep(seconds);
    ({ missing } = await lookFor(missing, readings, notThese, deps, report));
    // What may never have got there is not worth waiting for now.
    if (!missing.some(({ value }) => value.fate.state === "sent")) return;
  }
}

/** One look. Records what is there as seen, and returns what is not. `notThese` holds keys of other entries and grows. */
async function lookFor(
  wanted: Array<Versioned<LedgerEntry>>,
  readings: Map<string, Reading>,
  notThese: Set<string>,
  deps: BatchContext,
  report: BatchReport,
): Promise<{ missing: Array<Versioned<LedgerEntry>>; unreadable: UnreadableEntry[] }> {
  const { sink, withAccess } = deps;
  const times = wanted
    .flatMap(({ value }) => [value.takenAt, ...(value.replaces ? [value.replaces.takenAt] : [])])
    .sort((a, b) => a.getTime() - b.getTime());
  const [from, to] = [times[0], times.at(-1)];
  if (!from || !to) return { missing: [], unreadable: [] };
  // Garmin may still show a removed version for a moment.
  for (const { value } of wanted) if (value.replaces?.garminKey) notThese.add(value.replaces.garminKey.id);
  const { entries: standing, unreadable } = await sink.around(withAccess, from, to);
  const entries = new UnclaimedEntries(standing, notThese);
  const shown = new Set(standing.map(({ key }) => key.id));
  const arrived = new Set<Versioned<LedgerEntry>>();
  const takeThose = async (fits: (wanted: LedgerEntry, standing: GarminEntry) => boolean) => {
    for (const entry of wanted) {
      const reading = readings.get(readingId(entry.value));
      const found = !reading || arrived.has(entry) ? undefined : entries.take(entry.value, fits);
      if (!reading || !found) continue;
      arrived.add(entry);
      notThese.add(found.key.id);
      await recordSeen(entry, reading, found, deps, report, shown);
    }
  };
  for (const fits of OURS) await takeThose(fits);
  for (const { value } of wanted) entries.takeAll(value.possibleCopies ?? []);
  for (const fits of changed(deps)) await takeThose(fits);
  for (const stranger of entries.left()) report.strangers.set(stranger.key.id, stranger);
  // A surplus copy is left to the next run: here it could not be told from that of a twin not looked for right now.
  return { missing: wanted.filter((entry) => !arrived.has(entry)), unreadable };
}

/** As if it had not been sent, but for a copy that Garmin may have kept all the same and shows late. */
function uncounted(entry: Versioned<LedgerEntry>, now: Date): Versioned<LedgerEntry> {
  const { attemptedAt: _refused, ...value } = entry.value;
  return { ...entry, value: { ...value, ...unconfirmed(entry.value, now), attempts: value.attempts - 1 } };
}
