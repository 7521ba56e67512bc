import { dayAndTimeOf, post } from "./dom.js";
import { bloodPressureTable, mailList, signInWords, weightsTable } from "./observed.js";
import { run, showResult } from "./result.js";
import { renderStories, switchElement } from "./stories.js";

const problem = document.querySelector("#problem");
const linkButton = document.querySelector("#link-button");
const now = document.querySelector("#now");

let linked;
let aheadMs = 0;
let mailCount;

/** True if a mail has come. */
export function renderPanel({ observed, problem: sentence }) {
  const wrong = sentence ?? (observed?.ended && `The program has ended: ${observed.ended}`);
  problem.hidden = !wrong;
  problem.textContent = wrong ?? "";
  if (observed === null) return false;
  linked = observed.linked;
  aheadMs = observed.aheadSeconds * 1000;
  renderNow();
  renderLink(observed.signedOut === true);
  if (observed.signIn) renderWhenChanged("#sign-in", observed.signIn, signInWords);
  renderWhenChanged("#weights", observed.weights, (weights) => [weightsTable(weights)]);
  renderWhenChanged("#blood-pressures", observed.bloodPressures, (list) => [bloodPressureTable(list)]);
  renderWhenChanged("#mails", observed.mails, mailList);
  renderStories(observed);
  patience.checked(observed.hasShortPatience);
  address.checked(observed.hasAddress);
  const mailCame = observed.mails.length > (mailCount ?? observed.mails.length);
  mailCount = observed.mails.length;
  return mailCame;
}

const drawn = new Map();

function renderWhenChanged(selector, value, draw) {
  const json = JSON.stringify(value);
  if (drawn.get(selector) === json) return;
  drawn.set(selector, json);
  document.querySelector(selector).replaceChildren(...draw(value));
}

function renderLink(signedOut) {
  linkButton.disabled = linked || linkButton.form.dataset.running !== undefined;
  linkButton.classList.toggle("done", linked);
  linkButton.textContent = linked ? "Linked" : signedOut ? "Or link both again" : "Or link both at once";
}

/** The demo's time may be ahead of this machine's. */
function renderNow() {
  const instant = new Date(Date.now() + aheadMs).toISOString();
  const words = dayAndTimeOf(instant);
  if (now.textContent === words) return;
  now.dateTime = instant;
  now.textContent = words;
}
setInterval(renderNow, 1000);

const patience = switchElement("Report an outage after a minute, not after six hours", (isShort) =>
  post("/panel/action/patience", { isShort }),
);
const address = switchElement(
  "The bot has a public address; without one, you paste an address to link Withings",
  (on) => post("/panel/action/address", { on }),
);
document.querySelector("#settings").append(patience.node, address.node);

/** The fields that are filled in. A local time becomes an instant. */
function inputOf(form) {
  const input = JSON.parse(form.dataset.input ?? "{}");
  for (const field of form.querySelectorAll("fieldset:not([hidden]) input")) {
    if (field.value === "") continue;
    input[field.name] = field.type === "datetime-local" ? new Date(field.value).toISOString() : Number(field.value);
  }
  return input;
}

async function submit(form) {
  const buttons = [...form.querySelectorAll("button:not(.more)")];
  form.dataset.running = "";
  for (const button of buttons) button.disabled = true;
  await run(() => post(`/panel/action/${form.dataset.action}`, inputOf(form)));
  delete form.dataset.running;
  for (const button of buttons) button.disabled = button === linkButton && linked === true;
}

for (const form of document.querySelectorAll("form[data-action]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.dataset.running === undefined) submit(form);
  });
}

for (const more of document.querySelectorAll("button.more")) {
  more.addEventListener("click", () => {
    const fields = document.querySelector(`#${more.getAttribute("aria-controls")}`);
    fields.hidden = !fields.hidden;
    more.setAttribute("aria-expanded", String(!fields.hidden));
    if (!fields.hidden) fields.querySelector("input").focus();
  });
}

const STARTED_OVER = "started-over";

/** Reloads, because everything on the page is out of date. */
export function startOver() {
  sessionStorage.setItem(STARTED_OVER, "yes");
  location.reload();
}

if (sessionStorage.getItem(STARTED_OVER) !== null) {
  sessionStorage.removeItem(STARTED_OVER);
  showResult("Everything is back at the beginning.");
} else showResult("The result of each button appears here.");
