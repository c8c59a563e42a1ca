/** A list above the composer: arrows choose in it while the focus stays in the field. */

import { byId } from "./dom.js";

export class Suggestions {
  #selected = -1;

  /** The ids in index.html of the list's frame and of the list itself. */
  constructor(menu, list) {
    this.field = byId("composer-text");
    this.menu = byId(menu);
    this.list = byId(list);
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.isOutside(target)) return;
      this.close();
    });
  }

  isOutside(target) {
    return !this.menu.contains(target);
  }

  get isOpen() {
    return !this.menu.hidden;
  }

  open() {
    this.menu.hidden = false;
    this.field.setAttribute("aria-controls", this.list.id);
    this.select(-1);
  }

  close() {
    this.menu.hidden = true;
    this.select(-1);
  }

  /** Takes a key of the field; returns whether the list used it. */
  takes(event) {
    if (!this.isOpen) return false;
    const count = this.list.childElementCount;
    if (event.key === "Escape") this.close();
    else if (count === 0) return false;
    else if (event.key === "ArrowDown") this.select((this.#selected + 1) % count);
    else if (event.key === "ArrowUp") this.select(this.#selected > 0 ? this.#selected - 1 : count - 1);
    else if (this.#selected < 0 || event.shiftKey) return false;
    else if (event.key === "Enter") this.choose(this.#selected);
    else if (event.key === "Tab") this.complete(this.#selected);
    else return false;
    event.preventDefault();
    return true;
  }

  select(index) {
    this.#selected = index;
    [...this.list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
      if (at === index) option.scrollIntoView({ block: "nearest" });
    });
    const chosen = this.list.children[index];
    if (chosen) this.field.setAttribute("aria-activedescendant", chosen.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  /** What Tab does with the chosen line: the same as Enter, unless the list says otherwise. */
  complete(index) {
    this.choose(index);
  }
}
