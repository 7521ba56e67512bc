import { Reply } from "../reply.ts";
import { escapeHtml, vendorPage } from "../vendor-page.ts";
import type { Grants } from "./grants.ts";
import type { Application } from "./oauth.ts";
import type { Person } from "./person.ts";

const SCOPES = ["user.info", "user.metrics", "user.activity", "user.sleepevents"];

/** GET /oauth2_user/authorize2 */
export function consentPage(query: URLSearchParams, application: Application, people: Iterable<Person>): Reply {
  const wrong = whatIsWrong(query, application);
  if (wrong) return vendorPage("Withings", `<h1>Something is wrong</h1><p>${escapeHtml(wrong)}</p>`, 400);
  const profiles = [...people].map(
    ({ userid, name }) =>
      `<form method="post"><input type="hidden" name="userid" value="${userid}">` +
      `<button name="decision" value="allow">Allow for ${escapeHtml(name)}</button></form>`,
  );
  const body =
    `<h1>Withings</h1><p><b>${escapeHtml(application.clientId)}</b> asks for ` +
    `<b>${escapeHtml(query.get("scope") ?? "")}</b>.</p>${profiles.join("")}` +
    '<form method="post"><button name="decision" value="refuse">Refuse</button></form>' +
    '<p class="note">This is the sandbox, not Withings.</p>';
  return vendorPage("Withings: allow access", body);
}
export function consentGiven(
  query: URLSearchParams,
  form: URLSearchParams,
  { application, people, grants }: { application: Application; people: ReadonlyMap<number, Person>; grants: Grants },
): Reply {
  const wrong = whatIsWrong(query, application);
  const userid = Number(form.get("userid"));
  const isRefused = form.get("decision") === "refuse";
  if (wrong || (!isRefused && !people.has(userid))) return vendorPage("Withings", "<h1>Something is wrong</h1>", 400);
  const answer = isRefused ? { error: "access_denied" } : { code: codeFor(query, userid, grants) };
  return new Reply(null, { status: 302, headers: { location: backTo(query, answer) } });
}

export function codeFor(query: URLSearchParams, userid: number, grants: Grants): string {
  return grants.newCode(userid, query.get("scope") ?? "", query.get("redirect_uri") ?? "");
}

export function backTo(query: URLSearchParams, answer: { code: string } | { error: string }): string {
  const url = new URL(query.get("redirect_uri") ?? "");
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  url.searchParams.set("state", query.get("state") ?? "");
  return url.href;
}

export function whatIsWrong(query: URLSearchParams, application: Application): string | undefined {
  if (query.get("response_type") !== "code") return "response_type must be code";
  if (query.get("client_id") !== application.clientId) return "unknown client_id";
  if (!query.get("state")) return "state is missing";
  const scopes = (query.get("scope") ?? "").split(",");
  // Separated by commas, unlike elsewhere: with spaces, the list would be one unknown scope.
  if (!scopes.every((scope) => SCOPES.includes(scope))) return "unknown scope";
  const redirectUri = query.get("redirect_uri") ?? "";
  if (!application.redirectUrls.some((registered) => redirectUri.startsWith(registered))) {
    return "redirect_uri is not registered";
  }
  return undefined;
}
