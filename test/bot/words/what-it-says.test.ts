import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { DELAY_CAUSES, type DelayCause, RetryLaterError } from "../../../src/lib/errors.ts";
import type { FaultName } from "../../../src/sandbox/named-faults.ts";
import type { Language } from "../../../src/sync/model/account.ts";
import { ACCOUNT, OWNER, USERID } from "../../support/test-app.ts";
import { startTestChat, type TestChat } from "./test-chat.ts";

/**
 * Makes docs/what-it-says.md by real runs against the sandbox, and fails if it is out of date. To rewrite it:
 *
 *   WRITE_DOCS=1 npx vitest run test/bot/words/what-it-says.test.ts
 */
const PAGE = "docs/what-it-says.md";
const LANGUAGES: Language[] = ["en", "de"];

let harness: TestChat | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

interface Scene {
  title: string;
  played: string;
  begin: (harness: TestChat) => unknown;
  /** For trouble that doesn’t end with its fault. */
  end?: (harness: TestChat) => unknown;
  /** Undefined if somebody has to act. */
  cause?: DelayCause;
}

const fault = (name: FaultName): Pick<Scene, "played" | "begin"> => ({
  played: `fault switch \`${name}\``,
  begin: ({ sandbox }) => sandbox.faults.turnOn(name),
});

const SCENES: Scene[] = [
  { title: "Withings: silent", cause: "withings_silent", ...fault("withings_down") },
  { title: "Withings: refusing for now", cause: "withings_refusing", ...fault("withings_unknown_status") },
  { title: "Withings: limited", cause: "withings_limited", ...fault("withings_601") },
  {
    title: "Withings: refusing for good",
    played: "the person removing the program at Withings",
    begin: ({ sandbox }) => sandbox.withings.revoke(USERID),
    end: (it) => it.linkWithings(),
  },
  { title: "Withings: answers that are not understood", ...fault("withings_field_renamed") },
  { title: "Garmin: silent", cause: "garmin_silent", ...fault("garmin_api_500") },
  { title: "Garmin: silent, the upload never arrives", cause: "garmin_silent", ...fault("garmin_upload_dropped") },
  { title: "Garmin: refusing for now", cause: "garmin_refusing", ...fault("garmin_api_cloudflare_403") },
  { title: "Garmin: limited", cause: "garmin_limited", ...fault("garmin_api_429") },
  {
    title: "Garmin: not showing what it accepted",
    cause: "garmin_not_showing",
    played: "fault switch `garmin_slow_to_show`, for a day",
    begin: ({ sandbox }) => {
      const { server, match } = sandbox.faults.turnOn("garmin_slow_to_show");
      const effect = { type: "setting", value: 24 * 3600 } as const;
      sandbox.faults.add({
        name: "garmin_slow_to_show",
        match,
        times: Number.POSITIVE_INFINITY,
        effect,
        ...(server && { server }),
      });
    },
  },
  { title: "Garmin: answers that are not understood", ...fault("garmin_field_renamed") },
  {
    title: "Garmin: refusing for good",
    played: "Garmin signing the person out everywhere",
    begin: ({ sandbox }) => sandbox.garmin.revoke(OWNER.email),
    end: (it) => it.link(),
  },
  { title: "Garmin: refusing uploads without consent", ...fault("garmin_upload_412") },
  {
    title: "Us: the store",
    cause: "us",
    played: "failing reads of the ledger, as when another process holds the database",
    begin: (it) => it.failReads(new RetryLaterError("Another process holds the ledger")),
    end: (it) => it.failReads(undefined),
  },
  {
    title: "Us: the program",
    played: "a bug where the ledger is written",
    begin: (it) => it.failWrites(new Error("a bug")),
    end: (it) => it.failWrites(undefined),
  },
  {
    title: "Us: the clock",
    played: "the machine’s clock, two days ahead",
    begin: (it) => it.setClockOff(2 * 24 * 3600),
    end: (it) => it.setClockOff(0),
  },
];

/** Minutes after 13:00 in the household's zone. */
const TROUBLE = 60;
const ASKED = 80;
const HOURS = [4, 6, 7.5];

interface Said {
  sync: string;
  status: string;
  doctor: string;
  outage: string;
  healed: string;
}

async function play({ begin, end, cause }: Scene, language: Language): Promise<Said> {
  const at = new Date("2026-11-21T12:00:00Z");
  harness = await startTestChat({ at, language });
  const it = harness;
  it.person.stepOnScale({ at: new Date(at.getTime() - 10 * 60_000), weightKg: 80 });
  expect(await it.visit()).toEqual([]);
  expect(it.weights()).toHaveLength(1);

  it.goTo(TROUBLE - 5);
  it.person.stepOnScale({ at: new Date(at.getTime() + (TROUBLE - 5) * 60_000), weightKg: 80.25 });
  it.goTo(TROUBLE);
  await begin(it);
  const outage = await it.visit();
  const outcome = (await it.app.store.schedule.lastRun(ACCOUNT))?.outcome;
  expect(outcome?.delay?.cause).toBe(cause);
  // What passes by itself is reported once it has lasted, everything else at once.
  expect(outage).toHaveLength(cause ? 0 : 1);

  it.goTo(ASKED);
  const status = await it.ask("/status");
  const sync = await it.ask("/sync");
  const doctor = await it.ask("/doctor");
  for (const hours of HOURS) {
    it.goTo(hours * 60);
    outage.push(...(await it.visit()));
  }
  expect(outage).toHaveLength(1);

  it.sandbox.faults.clear();
  await end?.(it);
  it.goTo(8 * 60);
  const healed = [...(await it.visit()), ...(await it.visit())];
  expect(healed).toHaveLength(1);
  expect(it.weights()).toHaveLength(2);
  await it.close();
  harness = undefined;
  return { sync, status: trouble(status), doctor: wrong(doctor), outage: outage.join("\n"), healed: healed.join("\n") };
}

/** From /status: broken links and the last sync. */
function trouble(status: string): string {
  const lines = status.split("\n");
  const from = lines.findIndex((line) => /^(Last sync|Letzter Abgleich): /.test(line));
  const rest = lines.slice(from);
  const until = rest.findIndex(
    (line, index) => index > 0 && (line === "" || /^(Next sync|Nächster Abgleich): /.test(line)),
  );
  const ended = lines.filter((line) => /^(Withings|Garmin): (signed out|abgemeldet)/.test(line));
  return [...ended, ...rest.slice(0, until === -1 ? undefined : until)].join("\n");
}

/** From /doctor: the verdict, and the lines that aren't ok. */
function wrong(report: string): string {
  return report
    .split("\n")
    .filter((line) => line !== "" && !/^(ok|gut) · /.test(line))
    .join("\n")
    .replaceAll(/\b[0-9a-f]{8}\b/g, "1a2b3c4d");
}

const ROWS: Array<[keyof Said, string]> = [
  ["sync", "`/sync`"],
  ["status", "`/status`"],
  ["doctor", "`/doctor`"],
  ["outage", "unasked"],
  ["healed", "when it is over"],
];

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", "<br>");

function section({ title, played }: Scene, [en, de]: Said[]): string {
  return [
    `## ${title}`,
    "",
    `Caused by: ${played}.`,
    "",
    "| where | English | German |",
    "|---|---|---|",
    ...ROWS.map(([where, label]) => `| ${label} | ${cell(en?.[where] ?? "")} | ${cell(de?.[where] ?? "")} |`),
  ].join("\n");
}

const HEAD = `# What it says when something is wrong

What the bot says about each kind of trouble: in answer to \`/sync\`, \`/status\` and \`/doctor\`, unasked, and when it is over.
Each time, a reading of 80.25 kg was taken at 13:55, the trouble began at 14:00, and the three commands were sent at 14:20.
The bot mentions trouble at once if somebody has to act, and otherwise once it has lasted six hours (\`/settings\` can change
that). For \`/status\` and \`/doctor\`, only the lines about the trouble are shown.

\`test/bot/words/what-it-says.test.ts\` makes this page by running the whole program against the sandbox, and fails if the page is out of
date. Don't edit it; change the words, then run \`WRITE_DOCS=1 npx vitest run test/bot/words/what-it-says.test.ts\`.
`;

test("docs/what-it-says.md shows every cause of a delay", () => {
  const played = new Set(SCENES.map(({ cause }) => cause));
  expect(DELAY_CAUSES.filter((cause) => !played.has(cause))).toEqual([]);
});

test("docs/what-it-says.md quotes what the program really says", { timeout: 300_000 }, async () => {
  const sections: string[] = [];
  for (const scene of SCENES) {
    const said: Said[] = [];
    for (const language of LANGUAGES) said.push(await play(scene, language));
    sections.push(section(scene, said));
  }
  const page = [HEAD, ...sections]
    .join("\n\n")
    .replace(/\n{3,}/g, "\n\n")
    .concat("\n");
  if (process.env.WRITE_DOCS) writeFileSync(PAGE, page);
  expect(page).toBe(readFileSync(PAGE, "utf8"));
});
