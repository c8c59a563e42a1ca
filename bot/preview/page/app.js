/** Puts the page together: state in, actions out. */

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { avatar, Conversations } from "./conversations.js";
import { byId } from "./dom.js";
import { fr } from "./fr.js";
import { validPayload } from "./links.js";
import { Log } from "./log.js";
import { alertBox, announce, confirmReset, leaveChat, showConnection, toast } from "./notices.js";
import { Store } from "./store.js";
import { Taps } from "./taps.js";

const TYPING_MS = 5500;
const wide = matchMedia("(min-width: 48em)");
const store = new Store();
const typing = new Map();
const asked = new URLSearchParams(location.search);
let deepLink = validPayload(asked.get("start"));
let wasLost = false;
let sending = Promise.resolve();

const actions = {
  get username() {
    return store.bot.username;
  },
  command: (text) => say(text),
  follow: (payload) => followStart(payload),
  press: (message, data) => taps.press({ ...whereAndWho(), message_id: message.message_id, data }),
  copy: (text) => navigator.clipboard.writeText(text).then(() => toast(fr.copied), () => toast(fr.notCopied)),
  reply: (message) => composer.reply(message),
  show: (messageId) => log.reveal(messageId),
};

const taps = new Taps({
  onChange: () => render(),
  onAnswer: ({ text, show_alert: isAlert }) =>
    isAlert ? alertBox(text) : toast(text, { ofChat: true }),
  onSilence: () => toast(fr.noAnswer),
  onFailure: (error) => complain(error),
});
const log = new Log(actions);
const conversations = new Conversations((key) => open(key));
const composer = new Composer({
  onSend: (draft) => say(draft.text, draft.message),
  onCommand: (text) => say(text),
  onAttach: (kind, file, message) => {
    const reply_to = message?.message_id;
    attempt(() => api.attach({ ...whereAndWho(), kind, file, reply_to }).then(took));
  },
  username: () => store.bot.username,
  onSearch: async (query) => {
    try {
      return await api.search({ ...whereAndWho(), ...query });
    } catch (error) {
      complain(error);
      return null;
    }
  },
  onChoose: ({ query_id, result_id, message }) => {
    const reply_to = message?.message_id;
    attempt(() => api.choose({ ...whereAndWho(), query_id, result_id, reply_to }).then(took));
  },
  onFollow: (payload) => followStart(payload),
  onSpeaker: (memberId) => {
    store.setSpeaker(store.current, memberId);
    render();
  },
});
const connection = new Connection({
  onState: (state) => {
    store.load(state);
    taps.clear();
    arrive();
  },
  onEvent: (event) => take(event),
  onStatus: (isOnline) => {
    showConnection(isOnline, fr, () => connection.open());
    if (isOnline && wasLost) toast(fr.back);
    wasLost = !isOnline;
  },
});

/** Where an action takes place and who does it. */
function whereAndWho(character = store.current) {
  return { chat_id: character.chat_id, member_id: store.speakerOf(character) };
}

function complain(error) {
  if (error instanceof api.Refused) toast(fr.refused(error.message));
  else if (error instanceof api.Offline) toast(fr.actionOffline);
  else throw error;
}

const attempt = (action) => action().catch(complain);

/** Shows the server's answer at once; the same message comes again as an event. */
function took({ message }) {
  if (message && store.put(message)) render();
}

/** Sends a text in the order of typing; what fails goes back to the composer. */
function say(text, message) {
  const { key } = store.current;
  const content = { ...whereAndWho(), text };
  if (message) content.reply_to = message.message_id;
  sending = sending.then(async () => {
    try {
      took(await api.send(content));
    } catch (error) {
      composer.restore(key, { text, message });
      if (error instanceof api.Offline) toast(fr.offline);
      else complain(error);
    }
  });
}

/** Whoever speaks follows a link to the bot into their own chat, never into another's. */
function followStart(payload) {
  const own = store.ownChatOf(store.speakerOf(store.current));
  if (!own) {
    toast(fr.ownChatOnTelegram, { ofChat: true });
    return;
  }
  if (own !== store.current) open(own.key);
  if (payload) say(`/start ${payload}`);
}

function take(event) {
  if (event.kind === "typing") return showTyping(event.chat_id);
  if (event.kind === "toast") return taps.answer(event);
  if (!store.apply(event)) return connection.open();
  if (event.kind === "message") arrived(event);
  return render();
}

function arrived({ chat_id: chatId, message }) {
  if (message.from?.is_bot) typing.delete(chatId);
  const character = store.characters.find((one) => one.chat_id === chatId);
  if (character && character !== store.current) announce(fr.arrivedIn(character.title));
}

function showTyping(chatId) {
  const until = Date.now() + TYPING_MS;
  typing.set(chatId, until);
  setTimeout(render, TYPING_MS + 50);
  render();
}

/** First state, or a newer one after the server was gone. */
function arrive() {
  const known = store.current ?? store.character(asked.get("personne"));
  if (deepLink) {
    open(store.firstSme.key, { replace: true });
    say(`/start ${deepLink}`);
    deepLink = null;
  } else if (!store.active && known) open(known.key, { replace: true });
  else if (!store.active && wide.matches) open(store.firstSme.key, { replace: true });
  else render();
}

/** Opens a conversation; on a phone it becomes a page of its own, that "back" leaves. */
function open(key, { replace = false, fromHistory = false } = {}) {
  if (store.active !== key) leaveChat();
  store.active = key;
  document.body.dataset.view = "chat";
  if (!fromHistory) {
    const address = `/?personne=${key}`;
    if (replace || wide.matches) history.replaceState({}, "", address);
    else history.pushState({ pushed: true }, "", address);
  }
  render();
  // On arrival the focus stays at the top, where the page says what it is.
  if (replace) return;
  if (wide.matches) composer.focus();
  else byId("chat-title").focus();
}

function showList() {
  const key = store.active;
  leaveChat();
  document.body.dataset.view = "list";
  render();
  document.querySelector(`[data-testid="conversation-${key}"]`)?.focus();
}

function isReading() {
  const visible = wide.matches || document.body.dataset.view === "chat";
  return visible && document.visibilityState === "visible";
}

function render() {
  const character = store.current;
  if (character && isReading()) store.markRead(character);
  conversations.show(store);
  showTitle();
  if (!character) return;
  showHeader(character);
  showChat(character);
}

function showTitle() {
  const unread = store.characters.reduce((sum, one) => sum + store.unread(one), 0);
  const title = fr.pageTitle(store.bot.first_name);
  document.title = unread ? `(${unread}) ${title}` : title;
  for (const each of document.querySelectorAll("[data-bot-name]")) {
    each.textContent = store.bot.first_name;
  }
}

function showHeader(character) {
  const isPrivate = character.kind === "private";
  const names = character.members.map((member) => member.name);
  byId("chat-avatar").replaceChildren(avatar(character));
  byId("chat-title").textContent = character.title;
  byId("chat-subtitle").textContent = isPrivate ? character.subtitle : fr.groupOf(names);
  byId("chat-with").hidden = !isPrivate;
  const blocked = store.isBlocked(character);
  byId("block").hidden = !isPrivate || blocked;
  byId("blocked").hidden = !blocked;
  byId("composer").hidden = blocked;
}

function showChat(character) {
  const messages = store.messagesOf(character.chat_id);
  const speaker = store.speakerOf(character);
  showEmpty(character, messages.length === 0);
  const isTyping = (typing.get(character.chat_id) ?? 0) > Date.now();
  byId("typing").hidden = !isTyping;
  composer.show(character, { speaker, commands: store.commandsOf(character) });
  log.show({
    chat: character.key,
    messages,
    speaker,
    isGroup: character.kind === "group",
    isWaiting: (messageId, data) =>
      taps.isWaiting({ chat_id: character.chat_id, message_id: messageId, data }),
  });
}

function showEmpty(character, isEmpty) {
  const isPrivate = character.kind === "private";
  byId("empty").hidden = !isEmpty;
  byId("start").hidden = !isPrivate || store.isBlocked(character);
  byId("empty-title").textContent = isPrivate ? store.bot.first_name : fr.emptyGroupTitle;
  byId("empty-text").textContent = isPrivate
    ? store.bot.description || fr.emptyPrivate
    : emptyGroup(store.commandsOf(character));
}

function emptyGroup(commands) {
  return commands.length > 0 ? `${fr.emptyGroup} ${fr.emptyGroupCommands}` : fr.emptyGroup;
}

async function setBlocked(blocked) {
  const character = store.current;
  await api.block(character.members[0].id, blocked);
  store.setBlocked(character, blocked);
  announce(blocked ? fr.blocked(character.title) : fr.unblocked(character.title));
  render();
  if (blocked) byId("unblock").focus();
  else composer.focus();
}

async function emptyChats() {
  if (!(await confirmReset())) return;
  await api.reset();
  toast(fr.emptied);
  await connection.open();
}

// After a click of the mouse, one types on; the keyboard's own focus stays where it was.
byId("messages").addEventListener("click", (event) => {
  const acts = event.target.closest(".keyboard-button, .text-command");
  if (acts && event.detail > 0 && wide.matches) composer.focus();
});
byId("start").addEventListener("click", () => {
  say("/start");
  composer.focus();
});
byId("block").addEventListener("click", () => attempt(() => setBlocked(true)));
byId("unblock").addEventListener("click", () => attempt(() => setBlocked(false)));
byId("reset").addEventListener("click", () => attempt(emptyChats));
byId("back").addEventListener("click", () => {
  if (history.state?.pushed) history.back();
  else {
    history.replaceState({}, "", "/");
    showList();
  }
});
byId("notice-close").addEventListener("click", () => {
  localStorage.setItem("notice", "read");
  byId("notice").hidden = true;
});
byId("notice").hidden = localStorage.getItem("notice") === "read";

addEventListener("popstate", () => {
  const key = new URLSearchParams(location.search).get("personne");
  if (store.character(key)) open(key, { fromHistory: true });
  else showList();
});
document.addEventListener("visibilitychange", render);
wide.addEventListener("change", () => {
  if (wide.matches && !store.active && store.firstSme) open(store.firstSme.key, { replace: true });
});
connection.open();
