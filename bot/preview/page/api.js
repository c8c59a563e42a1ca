/** The preview server's JSON API. Throws Refused (with its reason) or Offline. */

export class Offline extends Error {}
export class Refused extends Error {}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    throw new Offline(path, { cause });
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Refused(body.error ?? `HTTP ${response.status}`);
}

const post = (path, body) =>
  call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

export const readState = () => call("/preview/state", { cache: "no-store" });

export const openEvents = (after) => new EventSource(`/preview/events?after=${after}`);

export const send = (message) => post("/preview/send", message);

export const search = (query) => post("/preview/inline", query);

export const choose = (result) => post("/preview/choose", result);

export const tap = (press) => post("/preview/tap", press);

export const block = (userId, blocked) => post("/preview/block", { user_id: userId, blocked });

export const reset = () => post("/preview/reset", {});

/** Sends a photo, voice, sticker, location or document; without a file the server makes a sample. */
export function attach({ chat_id, member_id, kind, file, reply_to }) {
  const form = new FormData();
  form.set("chat_id", chat_id);
  form.set("member_id", member_id);
  form.set("kind", kind);
  if (file) form.set("file", file);
  if (reply_to) form.set("reply_to", reply_to);
  return call("/preview/attach", { method: "POST", body: form });
}

export const fileUrl = (fileId) => `/preview/file/${encodeURIComponent(fileId)}`;
