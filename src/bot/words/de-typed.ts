import type { Vendor } from "../../sync/model/link.ts";
import type { TypedWords } from "./en-typed.ts";
import { type Format, VENDOR_NAME } from "./format.ts";

const and = (vendors: Vendor[]) => vendors.map((it) => VENDOR_NAME[it]).join(" und ");

export const typedInGerman = ({ values, lately }: Format): TypedWords => ({
  help: "Du kannst eine Messung auch selbst eintippen: 72,4 oder 120/80 62 oder 72,4 gestern 7:30.",
  name: (it) => `${values(it.values)}, ${lately(it.takenAt)}`,
  understood: (name) => `${name}.`,
  perhaps: (name) => `Meinst du ${name}?`,
  farOff: {
    weigh_in: (last) =>
      last
        ? `Das weicht stark von deinem letzten Gewicht ab (${values(last.values)}).`
        : "Das ist ein ungewöhnliches Gewicht.",
    blood_pressure: () => "Das ist ein ungewöhnlicher Blutdruck.",
  },
  isRight: "Stimmt das?",
  sure: (name) => `${name}. Soll ich das wirklich an Garmin senden?`,
  save: "In Garmin speichern",
  yes: "Ja, das stimmt",
  notSaved: (name) => `${name}: nicht gespeichert.`,
  alreadySaved: "Das hast du schon gespeichert.",
  sameAsBefore: (name) => `${name}: Die hast du mir schon geschickt.`,
  kept: (name) => `${name}: Ich habe sie notiert. Sie geht von selbst an Garmin, sobald das vorbei ist.`,
  keptUntilLinked: (name, missing) =>
    `${name}: Ich habe sie notiert. Sie geht an Garmin, sobald du ${and(missing)} verbunden hast.${missing.includes("withings") ? " Dort sehe ich zuerst nach, damit dieselbe Messung nicht zweimal ankommt." : ""}`,
  isOff: {
    weigh_in: "Gewicht ist in /settings ausgeschaltet, darum habe ich nichts gespeichert.",
    blood_pressure: "Blutdruck ist in /settings ausgeschaltet, darum habe ich nichts gespeichert.",
  },
  inTheFuture: "Dieser Zeitpunkt kommt erst noch, darum habe ich nichts gespeichert.",
  zoneFirst:
    "Ich kenne deine Zeitzone noch nicht und weiß darum nicht, wann das war. Wähle sie hier oder teile deinen Standort; dann sende mir die Messung noch einmal.",
  zoneHere: (timezone, clockTime) => `Bei dir ist es jetzt ${clockTime} (${timezone}). Soll ich diese Zeitzone nehmen?`,
  zonesNear: "In deiner Nähe gibt es mehrere Zeitzonen. Welche ist deine?",
  useZone: "Ja, diese nehmen",
});
