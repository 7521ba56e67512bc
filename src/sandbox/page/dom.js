/** Attributes named `onName` become listeners. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2).toLowerCase(), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

const TOAST_MS = 4000;

export function showToast(words, { error = false } = {}) {
  const toast = element("p", { class: error ? "error" : undefined }, words);
  document.querySelector("#toasts").append(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    showToast("Copied");
  } catch {
    showToast("This browser doesn’t let the page copy. Select the text and copy it yourself.", { error: true });
  }
}

export const codeElement = (text) =>
  element("button", { type: "button", class: "code", title: "Copy", onClick: () => copy(text) }, text);

/** Returns the sentence the server answers with, and throws one if something went wrong. */
export async function post(path, body = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The demo doesn’t answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({ message: "The demo’s answer can’t be read." }));
  if (!response.ok) throw new Error(answer.message);
  return answer.message;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const longCalendar = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

export const timeOf = (instant) => clock.format(new Date(instant));
export const dayOf = (instant) => longCalendar.format(new Date(instant));
export const dayAndTimeOf = (instant) =>
  `${calendar.format(new Date(instant)).replace(" ", "\u00a0")}, ${timeOf(instant)}`;
