/** Presses on inline buttons, from the tap to the bot's answerCallbackQuery. */

import { tap } from "./api.js";

const PATIENCE_MS = 15_000;

const nameOf = ({ chat_id, message_id, data }) => `${chat_id}/${message_id}/${data}`;

export class Taps {
  #waiting = new Map();
  #asked = new Map();
  // The answer's event may come before the response that tells the query's id.
  #early = new Map();

  /** onChange(), onAnswer({text, show_alert}), onSilence(), onFailure(error). */
  constructor(listeners) {
    Object.assign(this, listeners);
  }

  isWaiting(press) {
    return this.#waiting.has(nameOf(press));
  }

  async press(press) {
    const name = nameOf(press);
    if (this.#waiting.has(name)) return;
    this.#waiting.set(name, setTimeout(() => this.#giveUp(name), PATIENCE_MS));
    this.onChange();
    try {
      const { callback_query_id: id } = await tap(press);
      this.#asked.set(id, name);
      if (this.#early.has(id)) this.answer(this.#early.get(id));
    } catch (error) {
      this.#release(name);
      this.onFailure(error);
    }
  }

  /** Takes the "toast" event of a callback query, ours or another window's. */
  answer(toast) {
    const id = toast.callback_query_id;
    if (!this.#asked.has(id)) {
      this.#keep(id, toast);
      return;
    }
    this.#release(this.#asked.get(id));
    this.#asked.delete(id);
    this.#early.delete(id);
    if (toast.text) this.onAnswer(toast);
  }

  /** Forgets every press: the answers may have come while the server was out of reach. */
  clear() {
    for (const name of [...this.#waiting.keys()]) this.#release(name);
    this.#asked.clear();
  }

  #keep(id, toast) {
    this.#early.set(id, toast);
    setTimeout(() => this.#early.delete(id), PATIENCE_MS);
  }

  #giveUp(name) {
    if (!this.#waiting.has(name)) return;
    this.#release(name);
    this.onSilence();
  }

  #release(name) {
    clearTimeout(this.#waiting.get(name));
    if (this.#waiting.delete(name)) this.onChange();
  }
}
