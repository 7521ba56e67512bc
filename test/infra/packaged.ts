import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { sharedFolder } from "../support/run-folder.ts";

export const FUNCTIONS = ["http", "worker", "sweep", "alarm"] as const;
/** Not the default, so that a name without its stage is noticed. */
export const STAGE = "night";
/** For `packaged`: all that may be asked for, in one template. Each takes a process of its own. */
export const ASKED = { existingTable: "true", reserveConcurrency: "true", alarmEmail: "owner@example.org" };
export const SECRET = "what-nobody-may-read-in-a-template";

const OSLS = path.resolve("node_modules/osls/bin/serverless.js");
const SCHEMA_CACHE = path.resolve("node_modules/.cache");

const Resource = z.object({
  Type: z.string(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()),
});
const Template = z.strictObject({
  AWSTemplateFormatVersion: z.string(),
  Description: z.string(),
  Resources: z.record(z.string(), Resource),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
});
export type Resource = z.infer<typeof Resource>;
export type Template = z.infer<typeof Template>;

export interface Packaged {
  /** As osls wrote it. */
  text: string;
  template: Template;
  /** What each function's archive contains. */
  archives: Record<string, string[]>;
  /** The files that osls left in the home directory. */
  leftAtHome: string[];
}

/** Made once for all tests. */
export async function packaged(params: Record<string, string> = {}): Promise<Packaged> {
  const name = `package ${Object.entries(params).flat().join(" ")}`.trim();
  const folder = await sharedFolder(name, async (draft) => {
    await writeFile(path.join(draft, "packaged.json"), JSON.stringify(await packageNow(params)));
  });
  return JSON.parse(await readFile(path.join(folder, "packaged.json"), "utf8"));
}

/** Packages serverless.yml with one-line functions, on a machine without AWS settings and with secrets in its environment. */
async function packageNow(params: Record<string, string>): Promise<Packaged> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "weighbridge-package-"));
  try {
    const home = path.join(folder, "home");
    await mkdir(home);
    await cp("serverless.yml", path.join(folder, "serverless.yml"));
    await cp("infra", path.join(folder, "infra"), { recursive: true });
    for (const name of FUNCTIONS) {
      await mkdir(path.join(folder, ".build", name), { recursive: true });
      for (const file of ["index.mjs", "chunk-ABC.mjs", "renderer.wasm", "font.ttf", "notes.json"]) {
        await writeFile(path.join(folder, ".build", name, file), "export const handler = () => {};");
      }
    }
    const secrets = { TELEGRAM_BOT_TOKEN: SECRET, SEALING_KEY: SECRET, WITHINGS_CLIENT_SECRET: SECRET };
    await writeFile(path.join(folder, ".env"), `MANUAL_SYNC_TOKEN=${SECRET}\n`);
    await promisify(execFile)(
      process.execPath,
      [OSLS, "package", "--stage", STAGE, ...Object.entries(params).map(([name, value]) => `--param=${name}=${value}`)],
      {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: home, SLS_SCHEMA_CACHE_BASE_DIR: SCHEMA_CACHE, ...secrets },
        timeout: 60_000,
      },
    );
    const text = await readFile(path.join(folder, ".serverless/cloudformation-template-update-stack.json"), "utf8");
    const archives: Record<string, string[]> = {};
    for (const name of FUNCTIONS)
      archives[name] = namesIn(await readFile(path.join(folder, `.serverless/${name}.zip`)));
    return { text, template: Template.parse(JSON.parse(text)), archives, leftAtHome: await readdir(home) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As the directory at the end of an archive has them. */
function namesIn(zip: Buffer): string[] {
  const names = [];
  for (let at = zip.indexOf("PK\x01\x02"); at >= 0; at = zip.indexOf("PK\x01\x02", at + 1)) {
    names.push(zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  }
  return names.sort();
}
