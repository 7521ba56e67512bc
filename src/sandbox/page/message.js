import { copy, element, timeOf } from "./dom.js";

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  blockquote: "blockquote",
};

export function messageElement(message, { say, tap }) {
  const { id, from, text, entities, photo, document: file, buttons, edited, history, sentAt } = message;
  const earlier = history.length > 0 ? `Before: ${history.join("\n\n")}` : undefined;
  const bubble = element(
    "div",
    { class: "bubble" },
    photo &&
      element("img", {
        class: "photo",
        src: `/panel/file/${photo.fileId}`,
        width: photo.width,
        height: photo.height,
        alt: text === "" ? "A picture from the bot" : `Picture: ${text}`,
      }),
    file && element("a", { href: `/panel/file/${file.fileId}`, download: file.fileName }, file.fileName),
    element("span", { class: "words" }, ...formatted(text, entities, say)),
    element(
      "span",
      { class: "stamp" },
      edited && element("span", { title: earlier }, "edited "),
      element("time", { datetime: sentAt }, timeOf(sentAt)),
    ),
  );
  const rows = buttons.map((row) => element("div", {}, ...row.map((button) => buttonElement(button, id, tap))));
  return element(
    "article",
    { class: from === "bot" ? "message" : "message own", "aria-label": from === "bot" ? "Bot" : "You" },
    bubble,
    rows.length > 0 && element("div", { class: "buttons" }, ...rows),
  );
}

function buttonElement({ text, data, url, webApp, copyText, style, spinning }, messageId, tap) {
  const copies = copyText !== undefined;
  const look = [style, spinning && "spinning", copies && "copies"].filter(Boolean).join(" ");
  if (webApp !== undefined) {
    const href = `/panel/web-app?${new URLSearchParams({ message: messageId, button: text })}`;
    return element("a", { href, target: "_blank", rel: "noopener noreferrer", class: look }, text);
  }
  if (url !== undefined) {
    return element("a", { href: url, target: "_blank", rel: "noopener noreferrer", class: look }, text);
  }
  return element(
    "button",
    {
      type: "button",
      class: look,
      "data-key": data ?? copyText,
      "aria-busy": spinning ? "true" : undefined,
      disabled: data === undefined && !copies,
      onClick: (event) => (copies ? copy(copyText) : tap(event.currentTarget, data, messageId)),
    },
    text,
  );
}

/** Entities nest and never cross, and the outer one comes first. */
function formatted(text, entities, say, from = 0, to = text.length) {
  const nodes = [];
  let at = from;
  for (let index = 0; index < entities.length; index += 1) {
    const entity = entities[index];
    const end = entity.offset + entity.length;
    if (entity.offset < at || end > to) continue;
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inner = formatted(text, entities.slice(index + 1), say, entity.offset, end);
    nodes.push(entityElement(entity, text.slice(entity.offset, end), inner, say));
    at = end;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

function entityElement(entity, text, inner, say) {
  if (entity.type === "code" || entity.type === "pre") {
    return element(entity.type, { title: "Copy", onClick: () => copy(text) }, ...inner);
  }
  const tag = TAGS[entity.type];
  if (tag) return element(tag, {}, ...inner);
  const opened = { target: "_blank", rel: "noopener noreferrer" };
  switch (entity.type) {
    case "text_link":
      return element("a", { href: entity.url, ...opened }, ...inner);
    case "url":
      return element("a", { href: text, ...opened }, text);
    case "bot_command":
      return element("button", { type: "button", class: "command-word", onClick: () => say(text) }, text);
    case "expandable_blockquote":
      return element("blockquote", { class: "folded", tabindex: "0", title: "Press to unfold" }, ...inner);
    case "spoiler":
      return element("span", { class: "spoiler", tabindex: "0" }, ...inner);
    default:
      return element("span", {}, ...inner);
  }
}
