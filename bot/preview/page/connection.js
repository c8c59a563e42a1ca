/** Keeps the page in step with the server: the whole state first, then the stream of events. */

import { openEvents, readState } from "./api.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5000;

export class Connection {
  #source = null;
  #timer = null;
  #delay = FIRST_DELAY_MS;
  #seq = -1;
  #round = 0;

  /** onState(state), onEvent(event), onStatus(isOnline). */
  constructor({ onState, onEvent, onStatus }) {
    Object.assign(this, { onState, onEvent, onStatus });
  }

  /** Reads the state anew and follows the events from there; tries again until it can. */
  async open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const round = ++this.#round;
    let state;
    try {
      state = await readState();
    } catch {
      if (round === this.#round) this.#lose();
      return;
    }
    if (round !== this.#round) return;
    this.#seq = state.seq;
    this.onState(state);
    this.#listen();
  }

  #listen() {
    const source = openEvents(this.#seq);
    this.#source = source;
    source.onopen = () => {
      this.#delay = FIRST_DELAY_MS;
      this.onStatus(true);
    };
    source.onmessage = (message) => this.#receive(JSON.parse(message.data));
    // The browser's own reconnection would miss what happened before a server restart.
    source.onerror = () => {
      source.close();
      if (source === this.#source) this.#lose();
    };
  }

  #receive(event) {
    if (event.seq <= this.#seq) return;
    this.#seq = event.seq;
    this.onEvent(event);
  }

  #lose() {
    this.onStatus(false);
    this.#timer = setTimeout(() => this.open(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
  }
}
