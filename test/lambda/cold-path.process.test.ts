import path from "node:path";
import { expect, test } from "vitest";
import { USERID } from "../support/test-app.ts";
import { awsHouses } from "./aws-house.ts";

const { built, inHouse } = awsHouses();

test("the http function answers without the Fetch classes, which take 20 ms of CPU to load", { timeout: 90_000 }, () =>
  inHouse(
    async (house) => {
      house.chat.say("/help");
      await house.heard("/status");
      await house.quiet();
      const post = (body: string | FormData | URLSearchParams, address = house.notifyUrl) =>
        fetch(address, { method: "POST", body });
      const statuses = await Promise.all([
        post(new URLSearchParams({ userid: String(USERID), appli: "1" })),
        fetch(`${house.url}/health`),
        fetch(`${house.url}/withings/callback?code=x&state=made-up`),
        post("{}", `${house.url}/telegram`),
        post("", `${house.url}/sync/manual`),
      ]);
      expect(statuses.map(({ status }) => status)).toEqual([200, 200, 400, 401, 401]);
      // Lambda's runtime client may use them before our code runs.
      const bundle = path.join(built().folder, "http");
      const uses = () => house.http.lines().filter((line) => line.startsWith('{"uses"') && line.includes(bundle));
      expect(uses()).toEqual([]);

      // The one exception is a multipart notification, the rarer of the two forms. It shows that uses are recorded.
      const form = new FormData();
      form.append("userid", String(USERID));
      await post(form);
      expect(uses().join()).toContain('"uses":"Response"');
    },
    { env: { NODE_OPTIONS: `--import=${path.join(import.meta.dirname, "recorded-globals.js")}` } },
  ),
);
