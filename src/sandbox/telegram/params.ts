import { parseJson } from "../../lib/json.ts";
import type { RecordedRequest } from "../serve.ts";
import { badRequest } from "./api-error.ts";

export interface Upload {
  fileName: string;
  mimeType: string;
  bytes: Uint8Array;
}

/**
 * The arguments of one call, in any of the four transports. As in the real server, every value is text: an object in a JSON
 * body is the same as its JSON in a form field.
 */
export class Params {
  readonly values: ReadonlyMap<string, string>;
  readonly uploads: ReadonlyMap<string, Upload>;

  constructor(values: ReadonlyMap<string, string>, uploads: ReadonlyMap<string, Upload> = new Map()) {
    this.values = values;
    this.uploads = uploads;
  }

  has(name: string): boolean {
    return this.values.has(name) || this.uploads.has(name);
  }

  text(name: string): string | undefined {
    return this.values.get(name);
  }

  /** NaN if it isn't a whole number, so that a lookup by it finds nothing. */
  integer(name: string): number | undefined {
    const value = this.values.get(name);
    if (value === undefined || value === "") return undefined;
    return /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  }

  flag(name: string): boolean {
    return ["true", "1", "yes"].includes(this.values.get(name)?.toLowerCase() ?? "");
  }

  json(name: string): unknown {
    const value = this.values.get(name);
    if (value === undefined || value === "") return undefined;
    const parsed = parseJson(value);
    if (parsed === undefined) throw badRequest(`can't parse ${name} JSON object`);
    return parsed;
  }

  /** The part with this name, or the one that `attach://…` names; a string is the id of a known file. */
  file(name: string): Upload | string | undefined {
    return this.uploads.get(name) ?? this.attached(this.values.get(name));
  }

  attached(value: string | undefined): Upload | string | undefined {
    if (!value?.startsWith("attach://")) return value === "" ? undefined : value;
    return this.uploads.get(value.slice("attach://".length));
  }
}

export function paramsOf(values: Record<string, unknown>): Params {
  return new Params(new Map(entriesAsText(values)));
}

export async function readParams(request: () => Request, seen: RecordedRequest): Promise<Params> {
  const { method, query, headers, body: text } = seen;
  const values = new Map(query);
  const uploads = new Map<string, Upload>();
  const type = headers["content-type"] ?? "";
  if (text === "" || method === "GET") return new Params(values);

  if (type.startsWith("application/json")) {
    const body = parseJson(text);
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw badRequest("can't parse request: JSON object expected");
    }
    for (const [name, value] of entriesAsText(body)) values.set(name, value);
  } else if (type.startsWith("application/x-www-form-urlencoded")) {
    for (const [name, value] of new URLSearchParams(text)) values.set(name, value);
  } else if (type.startsWith("multipart/form-data")) {
    for (const [name, value] of await request().formData()) {
      if (typeof value === "string") values.set(name, value);
      else uploads.set(name, { fileName: value.name, mimeType: value.type, bytes: await value.bytes() });
    }
  }
  return new Params(values, uploads);
}

function entriesAsText(values: object): [string, string][] {
  return Object.entries(values)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}
