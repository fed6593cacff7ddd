// Calls of the server. Every function throws an Error whose message is for people.

const SESSIONS = "v1/sessions";

async function call(path, options = {}) {
  let reply;
  try {
    reply = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Is vlm2 serve still running?");
  }
  if (reply.ok) return reply;
  const body = await reply.json().catch(() => null);
  const error = new Error(body?.error?.message ?? `The server answered ${reply.status}.`);
  error.status = reply.status;
  throw error;
}

const json = async (path, options) => (await call(path, options)).json();
const send = (path, body, method = "POST") =>
  json(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const path = (id, rest) => `${SESSIONS}/${encodeURIComponent(id)}/${rest}`;
export const sessions = async () => (await json(SESSIONS)).data;
export const session = (id) => json(`${SESSIONS}/${encodeURIComponent(id)}`);
export const create = (id) => send(SESSIONS, { id });
export const rename = (id, to) => send(`${SESSIONS}/${encodeURIComponent(id)}`, { id: to }, "PATCH");
export const remove = (id) => json(`${SESSIONS}/${encodeURIComponent(id)}`, { method: "DELETE" });
// With `placed`, without the newest frames, which wait for their window: that costs little.
export const objects = (id, placed) => json(path(id, `objects?placed=${placed}`));
export const keyframes = async (id) => (await json(path(id, "keyframes"))).data;
export const timeline = (id) => json(path(id, "timeline"));
// With `wait`, about all that the server has got: an answer may then come only when a video has ended.
// `earlier` are the questions before it, which it may depend on ("and the lamp?").
export const ask = (id, question, earlier, guess, wait) => send(path(id, "ask"), { question, earlier, guess, wait });
export const openMemory = (id, file) => json(path(id, "memory"), { method: "PUT", body: file });

export async function watchFile(id, file) {
  const form = new FormData();
  form.append("file", file);
  const { id: video } = await json("v1/files", { method: "POST", body: form });
  return send(path(id, "watch"), { file: video });
}

export const framesSocket = (id) =>
  new WebSocket(new URL(path(id, "frames"), document.baseURI).href.replace(/^http/, "ws"));

// The token goes along as a cookie, so that pictures and WebSockets carry it too.
export function setToken(token) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `vlm2_token=${encodeURIComponent(token)}; Path=/; SameSite=Strict${secure}`;
}
