import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type App, createApp } from "../../src/app/app.ts";
import { createTable, tableExists } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { readSecrets } from "../../src/config/secrets.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { startAws } from "../../src/sandbox/aws.ts";
import { serve } from "../../src/sandbox/serve.ts";
import { type CliRun, type Machine, OWNER, startMachine } from "./cli-process.ts";
import { startDynalite } from "./dynalite.ts";

/** Settings of the program on this machine. A command for a deployment must use none of them. */
const SELF_HOSTED = {
  TELEGRAM_BOT_TOKEN: "999:self-hosted-token-of-another-bot",
  TELEGRAM_ALLOWED_IDS: "999",
  WITHINGS_CLIENT_ID: "self-hosted-client",
  WITHINGS_CLIENT_SECRET: "self-hosted-secret",
  WITHINGS_REDIRECT_URL: "https://self-hosted.example/callback",
  SEALING_KEY: Buffer.alloc(32, 7).toString("base64"),
  STORE: "sqlite",
};
const silent = createLog({ level: "silent" });

export type Deployment = Awaited<ReturnType<typeof startDeployment>>;

/**
 * A machine with AWS and the vendors beside it. In place of npm and osls, a function does to the local AWS what the stack
 * would do; a process runs it by way of a stand-in on its PATH.
 */
export async function startDeployment() {
  const aws = await startAws({ pageSize: 3 });
  const dynalite = await startDynalite();
  /** The arguments of every npm run. */
  const toolRuns: string[][] = [];
  /** An npm run with this argument fails after `meanwhile`. */
  const broken = { tool: "", meanwhile: async () => {} };
  async function npm(args: string[]): Promise<boolean> {
    toolRuns.push(args);
    if (broken.tool && args.includes(broken.tool)) {
      await broken.meanwhile();
      return false;
    }
    if (args.includes("osls")) await stack(args);
    return true;
  }
  const tools = await serve(async (_request, { body }) => {
    const isDone = await npm(JSON.parse(body) as string[]);
    return new Response(isDone ? "it ran" : "it broke", { status: isDone ? 200 : 500 });
  });
  /** The deployed function's /health. */
  const world = await serve((_request, { path: asked }) =>
    asked === "/health" ? Response.json({ status: "ok" }) : new Response("", { status: 401 }),
  );
  const machine: Machine = await startMachine({
    npm,
    env: {
      ...SELF_HOSTED,
      ...aws.env(),
      DYNAMODB_ENDPOINT: dynalite.endpoint,
    },
  });
  const { folder, sandbox } = machine;
  machine.env.PATH = `${standIn(folder, tools.url)}${path.delimiter}${process.env.PATH}`;
  writeFileSync(
    path.join(folder, ".env"),
    "STORE=sqlite\nTELEGRAM_BOT_TOKEN=998:of-the-env-file\nAWS_REGION=us-east-1\n",
  );

  async function stack(args: string[]) {
    const after = (option: string) => args[args.indexOf(option) + 1] ?? "";
    const stage = after("--stage");
    const root = `/weighbridge/${stage}/`;
    const tableName = `weighbridge-${stage}`;
    const names = ["http", "worker", "sweep", "alarm"].map((it) => `weighbridge-${stage}-${it}`);
    if (after("osls") === "remove") {
      for (const name of names) aws.functions.delete(name);
      for (const name of ["PUBLIC_URL", "TOKEN_TABLE_NAME"]) aws.parameters.delete(`${root}${name}`);
      stacks.delete(stage);
      return;
    }
    const table = { engine: "dynamodb", tableName, endpoint: dynalite.endpoint } as const;
    const isThere = await tableExists(table, systemClock);
    const makesTable = args.includes("--param=existingTable=false");
    // Whether a stack owns its table can't change, and it can't make one that exists.
    const known = stacks.get(stage);
    if (known === undefined ? makesTable === isThere : known !== makesTable) throw new Error("the stack is refused");
    stacks.set(stage, makesTable);
    if (!isThere) await createTable(table, systemClock, silent);
    for (const name of names) aws.functions.set(name, { TOKEN_TABLE_NAME: tableName, STORE: "dynamodb" });
    aws.set(`${root}PUBLIC_URL`, `${world.url}/`);
    aws.set(`${root}TOKEN_TABLE_NAME`, tableName);
  }
  /** By stage: whether the stack made its table. */
  const stacks = new Map<string, boolean>();

  const parameter = (name: string, stage = "prod") => aws.parameters.get(`/weighbridge/${stage}/${name}`)?.value;
  const secrets = (stage = "prod") => readSecrets(parameter("SECRETS", stage) ?? "{}");

  /** The environment of a function after its start. */
  function environmentOfFunctions(stage = "prod"): Environment {
    const root = `/weighbridge/${stage}/`;
    const own = [...aws.parameters].filter(([name]) => name.startsWith(root));
    return {
      ...sandbox.env(),
      WITHINGS_REDIRECT_URL: "",
      DYNAMODB_ENDPOINT: dynalite.endpoint,
      ...aws.functions.get(`weighbridge-${stage}-worker`),
      ...Object.fromEntries(own.map(([name, { value }]) => [name.slice(root.length), value])),
      ...secrets(stage),
    };
  }

  return {
    machine,
    aws,
    sandbox,
    publicUrl: world.url,
    toolRuns,
    broken,
    parameter,
    secrets,
    /** Setup with valid answers. */
    setUp: (command = "setup"): Promise<CliRun> => {
      const { clientId, clientSecret } = sandbox.withings.application;
      return machine.run(command, [sandbox.telegram.token, String(OWNER), clientId, clientSecret, ""]);
    },
    /** Registers the callback address at Withings. */
    register: () => {
      sandbox.withings.application.redirectUrls = [`${world.url}/withings/callback`];
    },
    /** Like a deployed function, in its environment. */
    async asFunction<T>(work: (app: App) => Promise<T>): Promise<T> {
      const sections = ["store", "sealing", "withings", "withingsLogin", "garmin", "web"] as const;
      const app = await createApp(readConfig(environmentOfFunctions(), sections), { clock: systemClock, log: silent });
      try {
        return await work(app);
      } finally {
        await app.close();
      }
    },
    async close() {
      await machine.close();
      await Promise.all([aws.close(), dynalite.close(), tools.close(), world.close()]);
    },
  };
}

/** An npm that asks the test what to do. */
function standIn(folder: string, url: string): string {
  const bin = path.join(folder, "tools");
  mkdirSync(bin);
  const file = path.join(bin, "npm");
  writeFileSync(
    file,
    `#!${process.execPath}
import { request } from "node:http";
import { text } from "node:stream/consumers";
request(${JSON.stringify(url)}, { method: "POST" }, async (answer) => {
  console.log(await text(answer));
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
}).end(JSON.stringify(process.argv.slice(2)));
`,
  );
  // Without it, a file without an extension would be CommonJS.
  writeFileSync(path.join(bin, "package.json"), '{ "type": "module" }');
  chmodSync(file, 0o755);
  return bin;
}
