// The page: one session at a time is watched, asked, saved and opened.

import * as api from "./api.js";
import { Camera } from "./camera.js";
import { Chat } from "./chat.js";
import { clock, describe, drawPlan, drawTimeline, present, shot } from "./draw.js";

const EVERY = 1000; // milliseconds between looks at the session
const EXAMPLES = ["What is in the room?", "How many chairs are there?", "How big is the room?", "Where is the table?"];
const find = (id) => document.getElementById(id);

const state = { id: null, map: null, frames: -1, marked: new Set(), last: null, shown: null };
const chat = new Chat(find("answers"), find("large"), state, (marked) => {
  state.marked = marked;
  if (state.map) drawPlan(find("plan"), state.map, marked);
});
const camera = new Camera(
  find("preview"),
  (reply) => reply.error && complain(reply.error.message),
  () => (find("camera").textContent = "Use the camera"),
);

function complain(message) {
  find("problem").textContent = message;
  find("problem").hidden = !message;
}

// Run what a button does; what goes wrong is shown.
async function attempt(action) {
  complain("");
  try {
    return await action();
  } catch (error) {
    report(error);
  }
}

// Show what went wrong; where the token is missing or wrong, ask for it.
function report(error) {
  const refused = error.status === 401;
  if (refused) find("login").hidden = false;
  complain(!refused ? error.message : state.entered ? "This is not the server's token." : "");
}

const titled = ({ id, seconds }) => `${id} (${seconds.toFixed(0)} s)`;

async function listSessions(chosen) {
  const known = (await api.sessions()).filter(({ id }) => !id.startsWith("chat-"));
  if (!known.length) known.push(await api.create());
  const select = find("session");
  select.replaceChildren(...known.map((session) => new Option(titled(session), session.id)));
  const wanted = chosen ?? location.hash.slice(1);
  choose(known.some(({ id }) => id === wanted) ? wanted : known.at(-1).id);
}

function choose(id) {
  camera.stop();
  find("session").value = id;
  history.replaceState(null, "", `#${id}`); // a reload comes back to it
  Object.assign(state, { lost: [], id, map: null, frames: -1, marked: new Set(), last: null, shown: null });
  find("save").href = api.path(id, "memory");
  find("seen").replaceChildren();
  find("list").replaceChildren();
  find("plan").replaceChildren();
  find("timeline").replaceChildren();
  find("things-title").textContent = "Things";
  find("status").textContent = "";
  find("trouble").hidden = true;
  find("in-3d").open = false;
  find("empty").hidden = false;
  chat.clear();
}

// Read the session's state; where frames were added, its map too.
async function look() {
  const { id } = state;
  if (!id) return;
  const now = await api.session(id);
  if (id !== state.id) return;
  showStatus(now);
  if (now.frames === state.frames) return;
  const [map, frames, line] = await Promise.all([api.objects(id), api.keyframes(id), api.timeline(id)]);
  if (id !== state.id) return;
  Object.assign(state, { map, frames: now.frames, lost: line.lost });
  drawPlan(find("plan"), map, state.marked);
  drawTimeline(find("timeline"), line, now.seconds);
  const things = present(map).sort((a, b) => a.label.localeCompare(b.label));
  find("list").replaceChildren(...things.map((track) => Object.assign(document.createElement("li"), { textContent: describe(track) })));
  find("things-title").textContent = things.length ? `Things (${things.length})` : "Things";
  const placed = frames.filter(({ time }) => map.path.times.includes(time));
  if (placed.length && placed.at(-1).frame !== state.shown) {
    state.shown = placed.at(-1).frame;
    const here = things.filter((track) => track.views.some(({ frame }) => frame === state.shown));
    find("seen").replaceChildren(shot(id, placed.at(-1), map, here));
  }
  find("empty").hidden = now.frames > 0;
}

function showStatus(now) {
  const at = performance.now();
  const passed = state.last ? (at - state.last.at) / 1000 : 0;
  const speed = passed ? (now.frames - state.last.frames) / passed : 0;
  state.speed = state.last ? 0.7 * (state.speed ?? speed) + 0.3 * speed : 0;
  state.last = { at, frames: now.frames };
  const parts = now.frames ? [`${now.seconds.toFixed(1)} s`, `${now.frames} frames`] : [];
  const busy = now.watching || now.waiting > 0 || camera.on;
  if (busy && state.speed > 0.05) parts.push(`${state.speed.toFixed(1)} frames a second`);
  if (state.lost.length) parts.push(`camera lost at ${state.lost.map(clock).join(", ")}: turn and walk more slowly`);
  if (busy && now.counts.dropped) parts.push(`${now.counts.dropped} dropped, since this machine is too slow`);
  const doing = state.uploading ? "Uploading …" : busy ? "Watching" : "";
  find("status").textContent = [doing, ...parts].filter(Boolean).join(" · ");
  find("trouble").hidden = !now.problem;
  if (find("trouble").textContent !== (now.problem ?? "")) find("trouble").textContent = now.problem ?? "";
  const option = find("session").selectedOptions[0];
  if (option?.value === now.id && option.text !== titled(now)) option.text = titled(now);
}

find("camera").onclick = () =>
  attempt(async () => {
    if (camera.on) return camera.stop();
    find("camera").disabled = true;
    const { frames, waiting, newest } = await api.session(state.id);
    await camera.start(state.id, frames || waiting ? newest + 0.5 : 0);
    find("camera").textContent = "Stop the camera";
  }).finally(() => (find("camera").disabled = false));
find("upload").onclick = () => find("video-file").click();
find("video-file").onchange = ({ target }) =>
  attempt(async () => {
    camera.stop();
    const [file] = target.files;
    target.value = "";
    find("status").textContent = "Uploading …";
    state.uploading = true;
    await api.watchFile(state.id, file);
  }).finally(() => (state.uploading = false));
find("new").onclick = () => attempt(async () => listSessions((await api.create()).id));
find("open").onclick = () => find("memory-file").click();
find("memory-file").onchange = ({ target }) =>
  attempt(async () => {
    const [file] = target.files;
    const id = `${file.name.replace(/\.vlm2mem$/, "").toLowerCase().replace(/[^a-z0-9_-]+/g, "-").slice(0, 40)}-${Date.now().toString(36)}`;
    target.value = "";
    await listSessions((await api.openMemory(id, file)).id);
  });
find("delete").onclick = () =>
  attempt(async () => {
    const { id } = state;
    if (!confirm(`Delete the memory ${id} from the server? Only a file that you saved with "Save" remains.`)) return;
    camera.stop();
    state.id = null; // nothing looks at it any more
    await api.remove(id).finally(() => listSessions(id));
  });
find("session").onchange = ({ target }) => attempt(() => choose(target.value));
find("login").onsubmit = (event) => {
  event.preventDefault();
  api.setToken(find("token").value);
  find("token").value = "";
  find("login").hidden = true;
  state.entered = true;
  attempt(() => listSessions(state.id));
};
find("ask").onsubmit = (event) => {
  event.preventDefault();
  const question = find("question").value.trim();
  find("question").value = "";
  if (question) chat.ask(question, find("guess").checked);
};
find("in-3d").ontoggle = ({ target }) => {
  const frame = target.querySelector("iframe");
  frame.src = target.open ? api.path(state.id, "scene.html") : "about:blank";
};
for (const question of EXAMPLES) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: question });
  button.onclick = () => chat.ask(question, find("guess").checked);
  find("examples").append(button);
}

// After a look that failed: leave a memory that the server no longer has.
async function recover(error) {
  if (error.status === 404) await attempt(() => listSessions());
  else state.failing = true;
  report(error);
}

// One look after the other, however long each takes.
async function keepLooking() {
  const { id } = state;
  try {
    await look();
    if (state.failing) complain("");
    state.failing = false;
  } catch (error) {
    if (id === state.id) await recover(error);
  }
  setTimeout(keepLooking, EVERY);
}

await attempt(() => listSessions());
keepLooking();
