/** The bot's commands: suggested as "/" is typed, or all of them behind the "/" button. */

import { byId, el } from "./dom.js";
import { fr } from "./fr.js";
import { announce } from "./notices.js";

const TYPED = /^\/([a-z0-9_]*)$/i;

export class CommandMenu {
  #field = byId("composer-text");
  #menu = byId("command-menu");
  #list = byId("command-list");
  #none = byId("command-none");
  #button = byId("commands");
  #commands = [];
  #noneAtAll = "";
  #selected = -1;
  #asked = false;

  /** onChoose(text) gets "/command". */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.#button.addEventListener("click", () => this.#toggle());
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.#menu.contains(target) && !this.#button.contains(target)) this.close();
    });
  }

  /** Takes a chat's commands, and what is said where it has none. */
  offer(commands, noneAtAll) {
    this.#commands = commands;
    this.#noneAtAll = noneAtAll;
  }

  /** Follows what is being typed. */
  update() {
    const typed = TYPED.exec(this.#field.value);
    this.#asked = false;
    if (typed) this.#open(typed[1].toLowerCase());
    else this.close();
  }

  close() {
    this.#menu.hidden = true;
    this.#asked = false;
    this.#select(-1);
    this.#button.setAttribute("aria-expanded", "false");
  }

  /** Takes a key of the field; returns whether the menu used it. */
  takes(event) {
    if (this.#menu.hidden) return false;
    const count = this.#list.childElementCount;
    if (event.key === "Escape") this.close();
    else if (count === 0) return false;
    else if (event.key === "ArrowDown") this.#select((this.#selected + 1) % count);
    else if (event.key === "ArrowUp") this.#select(this.#selected > 0 ? this.#selected - 1 : count - 1);
    else if (this.#selected < 0 || event.shiftKey) return false;
    else if (event.key === "Enter") this.#choose(this.#selected);
    else if (event.key === "Tab") this.#complete();
    else return false;
    event.preventDefault();
    return true;
  }

  #toggle() {
    if (!this.#menu.hidden && this.#asked) {
      this.close();
      return;
    }
    this.#open("");
    this.#asked = true;
    this.#field.focus();
  }

  #open(prefix) {
    const found = this.#commands.filter(({ command }) => command.startsWith(prefix));
    this.#list.replaceChildren(...found.map((one, index) => this.#option(one, index)));
    this.#none.hidden = found.length > 0;
    this.#none.textContent = this.#commands.length > 0 ? fr.noSuchCommand : this.#noneAtAll;
    this.#menu.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    this.#select(-1);
    announce(found.length > 0 ? fr.commandCount(found.length) : this.#none.textContent);
  }

  #option({ command, description }, index) {
    return el(
      "li",
      { role: "option", id: `command-${index}`, "aria-selected": "false", "data-command": command, onclick: () => this.#choose(index) },
      el("strong", {}, `/${command}`),
      el("span", {}, ` ${description}`),
    );
  }

  #select(index) {
    this.#selected = index;
    [...this.#list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
      if (at === index) option.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", `command-${index}`);
  }

  #commandAt(index) {
    return `/${this.#list.children[index].dataset.command}`;
  }

  #choose(index) {
    const text = this.#commandAt(index);
    this.close();
    this.#field.focus();
    this.onChoose(text);
  }

  #complete() {
    this.#field.value = `${this.#commandAt(this.#selected)} `;
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
