import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../src/sandbox/free-port.ts";
import { type Machine, OWNER, startMachine } from "../support/cli-process.ts";

const root = path.resolve(import.meta.dirname, "../..");
const dockerfile = readFileSync(path.join(root, "Dockerfile"), "utf8").replaceAll("\\\n", " ");
/** The words of the last line that starts like this, in exec form. */
function execForm(start: RegExp): string[] {
  const line = dockerfile.split("\n").findLast((it) => start.test(it)) ?? "";
  return JSON.parse(line.slice(line.indexOf("[")));
}

let machine: Machine;
let image: string;
beforeEach(async () => {
  machine = await startMachine();
  image = mkdtempSync(path.join(tmpdir(), "weighbridge-image-"));
});
afterEach(async () => {
  await machine.close();
  rmSync(image, { recursive: true, force: true });
});

/** The image's files, on this disk, without write access. The build is the one that these tests run. */
function layOut() {
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  const copied = [...last.matchAll(/^COPY (?:--from=build \/app\/)?((?!--)\S+) \.\/\S*$/gm)].flatMap(
    ([, from]) => from ?? [],
  );
  expect(copied).toEqual(["package.json", "LICENSE", "bin", "src/sandbox/page", ".build/cli"]);
  for (const from of copied) cpSync(path.join(root, from), path.join(image, from), { recursive: true });
  for (const entry of readdirSync(image, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chmodSync(path.join(entry.parentPath, entry.name), 0o555);
  }
  chmodSync(image, 0o555);
}

test("the image's files start as an unprivileged user, pass the health check, back up and end in order", async () => {
  layOut();
  await machine.link(OWNER);
  machine.person().stepOnScale({ at: new Date(Date.now() - 3600_000), weightKg: 80.25 });
  // As root, the user "nobody" is unprivileged; any other user already is.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (user.uid !== undefined) {
    chmodSync(machine.folder, 0o755);
    // The folder of this test run may be closed to others.
    chmodSync(tmpdir(), (statSync(tmpdir()).mode & 0o7777) | 0o011);
    for (const name of ["", ...readdirSync(machine.dataDir)])
      chownSync(path.join(machine.dataDir, name), 65_534, 65_534);
  }
  const env = {
    ...machine.env,
    PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
    ...{ PORT: String(await freePort()), HTTP_HOST: "0.0.0.0", NODE_ENV: "production" },
  };
  const inside = (words: string[]) => {
    const [command = "", ...args] = words;
    const child = spawn(command.replace("/app", image), args, { env, cwd: image, ...user });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk));
    return { child, said: () => said, ended: once(child, "close").then(([exit]) => exit) };
  };
  const entry = execForm(/^ENTRYPOINT/);
  const health = execForm(/^HEALTHCHECK/);

  expect(await inside(health).ended).toBe(1);
  const program = inside([...entry, ...execForm(/^CMD/)]);
  await expect.poll(program.said).toContain("run_ended");
  expect(machine.weights()).toEqual([80.25]);
  expect(await inside(health).ended).toBe(0);
  const backup = inside([...entry, "backup", path.join(machine.dataDir, "b")]);
  expect(await backup.ended, backup.said()).toBe(0);
  program.child.kill("SIGTERM");
  expect(await program.ended, program.said()).toBe(0);
  expect(readdirSync(machine.dataDir).toSorted()).toEqual(["b", "last-sweep", "sealing.key", "weighbridge.sqlite"]);
});

test("the demo runs with nothing but the image's files", async () => {
  layOut();
  const env = { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`, HOME: machine.folder };
  const demo = spawn(path.join(image, "bin/weighbridge.js"), ["demo"], { env, cwd: machine.folder });
  let said = "";
  for (const stream of [demo.stdout, demo.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk));
  await expect.poll(() => said).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
  const [address = ""] = /http:\/\/127\.0\.0\.1:\d+\S*/.exec(said) ?? [];
  expect(await (await fetch(address)).text()).toContain("<title>");
  demo.kill("SIGTERM");
  await once(demo, "close");
});
