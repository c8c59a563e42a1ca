/** The messages of the open conversation: keeps the page's elements in step with the list. */

import { byId, el } from "./dom.js";
import { dayName } from "./format.js";
import { fr } from "./fr.js";
import { markWaiting } from "./keyboard.js";
import { renderMessage } from "./message.js";
import { Roving } from "./roving.js";

const AT_BOTTOM_PX = 60;
const RUN_SECONDS = 300;
const FLASH_MS = 1600;

export class Log {
  #scroller = byId("log");
  #list = byId("messages");
  #pill = byId("pill");
  #pillText = byId("pill-text");
  #roving = new Roving(this.#scroller, this.#list);
  #shown = new Map();
  #chat = null;
  #missed = 0;
  #follow = true;

  constructor(actions) {
    this.actions = actions;
    this.#pill.addEventListener("click", () => this.toBottom());
    this.#scroller.addEventListener("scroll", () => this.#watchBottom(), { passive: true });
    new ResizeObserver(() => this.#follow && this.toBottom()).observe(this.#list);
    new ResizeObserver(() => this.#follow && this.toBottom()).observe(this.#scroller);
  }

  /** Shows a chat's messages as its speaker sees them; another chat begins at its end. */
  show({ chat, messages, speaker, isGroup, isWaiting }) {
    const opened = chat !== this.#chat;
    if (opened) this.#begin(chat);
    const arrived = this.#sync(messages);
    this.#arrange(messages, { speaker, isGroup, isWaiting });
    this.#roving.refresh();
    if (opened) this.#settle();
    else this.#afterArrival(arrived, speaker);
  }

  toBottom() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#missed = 0;
    this.#follow = true;
    this.#pill.hidden = true;
  }

  /** Brings a message into view and shows it for a moment. */
  reveal(messageId) {
    const element = this.#shown.get(messageId)?.element;
    if (!element) return;
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
    element.classList.add("flash");
    setTimeout(() => element.classList.remove("flash"), FLASH_MS);
  }

  #begin(chat) {
    // A whole conversation is not news: a screen reader waits until it stands.
    this.#scroller.setAttribute("aria-busy", "true");
    this.#chat = chat;
    this.#shown.clear();
    this.#list.replaceChildren();
  }

  #settle() {
    this.toBottom();
    setTimeout(() => this.#scroller.removeAttribute("aria-busy"), 100);
  }

  /** Adds, replaces and removes elements; returns the messages that were not there before. */
  #sync(messages) {
    const kept = new Set(messages.map((message) => message.message_id));
    for (const [id, { element }] of this.#shown) {
      if (kept.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
    return messages.filter((message) => this.#place(message));
  }

  #place(message) {
    const id = message.message_id;
    const version = JSON.stringify(message);
    const former = this.#shown.get(id);
    if (former?.version === version) return false;
    const element = renderMessage(message, this.actions);
    this.#shown.set(id, { element, version });
    if (former) replaceKeepingFocus(former.element, element);
    else this.#insert(id, element);
    return !former;
  }

  #insert(id, element) {
    const next = [...this.#list.children].find((other) => Number(other.dataset.messageId) > id);
    this.#list.insertBefore(element, next ?? null);
  }

  /** Sets what depends on the neighbours and on who is looking. */
  #arrange(messages, { speaker, isGroup, isWaiting }) {
    this.#list.classList.toggle("group", isGroup);
    messages.forEach((message, index) => {
      const { element } = this.#shown.get(message.message_id);
      const before = messages[index - 1];
      const newDay = !before || dayName(before.date) !== dayName(message.date);
      placeDay(element, newDay ? dayName(message.date) : null);
      element.classList.toggle("mine", message.from?.id === speaker);
      element.classList.toggle("first", newDay || !sameRun(before, message));
      element.classList.toggle("last", !sameRun(message, messages[index + 1]));
      markWaiting(element, (data) => isWaiting(message.message_id, data));
    });
    this.#list.querySelectorAll(".day:last-child, .day:has(+ .day)").forEach((day) => day.remove());
  }

  #afterArrival(arrived, speaker) {
    if (arrived.some((message) => message.from?.id === speaker)) this.#follow = true;
    if (this.#follow) {
      this.toBottom();
      return;
    }
    this.#missed += arrived.length;
    this.#pillText.textContent = fr.newMessages(this.#missed);
    this.#pill.hidden = this.#missed === 0;
  }

  #watchBottom() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#follow = scrollHeight - scrollTop - clientHeight < AT_BOTTOM_PX;
    if (!this.#follow) return;
    this.#missed = 0;
    this.#pill.hidden = true;
  }
}

/** Puts the day's name before a message, changes it or takes it away. */
function placeDay(element, name) {
  const before = element.previousElementSibling;
  const day = before?.classList.contains("day") ? before : null;
  if (day?.textContent === (name ?? undefined)) return;
  day?.remove();
  if (name) element.before(el("h3", { class: "day", "aria-live": "off" }, el("span", {}, name)));
}

const sameRun = (one, other) =>
  Boolean(one && other) && one.from?.id === other.from?.id && other.date - one.date < RUN_SECONDS;

/** An edited message keeps the focus: on the button that reads or does the same, else the same place, else itself. */
function replaceKeepingFocus(former, element) {
  const focused = former.contains(document.activeElement) ? document.activeElement : null;
  const place = placeOf(focused, former);
  former.replaceWith(element);
  if (!focused) return;
  const buttons = [...element.querySelectorAll(".keyboard-button")];
  const target = place ? (sameButton(focused, buttons) ?? samePlace(place, element)) : undefined;
  (target ?? element).focus({ preventScroll: true });
}

const rowsOf = (element) => [...element.querySelectorAll(".keyboard-row")].map((row) => [...row.children]);

/** Which row counts from the last one: a list above the steps that turn its pages grows and shrinks. */
function placeOf(button, element) {
  const rows = rowsOf(element);
  const row = rows.findIndex((one) => one.includes(button));
  return row < 0 ? null : { fromEnd: rows.length - row, column: rows[row].indexOf(button) };
}

function samePlace({ fromEnd, column }, element) {
  const rows = rowsOf(element);
  const row = rows[Math.max(rows.length - fromEnd, 0)] ?? [];
  return row[Math.min(column, row.length - 1)];
}

/** The same label first: "next page" leads elsewhere on every page, and stays "next page". */
function sameButton(focused, buttons) {
  const { label, callback } = focused.dataset;
  const alike = buttons.filter((one) => one.dataset.label === label);
  const doing = (list) => list.find((one) => callback && one.dataset.callback === callback);
  return doing(alike) ?? alike[0] ?? doing(buttons);
}
