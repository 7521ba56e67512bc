import { Reply } from "../reply.ts";
import type { Call, Route } from "../serve.ts";
import { copyAddress, escapeHtml, vendorPage } from "../vendor-page.ts";
import { badRequest, jsonObject } from "./front.ts";
import { randomHex, type Session, setSessionCookies, setSignedInCookies } from "./sessions.ts";
import type { Sso } from "./sso-state.ts";
import { isGarminService } from "./tickets.ts";

/** The sign-in pages for a browser. They end at /sso/embed, with the ticket in the address. */
export function widgetRoutes(sso: Sso): Route[] {
  return [
    { method: "GET", path: "/sso/embed", handle: landingPage },
    { method: "GET", path: "/sso/logout", handle: signOut },
    { method: "GET", path: "/sso/signin", handle: (call) => openPage(sso, call) },
    { method: "POST", path: "/sso/signin", handle: (call) => takePassword(sso, call) },
    { method: "POST", path: "/sso/verifyMFA/mfaCode", handle: (call) => sendCode(sso, call) },
    { method: "POST", path: "/sso/verifyMFA/loginEnterMfaCode", handle: (call) => takeCode(sso, call) },
  ];
}

/**
 * At Garmin too, a successful sign-in ends on a page that complains about missing parameters. The heading is the vendor's,
 * word for word; these are a few of its sixty or so options.
 */
const EMBED_USAGE = `ERROR: clientId parameter must be specified!!!

Usage: https://sso.garmin.com/sso/embed?clientId=<clientId>&locale=<locale>...

Request parameter configuration options:

NAME                           REQ  VALUES                 DESCRIPTION
------------------------------------------------------------------------------------------
clientId                       Yes  "MY_GARMIN"/...        Client identifier for your web application
locale                         Yes  "en", "bg", "cs"...    User's current locale
cssUrl                         No   Absolute URL           Custom CSS file
reauth                         No   true/false             Shows the sign-in even if SSO remembers the user
service                        No   Absolute URL           Where the service ticket is good for
consumeServiceTicket           No   true/false             Whether the page uses the ticket up
redirectAfterAccountLoginUrl   No   Absolute URL           Where the browser goes after a sign-in`;

/** Doesn't use the ticket up: it stays in the address bar. */
function landingPage({ seen }: Call): Reply {
  if (!seen.query.has("ticket")) return vendorPage("GARMIN Authentication Application", "");
  const note = '<hr><p class="note">Below this line is the sandbox, and not Garmin.</p>';
  return vendorPage("GAuth Embedded Version", `<pre>${escapeHtml(EMBED_USAGE)}</pre>${note}${copyAddress}`);
}

/** Lets two people share one browser. */
function signOut(): Reply {
  const page = vendorPage("GARMIN > Signed out", "<h1>Garmin</h1><p>You are signed out.</p>");
  page.headers.append("set-cookie", "CASTGC=; Max-Age=0; Path=/");
  return page;
}

function openPage(sso: Sso, { seen }: Call): Reply {
  if (!isGarminService(serviceOf(seen.query), sso.url())) return vendorPage("GARMIN > Oops", "<h1>Oops</h1>", 400);
  const email = sso.sessions.emailOf(seen);
  return email ? success(sso, seen.query, email) : passwordPage(sso, seen.query, sso.sessions.of(seen));
}

function takePassword(sso: Sso, { seen }: Call): Reply {
  const session = sso.sessions.of(seen);
  const form = new URLSearchParams(seen.body);
  if (!session || form.get("_csrf") !== session.csrf)
    return passwordPage(sso, seen.query, session, "Please try again.");
  const email = form.get("username") ?? "";
  // The pages send no client id, so they have a limit of their own.
  if (sso.limiter.isTooMuch("widget", email)) return vendorPage("Too many requests", "<h1>429</h1>", 429);

  const account = sso.accounts.find(email);
  if (account?.locked) return passwordPage(sso, seen.query, session, "This account is locked.");
  if (!account || account.password !== form.get("password")) {
    return passwordPage(sso, seen.query, session, "Invalid sign in. Please try again.");
  }
  if (!account.mfa) return success(sso, seen.query, account.email);
  session.pending = sso.mfa.begin(account, account.mfa, serviceOf(seen.query));
  return codePage(seen.query, session);
}

/** Unlike the apps, the page has to ask for the code. */
function sendCode(sso: Sso, { seen }: Call): Reply {
  const pending = sso.sessions.of(seen)?.pending;
  if (!pending || jsonObject(seen.body)?.customerGuid !== pending.account.guid) return badRequest("Invalid session");
  return sso.mfa.send(pending) ? Reply.json({}) : badRequest("request another code in 30 seconds");
}

function takeCode(sso: Sso, { seen }: Call): Reply {
  const session = sso.sessions.of(seen);
  const form = new URLSearchParams(seen.body);
  if (!session?.pending || form.get("_csrf") !== session.csrf) {
    return passwordPage(sso, seen.query, session, "Your session has expired.");
  }
  const { account } = session.pending;
  const outcome = sso.mfa.check(session.pending, (form.get("mfa-code") ?? "").trim());
  if (outcome === "wrong") return codePage(seen.query, session, "That code is not right.");
  session.pending = undefined;
  if (outcome === "right") return success(sso, seen.query, account.email);
  return passwordPage(sso, seen.query, session, outcome === "expired" ? "That code is too old." : "Wait 24 hours.");
}

function passwordPage(sso: Sso, query: URLSearchParams, existing: Session | undefined, wrong = ""): Reply {
  const session = existing ?? sso.sessions.open();
  session.csrf = randomHex(32);
  const known = sso.accounts.all().map(({ email, password }) => `${escapeHtml(email)} / ${escapeHtml(password)}`);
  const body = `<h1>Garmin</h1><p class="wrong">${escapeHtml(wrong)}</p>
<form method="post" action="/sso/signin?${escapeHtml(query.toString())}">
<input type="hidden" name="_csrf" value="${session.csrf}"><input type="hidden" name="embed" value="true">
<input name="username" type="email" placeholder="Email" autocomplete="off" required>
<input name="password" type="password" placeholder="Password" autocomplete="off" required>
<button>Sign In</button></form>
<p class="note">This is the sandbox, not Garmin. It knows:<br>${known.join("<br>")}</p>`;
  const page = vendorPage("GARMIN Authentication Application", body);
  return existing ? page : setSessionCookies(page, session, "page");
}

function codePage(query: URLSearchParams, session: Session, wrong = ""): Reply {
  const { pending } = session;
  if (!pending) return vendorPage("GARMIN > Oops", "<h1>Oops</h1>", 400);
  session.csrf = randomHex(32);
  const params = escapeHtml(query.toString());
  // Empty until a code is sent: other programs read here whether they have to ask for one.
  const sentTo = pending.code === undefined ? "" : `${pending.account.email.slice(0, 2)}*****`;
  const asksForCode =
    'fetch("/sso/verifyMFA/mfaCode", { method: "POST", headers: { "content-type": "application/json" }, ' +
    "body: JSON.stringify({ customerGuid, mfaMethod, locale }) });";
  const body = `<h1>Garmin</h1><p>Enter the code sent to you.</p><p class="wrong">${escapeHtml(wrong)}</p>
<form method="post" action="/sso/verifyMFA/loginEnterMfaCode?${params}">
<input type="hidden" name="_csrf" value="${session.csrf}"><input type="hidden" name="embed" value="true">
<input type="hidden" name="fromPage" value="setupEnterMfaCode">
<input name="mfa-code" inputmode="numeric" autocomplete="one-time-code" required><button>Next</button></form>
<script>
var mfaMethod = "${pending.method}"; var customerGuid = "${pending.account.guid}"; var locale = "en";
var clientId = ""; var codeSentTo = "${sentTo}";
${pending.code === undefined ? asksForCode : ""}
</script>`;
  return vendorPage("GARMIN Authentication Application", body);
}

function success(sso: Sso, query: URLSearchParams, email: string): Reply {
  const service = serviceOf(query);
  const ticket = sso.tickets.mint(email, service, "cas");
  // Garmin's landing page exists here too, so that a browser in the demo ends up somewhere.
  const target = service.endsWith("/sso/embed") ? `${sso.url()}/sso/embed` : service;
  const responseUrl = `${target}?ticket=${ticket}`;
  const body = `<a href="${escapeHtml(responseUrl)}">Continue</a>
<script>var response_url = "${responseUrl}"; window.location.replace(response_url);</script>`;
  const guid = sso.accounts.get(email).guid;
  return setSignedInCookies(vendorPage("Success", body), sso.sessions.remember(email), guid, "page");
}

function serviceOf(query: URLSearchParams): string {
  return query.get("service") ?? "";
}
