/** One message: sender, quote, attachment, text, time, keyboard. */

import { fileUrl } from "./api.js";
import { el, icon, spoken } from "./dom.js";
import { renderText } from "./entities.js";
import { clock, coordinates, duration, fileSize, fullName, isoDate, mediaKind, summary } from "./format.js";
import { fr } from "./fr.js";
import { renderKeyboard } from "./keyboard.js";

const HUES = 4;

/** An article; `actions` gives what texts and keyboards need, reply(message), show(messageId). */
export function renderMessage(message, actions) {
  const shared = {
    "data-testid": "message",
    "data-message-id": message.message_id,
    "data-from": message.from?.is_bot ? "bot" : "member",
    tabindex: "-1",
  };
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) {
    return el("article", { ...shared, class: "message service" }, el("p", {}, fr.supergroup));
  }
  const head = [sender(message), via(message), quote(message, actions)];
  const bubble = el("div", { class: "bubble" }, ...head, ...body(message, actions), meta(message, actions));
  const named = { "aria-labelledby": `who-${message.message_id} when-${message.message_id}`, "aria-describedby": `what-${message.message_id}` };
  return el("article", { ...shared, ...named, class: classOf(message) }, bubble, renderKeyboard(message, actions));
}

function classOf(message) {
  const traits = ["message"];
  if (message.edit_date) traits.push("edited");
  if (mediaKind(message)) traits.push(`holds-${mediaKind(message)}`);
  return traits.join(" ");
}

function sender(message) {
  const from = message.from;
  const hue = from?.is_bot ? "bot" : Math.abs(from?.id ?? 0) % HUES;
  return el("p", { class: `sender hue-${hue}`, id: `who-${message.message_id}` }, fullName(from), spoken(fr.saidBy("")));
}

/** The bot that composed what a person sent. */
function via(message) {
  return message.via_bot ? el("p", { class: "via" }, fr.via(message.via_bot.username)) : null;
}

function quote(message, actions) {
  const original = message.reply_to_message;
  if (!original) return null;
  const show = () => actions.show(original.message_id);
  return el(
    "button",
    { type: "button", class: "quote", onclick: show, title: fr.original },
    el("strong", {}, fullName(original.from)),
    spoken(fr.saidBy("")),
    el("span", {}, summary(original)),
  );
}

function body(message, actions) {
  const media = mediaKind(message);
  const text = message.text ?? message.caption;
  const entities = message.entities ?? message.caption_entities;
  return [
    media ? attachment(message, media) : null,
    text ? el("div", { class: "text", id: `what-${message.message_id}`, "data-testid": "message-text" }, renderText(text, entities, actions)) : null,
    media || text ? null : el("p", { class: "card" }, fr.unknown),
  ];
}

function meta(message, actions) {
  const edited = message.edit_date ? el("span", { class: "edited-mark", "data-testid": "edited" }, fr.edited) : null;
  const time = el("time", { datetime: isoDate(message.date), id: `when-${message.message_id}` }, clock(message.date));
  return el("div", { class: "meta" }, replyButton(message, actions), edited, time);
}

function replyButton(message, actions) {
  const shared = { type: "button", class: "reply-button", title: fr.reply, "data-testid": "reply" };
  const label = fr.replyToMessageOf(clock(message.date));
  return el("button", { ...shared, "aria-label": label, onclick: () => actions.reply(message) }, icon("reply"));
}

function attachment(message, kind) {
  if (kind === "photo") return photo(message);
  if (kind === "document") return document_(message.document);
  if (kind === "sticker") return sticker(message.sticker);
  if (kind === "voice") return card("voice", `${fr.voice} ${duration(message.voice.duration)}`);
  if (kind === "audio") return card("voice", message.audio.title ?? fr.audio);
  if (kind === "location") return card("location", `${fr.location} ${coordinates(message.location)}`);
  if (kind === "contact") return card("contact", `${fullName(message.contact)} ${message.contact.phone_number}`);
  return card("video", fr.video);
}

const card = (drawing, text) => el("p", { class: "card" }, icon(drawing), el("span", {}, text));

const sticker = ({ emoji }) =>
  emoji ? el("p", { class: "sticker" }, spoken(fr.sticker), emoji) : card("sticker", fr.sticker);

function photo(message) {
  const largest = message.photo.at(-1);
  const url = fileUrl(largest.file_id);
  const image = el("img", { src: url, alt: fr.photoBy(fullName(message.from)), width: largest.width, height: largest.height });
  const frame = el("a", { class: "photo", href: url, download: true }, image);
  image.addEventListener("error", () => frame.replaceWith(card("photo", fr.photo)), { once: true });
  return frame;
}

function document_(file) {
  const size = file.file_size === undefined ? "" : ` · ${fileSize(file.file_size)}`;
  const name = file.file_name ?? fr.document;
  return el(
    "a",
    { class: "document", href: fileUrl(file.file_id), download: name, "data-testid": "document" },
    el("span", { class: "document-icon" }, icon("document")),
    el("span", {}, el("strong", {}, name), el("small", {}, `${fr.download}${size}`)),
  );
}
