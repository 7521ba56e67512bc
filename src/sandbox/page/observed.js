import { codeElement, dayAndTimeOf, element, timeOf } from "./dom.js";

const places = (digits) =>
  new Intl.NumberFormat("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const one = places(1);
const two = places(2);
const whole = places(0);

const WEIGHT_COLUMNS = [
  ["kg", "weightKg", two],
  ["BMI", "bmi", one],
  ["Fat %", "bodyFatPercent", one],
  ["Water %", "bodyWaterPercent", one],
  ["Muscle", "muscleMassKg", one],
  ["Bone", "boneMassKg", one],
  ["Visceral", "visceralFat", whole],
];
const PRESSURE_COLUMNS = [
  ["Systolic", "systolicMmHg", whole],
  ["Diastolic", "diastolicMmHg", whole],
  ["Pulse", "pulseBpm", whole],
];

/** Rows seen before, by table, so that new ones light up. */
const seen = new Map();

export function weightsTable(weights) {
  if (weights.length === 0) return element("p", { class: "empty" }, "No weigh-ins yet.");
  return table("Weigh-ins", WEIGHT_COLUMNS, weights);
}

export function bloodPressureTable(bloodPressures) {
  if (bloodPressures.length === 0) return element("p", { class: "empty" }, "No blood pressure yet.");
  return table("Blood pressures", PRESSURE_COLUMNS, bloodPressures);
}

function table(title, columns, rows) {
  const before = seen.get(title);
  const sorted = [...rows].sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt));
  seen.set(title, new Set(sorted.map((row) => JSON.stringify(row))));
  const cell = (row, [, field, format], index) =>
    element("td", { class: index === 0 ? "main" : undefined }, isNumber(row[field]) ? format.format(row[field]) : "–");
  return element(
    "div",
    { class: "table", role: "region", "aria-label": title, tabindex: "0" },
    element(
      "table",
      {},
      element("caption", {}, title),
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col" }, "Time"),
          ...columns.map(([name]) => element("th", { scope: "col" }, name)),
        ),
      ),
      element(
        "tbody",
        {},
        ...sorted.map((row) =>
          element(
            "tr",
            { class: before && !before.has(JSON.stringify(row)) ? "fresh" : undefined },
            element("td", {}, element("time", { datetime: row.takenAt }, dayAndTimeOf(row.takenAt))),
            ...columns.map((column, index) => cell(row, column, index)),
          ),
        ),
      ),
    ),
  );
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function signInWords({ email, password }) {
  return [element("p", {}, codeElement(email), " ", codeElement(password))];
}

export function mailList(mails) {
  if (mails.length === 0) {
    return [
      element(
        "p",
        { class: "empty" },
        "No mail. Garmin’s security codes arrive here, and so do alarms that may not reach you in the chat.",
      ),
    ];
  }
  const sorted = [...mails].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return sorted.map(({ at, to, subject, text }) =>
    element(
      "article",
      { class: "mail" },
      element("header", {}, element("strong", {}, subject), element("time", { datetime: at }, timeOf(at))),
      element("p", { class: "to" }, `to ${to}`),
      element("p", {}, ...withCodes(text)),
    ),
  );
}

function withCodes(text) {
  return text.split(/\b(\d{6})\b/).map((part, index) => (index % 2 === 1 ? codeElement(part) : part));
}
