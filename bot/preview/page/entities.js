/** Telegram's formatting entities (offsets in UTF-16 units, as JavaScript counts) to elements. */

import { el } from "./dom.js";
import { fr } from "./fr.js";
import { safeUrl, startPayload } from "./links.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);
const FOLDED_FROM = 180;

/** The text as a fragment; `actions` gives username, command(text) and follow(payload). */
export function renderText(text, entities, actions) {
  const fragment = document.createDocumentFragment();
  fragment.append(...build(text, 0, text.length, inOrder(entities ?? []), actions));
  return fragment;
}

// The outer of two entities comes first; blocks hold what has the same extent.
function inOrder(entities) {
  const weight = (entity) => (BLOCKS.has(entity.type) ? 0 : 1);
  return [...entities].sort(
    (a, b) => a.offset - b.offset || b.length - a.length || weight(a) - weight(b),
  );
}

function build(text, start, end, entities, actions) {
  const nodes = [];
  const queue = [...entities];
  let position = start;
  while (queue.length > 0) {
    const entity = queue.shift();
    const from = Math.max(entity.offset, position);
    const to = Math.min(entity.offset + entity.length, end);
    if (to <= from) continue;
    if (from > position) nodes.push(text.slice(position, from));
    const inner = takeInner(queue, to);
    const children = build(text, from, to, inner, actions);
    nodes.push(wrap(entity, text.slice(from, to), children, actions));
    // A block already ends its line.
    position = BLOCKS.has(entity.type) && text[to] === "\n" ? to + 1 : to;
  }
  if (position < end) nodes.push(text.slice(position, end));
  return nodes;
}

/** Takes what begins before `to` off the queue; what crosses `to` is cut in two. */
function takeInner(queue, to) {
  const inner = [];
  const rest = [];
  while (queue.length > 0 && queue[0].offset < to) {
    const next = queue.shift();
    const over = next.offset + next.length - to;
    inner.push(over > 0 ? { ...next, length: next.length - over } : next);
    if (over > 0) rest.push({ ...next, offset: to, length: over });
  }
  queue.unshift(...rest);
  return inner;
}

function wrap(entity, text, children, actions) {
  const { type } = entity;
  if (TAGS[type]) return el(TAGS[type], {}, ...children);
  if (type === "bot_command") return command(text, actions);
  if (type === "text_link") return link(entity.url, children, actions);
  if (type === "url") return link(text, children, actions);
  if (type === "email") return link(`mailto:${text}`, children, actions);
  if (type === "phone_number") return link(`tel:${text.replace(/[^+\d]/g, "")}`, children, actions);
  if (type === "pre") return el("pre", {}, el("code", {}, ...children));
  if (type === "blockquote") return el("blockquote", {}, ...children);
  if (type === "expandable_blockquote") return foldable(text, children);
  if (type === "spoiler") return spoiler(children);
  return el("span", { class: `entity-${type}` }, ...children);
}

function command(text, actions) {
  return el("button", { type: "button", class: "text-command", onclick: () => actions.command(text) }, text);
}

/** A link outside, or one that the preview plays itself because it leads to the bot. */
export function link(address, children, actions, attributes = {}) {
  const url = safeUrl(address);
  if (!url) return el("span", attributes, ...children);
  const payload = startPayload(url, actions.username);
  if (payload === null) {
    return el("a", { ...attributes, href: url.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
  }
  const follow = (event) => {
    event.preventDefault();
    actions.follow(payload);
  };
  return el("a", { ...attributes, href: `/?start=${payload}`, onclick: follow }, ...children);
}

function spoiler(children) {
  const node = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": fr.spoiler }, ...children);
  const reveal = (event) => {
    if (node.classList.contains("revealed")) return;
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    // What is read now is no button any more: the focus goes to the message that holds it.
    if (document.activeElement === node) node.closest(".message")?.focus({ preventScroll: true });
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
    node.classList.add("revealed");
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", reveal);
  return node;
}

function foldable(text, children) {
  const quote = el("blockquote", {}, el("div", { class: "quoted" }, ...children));
  if (text.length < FOLDED_FROM) return quote;
  const toggle = el("button", { type: "button", class: "fold", "aria-expanded": "false" }, fr.showMore);
  toggle.addEventListener("click", () => {
    const open = quote.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    toggle.textContent = open ? fr.showLess : fr.showMore;
  });
  quote.classList.add("foldable");
  quote.append(toggle);
  return quote;
}
