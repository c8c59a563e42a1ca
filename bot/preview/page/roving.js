/**
 * One stop of the Tab key for all messages: arrows go from one to the next, Enter goes into a
 * message's buttons and links, Escape comes back.
 */

const CONTROLS = "a[href], button, [role=button], [tabindex]:not(.message)";
const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const STEPS_INSIDE = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

export class Roving {
  #scroller;
  #list;
  #current = null;

  constructor(scroller, list) {
    this.#scroller = scroller;
    this.#list = list;
    list.addEventListener("keydown", (event) => this.#typed(event));
    list.addEventListener("focusin", ({ target }) => this.#stopAt(target.closest(".message")));
  }

  /** Takes the messages as they are now; the stop is the last one, unless the focus is among them. */
  refresh() {
    for (const control of this.#list.querySelectorAll(CONTROLS)) {
      if (control.tabIndex !== -1) control.tabIndex = -1;
    }
    const focused = document.activeElement?.closest(".message");
    const messages = this.#messages();
    this.#stopAt(messages.includes(focused) ? focused : messages.at(-1));
    // An empty log has no message to stop at, and can still be scrolled.
    this.#scroller.tabIndex = messages.length > 0 ? -1 : 0;
  }

  #messages() {
    return [...this.#list.querySelectorAll(".message")];
  }

  #stopAt(message) {
    if (this.#current !== message && this.#current) this.#current.tabIndex = -1;
    this.#current = message ?? null;
    if (message) message.tabIndex = 0;
  }

  #typed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const message = event.target.closest(".message");
    if (!message) return;
    const isInside = event.target !== message;
    const goal = isInside ? this.#fromControl(event, message) : this.#fromMessage(event, message);
    if (!goal) return;
    event.preventDefault();
    goal.focus({ preventScroll: true });
    goal.scrollIntoView({ block: "nearest" });
  }

  #fromMessage({ key }, message) {
    const messages = this.#messages();
    if (key === "Enter") return first(controlsOf(message));
    return step(messages, messages.indexOf(message), key, STEPS);
  }

  #fromControl({ key, target }, message) {
    if (key === "Escape") return message;
    const controls = controlsOf(message);
    return step(controls, controls.indexOf(target), key, STEPS_INSIDE);
  }
}

/** The buttons under a message come first: they are what it asks for. */
function controlsOf(message) {
  const all = [...message.querySelectorAll(CONTROLS)].filter((one) => one.checkVisibility());
  const keys = all.filter((one) => one.classList.contains("keyboard-button"));
  return [...keys, ...all.filter((one) => !keys.includes(one))];
}

const first = (list) => list[0];

function step(list, at, key, steps) {
  if (key === "Home") return list[0];
  if (key === "End") return list.at(-1);
  return key in steps ? list[at + steps[key]] : undefined;
}
