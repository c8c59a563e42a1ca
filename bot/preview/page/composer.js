/** Where the person writes: text, reply, speaker, attachments; a draft a conversation. */

import { CommandMenu } from "./commands.js";
import { byId, el } from "./dom.js";
import { fullName, summary } from "./format.js";
import { fr } from "./fr.js";
import { InlineMenu } from "./inline.js";
import { Menu } from "./menu.js";

// Bot API, sendMessage: UTF-16 units.
const LONGEST = 4096;

export class Composer {
  #form = byId("composer");
  #field = byId("composer-text");
  #file = byId("file");
  #speaker = byId("speaker");
  #replies = new Map();
  #key = null;

  /**
   * onSend({text, message}) with the message replied to, onCommand(text),
   * onAttach(kind, file, message), onSpeaker(memberId); username() of the bot,
   * onSearch({query, offset}), onChoose({query_id, result_id, message}), onFollow(payload).
   */
  constructor(listeners) {
    Object.assign(this, listeners);
    this.menu = new CommandMenu((text) => this.#sendCommand(text));
    this.inline = new InlineMenu({
      username: () => this.username(),
      search: (query) => this.onSearch(query),
      choose: (chosen) => this.onChoose({ ...chosen, message: this.#takeReply() }),
      follow: (payload) => this.onFollow(payload),
    });
    new Menu("attach", "attach-menu", (kind) => this.#attach(kind));
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => this.#typed(event));
    this.#file.addEventListener("change", () => this.#picked());
    this.#speaker.addEventListener("change", () => this.onSpeaker(Number(this.#speaker.value)));
    byId("reply-cancel").addEventListener("click", () => this.#endReply());
    // In the next frame: what changes the size it observes is not heard in this one.
    new ResizeObserver(() => requestAnimationFrame(() => this.#fit())).observe(this.#field);
  }

  /** Shows the composer of a conversation, with its draft if it was another one. */
  show(character, { speaker, commands }) {
    const isGroup = character.kind === "group";
    this.menu.offer(commands, isGroup ? fr.noGroupCommands : fr.noCommands);
    if (character.key === this.#key) return;
    this.#key = character.key;
    this.menu.close();
    this.inline.close();
    this.#fillSpeakers(character, speaker);
    const label = isGroup ? fr.composerGroup : fr.composerPrivate;
    byId("composer-label").textContent = label;
    this.#field.placeholder = label;
    this.#write(sessionStorage.getItem(this.#draftName()) ?? "");
    this.#showReply();
  }

  focus() {
    this.#field.focus();
  }

  reply(message) {
    this.#replies.set(this.#key, message);
    this.#showReply();
    this.focus();
  }

  /** Gives back what could not be sent, unless something else was typed since. */
  restore(key, { text, message }) {
    if (key !== this.#key) {
      const name = `draft.${key}`;
      if (!sessionStorage.getItem(name)) sessionStorage.setItem(name, text);
      return;
    }
    if (this.#field.value === "") this.#write(text);
    if (message) this.#replies.set(key, message);
    this.#showReply();
  }

  #draftName() {
    return `draft.${this.#key}`;
  }

  #write(text) {
    this.#field.value = text;
    this.#keep();
  }

  #changed() {
    this.#keep();
    this.menu.update();
    this.inline.update();
  }

  #keep() {
    const text = this.#field.value;
    if (text) sessionStorage.setItem(this.#draftName(), text);
    else sessionStorage.removeItem(this.#draftName());
    byId("composer-limit").textContent = text.length > LONGEST ? fr.tooLong(text.length) : "";
    this.#fit();
  }

  /** As high as its lines, which change with the window and the size of the text. */
  #fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`;
  }

  #typed(event) {
    if (event.isComposing || this.menu.takes(event) || this.inline.takes(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === "Escape") {
      this.#endReply();
    }
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#field.value;
    if (text.trim() === "" || text.length > LONGEST) {
      this.focus();
      return;
    }
    this.menu.close();
    this.inline.close();
    this.#write("");
    this.onSend({ text, message: this.#takeReply() });
    this.focus();
  }

  #sendCommand(text) {
    this.#write("");
    this.onCommand(text);
  }

  #attach(kind) {
    if (kind === "document") this.#file.click();
    else this.onAttach(kind, null, this.#takeReply());
  }

  #picked() {
    const [file] = this.#file.files;
    this.#file.value = "";
    if (file) this.onAttach("document", file, this.#takeReply());
  }

  #takeReply() {
    const message = this.#replies.get(this.#key);
    this.#endReply();
    return message;
  }

  #endReply() {
    this.#replies.delete(this.#key);
    this.#showReply();
    this.focus();
  }

  #showReply() {
    const message = this.#replies.get(this.#key);
    byId("reply-bar").hidden = !message;
    if (!message) return;
    byId("reply-name").textContent = fr.replyTo(fullName(message.from));
    byId("reply-preview").textContent = summary(message);
  }

  #fillSpeakers(character, speaker) {
    byId("speaker-row").hidden = character.members.length < 2;
    const option = ({ id, name }) => el("option", { value: id }, name);
    this.#speaker.replaceChildren(...character.members.map(option));
    this.#speaker.value = String(speaker);
  }
}
