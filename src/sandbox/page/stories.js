import { element, post } from "./dom.js";
import { run } from "./result.js";

const on = document.querySelector("#faults-on");

/** By name. The elements stay, so that a switch keeps its focus while it is flipped. */
const switches = new Map();
const badges = new Map();
const drawn = new Map();

function drawStories(selector, stories) {
  const titles = stories.map(({ title }) => title).join();
  if (drawn.get(selector) === titles) return;
  drawn.set(selector, titles);
  document.querySelector(selector).replaceChildren(...stories.map(storyElement));
}

export function renderStories({ scenes, stories }) {
  drawStories("#scenes", scenes);
  drawStories("#stories", stories);
  const isOn = ({ on }) => on;
  for (const story of stories) {
    for (const { name, on } of story.switches) switches.get(name).checked(on);
    badges.get(story.title).hidden = !story.switches.some(isOn);
  }
  const count = stories.flatMap((story) => story.switches).filter(isOn).length;
  on.classList.toggle("badge", count > 0);
  on.textContent = count === 0 ? "Nothing is broken." : `${count} on`;
}

function storyElement({ title, expect, switches: troubles, buttons }) {
  const badge = element("span", { class: "badge", hidden: true }, "on");
  badges.set(title, badge);
  const flips = troubles.map(({ name, label }) => {
    const flip = switchElement(label, (wanted) => post("/panel/action/trouble", { name, on: wanted }));
    flip.node.dataset.trouble = name;
    switches.set(name, flip);
    return flip.node;
  });
  return element(
    "details",
    { class: "story" },
    element("summary", {}, element("span", {}, title), badge),
    element("p", { class: "note" }, expect),
    ...flips,
    buttons.length > 0 && element("div", { class: "buttons-row" }, ...buttons.map(buttonElement)),
  );
}

function buttonElement({ label, action, input }) {
  const press = async ({ currentTarget: button }) => {
    button.disabled = true;
    await run(() => post(`/panel/action/${action}`, input));
    button.disabled = false;
  };
  return element("button", { type: "button", onClick: press }, label);
}

/** `checked` shows the state that the demo reports. */
export function switchElement(label, flip) {
  const input = element("input", { type: "checkbox", role: "switch" });
  input.addEventListener("change", async () => {
    const wanted = input.checked;
    input.disabled = true;
    if (!(await run(() => flip(wanted)))) input.checked = !wanted;
    input.disabled = false;
    input.focus({ preventScroll: true });
  });
  return {
    node: element("label", { class: "switch" }, element("span", {}, label), input),
    checked(isOn) {
      if (!input.disabled) input.checked = isOn;
    },
  };
}
