import { expect, test, vi } from "vitest";
import { awsTests, MANUAL_SYNC_TOKEN, UPLOAD } from "./test-aws.ts";

const { withAws } = awsTests();
vi.setConfig({ testTimeout: 90_000 });

test.concurrent("an import that is longer than a worker may run goes on in the next run, each reading once", () =>
  // Ten seconds later there wouldn't be enough time for another file, and the first takes longer.
  withAws(
    async (aws) => {
      const hoursAgo = (hours: number) => new Date(aws.clock.now().getTime() - hours * 3_600_000);
      for (let hours = 150; hours > 0; hours--) {
        aws.person.stepOnScale({ at: hoursAgo(hours), weightKg: 80 + (hours % 50) / 10 });
      }
      aws.sandbox.faults.add({ ...UPLOAD, effect: { type: "delay", seconds: 10 } });
      await vi.waitFor(
        async () => {
          await aws.runSweep();
          await aws.advance(1800);
          expect(aws.weightsKg()).toHaveLength(150);
        },
        { timeout: 80_000 },
      );
      const runs = aws.worker.logged().filter(({ event }) => event === "run_ended");
      const didSomething = runs.filter(({ synced }) => synced !== 0).map(({ status, synced }) => [status, synced]);
      expect(didSomething).toEqual([
        // The first reading after a new link is sent alone.
        ["retry_later", 1],
        ["success", 149],
      ]);
      expect(aws.uploads()).toBe(3);
      expect(new Set(await aws.fates())).toEqual(new Set(["seen"]));
    },
    { timeoutSeconds: { worker: 105 } },
  ));

test.concurrent("POST /sync/manual without enough time left for a file says so, and the next run sends it", () =>
  withAws(
    async (aws) => {
      aws.person.stepOnScale({ weightKg: 80.25 });
      const headers = { authorization: `Bearer ${MANUAL_SYNC_TOKEN}` };
      const answer = await fetch(`${aws.url}/sync/manual`, { method: "POST", headers });
      expect(await answer.json()).toMatchObject({ status: "retry_later", synced: 0 });
      expect(aws.uploads()).toBe(0);
      await aws.advance(120);
      await aws.runSweep();
      expect(aws.weightsKg()).toEqual([80.25]);
    },
    { timeoutSeconds: { http: 60 } },
  ));
