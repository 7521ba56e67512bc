import { renderChat, showDisconnected } from "./chat.js";
import { renderCommands } from "./composer.js";
import { renderPanel } from "./panel.js";

const tabs = [...document.querySelectorAll('[role="tab"]')];
const news = new EventSource("/panel/events");

news.addEventListener("message", ({ data }) => {
  const state = JSON.parse(data);
  document.title = `${state.bot.name} demo`;
  const botSpoke = renderChat(state);
  renderCommands(state.chat.commands);
  renderPanel(state);
  if (botSpoke && document.documentElement.dataset.view !== "chat") tabs[0].classList.add("news");
});
news.addEventListener("error", showDisconnected);

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
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const next = tabs[(index + 1) % tabs.length];
    show(next);
    next.focus();
  });
}
