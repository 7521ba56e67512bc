import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { completeEnvironment } from "../../src/lambda/environment.ts";
import { logOf } from "../../src/lambda/invocation.ts";
import { RetryLaterError, UsageError } from "../../src/lib/errors.ts";
import { type Stub, startStub } from "../fixtures/stub-vendor.ts";

const PATH = "/weighbridge/prod/";
let ssm: Stub;

beforeEach(async () => {
  ssm = await startStub();
  const env = { AWS_ENDPOINT_URL_SSM: ssm.url, AWS_REGION: "eu-central-1" };
  const credentials = { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
  for (const [name, value] of Object.entries({ ...env, ...credentials })) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await ssm.close();
});

const answer = (status: number, body: object) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/x-amz-json-1.1" } });
const kept = (parameters: Record<string, string>) =>
  answer(200, { Parameters: Object.entries(parameters).map(([name, Value]) => ({ Name: PATH + name, Value })) });
const asked = () => ssm.requests.map(({ body }) => JSON.parse(body));

test("parameters complete the environment, decrypted, and one of them holds several secrets", async () => {
  const secrets = { TELEGRAM_BOT_TOKEN: "1:a", WITHINGS_CLIENT_SECRET: "secret" };
  ssm.willAnswer(kept({ SECRETS: JSON.stringify(secrets), SEALING_KEY: "key" }));
  const env = { PARAMETER_PATH: PATH, STORE: "dynamodb" };

  expect(await completeEnvironment(env, ["SECRETS", "SEALING_KEY", "BOT_INFO"])).toEqual({
    ...env,
    ...secrets,
    SEALING_KEY: "key",
  });
  expect(asked()).toEqual([
    { Names: [`${PATH}SECRETS`, `${PATH}SEALING_KEY`, `${PATH}BOT_INFO`], WithDecryption: true },
  ]);
  expect(ssm.requests[0]?.headers["x-amz-target"]).toBe("AmazonSSM.GetParameters");
});

test("a variable that is already set wins, and SSM is not asked for it", async () => {
  ssm.willAnswer(kept({ SECRETS: '{"TELEGRAM_BOT_TOKEN":"kept"}', SEALING_KEY: "kept" }));
  const env = { PARAMETER_PATH: PATH, TELEGRAM_BOT_TOKEN: "set", SEALING_KEY: " ", BOT_INFO: "set" };

  const complete = await completeEnvironment(env, ["SECRETS", "SEALING_KEY", "BOT_INFO"]);
  expect(complete).toMatchObject({ TELEGRAM_BOT_TOKEN: "set", SEALING_KEY: "kept", BOT_INFO: "set" });
  expect(asked().flatMap(({ Names }) => Names)).toEqual([`${PATH}SECRETS`, `${PATH}SEALING_KEY`]);
});

test.each(["", "no json", '["a"]', '{"TELEGRAM_BOT_TOKEN":1}', "null"])(
  "a parameter of secrets that holds %j is a UsageError that doesn’t show it",
  async (value) => {
    ssm.willAnswer(kept({ SECRETS: value }));
    const complete = completeEnvironment({ PARAMETER_PATH: PATH }, ["SECRETS"]);
    await expect(complete).rejects.toBeInstanceOf(UsageError);
    await expect(complete).rejects.toThrow(/^The parameter SECRETS isn’t a JSON object of texts\. Correct it/);
  },
);

test("SSM is not asked if nothing is missing or there is no parameter path", async () => {
  await completeEnvironment({ PARAMETER_PATH: PATH, SEALING_KEY: "set" }, ["SEALING_KEY"]);
  await completeEnvironment({}, ["SEALING_KEY"]);
  expect(ssm.requests).toEqual([]);
});

test.each([
  ["InternalServerError", 500, RetryLaterError, "SSM does not answer at the moment (HTTP 500)"],
  ["ThrottlingException", 400, RetryLaterError, "SSM does not answer at the moment (ThrottlingException)"],
  ["AccessDeniedException", 400, UsageError, `AWS does not let this function read ${PATH}`],
  ["ExpiredTokenException", 400, UsageError, `credentials or region for ${PATH} are missing or not accepted`],
])("%s becomes the right kind of error", async (type, status, kind, sentence) => {
  const no = () => answer(status, { __type: type, message: "no" });
  ssm.willAnswer(no, no, no);
  const complete = completeEnvironment({ PARAMETER_PATH: PATH }, ["SEALING_KEY"]);
  await expect(complete).rejects.toBeInstanceOf(kind);
  await expect(complete).rejects.toThrow(sentence);
});

test("an unreachable SSM is a RetryLaterError", async () => {
  await ssm.close();
  const complete = completeEnvironment({ PARAMETER_PATH: PATH }, ["SEALING_KEY"]);
  await expect(complete).rejects.toBeInstanceOf(RetryLaterError);
});

test.each([
  ["silent", ["warn", "error"]],
  ["error", ["warn", "error"]],
  ["warn", ["warn", "error"]],
  [undefined, ["info", "warn", "error"]],
])("warnings and errors are logged at LOG_LEVEL=%s too, because alarms need them", (level, said) => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const log = logOf({ LOG_LEVEL: level });
  for (const each of ["info", "warn", "error"] as const) log[each]("something_happened");
  const lines = write.mock.calls.map(([line]) => JSON.parse(String(line)).level);
  write.mockRestore();
  expect(lines).toEqual(said);
});
