/** A button that opens a menu: arrows move, Escape closes and gives the focus back. */

import { byId } from "./dom.js";

export class Menu {
  #button;
  #menu;

  /** onChoose(kind) gets the chosen item's data-kind. */
  constructor(buttonId, menuId, onChoose) {
    this.#button = byId(buttonId);
    this.#menu = byId(menuId);
    this.onChoose = onChoose;
    this.#button.addEventListener("click", () => (this.#menu.hidden ? this.#open() : this.close()));
    this.#menu.addEventListener("click", (event) => this.#choose(event.target.closest("[data-kind]")));
    this.#menu.addEventListener("keydown", (event) => this.#move(event));
    document.addEventListener("pointerdown", (event) => this.#closeOutside(event.target));
    this.#menu.addEventListener("focusout", (event) => event.relatedTarget && this.#closeOutside(event.relatedTarget));
  }

  close() {
    this.#menu.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
  }

  #items() {
    return [...this.#menu.querySelectorAll("[role=menuitem]")];
  }

  #open() {
    this.#menu.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    this.#items()[0].focus();
  }

  #choose(item) {
    if (!item) return;
    this.close();
    this.#button.focus();
    this.onChoose(item.dataset.kind);
  }

  #move(event) {
    const items = this.#items();
    const at = items.indexOf(document.activeElement);
    const targets = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (event.key in targets) {
      event.preventDefault();
      items.at(targets[event.key] % items.length).focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      this.close();
      this.#button.focus();
    }
  }

  #closeOutside(target) {
    if (!this.#menu.contains(target) && !this.#button.contains(target)) this.close();
  }
}
