import type { Language } from "../../sync/model/account.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";

/** What somebody wants to know, or says, in plain words. */
export type Intent = "stop" | "missing" | "sent" | "last" | "help" | "working" | "thanks" | "hello";

export interface Asked {
  intent: Intent;
  /** Absent if the text names neither. */
  kind?: ReadingKind;
}

const LONGEST = 120;

/**
 * A pattern is met if each of its words occurs, in any order; `a|b` is either of them. `=` in front: nothing else may be said.
 * The first intent that is met counts, so a greeting hides no question. No answer changes anything by itself, so a
 * pattern that is met too often does no harm.
 */
const PATTERNS: Record<Language, Record<Intent, string[]>> = {
  en: {
    stop: [
      "=stop|mute|quiet|silence|unsubscribe",
      "stop|mute|pause|fewer|less|unsubscribe|many message|messages|notification|notifications|summary|summaries|writing|texting",
      "no more message|messages|notifications",
      "dont write|text|message|notify|disturb|bother",
      "stop sending|copying|syncing",
      "be quiet",
    ],
    missing: [
      `@reading missing|gone|lost|late|delayed|disappeared|vanished|not|isnt|arent|hasnt|havent|didnt|doesnt|never|wont|cant`,
      "@reading where|wheres|why",
      "garmin nothing|empty|missing|isnt|hasnt|doesnt|not",
      "why|where nothing|missing|late|delayed",
      "=is something|anything missing|held|late",
    ],
    sent: [
      "what|which sent|send|sends|sending|copy|copied|copies|synced|sync|transfer|transferred",
      "what|which values|data|fields|measurements garmin|go|goes",
    ],
    last: [
      "last|latest|newest|current|recent @reading",
      "how|what|whats do|did|is|much|my|the weigh|weight",
      "whats|what my @reading",
      "=my @reading",
      "=@reading",
    ],
    help: ["help|commands|instructions", "what can|do you", "how use|works|work this|it|you", "who are you"],
    working: [
      "it|everything|all|you|this|bot|sync|syncing working|works|work|running|broken|alive|ok|okay|fine|up|there|stuck|doesnt|down",
      "=ok|working|alive|test|ping",
    ],
    thanks: ["thanks|thank|thx|cheers|ty", "=great|perfect|nice|cool|super|awesome|good|well job|done|work|bot|"],
    hello: ["=hello|hi|hey|hiya|yo|morning|evening|afternoon|good there|bot|again|morning|evening|afternoon|day|"],
  },
  de: {
    stop: [
      "=stopp|stop|ruhe|stumm|abbestellen|aufhoeren",
      "keine|weniger|viele|stopp|stoppe|stoppen nachricht|nachrichten|meldungen|benachrichtigungen|zusammenfassung|zusammenfassungen",
      "nicht|nichts mehr schreiben|schreib|senden|sende|schicken|schick|melden|stoeren|uebertragen",
      "hoer|hoere auf",
      "sei still|ruhig|leise",
      "lass|gib ruhe",
    ],
    missing: [
      "@reading fehlt|fehlen|weg|verschwunden|verloren|spaet|verspaetet|nicht|nie|kein|keine",
      "@reading wo|warum|wieso|weshalb",
      "garmin nichts|leer|fehlt|nicht|kein|keine",
      "warum|wieso|weshalb|wo nichts|fehlt|nicht|spaet",
      "=fehlt etwas|was",
    ],
    sent: [
      "was|welche gesendet|sendest|sendet|uebertragen|uebertraegst|uebertraegt|schickst|geschickt|kopierst|kopiert|synchronisiert",
      "welche|was werte|daten|felder garmin|gehen|geht",
    ],
    last: [
      "letzte|letztes|letzter|letzten|neueste|neuestes|neuester|aktuelle|aktuelles|aktueller|juengste|juengstes @reading",
      "was|wie|wieviel wiege|wieg",
      "was|wie mein|meine|ist @reading",
      "=mein|meine @reading",
      "=@reading",
    ],
    help: [
      "hilfe|hilf|befehle|anleitung",
      "was kannst|machst|tust du",
      "wie geht|funktioniert das|dies",
      "wer bist du",
    ],
    working: [
      "geht|laeuft|funktioniert|klappt es|alles|das|noch|der|die|du|bot|abgleich",
      "alles|bist|ist ok|okay|gut|da|kaputt|ordnung|klar",
      "geht|laeuft|funktioniert|klappt nicht|nichts",
      "=ok|test|ping|laeufts|gehts|funktionierts",
    ],
    thanks: ["danke|dankeschoen|dank|merci", "=super|toll|prima|klasse|perfekt|spitze|gut gemacht|bot|arbeit|"],
    hello: [
      "=hallo|hi|hey|moin|servus|gruezi|huhu|guten|gruess|morgen tag|morgen|abend|bot|zusammen|gott|dich|du|moin|",
    ],
  },
};

const READINGS: Record<Language, Record<ReadingKind | "either", string>> = {
  en: {
    weigh_in: "weight|weights|weighin|weighins|weighing",
    blood_pressure: "pressure|pressures|bp",
    either: "reading|readings|measurement|measurements|value|values",
  },
  de: {
    weigh_in: "gewicht|gewichte|gewichtsmessung|gewichtsmessungen|wiegen|wiegung",
    blood_pressure: "blutdruck|blutdrucke|blutdruckmessung|blutdruckmessungen|blutdruckwert|blutdruckwerte",
    either: "messung|messungen|wert|werte|messwert|messwerte",
  },
};

/** Said beside anything, so it says nothing. */
const FILLERS = new Set(
  [
    "please|pls|so|then|now|just|still|today|todays|oh|um|and|very|much|a|the|is|are",
    "bitte|mal|denn|jetzt|noch|heute|und|sehr|ist|sind|vielen|schoen",
  ]
    .join("|")
    .split("|"),
);

/** What a text asks, in English or German, whichever it is in. Undefined if no pattern is met. */
export function intentOf(text: string): Asked | undefined {
  if (text.length > LONGEST) return undefined;
  const said = wordsIn(text);
  if (said.length === 0) return undefined;
  const languages = Object.keys(PATTERNS) as Language[];
  const intents = Object.keys(PATTERNS.en) as Intent[];
  const intent = intents.find((it) =>
    languages.some((language) => PATTERNS[language][it].some((pattern) => isMet(pattern, language, said))),
  );
  if (!intent) return undefined;
  const kind = kindIn(said);
  return { intent, ...(kind && { kind }) };
}

/** Without capitals, punctuation, umlauts and apostrophes; a "weigh-in" is one word. */
function wordsIn(text: string): string[] {
  const plain = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/ä/g, "ae")
    .replace(/ö/g, "oe")
    .replace(/ü/g, "ue")
    .replace(/ß/g, "ss")
    .replace(/['\u2019\u2018`\u00b4]/g, "")
    .replace(/weigh[- ]ins?\b/g, "weighin")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  return plain === "" ? [] : plain.split(" ");
}

function isMet(pattern: string, language: Language, said: string[]): boolean {
  const isWhole = pattern.startsWith("=");
  const anyReading = Object.values(READINGS[language]).join("|");
  const groups = pattern
    .slice(isWhole ? 1 : 0)
    .split(" ")
    .map((group) => group.replace("@reading", anyReading).split("|"));
  // An empty alternative: the group may be left out.
  const occurs = (group: string[]) => group.includes("") || group.some((word) => said.includes(word));
  if (!groups.every(occurs)) return false;
  const known = new Set(groups.flat());
  return !isWhole || said.every((word) => known.has(word) || FILLERS.has(word));
}

function kindIn(said: string[]): ReadingKind | undefined {
  const named = (kind: ReadingKind) =>
    Object.values(READINGS).some((readings) => readings[kind].split("|").some((word) => said.includes(word)));
  const isPressure = named("blood_pressure");
  if (isPressure === named("weigh_in")) return undefined;
  return isPressure ? "blood_pressure" : "weigh_in";
}
