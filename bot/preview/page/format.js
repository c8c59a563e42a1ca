/** Dates, sizes and one-line summaries, in French. */

import { fr } from "./fr.js";

// The bot tells the time of Paris, wherever the browser is.
const timeZone = "Europe/Paris";
const TIME = new Intl.DateTimeFormat("fr-FR", { hour: "2-digit", minute: "2-digit", timeZone });
const SHORT = new Intl.DateTimeFormat("fr-FR", { day: "numeric", month: "short", timeZone });
const LONG = new Intl.DateTimeFormat("fr-FR", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone,
});
const DAY = new Intl.DateTimeFormat("sv-SE", { timeZone });
const NUMBER = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 });
const DEGREES = new Intl.NumberFormat("fr-FR", { minimumFractionDigits: 4, maximumFractionDigits: 4 });

const SUMMARY = 100;

const dateOf = (seconds) => new Date(seconds * 1000);

function daysAgo(date) {
  const midnight = (day) => Date.parse(DAY.format(day));
  return Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
}

/** Hour and minute, in Paris, of a Unix time in seconds. */
export const clock = (seconds) => TIME.format(dateOf(seconds));

export const isoDate = (seconds) => dateOf(seconds).toISOString();

/** "Aujourd’hui", "Hier" or the full date; the same for all messages of one day. */
export function dayName(seconds) {
  const date = dateOf(seconds);
  const ago = daysAgo(date);
  if (ago === 0) return fr.today;
  if (ago === 1) return fr.yesterday;
  const name = LONG.format(date);
  return name[0].toUpperCase() + name.slice(1);
}

/** The hour today, the day before that: for the list of conversations. */
export function shortMoment(seconds) {
  const date = dateOf(seconds);
  return daysAgo(date) === 0 ? TIME.format(date) : SHORT.format(date);
}

export function fileSize(bytes) {
  if (bytes < 1000) return fr.bytes(bytes);
  if (bytes < 1_000_000) return fr.kilobytes(NUMBER.format(bytes / 1000));
  return fr.megabytes(NUMBER.format(bytes / 1_000_000));
}

export const duration = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export const coordinates = ({ latitude, longitude }) =>
  `${DEGREES.format(latitude)}° ; ${DEGREES.format(longitude)}°`;

export const fullName = (user) =>
  user ? [user.first_name, user.last_name].filter(Boolean).join(" ") : "";

/** What a message holds besides text: the Bot API's field name, or null. */
export function mediaKind(message) {
  const kinds = ["photo", "document", "voice", "audio", "sticker", "location", "contact"];
  const moving = ["video", "video_note", "animation"];
  return [...kinds, ...moving].find((kind) => message[kind]) ?? null;
}

/** One line that stands for a message. */
export function summary(message) {
  const words = (message.text ?? message.caption)?.replace(/\s+/g, " ");
  if (words) return words.length > SUMMARY ? `${words.slice(0, SUMMARY)}…` : words;
  const kind = mediaKind(message);
  if (kind === "sticker") return `${fr.sticker} ${message.sticker.emoji ?? ""}`.trim();
  if (kind === "document") return message.document.file_name ?? fr.document;
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return fr.supergroup;
  return fr[kind] ?? (kind ? fr.video : fr.unknown);
}

/** Up to two initials. */
export const initials = (name) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word[0] ?? "")
    .join("")
    .toUpperCase();
