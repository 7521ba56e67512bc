import { initDataFor } from "../../src/sandbox/telegram/web-app.ts";
import { ACCOUNT, type TestApp } from "../support/test-app.ts";

export interface Answered {
  status: number;
  step?: string;
  text?: string;
  session?: string;
  [more: string]: unknown;
}

export const OWNER_IN_TELEGRAM = { id: ACCOUNT, firstName: "Owner", languageCode: "en" };

/** Asks as the page's script does. */
export function pageClient(harness: TestApp) {
  const { telegram } = harness.sandbox;
  const sign = (person: { id: number; firstName: string } = OWNER_IN_TELEGRAM, token = telegram.token) =>
    initDataFor(person, token, harness.clock.now());

  async function post(authorization: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const answer = await harness.ask("/sign-in", {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization && { authorization }), ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, ...(text ? JSON.parse(text) : {}) };
  }

  const opening = (initData = sign()) => post(`tma ${initData}`, { act: "open" });
  return {
    sign,
    post,
    open: opening,
    /** A session, and what it asks. */
    async begin(initData?: string) {
      const opened = await opening(initData);
      return { opened, act: (act: string, more: object = {}) => post(`Bearer ${opened.session}`, { act, ...more }) };
    },
  };
}
