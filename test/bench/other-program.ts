import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { CannotRun, pythonWith } from "../support/python.ts";
import { type Cost, measured } from "./measured.ts";

const USERID = 31_400_002;
const EMAIL = "other@example.org";

export interface OtherProgram {
  person: ReturnType<Sandbox["withings"]["person"]>;
  /** One run for what was measured after this time, or from one day to another. */
  sync(after: Date | [from: string, to: string]): Promise<Cost>;
  stored(): number;
  close(): void;
}

/** withings-sync in the version of `npm run test:clients`, with a person of its own at the same vendors. Undefined without Python. */
export function withingsSync(sandbox: Sandbox): OtherProgram | undefined {
  const python = pythonOrWhyNot();
  if (!python) return undefined;
  const { withings, garmin } = sandbox;
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-bench-"));
  const heights = [{ at: new Date("2015-01-01T00:00:00Z"), metres: 1.75 }];
  const person = withings.addPerson({ userid: USERID, name: "other", timezone: "Europe/Berlin", heights });
  const account = {
    email: EMAIL,
    password: "unused",
    displayName: "other",
    fullName: "Other",
    timezone: "Europe/Berlin",
  };
  garmin.addAccount(account);
  const write = (name: string, content: object) => writeFileSync(path.join(folder, name), JSON.stringify(content));
  const { clientId, clientSecret, redirectUrls } = withings.application;
  write("withings_app.json", { client_id: clientId, consumer_secret: clientSecret, callback_url: redirectUrls[0] });
  const scale = withings.issueLink(USERID);
  const userFile = ".withings_user.json";
  const tokens = { access_token: scale.accessToken, refresh_token: scale.refreshToken, userid: scale.userid };
  write(userFile, { authentification_code: "used", ...tokens });
  const connect = garmin.issueLink(EMAIL);
  write(".garmin_session.json", {
    di_token: connect.accessToken,
    di_refresh_token: connect.refreshToken,
    di_client_id: connect.clientId,
  });
  const env = { HOME: folder, WITHINGS_API_URL: withings.apiUrl, GARMIN_CONNECTAPI_URL: garmin.connectapiUrl };
  const script = path.join(import.meta.dirname, "withings_sync_run.py");

  return {
    person,
    sync(after) {
      const kept = JSON.parse(readFileSync(path.join(folder, userFile), "utf8"));
      if (after instanceof Date) write(userFile, { ...kept, last_sync: Math.floor(after.getTime() / 1000) });
      const days = after instanceof Date ? [] : ["--fromdate", after[0], "--todate", after[1]];
      const always = ["-c", folder, "--garmin-username", EMAIL, "--features", "BLOOD_PRESSURE"];
      return measured(python, [script, ...always, ...days], env);
    },
    stored: () => garmin.weights(EMAIL).length,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function pythonOrWhyNot(): string | undefined {
  try {
    return pythonWith("clients", path.join(import.meta.dirname, "../clients/requirements.txt"), console.log);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`withings-sync is left out. ${error.message}`);
    return undefined;
  }
}
