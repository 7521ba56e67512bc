import { element, post } from "./dom.js";
import { bloodPressureTable, mailList, signInWords, weightsTable } from "./observed.js";

const MESSAGE_MS = 8000;

const problem = document.querySelector("#problem");
const linkButton = document.querySelector("#link-button");
const linkNote = document.querySelector("#link-note");
const faultsOutput = document.querySelector("#faults-output");
const faultsOn = document.querySelector("#faults-on");

let linked;
let signedOut = false;
let mailCount;

/** True when a mail has come. */
export function renderPanel({ observed, problem: sentence }) {
  problem.hidden = sentence === null;
  problem.textContent = sentence ?? "";
  if (observed === null) return false;
  linked = observed.linked;
  signedOut = observed.signedOut === true;
  renderLink();
  if (observed.signIn) renderWhenChanged("#sign-in", observed.signIn, signInWords);
  renderWhenChanged("#weights", observed.weights, (weights) => [weightsTable(weights)]);
  renderWhenChanged("#blood-pressures", observed.bloodPressures, (list) => [bloodPressureTable(list)]);
  renderWhenChanged("#mails", observed.mails, mailList);
  renderFaults(observed.faults);
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

function renderLink() {
  linkButton.disabled = linked || linkButton.form.dataset.running !== undefined;
  linkButton.classList.toggle("done", linked);
  linkButton.textContent = linked ? "Linked" : signedOut ? "Or link both again" : "Or link both at once";
  linkNote.textContent = linked
    ? "Withings and Garmin are linked to this chat. Your Garmin account:"
    : "The bot leads you through linking, in the chat. At Withings, allow it for Owner. Garmin\u2019s sign-in page shows its ready-made accounts; this one is yours:";
}

/** The switches stay the same elements, so that one keeps the focus while it is being flipped. */
const switches = new Map();

function renderFaults(faults) {
  const names = faults.map(({ name }) => name).join();
  if (drawn.get("faults") !== names) {
    drawn.set("faults", names);
    switches.clear();
    const groups = Map.groupBy(faults, ({ label }) => (label.includes(": ") ? label.split(": ", 1)[0] : "Other"));
    const nodes = [...groups].flatMap(([group, members]) => [element("h3", {}, group), ...members.map(switchElement)]);
    document.querySelector("#faults").replaceChildren(...nodes);
  }
  for (const { name, on } of faults) {
    const input = switches.get(name);
    if (!input.disabled) input.checked = on;
  }
  const count = faults.filter(({ on }) => on).length;
  faultsOn.hidden = count === 0;
  faultsOn.textContent = `${count} on`;
}

function switchElement({ name, label, on }) {
  const words = label.slice(label.indexOf(": ") === -1 ? 0 : label.indexOf(": ") + 2);
  const input = element("input", { type: "checkbox", role: "switch", "aria-label": label, checked: on });
  input.addEventListener("change", async () => {
    const wanted = input.checked;
    input.disabled = true;
    try {
      confirm(faultsOutput, await post("/panel/action/fault", { name, on: wanted }));
    } catch (error) {
      input.checked = !wanted;
      complain(faultsOutput, error);
    } finally {
      input.disabled = false;
      input.focus();
    }
  });
  switches.set(name, input);
  return element("label", { class: "switch" }, element("span", {}, capitalized(words)), input);
}

const capitalized = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** The filled fields of a form as the action wants them: numbers as numbers, a local time as an instant. */
function inputOf(form) {
  const input = {};
  for (const field of form.querySelectorAll("fieldset:not([hidden]) input")) {
    if (field.value === "") continue;
    input[field.name] = field.type === "datetime-local" ? new Date(field.value).toISOString() : Number(field.value);
  }
  return input;
}

async function run(form) {
  const output = form.querySelector("output");
  const buttons = [...form.querySelectorAll("button:not(.more)")];
  form.dataset.running = "";
  for (const button of buttons) button.disabled = true;
  try {
    confirm(output, await post(`/panel/action/${form.dataset.action}`, inputOf(form)));
  } catch (error) {
    complain(output, error);
  } finally {
    delete form.dataset.running;
    for (const button of buttons) button.disabled = button === linkButton && linked === true;
  }
}

const timers = new WeakMap();

function confirm(output, sentence) {
  output.classList.remove("error");
  output.textContent = sentence;
  clearTimeout(timers.get(output));
  timers.set(
    output,
    setTimeout(() => output.replaceChildren(), MESSAGE_MS),
  );
}

/** An error stays until the next try. */
function complain(output, error) {
  clearTimeout(timers.get(output));
  output.classList.add("error");
  output.textContent = error.message;
}

for (const form of document.querySelectorAll("form[data-action]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.dataset.running === undefined) run(form);
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
