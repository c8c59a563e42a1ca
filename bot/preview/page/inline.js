/** Results of the bot for "@bot words", as Telegram lists them in any chat. */

import { byId, el } from "./dom.js";
import { fr } from "./fr.js";
import { announce } from "./notices.js";
import { Suggestions } from "./suggestions.js";

// Telegram asks the bot when one pauses in typing.
const PAUSE_MS = 250;
// Bot API, InlineQuery: characters. Telegram's apps send no more of what is typed.
const LONGEST = 256;

export class InlineMenu extends Suggestions {
  #none = byId("inline-none");
  #asked = null;
  #timer = null;
  #found = [];

  /**
   * username() gives the bot's; search({query, offset}) its answer; choose({query_id, result_id})
   * sends a result; follow(payload) opens the bot.
   */
  constructor(listeners) {
    super("inline-menu", "inline-list");
    this.listeners = listeners;
  }

  /** Follows what is being typed. */
  update() {
    const query = this.#queryIn(this.field.value);
    if (query === null && this.#isNaming(this.field.value)) {
      this.#offerName();
      return;
    }
    if (query === this.#asked) return;
    clearTimeout(this.#timer);
    this.#asked = query;
    if (query === null) {
      this.close();
      return;
    }
    if (!this.isOpen) {
      this.#show([], fr.inlineSearching);
      this.open();
    }
    this.#timer = setTimeout(() => this.#search(query, ""), PAUSE_MS);
  }

  close() {
    super.close();
    clearTimeout(this.#timer);
    this.#asked = null;
    this.#found = [];
  }

  choose(index) {
    this.#found[index]?.act();
  }

  /** Whether the beginning of the bot's name is typed, and nothing behind it. */
  #isNaming(text) {
    return text.startsWith("@") && `@${this.listeners.username()}`.toLowerCase().startsWith(text.toLowerCase());
  }

  #offerName() {
    clearTimeout(this.#timer);
    this.#asked = null;
    const name = `@${this.listeners.username()}`;
    const act = () => {
      this.field.value = `${name} `;
      this.field.dispatchEvent(new Event("input", { bubbles: true }));
      this.field.focus();
    };
    this.#show([{ title: name, description: fr.inlineName, act }], "");
    this.open();
  }

  #queryIn(text) {
    const name = `@${this.listeners.username()} `;
    if (!text.toLowerCase().startsWith(name.toLowerCase())) return null;
    return [...text.slice(name.length).trim()].slice(0, LONGEST).join("");
  }

  async #search(query, offset) {
    const former = offset ? this.#found.slice(0, -1) : [];
    const found = await this.listeners.search({ query, offset });
    // Something else was typed in the meantime, or the list was closed.
    if (this.#asked !== query) return;
    if (!found) {
      // It was refused, and said so: what was found before stays, and nothing is waited for.
      if (!offset) this.close();
      return;
    }
    if (!found.answer) {
      this.#show([], fr.inlineSilent);
      return;
    }
    this.#list(query, former, found);
  }

  #list(query, former, { query_id, answer }) {
    const results = answer.results.map(({ id, title, description }) => ({
      title,
      description,
      act: () => this.#send({ query_id, result_id: id }),
    }));
    const more = answer.next_offset
      ? [{ title: fr.inlineMore, act: () => this.#search(query, answer.next_offset) }]
      : [];
    const way = !former.length && answer.button ? [this.#wayIn(answer.button)] : [];
    const shown = [...way, ...former, ...results, ...more];
    this.#show(shown, shown.length > 0 ? "" : fr.inlineNothing);
    if (former.length) this.select(former.length);
    announce(fr.inlineCount(shown.length - way.length - more.length));
  }

  #wayIn({ text, start_parameter: payload }) {
    return {
      title: text,
      isWayIn: true,
      act: () => {
        this.#clear();
        this.listeners.follow(payload);
      },
    };
  }

  #send(chosen) {
    this.#clear();
    this.listeners.choose(chosen);
  }

  #clear() {
    this.close();
    this.field.value = "";
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.field.focus();
  }

  #show(lines, none) {
    this.#found = lines;
    this.list.replaceChildren(...lines.map(option));
    this.#none.hidden = none === "";
    this.#none.textContent = none;
    this.select(-1);
  }
}

function option({ title, description, isWayIn, act }, index) {
  return el(
    "li",
    { role: "option", id: `inline-${index}`, "aria-selected": "false", class: isWayIn ? "way-in" : null, "data-testid": "inline-result", onclick: act },
    el("strong", {}, title),
    description ? el("span", {}, description) : null,
  );
}
