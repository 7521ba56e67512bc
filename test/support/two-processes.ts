import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createApp } from "../../src/app/app.ts";
import { readConfig } from "../../src/config/config.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { ACCOUNT, OWNER, USERID } from "./test-app.ts";
import type { ChildTask } from "./two-processes-child.ts";

const SCRIPT = new URL("./two-processes-child.ts", import.meta.url).pathname;

/** One linked account in a store on disk, with the vendors in this process, in real time. */
export async function startTestProcesses() {
  const sandbox = await startSandbox({ clock: systemClock });
  const timezone = "Europe/Berlin";
  const heights = [{ at: new Date("2020-01-01T00:00:00Z"), metres: 1.75 }];
  const person = sandbox.withings.addPerson({ userid: USERID, name: "owner", timezone, heights });
  sandbox.garmin.addAccount({ ...OWNER, displayName: "owner", fullName: "Owner", timezone });
  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
  const env = { ...sandbox.env(), DATA_DIR: dataDir };

  const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin"]);
  const app = await createApp(config, { clock: systemClock, log: createLog({ level: "silent" }) });
  await app.store.accounts.save(ACCOUNT, {});
  await link();

  async function link() {
    const address = sandbox.withings.allow(USERID, app.withingsLinking.begin(ACCOUNT));
    await app.withingsLinking.withPasted(ACCOUNT, address);
    await app.garminSignIn.withPasted(ACCOUNT, sandbox.garmin.mintTicket(OWNER.email));
  }

  const children: Array<ReturnType<typeof spawn>> = [];

  /** A process that waits for `go`. */
  async function start(task: Omit<ChildTask, "account">) {
    const child = spawn(process.execPath, [SCRIPT, JSON.stringify({ ...task, account: ACCOUNT })], {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    children.push(child);
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const ended = once(child, "close");
    await Promise.race([once(child.stdout, "data"), ended]);
    if (!output.startsWith("ready")) throw new Error(`the process did not start: ${errors}`);
    return {
      go: () => child.stdin.write("go\n"),
      async answer() {
        await ended;
        const [, line] = output.split("\n");
        if (!line) throw new Error(`the process gave no answer: ${errors}`);
        return JSON.parse(line);
      },
      /** kill -9 */
      async kill() {
        child.kill("SIGKILL");
        await ended;
      },
    };
  }

  return {
    sandbox,
    person,
    app,
    start,
    /** Runs them at the same time, each in its own process. */
    async together(...tasks: Array<Omit<ChildTask, "account">>) {
      const processes = await Promise.all(tasks.map(start));
      for (const each of processes) each.go();
      return Promise.all(processes.map((each) => each.answer()));
    },
    weights: () => sandbox.garmin.weights(OWNER.email).map((it) => it.weightKg),
    pressures: () => sandbox.garmin.bloodPressures(OWNER.email).map((it) => it.systolic),
    async close() {
      for (const child of children) child.kill("SIGKILL");
      await app.close();
      await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
