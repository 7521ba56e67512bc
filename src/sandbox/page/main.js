import { renderChat, showDisconnected } from "./chat.js";
import { renderCommands } from "./composer.js";
import { renderPanel, startOver } from "./panel.js";

const tabs = [...document.querySelectorAll('[role="tab"]')];
const news = new EventSource("/panel/events");
let beginning;

news.addEventListener("message", ({ data }) => {
  const state = JSON.parse(data);
  beginning ??= state.beginning;
  if (state.beginning !== beginning) return startOver();
  document.title = `${state.bot.name} demo`;
  const botSpoke = renderChat(state);
  renderCommands(state.chat.commands);
  const mailCame = renderPanel(state);
  if (botSpoke) announce("chat");
  if (mailCame) announce("mail");
});
news.addEventListener("error", showDisconnected);

function announce(view) {
  const isShown = document.documentElement.dataset.view === view;
  document.querySelector(`#tab-${view}`).classList.toggle("news", !isShown);
}

function show(tab) {
  document.documentElement.dataset.view = tab.dataset.view;
  tab.classList.remove("news");
  for (const other of tabs) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
  }
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const next = tabs.at((index + step) % tabs.length);
    show(next);
    next.focus();
  });
}
