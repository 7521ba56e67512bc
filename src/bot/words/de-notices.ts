import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Field } from "../../sync/model/vendors.ts";
import type { NoticeWords } from "./en-notices.ts";
import type { Format } from "./format.ts";

export function noticesInGerman({ fieldValue, reading, moment }: Format): NoticeWords {
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
  const BECAUSE = {
    closed: "diese Art von Messung für dieses Konto nicht annimmt",
    differs: "eine anders zeigt, als ich sie gesendet habe",
  };
  const readings = (count: number) =>
    count === 0 ? "Keine weitere Messung wartet" : count === 1 ? "1 Messung wartet" : `${count} Messungen warten`;

  return {
    difference({ field, sent, shown }) {
      const shows = shown === undefined ? "nichts angezeigt" : `${fieldValue(field, shown)} angezeigt`;
      return `${FIELD[field]}: ${fieldValue(field, sent)} gesendet, ${shows}.`;
    },
    closed(kind, { since, waiting, httpStatus }, oftenUntil) {
      const again = oftenUntil
        ? `bis ${moment(oftenUntil)} bei jedem Abgleich nach, danach einmal am Tag`
        : "einmal am Tag nach";
      return `Garmin nimmt seit ${moment(since)} Uhr für dieses Konto ${NO_KIND[kind]} an (HTTP ${httpStatus}). ${readings(waiting)}; nichts ist verloren, und alles andere läuft weiter. Ich frage ${again}. Wenn dieses Konto ${NO_KIND[kind]} haben kann, schalte das hier oder in /settings ab.`;
    },
    served: (kind) =>
      `Garmin nimmt für dieses Konto wieder ${KIND[kind]} an. Die wartenden Messungen kommen von selbst nach.`,
    differs: (it, waiting) =>
      `So zeigt Garmin eine Messung, die ich gesendet habe${it ? ` (${reading(it)})` : ""}. ${readings(waiting)}; nichts ist verloren, und nichts wird doppelt gesendet. Sieh sie dir in Garmin Connect an: Wenn sie für dich stimmt, sende weiter; sonst schalte das Senden ab.`,
    fields: (it) =>
      `So zeigt Garmin die Messung${it ? ` ${reading(it)}` : ""}. Die Messung selbst stimmt, und alles läuft weiter; ab jetzt sage ich dir, was Garmin anzeigt. Du musst nichts tun.`,
    twin: (it) =>
      `2 Einträge in Garmin für eine Messung: ${reading(it)}, von mir, und ${reading(it.other)}, von woanders. Vielleicht schreibt noch eine App in Garmin, zum Beispiel Apple Health. Schalte eines von beiden ab, dort oder in /settings. Das sage ich nur einmal.`,
    notAsSent: (fields, newest) =>
      `Garmin zeigt diese Werte nicht so, wie ich sie gesendet habe: ${fields.map((field) => FIELD[field]).join(", ")} (${reading(newest)}).`,
    pausedWait: (counted, { waiting, reason }) =>
      `${counted} ${waiting === 1 ? "wartet" : "warten"}, weil Garmin ${BECAUSE[reason]}. /status sagt mehr.`,
    paused: (kind, status) => `Vorerst nicht gesendet: ${KIND[kind]}. Nichts ist verloren; ${status} sagt, warum.`,
  };
}
