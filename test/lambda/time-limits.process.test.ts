import { expect, test, vi } from "vitest";
import { awsHouses, MANUAL_SYNC_TOKEN, UPLOAD } from "./aws-house.ts";

const { inHouse } = awsHouses();
vi.setConfig({ testTimeout: 90_000 });

test.concurrent("an import that is longer than a worker may run goes on in the next run, each reading once", () =>
  // Ten seconds are left before there would not be enough time for another file, and the first takes longer.
  inHouse(
    async (house) => {
      const hoursAgo = (hours: number) => new Date(house.clock.now().getTime() - hours * 3_600_000);
      for (let hours = 150; hours > 0; hours--) {
        house.person.stepOnScale({ at: hoursAgo(hours), weightKg: 80 + (hours % 50) / 10 });
      }
      house.sandbox.faults.add({ ...UPLOAD, effect: { type: "delay", seconds: 10 } });
      await vi.waitFor(
        async () => {
          await house.visit();
          await house.later(1800);
          expect(house.weightsKg()).toHaveLength(150);
        },
        { timeout: 80_000 },
      );
      const runs = house.worker.logged().filter(({ event }) => event === "run_ended");
      const didSomething = runs.filter(({ synced }) => synced !== 0).map(({ status, synced }) => [status, synced]);
      expect(didSomething).toEqual([
        // The first reading after a new link goes alone.
        ["retry_later", 1],
        ["success", 149],
      ]);
      expect(house.uploads()).toBe(3);
      expect(new Set(await house.fates())).toEqual(new Set(["seen"]));
    },
    { timeoutSeconds: { worker: 105 } },
  ));

test.concurrent("a sync over the web that has no time left for a file says so, and the next run sends it", () =>
  inHouse(
    async (house) => {
      house.person.stepOnScale({ weightKg: 80.25 });
      const headers = { authorization: `Bearer ${MANUAL_SYNC_TOKEN}` };
      const answer = await fetch(`${house.url}/sync/manual`, { method: "POST", headers });
      expect(await answer.json()).toMatchObject({ status: "retry_later", synced: 0 });
      expect(house.uploads()).toBe(0);
      await house.later(120);
      await house.visit();
      expect(house.weightsKg()).toEqual([80.25]);
    },
    { timeoutSeconds: { http: 60 } },
  ));
