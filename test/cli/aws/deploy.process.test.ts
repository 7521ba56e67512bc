import { afterEach, beforeEach, expect, test } from "vitest";
import { type Deployment, startDeployment } from "../../support/deployment.ts";

let it: Deployment;
beforeEach(async () => {
  it = await startDeployment();
});
afterEach(() => it.close());

test("deploy runs the npm on the PATH, whose output goes to standard error", async () => {
  await it.setUp();
  it.broken.tool = "validate";
  const broken = await it.machine.runAsProcess("deploy");
  expect(broken).toMatchObject({ exit: 2, stderr: expect.stringMatching(/^it ran\nit broke\nAWS wouldn’t accept/) });
  it.broken.tool = "";
  const { exit, stdout, stderr } = await it.machine.runAsProcess("deploy");
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.not.stringContaining("it ran") });
  expect(stderr).toMatch(/^it ran\nit ran\nit ran\n\nDeployed\./);
  expect(it.toolRuns.map(([command, ...rest]) => [command, rest.at(-1)])).toEqual([
    ...[
      ["run", "--param=existingTable=false"],
      ["run", "validate"],
    ],
    ...[
      ["run", "--param=existingTable=false"],
      ["run", "validate"],
      ["exec", "--force"],
    ],
  ]);
});

test("Ctrl-C during deploy waits for the tool to end, and says how to go on", async () => {
  await it.setUp();
  const deployment = it.machine.start("deploy");
  it.broken.tool = "deploy";
  it.broken.meanwhile = async () => deployment.signal("SIGINT");
  const { exit, stderr } = await deployment.ended;
  expect(exit).toBe(2);
  expect(stderr).toMatch(/it broke\nStopped\. AWS finishes what it has started\..*goes on from there\.\n$/);
});
