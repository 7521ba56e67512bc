import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { CreateTableCommand, DeleteTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Clock, systemClock } from "../../../src/lib/clock.ts";
import { RetryLaterError, UsageError } from "../../../src/lib/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createManualClock } from "../../../src/sandbox/manual-clock.ts";
import type { DynamoOptions } from "../../../src/store/dynamodb/client.ts";
import { createDynamoTable } from "../../../src/store/dynamodb/create.ts";
import { openDynamoTable } from "../../../src/store/dynamodb/table.ts";
import type { Table } from "../../../src/store/table.ts";
import { startDynalite } from "../../support/dynalite.ts";
import { describeTableContract } from "../table.contract.ts";

const tableName = `weighbridge-test-${process.pid}`;
const key = { pk: "account", sk: "lease" };
const silent = createLog({ level: "silent" });
let dynalite: Awaited<ReturnType<typeof startDynalite>>;
const cleanups: Array<() => Promise<unknown>> = [];

beforeAll(async () => {
  dynalite = await startDynalite();
  await createDynamoTable({ tableName, endpoint: dynalite.endpoint, clock: systemClock, log: silent });
});
afterAll(() => dynalite.close());
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

function open(options: Partial<DynamoOptions> = {}): Table {
  const table = openDynamoTable({ tableName, endpoint: dynalite.endpoint, clock: systemClock, ...options });
  cleanups.push(() => table.close());
  return table;
}

/** A local server instead of DynamoDB. Returns its endpoint. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const operationOf = (request: IncomingMessage) => String(request.headers["x-amz-target"]).split(".")[1];

describeTableContract("a table in DynamoDB, as dynalite does it", async ({ clock }) =>
  openDynamoTable({ tableName, endpoint: dynalite.endpoint, clock }),
);

const givenEndpoint = process.env.DYNAMODB_ENDPOINT;
describe.skipIf(givenEndpoint === undefined)("where DYNAMODB_ENDPOINT points (skipped unless it is set)", () => {
  const options = { tableName, endpoint: givenEndpoint };

  beforeAll(async () => {
    await createDynamoTable({ ...options, clock: systemClock, log: silent });
  });
  afterAll(async () => {
    const client = new DynamoDBClient({
      endpoint: String(givenEndpoint),
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    await client.send(new DeleteTableCommand({ TableName: tableName }));
  });

  describeTableContract("a table in DynamoDB", async ({ clock }) => openDynamoTable({ ...options, clock }));

  test("creating the table again does no harm", async () => {
    const again = createDynamoTable({ ...options, clock: systemClock, log: silent });
    expect(await again).toBe("present");
  });
});

describe("refusals of DynamoDB, the network and AWS", () => {
  test("a missing table is explained with the command that creates it", async () => {
    const table = open({ tableName: "weighbridge-nowhere" });
    const error = new UsageError("The table weighbridge-nowhere does not exist. Run: npx weighbridge table create.");

    await expect(table.get(key)).rejects.toEqual(error);
    await expect(table.list("account")).rejects.toEqual(error);
    await expect(table.put(key, {}, { expect: "absent" })).rejects.toEqual(error);
    await expect(table.delete(key, { version: "1" })).rejects.toEqual(error);
  });

  test.each([
    [500, "InternalServerError", RetryLaterError],
    [503, "a page instead of an answer", RetryLaterError],
    [400, "ThrottlingException", RetryLaterError],
    [400, "AccessDeniedException", UsageError],
    [400, "UnrecognizedClientException", UsageError],
    [400, "ExpiredTokenException", UsageError],
  ])("HTTP %i with %s becomes the right kind of error after three attempts at most", async (status, type, kind) => {
    let attempts = 0;
    const endpoint = await listen((_, response) => {
      attempts++;
      const body = status === 503 ? "<html>" : JSON.stringify({ __type: `com.amazonaws#${type}`, message: "no" });
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
    });

    await expect(open({ endpoint }).put(key, {}, { expect: "absent" })).rejects.toBeInstanceOf(kind);
    expect(attempts).toBe(kind === RetryLaterError ? 3 : 1);
  });

  test("of many puts at once, ten are under way, and after an error no other begins and none is left behind", async () => {
    let [underWay, most, begun] = [0, 0, 0];
    const endpoint = await listen(async (request, response) => {
      const number = ++begun;
      most = Math.max(most, ++underWay);
      await json(request);
      await new Promise((resolve) => setTimeout(resolve, 30));
      underWay--;
      const isRefused = number === 15;
      response
        .writeHead(isRefused ? 400 : 200, { "content-type": "application/x-amz-json-1.0" })
        .end(isRefused ? JSON.stringify({ __type: "com.amazonaws#AccessDeniedException", message: "no" }) : "{}");
    });
    const writes = Array.from({ length: 100 }, (_, n) => ({
      key: { pk: "a", sk: `${n}` },
      value: {},
      expect: "absent" as const,
    }));

    await expect(open({ endpoint }).putAll(writes)).rejects.toBeInstanceOf(UsageError);

    const [atTheEnd, left] = [begun, underWay];
    expect([most, left]).toEqual([10, 0]);
    expect(atTheEnd).toBeLessThan(30);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(begun).toBe(atTheEnd);
  });

  test("every read is strongly consistent, because an old lease or token would do harm", async () => {
    const asked: unknown[] = [];
    const endpoint = await listen(async (request, response) => {
      const { ConsistentRead } = (await json(request)) as { ConsistentRead?: boolean };
      asked.push([operationOf(request), ConsistentRead]);
      response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
    });
    const table = open({ endpoint });
    await table.get(key);
    await table.list("account");
    expect(asked).toEqual([
      ["GetItem", true],
      ["Query", true],
    ]);
  });

  test("a missing permission is named", async () => {
    const endpoint = await listen((_, response) => {
      const message = "User: somebody is not authorized to perform: dynamodb:PutItem on resource: table";
      response.writeHead(400).end(JSON.stringify({ __type: "com.amazonaws#AccessDeniedException", message }));
    });

    await expect(open({ endpoint }).put(key, {}, { expect: "absent" })).rejects.toThrow(
      `AWS refuses access to the table ${tableName}: allow this user or role dynamodb:PutItem on it.`,
    );
  });

  test("an unreachable server is a RetryLaterError", async () => {
    const gone = await startDynalite();
    await gone.close();
    await expect(open({ endpoint: gone.endpoint }).get(key)).rejects.toBeInstanceOf(RetryLaterError);
  });

  test("a server that accepts and never answers is a RetryLaterError", async () => {
    const endpoint = await listen(() => {});
    const table = open({ endpoint, requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true } });
    await expect(table.get(key)).rejects.toBeInstanceOf(RetryLaterError);
  });

  test("an answer that stalls halfway is a RetryLaterError", async () => {
    const endpoint = await listen((_, response) => {
      response.writeHead(200, { "content-length": 100 }).write("{");
    });
    const table = open({ endpoint, requestHandler: { socketTimeout: 50 } });
    await expect(table.get(key)).rejects.toBeInstanceOf(RetryLaterError);
  });

  test("AWS without a region or credentials is explained in one sentence", async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
    vi.stubEnv("HOME", "/nonexistent");
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const get = () => open({ endpoint: undefined }).get(key);

    await expect(get()).rejects.toThrow(/^The AWS credentials or region .* set AWS_REGION, AWS_ACCESS_KEY_ID/);
    await expect(get()).rejects.toBeInstanceOf(UsageError);
    vi.stubEnv("AWS_REGION", "eu-central-1");
    await expect(get()).rejects.toBeInstanceOf(UsageError);
  });

  test.each(["localhost", "localhost:8000", "/tmp/dynamodb"])(
    "the endpoint %j is explained in one sentence",
    (endpoint) => {
      expect(() => open({ endpoint })).toThrow(
        new UsageError(`The DynamoDB endpoint "${endpoint}" is not a URL: write it as http://host:port.`),
      );
    },
  );
});

describe("creating the table", () => {
  const create = (options: Partial<DynamoOptions> & { clock?: Clock } = {}, log = silent) =>
    createDynamoTable({
      tableName: "weighbridge-made",
      endpoint: dynalite.endpoint,
      clock: createManualClock(new Date("2026-11-23T06:00:00Z")),
      log,
      ...options,
    });

  test("creating the table twice does no harm, and an engine without TTL is logged and tolerated", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "info", write: (line) => lines.push(line) });

    expect(await create({}, log)).toBe("created");
    const table = open({ tableName: "weighbridge-made" });
    await table.put(key, { n: 1 }, { expect: "absent" });
    expect(await create({}, log)).toBe("present");

    expect((await table.get(key))?.value).toEqual({ n: 1 });
    // DynamoDB Local, which can replace dynalite, has it.
    const expected = process.env.DYNAMODB_LOCAL_DIR ? [] : ["table.ttl_unsupported", "table.ttl_unsupported"];
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(expected);
  });

  test("creating the table succeeds if somebody else turns TTL on at the same moment", async () => {
    const { sent, endpoint } = await startFakeAws({ UpdateTimeToLive: "TimeToLive is already enabled" });
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", endpoint);

    expect(await create({ endpoint: undefined })).toBe("created");
    expect(sent.map(({ operation }) => operation)).toContain("UpdateContinuousBackups");
  });

  test("creating the table several times at once creates one", async () => {
    const options = { tableName: "weighbridge-made-together" };
    const outcomes = await Promise.all([create(options), create(options), create(options)]);
    expect(outcomes.sort()).toEqual(["created", "present", "present"]);
  });

  test("a table with another key is explained in one sentence and left alone", async () => {
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const client = new DynamoDBClient({ endpoint: dynalite.endpoint, region: "us-east-1", credentials });
    cleanups.push(async () => client.destroy());
    const TableName = "weighbridge-other-key";
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      }),
    );

    await expect(create({ tableName: TableName })).rejects.toEqual(
      new UsageError(
        "The table weighbridge-other-key exists with a key other than pk and sk (both text): choose another table name.",
      ),
    );
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(table?.KeySchema).toHaveLength(1);
  });

  test("waiting for a table that never becomes active ends", async () => {
    const endpoint = await listen((request, response) => {
      const table = {
        TableStatus: "CREATING",
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        AttributeDefinitions: ["pk", "sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      };
      request.resume().on("end", () => response.end(JSON.stringify({ Table: table, TableDescription: table })));
    });
    const clock = createManualClock(new Date("2026-11-23T06:00:00Z"));

    await expect(create({ endpoint, clock })).rejects.toBeInstanceOf(RetryLaterError);
    expect(clock.now().toISOString()).toBe("2026-11-23T06:02:00.000Z");
  });

  test("on AWS the table is protected against deletion, backed up, and loses expired items by itself", async () => {
    const { sent, endpoint } = await startFakeAws();
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", endpoint);

    expect(await create({ endpoint: undefined })).toBe("created");

    expect(sent.map(({ operation }) => operation)).toEqual([
      "CreateTable",
      "DescribeTable",
      "DescribeTable",
      "DescribeTimeToLive",
      "UpdateTimeToLive",
      "UpdateContinuousBackups",
      "UpdateContinuousBackups",
    ]);
    const TableName = "weighbridge-made";
    expect(sent[0]?.input).toEqual({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      DeletionProtectionEnabled: true,
    });
    expect(sent[4]?.input).toEqual({
      TableName,
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
    expect(sent[6]?.input).toEqual({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  /** A new table on AWS: at first unknown, and not ready for backups. */
  async function startFakeAws(invalid: Record<string, string> = {}) {
    const firstRefusals: Record<string, string> = {
      DescribeTable: "ResourceNotFoundException",
      UpdateContinuousBackups: "ContinuousBackupsUnavailableException",
    };
    const sent: Array<{ operation: string; input: Record<string, unknown> }> = [];
    const endpoint = await listen(async (request, response) => {
      const operation = operationOf(request) ?? "";
      const isFirst = !sent.some((earlier) => earlier.operation === operation);
      sent.push({ operation, input: (await json(request)) as Record<string, unknown> });
      const message = invalid[operation];
      const refusal = message === undefined ? isFirst && firstRefusals[operation] : "ValidationException";
      const { KeySchema, AttributeDefinitions } = sent[0]?.input ?? {};
      const answer = refusal
        ? { __type: `com.amazonaws#${refusal}`, message }
        : { Table: { TableStatus: "ACTIVE", KeySchema, AttributeDefinitions } };
      response.writeHead(refusal ? 400 : 200).end(JSON.stringify(answer));
    });
    return { sent, endpoint };
  }
});
