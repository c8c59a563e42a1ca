/** The inline keyboard under a message. */

import { el, icon, spoken } from "./dom.js";
import { link } from "./entities.js";
import { fr } from "./fr.js";

/** Rows of buttons; `actions` gives press(message, data) and copy(text) beside what links need. */
export function renderKeyboard(message, actions) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length === 0) return null;
  const line = (row) => el("div", { class: "keyboard-row" }, ...row.map((one) => button(one, message, actions)));
  return el("div", { class: "keyboard", "data-testid": "keyboard" }, ...rows.map(line));
}

function button(description, message, actions) {
  const shared = { class: "keyboard-button", "data-testid": "keyboard-button", "data-label": description.text };
  const label = el("span", {}, description.text);
  if (description.url) {
    const hint = [icon("external"), spoken(` ${fr.opensTab}`)];
    return dropHintInside(link(description.url, [label, ...hint], actions, shared));
  }
  if (description.copy_text) {
    const copy = () => actions.copy(description.copy_text.text);
    return el("button", { ...shared, type: "button", "data-copy": description.copy_text.text, onclick: copy }, label);
  }
  if (description.callback_data === undefined) {
    return el("button", { ...shared, type: "button", "aria-disabled": "true", title: fr.unsupported }, label);
  }
  const press = () => actions.press(message, description.callback_data);
  return el(
    "button",
    { ...shared, type: "button", "data-callback": description.callback_data, onclick: press },
    label,
  );
}

// A link to the bot itself stays in this page.
function dropHintInside(anchor) {
  if (anchor.target !== "_blank") anchor.querySelectorAll(".icon, .visually-hidden").forEach((one) => one.remove());
  return anchor;
}

/** Shows which buttons of a message wait for the bot. */
export function markWaiting(element, isWaiting) {
  for (const node of element.querySelectorAll("[data-callback]")) {
    const waiting = isWaiting(node.dataset.callback);
    if (waiting === node.classList.contains("waiting")) continue;
    node.classList.toggle("waiting", waiting);
    node.setAttribute("aria-busy", String(waiting));
    node.querySelector(".visually-hidden")?.remove();
    if (waiting) node.append(spoken(` (${fr.waiting})`));
  }
}
