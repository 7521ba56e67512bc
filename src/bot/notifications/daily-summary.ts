import type { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { localDate } from "../../lib/local-time.ts";
import type { RunReport } from "../../sync/engine/run.ts";
import { BusyError, leaseName, withLease } from "../../sync/links/with-lease.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { SummaryMemory, SummaryStore } from "../../sync/model/people.ts";
import { digestsDue } from "../../sync/status/digest.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { afterSilences, type Silence, silencesOf } from "../../sync/status/silence.ts";
import { isAfterHour, isNight, summaryDueAt } from "../../sync/status/summary.ts";
import { silenceButtons } from "../ui/keyboards.ts";
import { silenceText } from "../views/silence.ts";
import { wordsOf } from "../words/words.ts";
import { type CardNews, cardOf, hasNewsSince, sinceOf } from "./cards.ts";
import { type Deliver, isLeftAlone } from "./delivery.ts";
import { firstOf } from "./first.ts";

/** Edits a message that was sent before. False if Telegram refused: it was deleted, for instance. */
export type Edit = (account: Account, messageId: number, text: string, keyboard: InlineKeyboard) => Promise<boolean>;

interface SummaryDeps {
  summary: SummaryStore;
  overview: (account: Account) => Promise<Overview>;
  leases: Leases;
  deliver: Deliver;
  edit: Edit;
  clock: Clock;
}

/**
 * After every run: the card of the day if it is due, or as readings come; at the very first readings what came; and which device has
 * fallen silent. `report` is left out if the owner has had an answer to the run.
 */
export function createSummaries(deps: SummaryDeps): (account: Account, report?: RunReport) => Promise<void> {
  return async (account, report) => {
    const { silences, first, isFirstSaid, isDue, isRunning, digests } = await look(deps, account, report);
    const isNews = isDue || first || isRunning || isFirstSaid;
    if (!isNews && digests.length + silences.length === 0) return;
    // Not during a run, which records only at its end what it has brought. The next run ends with another try.
    await withLease(deps.leases, leaseName(account.telegramUserId), () => tell(deps, account, report)).catch(
      (error: unknown) => {
        if (!(error instanceof BusyError)) throw error;
      },
    );
  };
}

interface Seen extends CardNews {
  silences: Silence[];
  /** The owner has just had the first readings in an answer, and the memory doesn't know. */
  isFirstSaid: boolean;
}

async function look({ summary, overview, clock }: SummaryDeps, account: Account, report?: RunReport): Promise<Seen> {
  const { value: memory } = await summary.read(account.telegramUserId);
  const seen = await overview(account);
  const now = clock.now();
  const facts = { ...seen, progress: seen.progress, account, memory, now };
  const { timezone, lastRun } = facts;
  const { withings } = seen.links;
  const withingsLinkedAt = withings?.state === "linked" ? withings.linkedAt : undefined;
  const isDay = !isNight(now, timezone);
  const isTime = isDay && isAfterHour(account, timezone, now);
  const silences = isTime ? silencesOf({ ...facts, withingsLinkedAt }) : [];
  const isClockRight = lastRun?.outcome.action !== "fix_clock";
  const maySpeak = isDay && isClockRight;
  const { cards } = account.settings;
  const first = firstOf(facts, report);
  const isDue = maySpeak && summaryDueAt(account, timezone, memory.lastSummaryAt, now) !== undefined;
  const isRunning = maySpeak && cards === "each" && hasNewsSince(facts, memory.card?.at ?? sinceOf(facts));
  const isClaimed = memory.sending && localDate(memory.sending.at, timezone) === localDate(now, timezone);
  const digests = maySpeak && cards !== "needed" && !isClaimed ? digestsDue(account, timezone, memory, now) : [];
  const isFirstSaid = first !== undefined && (report === undefined || cards === "needed");
  // Also at night: somebody has just linked both, and waits for it.
  const mayAnnounce = maySpeak || (isClockRight && report?.delivered?.isFirst === true);
  const isFirst = mayAnnounce && !isFirstSaid;
  return { facts, silences, first: isFirst ? first : undefined, isFirstSaid, isDue, isRunning, digests };
}

async function tell(deps: SummaryDeps, account: Account, report?: RunReport): Promise<void> {
  const { deliver, edit } = deps;
  const seen = await look(deps, account, report);
  const { facts, silences, isFirstSaid } = seen;
  let { memory } = facts;
  const save = async (next: SummaryMemory) => {
    memory = next;
    const { version } = await deps.summary.read(account.telegramUserId);
    return deps.summary.write(account.telegramUserId, next, version);
  };
  if (silences.length > 0) {
    const words = wordsOf(account, facts);
    const text = silences.map((it) => silenceText(it, words)).join("\n\n");
    const keyboard: InlineKeyboard = silenceButtons(silences, words);
    // If Telegram is down, both come later today.
    if (!(await deliver(account, text, { isQuiet: false, keyboard }))) return;
    await save(afterSilences(memory, silences));
  }
  if (isFirstSaid) await save({ ...memory, firstSaidAt: facts.now });
  const card = cardOf({ ...seen, facts: { ...facts, memory } });
  if (!card) return;
  const { text, keyboard, isQuiet, edits, claim, done } = card;
  if (text === "") return void (await save(done(0)));
  if (edits !== undefined && (await edit(account, edits, text, keyboard))) return void (await save(done(edits)));
  if (isLeftAlone(account, facts.now)) return;
  const before = memory;
  if (!(await save(claim))) return;
  let messageId = 0;
  const onSent = (id: number) => {
    messageId = id;
  };
  const isSent = await deliver(account, text, { isQuiet, keyboard, onSent });
  await save(isSent ? done(messageId) : before);
}
