/** Where a link leads: outside, to the bot's own chat, or nowhere safe. */

const TELEGRAM_HOSTS = new Set(["t.me", "telegram.me", "www.t.me"]);
const OUTSIDE = new Set(["http:", "https:", "mailto:", "tel:"]);
// Bot API, "Deep linking".
const PAYLOAD = /^[A-Za-z0-9_-]{1,64}$/;

/** A URL that may be followed, or null; one without a scheme is taken as https. */
export function safeUrl(address) {
  for (const candidate of [address, `https://${address}`]) {
    if (!URL.canParse(candidate)) continue;
    const url = new URL(candidate);
    // "exemple.fr:8080" parses with "exemple.fr:" as its scheme.
    if (OUTSIDE.has(url.protocol)) return url;
    if (!url.protocol.includes(".")) return null;
  }
  return null;
}

/** The payload of a link to this bot ("" when it has none), or null for any other link. */
export function startPayload(url, username) {
  if (!TELEGRAM_HOSTS.has(url.hostname)) return null;
  if (url.pathname.slice(1).toLowerCase() !== username.toLowerCase()) return null;
  return validPayload(url.searchParams.get("start")) ?? "";
}

export function validPayload(payload) {
  return payload !== null && PAYLOAD.test(payload) ? payload : null;
}
