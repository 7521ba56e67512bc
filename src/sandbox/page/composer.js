import { say, updateSend } from "./chat.js";
import { element } from "./dom.js";

const form = document.querySelector("#composer");
const text = document.querySelector("#text");
const menu = document.querySelector("#menu");
const list = document.querySelector("#command-list");

let commands = [];
let open = false;

export function renderCommands(next) {
  commands = next;
  menu.hidden = commands.length === 0;
  if (open) renderList();
}

function renderList() {
  const typed = text.value.startsWith("/") ? text.value.slice(1).toLowerCase() : "";
  const fitting = commands.filter(({ command }) => command.startsWith(typed));
  list.replaceChildren(
    ...fitting.map(({ command, description }) =>
      element(
        "button",
        { type: "button", role: "option", "aria-selected": "false", onClick: () => choose(command) },
        `/${command}`,
        element("span", {}, description),
      ),
    ),
  );
  list.hidden = !open || fitting.length === 0;
  menu.setAttribute("aria-expanded", String(!list.hidden));
}

function toggle(wanted) {
  open = wanted;
  renderList();
}

async function choose(command) {
  toggle(false);
  text.value = "";
  updateSend();
  text.focus();
  await say(`/${command}`);
}

function moveFocus(step) {
  const options = [...list.querySelectorAll("button")];
  const at = options.indexOf(document.activeElement);
  const next = at === -1 && step < 0 ? options.length - 1 : at + step;
  if (options[next]) options[next].focus();
  else text.focus();
}

menu.addEventListener("click", () => {
  toggle(!open);
  if (open) list.querySelector("button")?.focus();
});

text.addEventListener("input", () => {
  updateSend();
  toggle(/^\/\w*$/.test(text.value));
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  toggle(false);
  const words = text.value;
  text.value = "";
  if (!(await say(words)) && text.value === "") text.value = words;
  updateSend();
  text.focus();
});

form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === text) {
    event.preventDefault();
    if (text.value.trim() !== "") form.requestSubmit();
  } else if (event.key === "ArrowUp" && open && event.target === text) {
    event.preventDefault();
    moveFocus(-1);
  }
});

list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  moveFocus(step);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !open) return;
  toggle(false);
  text.focus();
});

document.addEventListener("click", (event) => {
  if (open && !list.contains(event.target) && !menu.contains(event.target) && event.target !== text) toggle(false);
});

updateSend();
