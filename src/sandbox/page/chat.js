import { dayOf, element, post, showToast } from "./dom.js";
import { messageElement } from "./message.js";

const ACTIONS = {
  typing: "is typing",
  upload_photo: "is sending a picture",
  upload_document: "is sending a file",
};
const LEAVE_MS = 260;

const list = document.querySelector("#messages");
const status = document.querySelector("#bot-status");
const text = document.querySelector("#text");
const send = document.querySelector(".send");
const composer = document.querySelector("#composer");
const restart = document.querySelector("#restart");
const keyboard = document.querySelector("#keyboard");
const alertBox = document.querySelector("#alert");

/** If the newest message is in view, it stays there when something grows or shrinks. */
let pinned = true;
list.addEventListener("scroll", () => {
  pinned = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
});
list.addEventListener("load", scrollToEnd, true);
new ResizeObserver(scrollToEnd).observe(list);

function scrollToEnd() {
  if (pinned) list.scrollTop = list.scrollHeight;
}

/** By message id. */
const shown = new Map();
let shownToasts;
let sending = false;
let chat;

/** True if it was sent. */
export async function say(words) {
  if (sending || words.trim() === "") return false;
  sending = true;
  pinned = true;
  updateSend();
  try {
    await post("/panel/say", { text: words });
    return true;
  } catch (error) {
    showToast(error.message, { error: true });
    return false;
  } finally {
    sending = false;
    updateSend();
  }
}

async function tap(button, data, messageId) {
  button.disabled = true;
  try {
    await post("/panel/tap", { button: data, messageId });
  } catch (error) {
    showToast(error.message, { error: true });
  } finally {
    button.disabled = false;
  }
}

// As in Telegram, unblocking a bot restarts it.
restart.querySelector("button").addEventListener("click", async () => {
  try {
    await post("/panel/action/trouble", { name: "bot_blocked", on: false });
    await say("/start");
  } catch (error) {
    showToast(error.message, { error: true });
  }
});

/** True if the bot wrote something new. */
export function renderChat({ bot, chat: next }) {
  const isFirst = chat === undefined;
  chat = next;
  document.querySelector("#bot-name").textContent = bot.name;
  status.textContent = chat.blocked ? "blocked" : chat.action ? (ACTIONS[chat.action] ?? "is busy") : "bot";
  status.classList.toggle("busy", chat.action !== null);
  composer.hidden = chat.blocked;
  restart.hidden = !chat.blocked;
  text.placeholder = chat.placeholder ?? "Message";
  const hasNews = renderMessages(isFirst);
  renderToasts();
  renderKeyboard();
  return hasNews && !isFirst;
}

export function showDisconnected() {
  status.textContent = "not connected; trying again";
}

function renderMessages(isFirst) {
  const wanted = new Set(chat.messages.map(({ id }) => id));
  for (const [id, { node }] of shown) {
    if (wanted.has(id)) continue;
    shown.delete(id);
    node.classList.add("leaving");
    setTimeout(() => node.remove(), LEAVE_MS);
  }
  let hasNews = false;
  for (const message of chat.messages) {
    const json = JSON.stringify(message);
    const known = shown.get(message.id);
    if (known?.json === json) continue;
    const node = messageElement(message, { say, tap });
    if (known) replace(known.node, node);
    else {
      if (!isFirst) node.classList.add("fresh");
      if (message.from === "bot") hasNews = true;
      list.append(node);
    }
    shown.set(message.id, { json, node, day: dayOf(message.sentAt) });
  }
  renderDays();
  renderTyping();
  list.querySelector(".empty-chat")?.remove();
  if (chat.messages.length === 0) list.append(emptyChat());
  scrollToEnd();
  return hasNews;
}

/** A button keeps its focus when its message is redrawn. */
function replace(old, node) {
  const key = old.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  old.replaceWith(node);
  if (key !== undefined) node.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function renderDays() {
  for (const day of list.querySelectorAll(".day")) day.remove();
  let last;
  for (const { id } of chat.messages) {
    const { node, day } = shown.get(id);
    if (day !== last) node.before(element("div", { class: "day" }, day));
    last = day;
  }
}

function renderTyping() {
  list.querySelector(".message.acting")?.remove();
  if (chat.action === null) return;
  const dots = element("div", { class: "bubble typing" }, element("i"), element("i"), element("i"));
  list.append(element("div", { class: "message acting", "aria-hidden": "true" }, dots));
}

function emptyChat() {
  const start = element("button", { type: "button", class: "primary", onClick: () => say("/start") }, "Start");
  return element(
    "div",
    { class: "empty-chat" },
    ...(chat.description === ""
      ? [element("p", {}, "Press Start. The bot guides you through linking.")]
      : [element("h3", {}, "What can this bot do?"), element("p", { class: "description" }, chat.description)]),
    start,
  );
}

function renderToasts() {
  const fresh = shownToasts === undefined ? [] : chat.toasts.slice(shownToasts);
  shownToasts = chat.toasts.length;
  for (const { text: words, alert } of fresh) {
    if (!alert) {
      showToast(words);
      continue;
    }
    document.querySelector("#alert-text").textContent = words;
    if (!alertBox.open) alertBox.showModal();
  }
}

function renderKeyboard() {
  keyboard.hidden = chat.keyboard.length === 0;
  const button = (words) => element("button", { type: "button", onClick: () => say(words) }, words);
  keyboard.replaceChildren(...chat.keyboard.map((row) => element("div", {}, ...row.map(button))));
}

export function updateSend() {
  send.disabled = sending || text.value.trim() === "";
}
