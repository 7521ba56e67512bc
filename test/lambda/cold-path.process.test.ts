import path from "node:path";
import { expect, test } from "vitest";
import { USERID } from "../support/test-app.ts";
import { awsTests } from "./test-aws.ts";

const { built, withAws } = awsTests();

test("the http function answers without the Fetch classes, which take 20 ms of CPU to load", { timeout: 90_000 }, () =>
  withAws(
    async (aws) => {
      aws.chat.say("/help");
      await aws.heard("/status");
      await aws.quiet();
      const post = (body: string | FormData | URLSearchParams, address = aws.notifyUrl) =>
        fetch(address, { method: "POST", body });
      const statuses = await Promise.all([
        post(new URLSearchParams({ userid: String(USERID), appli: "1" })),
        fetch(`${aws.url}/health`),
        fetch(`${aws.url}/withings/callback?code=x&state=made-up`),
        post("{}", `${aws.url}/telegram`),
        post("", `${aws.url}/sync/manual`),
        fetch(`${aws.url}/sign-in`),
        fetch(`${aws.url}/sign-in`, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: "tma hash=x" },
          body: "{}",
        }),
      ]);
      expect(statuses.map(({ status }) => status)).toEqual([200, 200, 400, 401, 401, 200, 401]);
      // Lambda's runtime client may use them before our code runs.
      const bundle = path.join(built().folder, "http");
      const uses = () => aws.http.lines().filter((line) => line.startsWith('{"uses"') && line.includes(bundle));
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
