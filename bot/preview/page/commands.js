/** The bot's commands: suggested as "/" is typed, or all of them behind the "/" button. */

import { byId, el } from "./dom.js";
import { fr } from "./fr.js";
import { announce } from "./notices.js";
import { Suggestions } from "./suggestions.js";

const TYPED = /^\/([a-z0-9_]*)$/i;

export class CommandMenu extends Suggestions {
  #none = byId("command-none");
  #button = byId("commands");
  #commands = [];
  #noneAtAll = "";
  #asked = false;

  /** onChoose(text) gets "/command". */
  constructor(onChoose) {
    super("command-menu", "command-list");
    this.onChoose = onChoose;
    this.#button.addEventListener("click", () => this.#toggle());
  }

  /** Takes a chat's commands, and what is said where it has none. */
  offer(commands, noneAtAll) {
    this.#commands = commands;
    this.#noneAtAll = noneAtAll;
  }

  /** Follows what is being typed. */
  update() {
    const typed = TYPED.exec(this.field.value);
    this.#asked = false;
    if (typed) this.#propose(typed[1].toLowerCase());
    else this.close();
  }

  isOutside(target) {
    return super.isOutside(target) && !this.#button.contains(target);
  }

  close() {
    super.close();
    this.#asked = false;
    this.#button.setAttribute("aria-expanded", "false");
  }

  choose(index) {
    const text = this.#commandAt(index);
    this.close();
    this.field.focus();
    this.onChoose(text);
  }

  complete(index) {
    this.field.value = `${this.#commandAt(index)} `;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #toggle() {
    if (this.isOpen && this.#asked) {
      this.close();
      return;
    }
    this.#propose("");
    this.#asked = true;
    this.field.focus();
  }

  #propose(prefix) {
    const found = this.#commands.filter(({ command }) => command.startsWith(prefix));
    this.list.replaceChildren(...found.map((one, index) => this.#option(one, index)));
    this.#none.hidden = found.length > 0;
    this.#none.textContent = this.#commands.length > 0 ? fr.noSuchCommand : this.#noneAtAll;
    this.#button.setAttribute("aria-expanded", "true");
    this.open();
    announce(found.length > 0 ? fr.commandCount(found.length) : this.#none.textContent);
  }

  #option({ command, description }, index) {
    return el(
      "li",
      { role: "option", id: `command-${index}`, "aria-selected": "false", "data-command": command, onclick: () => this.choose(index) },
      el("strong", {}, `/${command}`),
      el("span", {}, ` ${description}`),
    );
  }

  #commandAt(index) {
    return `/${this.list.children[index].dataset.command}`;
  }
}
