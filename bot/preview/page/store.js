/** What the page knows of the bot, the characters and their messages. */

/** Kept by the browser: a reload, and another window, know what was read. */
function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "{}");
  } catch {
    return {};
  }
}

export class Store {
  bot = { id: 0, first_name: "", username: "", description: "", menus: {} };
  characters = [];
  active = null;
  #messages = new Map();
  #blocked = new Set();
  #speakers = new Map();
  #read = remembered("read");

  /** Takes the server's whole state. */
  load(state) {
    this.bot = state.bot;
    this.characters = state.characters;
    this.#blocked = new Set(state.blocked);
    this.#messages = new Map(
      Object.entries(state.messages).map(([chatId, messages]) => [Number(chatId), messages]),
    );
    this.#forgetStaleReads(state.last_message_id);
  }

  /** The menu that Telegram would show to whoever speaks in a character's chat. */
  commandsOf(character) {
    return this.bot.menus[character.chat_id]?.[this.speakerOf(character)] ?? [];
  }

  /** Takes one event; returns false when the whole state must be read to follow it. */
  apply(event) {
    const { kind } = event;
    if (kind === "message" || kind === "edited") return this.put(event.message);
    if (kind === "deleted") this.#remove(event.chat_id, event.message_id);
    else if (kind === "commands") this.bot = { ...this.bot, menus: event.menus };
    else if (kind === "blocked") this.#blocked = new Set(event.blocked);
    else if (kind === "reset") this.#messages.clear();
    return kind !== "bot";
  }

  /** Adds a message or replaces the one of the same number. */
  put(message) {
    const chatId = message.chat.id;
    if (!this.characters.some((character) => character.chat_id === chatId)) return false;
    const others = this.messagesOf(chatId).filter((one) => one.message_id !== message.message_id);
    others.push(message);
    others.sort((a, b) => a.message_id - b.message_id);
    this.#messages.set(chatId, others);
    return true;
  }

  messagesOf(chatId) {
    return this.#messages.get(chatId) ?? [];
  }

  character(key) {
    return this.characters.find((character) => character.key === key);
  }

  get current() {
    return this.character(this.active);
  }

  get firstSme() {
    return this.characters.find((character) => character.kind === "private");
  }

  /** The chat that a person has with the bot alone; a group's members have none here. */
  ownChatOf(memberId) {
    return this.characters.find(({ kind, members }) => kind === "private" && members[0].id === memberId);
  }

  /** The member that the person at the keyboard plays in this chat. */
  speakerOf(character) {
    return this.#speakers.get(character.key) ?? character.members[0].id;
  }

  setSpeaker(character, memberId) {
    this.#speakers.set(character.key, memberId);
  }

  isBlocked(character) {
    return character.kind === "private" && this.#blocked.has(character.members[0].id);
  }

  setBlocked(character, blocked) {
    if (blocked) this.#blocked.add(character.members[0].id);
    else this.#blocked.delete(character.members[0].id);
  }

  unread(character) {
    const read = this.#read[character.key] ?? 0;
    const own = character.kind === "private" ? character.members[0].id : null;
    return this.messagesOf(character.chat_id).filter(
      (message) => message.message_id > read && message.from?.id !== own,
    ).length;
  }

  markRead(character) {
    const last = this.messagesOf(character.chat_id).at(-1)?.message_id ?? 0;
    if ((this.#read[character.key] ?? 0) >= last) return;
    // Another window may have read other conversations meanwhile.
    this.#read = { ...remembered("read"), [character.key]: last };
    localStorage.setItem("read", JSON.stringify(this.#read));
  }

  #remove(chatId, messageId) {
    const rest = this.messagesOf(chatId).filter((message) => message.message_id !== messageId);
    this.#messages.set(chatId, rest);
  }

  // Message numbers come from a clock that begins anew every few days. The last message read may
  // also have been deleted since: that makes no other one unread.
  #forgetStaleReads(last) {
    for (const { key } of this.characters) {
      if (this.#read[key] > last) delete this.#read[key];
    }
  }
}
