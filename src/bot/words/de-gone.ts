import type { GoneWords } from "./en-gone.ts";
import { type Format, plural } from "./format.ts";

export function goneInGerman({ short: name, day }: Format): GoneWords {
  const readings = (count: number) => plural(count, "Messung", "Messungen");
  return {
    ask: {
      deleted: (it) => ({
        head: `${name(it)}, gibt es bei Withings nicht mehr.`,
        rest: "In Garmin steht die Messung noch.",
      }),
      reassigned: (it) => ({
        head: `${name(it)}: Withings ist nicht mehr sicher, ob das von dir ist.`,
        rest: "In Garmin steht die Messung noch.",
      }),
    },
    askMany: {
      deleted: (count) => `${readings(count)} gibt es bei Withings nicht mehr.`,
      reassigned: (count) => `${readings(count)}: Withings ist nicht mehr sicher, ob sie von dir sind.`,
      both: (count) =>
        `${readings(count)} gibt es bei Withings nicht mehr, oder es ist nicht mehr sicher, ob sie von dir sind.`,
    },
    many: "In Garmin stehen sie noch. Wenn du das nicht warst, kann es ein Fehler bei Withings sein: Dann behalte sie.",
    more: (count) => `und ${count} weitere`,
    status: {
      deleted: (it) => `${name(it)}, gibt es bei Withings nicht mehr, aber noch in Garmin.`,
      reassigned: (it) => `${name(it)}, steht noch in Garmin, aber Withings ist nicht mehr sicher, ob das von dir ist.`,
    },
    statusMany: (count) => `${readings(count)} gibt es bei Withings nicht mehr, aber noch in Garmin.`,
    restorable: (until) => `Bis zum ${day(until)} kannst du sie wiederherstellen.`,
    taking: "Ich nehme sie aus Garmin heraus …",
    removedMany: (count, until) =>
      `${readings(count)}: nicht mehr in Garmin.${until ? ` Bis zum ${day(until)} kannst du sie wiederherstellen.` : ""}`,
    pending: (count) =>
      `${readings(count)}: Das Herausnehmen hat noch nicht geklappt. Der nächste Abgleich holt es nach, und ich sage dir Bescheid.`,
    stayMany: "Sie bleiben in Garmin.",
    sending: "Ich sende sie an Garmin …",
    sent: (count) => `${readings(count)}: wieder in Garmin.`,
    willBeSent: (count) => `${readings(count)}: noch nicht in Garmin. Der nächste Abgleich sendet sie.`,
    nothingLeft: "Mit diesen Messungen ist nichts mehr zu tun.",
    failed: "Das hat gerade nicht geklappt. Bitte tippe noch einmal.",
    button: {
      remove: "Aus Garmin entfernen",
      keep: "Behalten",
      removeAll: "Alle aus Garmin entfernen",
      keepAll: "Behalten",
      restoreAll: "Wiederherstellen",
      askOne: (it) => `${name(it)} entfernen oder behalten`,
      askMany: (count) => `${readings(count)} entfernen oder behalten`,
    },
  };
}
