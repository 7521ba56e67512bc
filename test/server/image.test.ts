import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const dockerfile = readFileSync(path.join(root, "Dockerfile"), "utf8").replaceAll("\\\n", " ");
test("the image says what it contains, and that it must not be passed on", () => {
  expect(dockerfile).toMatch(/image\.licenses="MIT AND LicenseRef-Garmin-FIT-SDK"/);
  expect(readFileSync(path.join(root, "LICENSE"), "utf8")).toMatch(/^MIT License/);
  expect(JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"))).toMatchObject({
    license: "MIT",
    private: true,
  });
});

test("compose and systemd wait longer for its end than it takes itself", () => {
  const text = (file: string) => readFileSync(path.join(root, file), "utf8");
  const seconds = (file: string, found: RegExp) => Number(found.exec(text(file))?.[1]);
  const own = seconds("src/server.ts", /STOP_SECONDS = (\d+)/);
  expect(own).toBeGreaterThan(0);
  expect(seconds("compose.yml", /stop_grace_period: (\d+)s/)).toBeGreaterThan(own);
  expect(seconds("infra/weighbridge.service", /TimeoutStopSec=(\d+)/)).toBeGreaterThan(own);
});

test("in its container it is unprivileged, and writes to its data and nowhere else", () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  expect([...last.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user)).toEqual(["node"]);
  const compose = readFileSync(path.join(root, "compose.yml"), "utf8");
  for (const line of ["read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]']) {
    expect(compose.split("\n")).toContain(`    ${line}`);
  }
  expect(compose).toMatch(/^ {4}volumes:\n {6}- data:\/data\n/m);
});

test("in its container it isn't the first process, which gets no signal that it hasn't asked for", () => {
  expect(readFileSync(path.join(root, "compose.yml"), "utf8")).toMatch(/^ {4}init: true$/m);
});

test("the image has the same Node that npm installs on other machines", () => {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const versions = [...dockerfile.matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version);
  expect(versions).toHaveLength(2);
  expect(new Set([...versions, ...Object.values(optionalDependencies)]).size).toBe(1);
});
