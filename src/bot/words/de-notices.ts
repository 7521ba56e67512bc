import { doubtedUntil } from "../../sync/engine/pause.ts";
import type { Differing } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Difference, Field } from "../../sync/model/vendors.ts";
import type { Notice } from "../../sync/status/kind-notices.ts";
import { newestOf, type noticesInEnglish } from "./en-notices.ts";
import type { Format } from "./format.ts";

/** How Garmin shows or refuses readings, in German. */
export function noticesInGerman({
  fieldValue,
  values,
  time,
  moment,
  now,
}: Format): ReturnType<typeof noticesInEnglish> {
  const FIELD: Record<Field, string> = {
    takenAt: "Uhrzeit",
    weightKg: "Gewicht",
    systolicMmHg: "Oberer Blutdruckwert",
    diastolicMmHg: "Unterer Blutdruckwert",
    pulseBpm: "Puls",
    bmi: "BMI",
    bodyFatPercent: "Körperfett",
    bodyWaterPercent: "Körperwasser",
    muscleMassKg: "Muskeln",
    boneMassKg: "Knochen",
    visceralFatIndex: "Viszeralfett",
    metabolicAgeYears: "Metabolisches Alter",
  };
  const NO_KIND: Record<ReadingKind, string> = { weigh_in: "keine Gewichte", blood_pressure: "keinen Blutdruck" };
  const KIND: Record<ReadingKind, string> = { weigh_in: "Gewichte", blood_pressure: "Blutdruck" };
  const readings = (count: number) =>
    count === 0 ? "Keine weitere Messung wartet" : count === 1 ? "1 Messung wartet" : `${count} Messungen warten`;

  function difference({ field, sent, shown }: Difference): string {
    const shows = shown === undefined ? "nichts angezeigt" : `${fieldValue(field, shown)} angezeigt`;
    return `${FIELD[field]}: ${fieldValue(field, sent)} gesendet, ${shows}.`;
  }

  function text(notice: Notice): string {
    switch (notice.type) {
      case "closed": {
        const { since, waiting, httpStatus } = notice.pause;
        const doubted = doubtedUntil(notice.pause);
        const again =
          now < doubted ? `bis ${moment(doubted)} bei jedem Abgleich nach, danach einmal am Tag` : "einmal am Tag nach";
        return `Garmin nimmt seit ${moment(since)} Uhr für dieses Konto ${NO_KIND[notice.kind]} an (HTTP ${httpStatus}). ${readings(waiting)}; nichts ist verloren, und alles andere läuft weiter. Ich frage ${again}. Wenn dieses Konto ${NO_KIND[notice.kind]} haben kann, schalte das hier oder in /settings ab.`;
      }
      case "served":
        return `Garmin nimmt für dieses Konto wieder ${KIND[notice.kind]} an. Die wartenden Messungen kommen von selbst nach.`;
      case "differs": {
        const { differing, pause } = notice;
        const about = differing[0] ? ` (${values(differing[0].values)}, ${time(differing[0].takenAt)})` : "";
        return [
          ...differing.map(difference),
          `So zeigt Garmin eine Messung, die ich gesendet habe${about}. ${readings(pause.waiting)}; nichts ist verloren, und nichts wird doppelt gesendet. Sieh sie dir in Garmin Connect an: Passt sie für dich, mach weiter; sonst schalte es ab.`,
        ].join("\n");
      }
      case "fields": {
        const [first] = notice.differing;
        const about = first ? ` ${values(first.values)}, ${time(first.takenAt)}` : "";
        return [
          ...notice.differing.map(difference),
          `So zeigt Garmin die Messung${about}. Die Messung selbst stimmt, und alles läuft weiter; ab jetzt sage ich dir, was Garmin anzeigt. Du musst nichts tun.`,
        ].join("\n");
      }
      case "twin": {
        const { twin } = notice;
        return `2 Einträge in Garmin für eine Messung: ${values(twin.values)}, ${time(twin.takenAt)}, von mir, und ${values(twin.other.values)}, ${time(twin.other.takenAt)}, von woanders. Vielleicht schreibt noch eine App in Garmin, zum Beispiel Apple Health. Schalte eines von beiden ab, dort oder in /settings. Das sage ich nur einmal.`;
      }
    }
  }

  function notAsSent(fields: Differing[]): string {
    const newest = newestOf(fields);
    if (!newest) return "";
    const names = fields.map(({ field }) => FIELD[field]).join(", ");
    return `Garmin zeigt diese Werte nicht so, wie ich sie gesendet habe: ${names} (${values(newest.values)}, ${time(newest.takenAt)}).`;
  }

  return {
    text,
    goOn: { weigh_in: "Mit Gewichten weitermachen", blood_pressure: "Mit Blutdruck weitermachen" },
    stopSending: { weigh_in: "Keine Gewichte mehr senden", blood_pressure: "Keinen Blutdruck mehr senden" },
    paused: (kind, status) => `Vorerst nicht gesendet: ${KIND[kind]}. Nichts ist verloren; ${status} sagt, warum.`,
    statusLines: ({ closed, differs, fields }) => [
      ...[...differs, ...closed].flatMap((it) => ["", text(it)]),
      ...(fields.length > 0 ? ["", notAsSent(fields)] : []),
    ],
    notAsSent,
  };
}
