import { randomUUID } from "node:crypto";
import * as z from "zod";
import { failureMessage } from "../bot/ui/error-reply.ts";
import { SIGN_IN_PAGE_WORDS, type SignInPageWords } from "../bot/words/sign-in-page.ts";
import { languageOf, type Words } from "../bot/words/words.ts";
import { json, plain, readBody } from "../http/answers.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import { whoActs } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { lazy } from "../lib/lazy.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { GarminSignIn, SignInResult } from "../sync/links/garmin-sign-in.ts";
import { CODE, codeIn, EMAIL } from "../sync/links/typed-sign-in.ts";
import { BusyError } from "../sync/links/with-lease.ts";
import type { Account, Accounts } from "../sync/model/account.ts";
import { MOBILE_CLIENTS, type SignInSessions } from "../sync/model/garmin-sign-in.ts";
import type { LinkFacts, Links } from "../sync/model/link.ts";
import type { People } from "../sync/model/people.ts";
import { answerTo, type PageAnswer } from "./answers.ts";
import { readInitData } from "./init-data.ts";
import { pageFor } from "./page.ts";

export type SignedIn = Extract<SignInResult, { type: "signed_in" }>;

export interface SignInPageDeps {
  /** Of the page, as a browser writes it. */
  origin: string;
  botToken: string;
  allowedIds: number[];
  people: Pick<People, "isInvited">;
  accounts: Pick<Accounts, "find">;
  links: Pick<Links, "facts">;
  sessions: SignInSessions;
  garminSignIn: GarminSignIn;
  wordsOf: (account: Account) => Promise<Words>;
  /** Alone in the person's chat, as an update is. Throws `BusyError` at once while somebody else is. */
  inTurn: <T>(account: number, work: () => Promise<T>) => Promise<T>;
  /** In that turn. */
  onSignedIn: (account: Account, result: SignedIn) => Promise<void>;
  clock: Clock;
  log: Log;
}

const MAX_BODY_BYTES = 16 * 1024;

const Request = lazy(() =>
  z.discriminatedUnion("act", [
    z.object({ act: z.literal("open") }),
    z.object({
      act: z.literal("password"),
      email: z.string().trim().max(254),
      password: z.string().min(1).max(1000),
      client: z.enum(MOBILE_CLIENTS).default("ios"),
    }),
    z.object({ act: z.literal("code"), code: z.string().max(100) }),
    z.object({ act: z.enum(["new_code", "look", "keep"]) }),
    z.object({ act: z.literal("pasted"), address: z.string().max(10_000) }),
    z.object({ act: z.literal("switch"), profileId: z.string().max(100) }),
  ]),
);
type Request = z.infer<ReturnType<typeof Request>>;

interface Visitor {
  account: number;
  openedAt: Date;
  /** They bring what Telegram signed, and not yet a session. */
  isOpening: boolean;
}

interface Visit {
  account: Account;
  openedAt: Date;
  say: { words: Words; page: SignInPageWords };
}

/** The page on which people sign in to Garmin, and what it asks. Both have the same address. */
export function createSignInPage(deps: SignInPageDeps): (request: HttpRequest) => Promise<HttpResponse> {
  return (request) => (request.method === "POST" ? answer(deps, request) : show(deps, request));
}

async function show({ garminSignIn }: SignInPageDeps, { query, headers }: HttpRequest): Promise<HttpResponse> {
  const preferred = /[a-z]+/i.exec(headers.get("accept-language") ?? "")?.[0];
  const language = languageOf(query.get("lang") ?? preferred);
  return pageFor(language, garminSignIn);
}

/** Who asks is checked before the body and the store are looked at. */
async function answer(deps: SignInPageDeps, request: HttpRequest): Promise<HttpResponse> {
  if (!isFromPage(request, deps.origin)) return plain(403);
  const visitor = visitorOf(deps, request.headers.get("authorization") ?? "");
  if (!visitor) return plain(401);
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (!bytes) return plain(413);
  const { data: asked } = Request().safeParse(parseJson(new TextDecoder().decode(bytes)));
  if (!asked) return plain(400);
  // What Telegram signed opens the page and does nothing else.
  if ((asked.act === "open") !== visitor.isOpening) return plain(401);

  const { account: id, openedAt } = visitor;
  const isServed = deps.allowedIds.includes(id) || (await deps.people.isInvited(id));
  const account = isServed ? await deps.accounts.find(id) : undefined;
  if (!account) return json(403, { step: "over" } satisfies Partial<PageAnswer>);
  const page = SIGN_IN_PAGE_WORDS[account.language ?? "en"];
  const visit = { account, openedAt, say: { words: await deps.wordsOf(account), page } };
  try {
    return json(200, await serve(deps, visit, asked));
  } catch (error) {
    const { status, said } = failed(deps, visit, error);
    return json(status, said);
  }
}

/** A browser says from where a page sends a request, and another site can't send JSON without asking first. */
function isFromPage({ headers }: HttpRequest, origin: string): boolean {
  return (
    (headers.get("origin") ?? origin) === origin &&
    (headers.get("sec-fetch-site") ?? "same-origin") === "same-origin" &&
    /^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "")
  );
}

function visitorOf({ botToken, sessions, clock, log }: SignInPageDeps, authorization: string): Visitor | undefined {
  const [, scheme, given = ""] = /^(tma|Bearer) (.+)$/s.exec(authorization) ?? [];
  if (scheme === "tma") {
    const opening = readInitData(given, botToken, clock.now());
    if (opening.type === "late") log.info("sign_in_page_opened_late");
    if (opening.type !== "ok") return undefined;
    return { account: opening.telegramUserId, openedAt: opening.signedAt, isOpening: true };
  }
  const session = scheme && sessions.read(given);
  return session ? { ...session, isOpening: false } : undefined;
}

async function serve(deps: SignInPageDeps, visit: Visit, asked: Request): Promise<PageAnswer> {
  const { account, openedAt, say } = visit;
  let isBegun = false;
  try {
    return await deps.inTurn(account.telegramUserId, async () => {
      isBegun = true;
      const link = await deps.links.facts(account.telegramUserId, "garmin").catch(() => undefined);
      const linked = link?.state === "linked" ? link : undefined;
      // So neither a copy of the session nor the second of two requests does anything once the sign-in has succeeded.
      if (linked && epochSeconds(linked.linkedAt) > epochSeconds(openedAt)) {
        return { step: "done", text: say.page.signedInSince };
      }
      return asked.act === "open" ? open(deps, visit, linked) : act(deps, visit, asked);
    });
  } catch (error) {
    if (!isBegun && error instanceof BusyError) return { text: say.page.busy, isBusy: true };
    throw error;
  }
}

async function open(deps: SignInPageDeps, visit: Visit, linked: LinkFacts | undefined): Promise<PageAnswer> {
  const { garminSignIn, sessions, log } = deps;
  const { account, openedAt, say } = visit;
  const { telegramUserId: id } = account;
  log.info("sign_in_page_opened", { account: id });
  const session = sessions.begin({ account: id, openedAt });
  const person = account.name === undefined ? {} : { person: say.page.forPerson(account.name) };
  // It comes first, because it expires after ten minutes.
  const kept = await garminSignIn.lookAgain(id);
  if (kept) return { session, ...person, ...(await concluded(deps, visit, kept)) };
  const awaited = await garminSignIn.codeAwaited(id);
  if (awaited) return { session, ...person, ...answerTo({ type: "mfa_required", ...awaited }, say, garminSignIn) };
  const email = await garminSignIn.email(id);
  const greeting: PageAnswer = { step: "ways", text: linked ? say.page.linkedAs(linked.displayName) : "" };
  const first = await garminSignIn.obstacle(id).then(
    (obstacle) => (obstacle ? answerTo(obstacle, say, garminSignIn) : greeting),
    // Both ways are shown all the same: each may work in a moment.
    (error: unknown) => ({ ...greeting, ...failed(deps, visit, error).said }),
  );
  return { session, ...person, ...first, ...(email !== undefined && { email }) };
}

async function act(deps: SignInPageDeps, visit: Visit, asked: Exclude<Request, { act: "open" }>): Promise<PageAnswer> {
  const { garminSignIn } = deps;
  const { page } = visit.say;
  const id = visit.account.telegramUserId;
  const conclude = (result: SignInResult) => concluded(deps, visit, result);
  switch (asked.act) {
    case "password": {
      const { email, password, client } = asked;
      if (!EMAIL.test(email)) return { text: page.notAnEmail, isProblem: true };
      await garminSignIn.rememberEmail(id, email);
      return conclude(await garminSignIn.withPassword(id, email, password, client));
    }
    case "code": {
      const code = codeIn(asked.code);
      // After a few wrong codes Garmin takes none for a day.
      if (!CODE.test(code)) return { step: "code", text: page.noCodeIn, isProblem: true };
      return conclude(await garminSignIn.withCode(id, code));
    }
    case "new_code":
      return conclude(await garminSignIn.newCode(id));
    case "pasted":
      return conclude(await garminSignIn.withPasted(id, asked.address));
    case "look":
      return conclude((await garminSignIn.lookAgain(id)) ?? { type: "sign_in_forgotten" });
    case "switch":
      return conclude(await garminSignIn.switchProfile(id, asked.profileId));
    case "keep":
      await garminSignIn.keepProfile(id);
      // The browser still has that person signed in, so Garmin's page has to ask again.
      return { step: "ways", text: page.kept, garminPage: garminSignIn.pageUrl({ asSomebodyElse: true }) };
  }
}

async function concluded(deps: SignInPageDeps, { account, say }: Visit, result: SignInResult): Promise<PageAnswer> {
  if (result.type === "signed_in") await deps.onSignedIn(account, result);
  return answerTo(result, say, deps.garminSignIn);
}

/** Logs it. `status` as of an answer over HTTP. */
function failed({ allowedIds, garminSignIn, log }: SignInPageDeps, { account, say }: Visit, error: unknown) {
  const reportId = randomUUID().slice(0, 8);
  const { who } = whoActs(error);
  const isPassing = who === "time" || who === "owner";
  log[isPassing ? "warn" : "error"]("sign_in_page_failed", { reportId, ...errorFacts(error) });
  const isOwner = account.telegramUserId === allowedIds[0];
  const { text } = failureMessage(error, { words: say.words, isOwner, garminSignIn, reportId });
  return { status: isPassing ? 503 : 500, said: { text, isProblem: true } satisfies PageAnswer };
}
