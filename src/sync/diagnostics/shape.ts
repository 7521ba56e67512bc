/** The shape of a vendor's answer, without its values: paths, kinds and lengths. A report of it is safe to show to anybody. */

/** Together they keep a shape under two kilobytes. */
const MAX_LINES = 40;
const MAX_LINE = 120;
const MAX_CHARS = 1800;
const MAX_DEPTH = 10;
const MAX_ELEMENTS = 200;

/** A field is named only if it consists of these: an object may have dates, ids, tokens or people's names as keys. */
const WORDS = new Set(
  `about accepted access account accounts action active activity address age aggregate algo all allow and api app appli
  application array at attempt attrib attribute attribution auth average basal base basic battery because behavior between
  blocked blood bloodpressure bmi bmr body bone boolean bpm by bytes calendar callback callbackurl captcha category challenge
  change changed chat chunk client code codes comment completed composition config connect consent content context cookie
  count country create created creation custom customer cuff currency current customer daily data date dates day days
  default delete deleted delta description detail detailed details device deviceid devices diastolic dict difference disabled
  display distance document domain duration edit edited enabled encoding end enddate endpoint entity entries entry envelope
  epoch error errors event events exchange exchanged exists expected expire expired expires extension external failed failure
  failures family fat field fields file files first fit flag format forbidden found fraction from full garmin gender get gmt
  goal goals gram grams group groups grpid guid hash header headers heart heartrate height high history host hour hours html
  http hydration id identifier ids image in imperial import imported index info input instance instant integer interval invalid
  is issue item items json key keys kg kilograms kind label language last lastupdate latest length level limit limited link
  list local locale location log login low lower manual mass mean meas measure measured measurement measurements measuregrps
  measures meastypes message messages meta metabolic method metric metrics mfa millis milliseconds minute minutes missing
  model modelid modified month more muscle name new next no not note notes notification notify null number object of offset
  ok on only operation option options order origin other overview owner page pages param parameter parameters params parent
  password path payload percent percentage permission person personal phone physique platform policy position post
  pounds pressure previous primary problem product profile profiles property protocol provider public pulse query quota range
  rank rate rating ratio raw reading readings reason record records redirect refresh region remaining report request
  required reset response result results retry revoke role sample scale scope second seconds segment segmental send sent
  series server service session set settings shape shown sign signal size skeletal social source stable stamp standard start
  startdate state status step string success successes summaries summary system systolic tag target temperature text ticket
  time timestamp timezone title to token tokens total trend type types undefined unit units unknown unrecognized until update
  updated updatetime upload uploaded upper uri url usage user userid username users utc uuid valid value values variable
  vascular vendor verification version visceral wait water webhook weigh weight weights whole width withings with year zone
  metres pk sso mobile oauth oauth2 getmeas requesttoken subscribe measurementtimestamp big small too custom union
  delivered socialprofile userprofile diauth di it signin embed verify cas service answer me my command commands
  document photo action updates widget dark android subscriptions a after way though asked without odd unreadable promised
  refused closed verdict`
    .split(/\s+/)
    .filter(Boolean),
);

const WORD = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g;

/** The name itself if it consists of known words only, otherwise its length. */
export function nameOrLength(name: string): string {
  const rest = name.replace(WORD, (word) => (WORDS.has(word.toLowerCase()) ? "" : word));
  const isKnown = name.length <= 60 && /^[_\-$]*\d?[_\-$]*$/.test(rest) && /[a-z]/i.test(name);
  return isKnown ? name : `<${name.length}>`;
}

/** A sentence of paths and kinds, in which everything but known names and small numbers becomes its length. */
export function withoutValues(text: string, longest = 300): string {
  const clean = text.replace(/[^\s.,:;/()[\]*]+/g, (part) => (/^\d{1,3}$/.test(part) ? part : nameOrLength(part)));
  return clean.slice(0, longest);
}

/** One line for each path and kind, `measuregrps[].date: digits, length 10, 3 times`. */
export function shapeOf(value: unknown): string[] {
  const seen = new Map<string, { min: number; max: number; times: number }>();
  walk(value, "", 0);
  const lines = [];
  let chars = 0;
  for (const [what, { min, max, times }] of seen) {
    const length = max < 0 ? "" : `, length ${min === max ? min : `${min} to ${max}`}`;
    const line = `${what.slice(-MAX_LINE)}${length}${times > 1 ? `, ${times} times` : ""}`;
    chars += line.length;
    if (lines.length === MAX_LINES || chars > MAX_CHARS) return [...lines, "and more"];
    lines.push(line);
  }
  return lines;

  function note(path: string, kind: string, length = -1) {
    const what = `${path || "the whole"}: ${kind}`;
    const before = seen.get(what);
    if (!before && seen.size > MAX_LINES) return;
    seen.set(what, {
      min: Math.min(before?.min ?? length, length),
      max: Math.max(before?.max ?? length, length),
      times: (before?.times ?? 0) + 1,
    });
  }

  function walk(it: unknown, path: string, depth: number) {
    if (depth > MAX_DEPTH) return note(path, "deeper");
    if (Array.isArray(it)) {
      note(path, "list", it.length);
      for (const element of it.slice(0, MAX_ELEMENTS)) walk(element, `${path}[]`, depth + 1);
    } else if (typeof it === "object" && it !== null) {
      const fields = Object.entries(it);
      note(path, "object", fields.length);
      for (const [name, inner] of fields.slice(0, MAX_ELEMENTS)) {
        walk(inner, `${path}${path && "."}${nameOrLength(name)}`, depth + 1);
      }
    } else if (typeof it === "string") note(path, kindOfText(it), it.length);
    else if (typeof it === "number") note(path, Number.isInteger(it) ? "integer" : "decimal");
    else note(path, it === null ? "null" : typeof it);
  }
}

function kindOfText(text: string): string {
  if (text.trim() === "") return "empty text";
  if (/^-?\d+$/.test(text)) return "digits";
  if (/^-?\d+[.,]\d+$/.test(text)) return "decimal as text";
  if (/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d|$)/.test(text)) return "date";
  if (/^\s*</.test(text)) return "page";
  return "text";
}
