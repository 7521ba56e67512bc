import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { CannotRun, pythonWith } from "../support/python.ts";
import { serveControl } from "./control.ts";
import { needsOpenssl, startTlsFront, type TlsFront } from "./tls-front.ts";

/**
 * Runs programs that work with the real vendors against the sandbox: if one fails here, the sandbox is wrong. Each check is a
 * process in which the vendors' real names lead to this machine, and every other name nowhere.
 */
const CHECKS = ["garminconnect_check.py", "withings_sync_check.py", "aiowithings_check.py"];
const CHECK_MINUTES = 5;

interface Counts {
  passed: number;
  failed: number;
}

async function main(): Promise<number> {
  let python: string;
  try {
    needsOpenssl();
    python = pythonWith("clients", path.join(import.meta.dirname, "requirements.txt"), console.log);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`Not run. ${error.message}`);
    return 3;
  }
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-clients-"));
  const counts: Counts = { passed: 0, failed: 0 };
  try {
    for (const check of CHECKS) await inFreshSandbox(check, { python, folder, counts });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 ? 0 : 1;
}

async function inFreshSandbox(check: string, to: { python: string; folder: string; counts: Counts }): Promise<void> {
  const sandbox = await startSandbox();
  const { garmin, withings } = sandbox;
  const front = await startTlsFront(
    {
      "sso.garmin.com": garmin.ssoUrl,
      "diauth.garmin.com": garmin.diauthUrl,
      "connectapi.garmin.com": garmin.connectapiUrl,
      "wbsapi.withings.net": withings.apiUrl,
      "account.withings.com": withings.accountUrl,
    },
    to.folder,
  );
  const control = await serveControl(sandbox);
  try {
    await runCheck(check, { ...to, front, controlUrl: control.url });
    const versions = [...front.versions].map(([version, times]) => `${times} over HTTP/${version}`).join(", ");
    console.log(`      (${versions})`);
  } finally {
    await Promise.all([control.close(), front.close(), sandbox.close()]);
  }
}

/** Each step is one JSON object on a line. A check that ends before its last step has failed. */
async function runCheck(
  check: string,
  to: { python: string; folder: string; counts: Counts; front: TlsFront; controlUrl: string },
): Promise<void> {
  const { certificate, port } = to.front;
  const child = spawn(to.python, [path.join(import.meta.dirname, check)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      // So that no client finds or leaves anything elsewhere.
      HOME: mkdtempSync(path.join(to.folder, "home-")),
      TMPDIR: to.folder,
      PYTHONDONTWRITEBYTECODE: "1",
      CONTROL_URL: to.controlUrl,
      FRONT_PORT: String(port),
      SSL_CERT_FILE: certificate,
      REQUESTS_CA_BUNDLE: certificate,
      CURL_CA_BUNDLE: certificate,
    },
    timeout: CHECK_MINUTES * 60_000,
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));

  let title = check;
  let isDone = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { title?: string; step?: string; wrong?: string; done?: true };
    if (said.title) {
      title = said.title;
      console.log(`\n${title}`);
    }
    if (said.done) isDone = true;
    if (!said.step) continue;
    if (said.wrong === undefined) to.counts.passed += 1;
    else to.counts.failed += 1;
    console.log(said.wrong === undefined ? `pass  ${said.step}` : `FAIL  ${said.step}\n      ${said.wrong}`);
  }
  const code = await ended;
  if (isDone && code === 0) return;
  to.counts.failed += 1;
  console.log(`FAIL  ${title} ended before its last step (exit code ${code})\n${stderr.trim().slice(-2000)}`);
}

process.exitCode = await main();
