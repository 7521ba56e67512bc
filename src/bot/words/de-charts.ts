import type { Picture, Range } from "../../sync/model/jobs.ts";
import type { BodyPart, ChartDates, ChartWords, Value } from "./en-charts.ts";
import { plural } from "./format.ts";

const NAME: Record<Picture, string> = {
  weight: "keine Gewichtsmessung",
  blood_pressure: "keine Blutdruckmessung",
  body: "keine Messung der Körperzusammensetzung",
};
const BACK: Record<Exclude<Range, "all">, string> = { "30d": "30 Tagen", "90d": "90 Tagen", "1y": "12 Monaten" };
const PART: Record<BodyPart, string> = { fat: "Fett", muscle: "Muskeln", water: "Wasser", bone: "Knochen" };

export function chartsInGerman({ day, since }: ChartDates): ChartWords {
  const onlyHeld = (held: number) => `nur ${plural(held, "zurückgehaltene Messung", "zurückgehaltene Messungen")}.`;
  const newestOf = ({ value, at }: Value) => ended(`${value} am ${day(at)}`);
  return {
    button: { "30d": "30 Tage", "90d": "90 Tage", "1y": "1 Jahr", all: "Alle" },
    drawing: "Ich zeichne …",
    nothing: (picture, range, newest) => {
      if (newest === undefined || range === "all") return `Noch ${NAME[picture]}.`;
      return ended(`In den letzten ${BACK[range]} kam ${NAME[picture]}. Die neueste ist vom ${day(newest)}`);
    },
    isMissing: (at) => `Über die Zeit vor dem ${day(at)} hat Withings nicht geantwortet; sie fehlt deshalb im Bild.`,
    period: { "30d": "30 Tage", "90d": "90 Tage", "1y": "1 Jahr", all: "alle Messungen" },
    weight: "Gewicht",
    pressure: "Blutdruck",
    body: "Körperzusammensetzung",
    part: PART,
    trend: "Trend",
    on: day,
    since: (at) => `seit ${since(at)}`,
    trendSince: (at) => `Trend und seine Änderung seit ${since(at)}`,
    onMmHg: (at) => `mmHg, ${day(at)}`,
    heldMmHg: (at) => `mmHg, zurückgehalten, ${day(at)}`,
    isHeld: "zurückgehalten",
    heldOn: (at) => `zurückgehalten, ${day(at)}`,
    goal: (goal) => `Ziel ${goal}`,
    reading: "Messung",
    span: { day: "Tagesspanne", week: "Wochenspanne", month: "Monatsspanne" },
    spanAndMean: { week: "Woche: Spanne, Mittel", month: "Monat: Spanne, Mittel" },
    held: "Zurückgehalten, zählt nicht",
    morning: "Morgens (4–12 Uhr)",
    evening: "Abends (12–4 Uhr)",
    mean: { morning: "Mittel morgens", evening: "Mittel abends" },
    limit: "Grenzwert zu Hause (ESC 2024)",
    points: (amount) => `${amount} Punkte`,
    altWeight: (period, { held, newest, trend }) =>
      [
        `Gewicht, ${period}: ${newest ? newestOf(newest) : onlyHeld(held)}`,
        ...(trend
          ? [
              ended(
                `Trend ${trend.value}, ${trend.amount ? `${trend.amount} ${trend.isLess ? "weniger" : "mehr"} als` : "so viel wie"} am ${day(trend.since)}`,
              ),
            ]
          : []),
      ].join(" "),
    altPressure: (period, { held, newest, morning, evening }) => {
      const means = [...(morning ? [`morgens ${morning}`] : []), ...(evening ? [`abends ${evening}`] : [])];
      return [
        `Blutdruck, ${period}: ${newest ? newestOf(newest) : onlyHeld(held)}`,
        ...(means.length > 0 ? [`Im Mittel ${means.join(", ")}.`] : []),
      ].join(" ");
    },
    altBody: (period, { held, parts, at }) => {
      const values = parts.map(({ part, value }) => `${PART[part]} ${value}`).join(", ");
      return `Körperzusammensetzung, ${period}: ${parts.length > 0 ? newestOf({ value: values, at }) : onlyHeld(held)}`;
    },
  };
}

/** A short month ends in a full stop already: `1. Dez.` */
const ended = (sentence: string) => (sentence.endsWith(".") ? sentence : `${sentence}.`);
