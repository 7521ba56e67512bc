import { type Api, InlineKeyboard, InputFile } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { localDateTime } from "../../lib/local-time.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Account } from "../../sync/model/account.ts";
import { type JobQueue, type Picture, type PictureJob, RANGES, type Range } from "../../sync/model/jobs.ts";
import type { Reading } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { Chart, ChartView } from "../charts/chart.ts";
import { isUnchanged } from "../telegram/errors.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import { chartWords } from "../words/charts.ts";

export interface PicturesDeps {
  api: Api;
  overview: (account: Account) => Promise<Overview>;
  /** `missingBefore`: what is older couldn't be read just now. */
  history: (account: Account, since: Date) => Promise<{ readings: Past[]; missingBefore?: Date }>;
  queue: JobQueue;
  clock: Clock;
  log: Log;
}

interface Past {
  reading: Reading;
  isHeld: boolean;
}

type Wanted = Pick<PictureJob, "picture" | "range">;

const DAY_MS = 24 * 3600 * 1000;
/** The trend of a month needs what came before. */
const DAYS_BACK: Record<Range, number> = { "30d": 30, "90d": 180, "1y": 455, all: Number.POSITIVE_INFINITY };

export const begin = (
  answers: LongAnswers,
  { clock }: PicturesDeps,
  { account, words: { language } }: Chat,
  picture: Picture,
): Promise<void> =>
  answers.start(account.telegramUserId, chartWords({ language, timezone: "UTC", now: clock.now() }).drawing, {
    ...{ reason: "picture", picture, range: "30d" },
  });

/** The picture changes in place. */
export async function change({ queue, clock }: PicturesDeps, ctx: BotContext, wanted: Wanted): Promise<void> {
  const messageId = ctx.callbackQuery?.message?.message_id ?? 0;
  const job = { reason: "picture" as const, ...wanted, account: ctx.account.telegramUserId, messageId };
  await queue.put([{ ...job, dueAt: clock.now() }]);
}

export async function write(
  answers: LongAnswers,
  deps: PicturesDeps,
  { account, words }: Pick<Chat, "account" | "words">,
  { picture, range, messageId }: PictureJob,
): Promise<void> {
  const { api, overview, history, clock, log } = deps;
  const { telegramUserId: chatId, settings } = account;
  const { language } = words;
  const first = chartWords({ language, timezone: "UTC", now: clock.now() }).drawing;
  await answers.write(
    { account: chatId, messageId, first },
    { words: () => words, failure: "picture_failed" },
    async () => {
      // It says "sending a photo" meanwhile; without that nothing is missing.
      await api.sendChatAction(chatId, "upload_photo").catch(() => undefined);
      const { timezone } = await overview(account);
      const now = clock.now();
      const since = new Date(Math.max(0, now.getTime() - DAYS_BACK[range] * DAY_MS));
      const { readings, missingBefore } = await history(account, since);
      const { units, theme, goalKg } = settings;
      const view: ChartView = { language, units, timezone, now, range, theme };
      const chart = await DRAW[picture](readings, view, goalKg);
      const say = chartWords(view);
      const wall = (at: Date) => Date.parse(`${localDateTime(at, timezone)}Z`);
      const keyboard = buttons(picture, range, say.button);
      const missing = missingBefore ? [say.isMissing(wall(missingBefore))] : [];
      const text = (main: string) => [main, ...missing].join("\n");
      if (chart.type === "nothing") {
        const main = say.nothing(picture, range, chart.newestAt && wall(chart.newestAt));
        return void (await showText(api, { chatId, messageId, text: text(main), keyboard }));
      }
      const media = {
        type: "photo" as const,
        media: new InputFile(chart.png, `${picture}.png`),
        caption: text(chart.altText),
      };
      try {
        await api.editMessageMedia(chatId, messageId, media, { reply_markup: keyboard });
      } catch (error) {
        if (isUnchanged(error)) return;
        log.warn("picture_not_edited", errorFacts(error));
        const { caption } = media;
        await api.sendPhoto(chatId, new InputFile(chart.png, `${picture}.png`), { caption, reply_markup: keyboard });
      }
    },
  );
}

/** In the place of "Drawing…", or below the picture that is there. */
async function showText(
  api: Api,
  { chatId, messageId, text, keyboard }: { chatId: number; messageId: number; text: string; keyboard: InlineKeyboard },
): Promise<void> {
  const options = { reply_markup: keyboard };
  await api.editMessageText(chatId, messageId, text, options).catch(async (error: unknown) => {
    if (isUnchanged(error)) return;
    await api.editMessageCaption(chatId, messageId, { caption: text, ...options }).catch((other: unknown) => {
      if (!isUnchanged(other)) throw other;
    });
  });
}

function buttons(picture: Picture, shown: Range, label: Record<Range, string>): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const range of RANGES) {
    keyboard.text(range === shown ? `· ${label[range]} ·` : label[range], `picture:${picture}:${range}`);
  }
  return keyboard;
}

/** What draws is loaded only now: a WebAssembly module and fonts. */
const DRAW: Record<Picture, (all: Past[], view: ChartView, goalKg: number | undefined) => Promise<Chart>> = {
  async weight(all, view, goalKg) {
    const { drawWeight } = await import("../charts/weight.ts");
    return drawWeight({ readings: all.flatMap(weightOf), goalKg }, view);
  },
  async blood_pressure(all, view) {
    const { drawBloodPressure } = await import("../charts/blood-pressure.ts");
    const pressures = all.flatMap(({ reading, isHeld }) =>
      reading.kind === "blood_pressure" ? { ...reading, isHeld } : [],
    );
    return drawBloodPressure(pressures, view);
  },
  async body(all, view) {
    const { drawBody } = await import("../charts/body.ts");
    return drawBody(all.flatMap(weightOf), view);
  },
};

const weightOf = ({ reading, isHeld }: Past) => (reading.kind === "weigh_in" ? [{ ...reading, isHeld }] : []);
