/** The list of conversations: who, the last words, what is unread. */

import { byId, el, icon, spoken } from "./dom.js";
import { initials, isoDate, shortMoment, summary } from "./format.js";
import { fr } from "./fr.js";

export class Conversations {
  #root = byId("conversations");
  #rows = new Map();

  /** onOpen(key). */
  constructor(onOpen) {
    this.onOpen = onOpen;
  }

  show(store) {
    if (this.#rows.size !== store.characters.length) this.#build(store.characters);
    store.characters.forEach((character) => this.#fill(character, store));
  }

  #build(characters) {
    this.#rows.clear();
    const section = (kind, title) => {
      const rows = characters.filter((one) => one.kind === kind).map((one) => this.#row(one));
      return el("section", { "aria-labelledby": `list-${kind}` }, el("h2", { id: `list-${kind}` }, title), el("ul", {}, ...rows));
    };
    this.#root.replaceChildren(section("private", fr.privateChats), section("group", fr.groupChats));
  }

  #row({ key }) {
    const button = el("button", {
      type: "button",
      class: "conversation",
      "data-testid": `conversation-${key}`,
      onclick: () => this.onOpen(key),
    });
    this.#rows.set(key, button);
    return el("li", {}, button);
  }

  #fill(character, store) {
    const button = this.#rows.get(character.key);
    const last = store.messagesOf(character.chat_id).at(-1);
    const unread = store.unread(character);
    if (store.active === character.key) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.replaceChildren(
      avatar(character),
      el("span", { class: "conversation-title" }, character.title),
      last ? el("time", { datetime: isoDate(last.date) }, shortMoment(last.date)) : "",
      el("span", { class: "conversation-subtitle" }, character.subtitle ?? ""),
      el("span", { class: "conversation-last" }, last ? lastWords(last, character) : fr.noMessage),
      unread ? badge(unread) : "",
    );
  }
}

/** A disc with initials, or the drawing of a group. */
export function avatar(character) {
  const content = character.kind === "group" ? icon("group") : initials(character.title);
  return el("span", { class: `avatar avatar-${character.key}`, "aria-hidden": "true" }, content);
}

const badge = (count) =>
  el("span", { class: "badge", "data-testid": "unread" }, el("span", { "aria-hidden": "true" }, String(count)), spoken(fr.unread(count)));

function lastWords(message, character) {
  if (message.from?.is_bot) return summary(message);
  const who = character.kind === "private" ? fr.you : message.from?.first_name;
  return (who ? fr.saidBy(who) : "") + summary(message);
}
