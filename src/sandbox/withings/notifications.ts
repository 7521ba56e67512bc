import type { Reply } from "../reply.ts";
import { ok, refused, unknownAction } from "./envelope.ts";
import type { MeasureGroup } from "./groups.ts";

export interface Subscription {
  userid: number;
  appli: number;
  callbackurl: string;
  comment: string | null;
}

const PROFILE = 46;
const NEVER = 2_147_483_647;
const WEIGHT_TYPES = new Set([1, 5, 6, 8, 71, 73, 76, 77, 88, 91]);
const HEART_TYPES = new Set([9, 10, 11, 54]);

/**
 * POST /notify, and the calls that follow. A callback on this machine is probed with HEAD and really called; any other is
 * accepted if its address follows the rules, because the sandbox calls nobody else.
 */
export class Notifications {
  subscriptions: Subscription[] = [];
  /** `status` is undefined if nobody answered. */
  readonly sent: { callbackurl: string; fields: Record<string, string>; status: number | undefined }[] = [];
  #underWay: Promise<void>[] = [];

  async handle(fields: URLSearchParams, userid: number): Promise<Reply> {
    const callbackurl = fields.get("callbackurl") ?? "";
    const appli = fields.has("appli") ? Number(fields.get("appli")) : undefined;
    const mine = (other: Subscription) => other.userid === userid && (appli === undefined || other.appli === appli);
    const exact = (other: Subscription) => mine(other) && other.callbackurl === callbackurl;
    switch (fields.get("action")) {
      case "subscribe":
        if (!(await mayBeCalled(callbackurl))) return refused(293, "Invalid Params: invalid callbackurl");
        // Like the vendor, it takes the same triple twice: list before you subscribe.
        this.subscriptions.push({ userid, appli: appli ?? 1, callbackurl, comment: fields.get("comment") });
        return ok({});
      case "list":
        return ok({ profiles: this.subscriptions.filter(mine).map(profile) });
      case "get": {
        const found = this.subscriptions.find((other) => exact(other) && other.appli === (appli ?? 1));
        return found ? ok(profile(found)) : refused(286, "No such subscription was found");
      }
      case "revoke":
        if (!this.subscriptions.some(exact)) return refused(294, "No such subscription could be deleted");
        this.subscriptions = this.subscriptions.filter((other) => !exact(other));
        return ok({});
      default:
        return unknownAction();
    }
  }

  /** Announces that something happened around the group's date: no values, no grpid. */
  announce(userid: number, group: MeasureGroup): void {
    const has = (types: Set<number>) => group.measures.some(({ type }) => types.has(type));
    const applis = [...(has(WEIGHT_TYPES) ? [1] : []), ...(has(HEART_TYPES) ? [4] : [])];
    for (const { callbackurl, appli } of this.subscriptions.filter((other) => other.userid === userid)) {
      if (!applis.includes(appli) || !isHere(callbackurl)) continue;
      const fields = {
        userid: String(userid),
        startdate: String(group.date - 1),
        enddate: String(group.date),
        appli: String(appli),
      };
      this.#underWay.push(this.#post(callbackurl, fields));
    }
  }

  announceProfile(userid: number, action: "delete" | "unlink" | "update"): void {
    for (const { callbackurl, appli } of this.subscriptions.filter((other) => other.userid === userid)) {
      if (appli !== PROFILE || !isHere(callbackurl)) continue;
      this.#underWay.push(this.#post(callbackurl, { userid: String(userid), appli: String(appli), action }));
    }
  }

  /** Subscriptions do vanish, after weeks of failures or for no known reason. Omit `appli` to drop them all. */
  drop(userid: number, appli?: number): void {
    const isGone = (other: Subscription) => other.userid === userid && (appli === undefined || other.appli === appli);
    this.subscriptions = this.subscriptions.filter((other) => !isGone(other));
  }

  /** Resolves when every call so far was answered. */
  async delivered(): Promise<void> {
    while (this.#underWay.length > 0) await Promise.all(this.#underWay.splice(0));
  }

  async #post(callbackurl: string, fields: Record<string, string>): Promise<void> {
    const body = new URLSearchParams(fields);
    const answer = await fetch(callbackurl, { method: "POST", body }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    this.sent.push({ callbackurl, fields, status: answer?.status });
  }
}

function profile({ appli, callbackurl, comment }: Subscription) {
  return { appli, callbackurl, comment, expires: NEVER };
}

async function mayBeCalled(callbackurl: string): Promise<boolean> {
  if (callbackurl.length > 255 || !URL.canParse(callbackurl)) return false;
  if (isHere(callbackurl)) {
    const answer = await fetch(callbackurl, { method: "HEAD" }).catch(() => undefined);
    return answer?.ok ?? false;
  }
  const { protocol, hostname, port } = new URL(callbackurl);
  const isName = hostname.includes(".") && !/^[\d.]+$/.test(hostname);
  return protocol === "https:" && isName && (port === "" || port === "80");
}

function isHere(callbackurl: string): boolean {
  return ["127.0.0.1", "localhost"].includes(new URL(callbackurl).hostname);
}
