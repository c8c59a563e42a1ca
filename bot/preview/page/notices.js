/** Short notices, alerts and the one question that this page asks. */

import { byId, el } from "./dom.js";

const SHORTEST_MS = 5000;
const PER_CHARACTER_MS = 70;

/** Shows a line for a while; the pointer on it keeps it. One of a chat leaves with it. */
export function toast(text, { ofChat = false } = {}) {
  const attributes = { class: "toast", "data-testid": "toast" };
  const node = el("p", ofChat ? { ...attributes, "data-of-chat": "" } : attributes, text);
  const life = Math.max(SHORTEST_MS, text.length * PER_CHARACTER_MS);
  const leave = () => (node.matches(":hover") ? setTimeout(leave, 1000) : node.remove());
  node.addEventListener("click", () => node.remove());
  byId("toasts").append(node);
  setTimeout(leave, life);
}

/** Takes away what was told of the chat that is left. */
export function leaveChat() {
  for (const node of byId("toasts").querySelectorAll("[data-of-chat]")) node.remove();
}

/** Says something to screen readers only. */
export function announce(text) {
  byId("announcer").textContent = text;
}

const alerts = [];

/** Shows a text that must be closed by hand; several wait for each other. */
export function alertBox(text) {
  alerts.push(text);
  if (!byId("alert").open) showNextAlert();
}

function showNextAlert() {
  const text = alerts.shift();
  if (text === undefined) return;
  byId("alert-text").textContent = text;
  byId("alert").showModal();
}

byId("alert-ok").addEventListener("click", () => byId("alert").close());
byId("alert").addEventListener("close", showNextAlert);

/** Asks before the conversations are emptied; resolves to the person's choice. */
export function confirmReset() {
  const dialog = byId("confirm");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

byId("confirm-no").addEventListener("click", () => byId("confirm").close("no"));
byId("confirm-yes").addEventListener("click", () => byId("confirm").close("yes"));

/** The line that says that the server is out of reach, with a way to try at once. */
export function showConnection(isOnline, texts, onRetry) {
  const line = byId("connection");
  if (isOnline) {
    line.replaceChildren();
    return;
  }
  if (line.childElementCount > 0) return;
  const retry = el("button", { type: "button", onclick: onRetry }, texts.retry);
  line.append(el("span", {}, texts.lost), retry);
}
