// The page: one session at a time is watched, asked, saved and opened.

import * as api from "./api.js";
import { Camera } from "./camera.js";
import { Chat } from "./chat.js";
import { forgetAnswers, renameAnswers } from "./conversation.js";
import { clock, drawTimeline, shot } from "./draw.js";
import { present } from "./match.js";
import { defaultName, free, isDefault, named } from "./names.js";
import { Plan } from "./plan.js";
import { ThingList } from "./things.js";

const EVERY = 1000; // milliseconds between looks at the session
const EXAMPLES = ["What is in the room?", "How big is the room?"];
const MOST_NAMED = 2; // examples about things that were seen
const find = (id) => document.getElementById(id);

// The session that is shown: its map, its frames, whether it is watching, what was looked at.
const fresh = { map: null, frames: -1, looked: "", busy: false, placed: 0, last: null, speed: 0, shown: null, lost: [] };
const state = { id: null, resumes: null, looking: null, uploading: false, failing: false, entered: false, ...fresh };
const plan = new Plan(find("plan"), pick);
const things = new ThingList(find("list"), find("large"), pick);
const chat = new Chat(find("answers"), find("large"), state, (marked, scroll) => {
  things.pick(null);
  plan.mark(marked);
  if (scroll) find("place").scrollIntoView();
});
const camera = new Camera(
  find("preview"),
  find("cameras"),
  (reply) => reply.error && complain(reply.error.message),
  () => (find("camera").textContent = "Use the camera"),
);

function pick(track) {
  things.pick(track);
  plan.mark(track ? [track] : []);
}

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
  if (!known.length) known.push(await api.create(defaultName()));
  const select = find("session");
  select.replaceChildren(...known.map((session) => new Option(titled(session), session.id)));
  const wanted = chosen ?? location.hash.slice(1);
  choose(known.some(({ id }) => id === wanted) ? wanted : known.at(-1).id);
}

function choose(id) {
  camera.stop();
  find("session").value = id;
  history.replaceState(null, "", `#${id}`); // a reload comes back to it
  Object.assign(state, fresh, { id });
  for (const shown of [find("seen"), find("timeline")]) shown.replaceChildren();
  for (const shown of [plan, things, chat]) shown.clear();
  plan.mark([]);
  find("things-title").textContent = "Things";
  find("things-hint").hidden = true;
  for (const line of [find("status"), find("hint")]) line.textContent = "";
  find("trouble").hidden = true;
  find("in-3d").open = false;
  find("empty").hidden = true; // until the memory is looked at
  find("save").removeAttribute("href");
  showExamples([]);
  find("ask").querySelector("button").disabled = true;
}

// Read the session's state; where frames were added, or watching ended, its map too.
async function look() {
  const { id } = state;
  if (!id) return;
  const now = await api.session(id);
  if (id !== state.id) return;
  state.busy = now.watching || now.waiting > 0 || camera.on;
  showStatus(now);
  const looked = `${now.frames} ${state.busy}`;
  if (looked !== state.looked) await showMap(id, now);
  if (id !== state.id) return;
  state.looked = looked;
  allow(now);
}

async function showMap(id, now) {
  const [map, frames, line] = await Promise.all([api.objects(id, state.busy), api.keyframes(id), api.timeline(id)]);
  if (id !== state.id) return;
  const first = state.map === null;
  Object.assign(state, { map, frames: now.frames, lost: line.lost, placed: map.path.times.length });
  plan.show(map);
  things.show(id, map, frames);
  drawTimeline(find("timeline"), line, now.seconds);
  const live = present(map);
  find("things-title").textContent = live.length ? `Things (${live.length})` : "Things";
  find("things-hint").hidden = !live.length;
  showExamples(live);
  const placed = frames.filter(({ time }) => map.path.times.includes(time));
  if (placed.length && placed.at(-1).frame !== state.shown) {
    state.shown = placed.at(-1).frame;
    const here = live.filter((track) => track.views.some(({ frame }) => frame === state.shown));
    find("seen").replaceChildren(shot(id, placed.at(-1), map, here));
  }
  if (first) chat.restore();
}

// Let people ask and save as soon as something was seen, and tell them why not yet.
function allow({ frames }) {
  const ready = frames > 0 && (state.placed > 0 || !state.busy);
  find("empty").hidden = state.shown !== null || frames > 0 || state.busy || state.uploading;
  const words = hint(ready);
  if (find("hint").textContent !== words) find("hint").textContent = words;
  for (const button of document.querySelectorAll("#ask button, #examples button")) button.disabled = !ready;
  if (frames > 0) find("save").href = api.path(state.id, "memory");
  else find("save").removeAttribute("href");
}

function hint(ready) {
  if (ready) return state.busy ? "Still watching: answers are about what was seen so far." : "";
  if (state.busy || state.uploading) return "Taking in the first frames. You can ask in a few seconds.";
  return "Nothing was seen yet. Use the camera or upload a video, then ask.";
}

// Examples of questions, also about single things of the map, the largest first.
function showExamples(live) {
  const single = live.filter(({ label }) => live.filter((other) => other.label === label).length === 1);
  const volume = ({ box }) => box.size.reduce((product, side) => product * side, 1);
  const labels = single.sort((a, b) => volume(b) - volume(a)).slice(0, MOST_NAMED).map(({ label }) => label);
  const questions = [...EXAMPLES, ...labels.map((label) => `Where is the ${label}?`)];
  if (labels.length > 1) questions.push(`How far is the ${labels[0]} from the ${labels[1]}?`);
  const group = find("examples");
  if ([...group.children].map((button) => button.textContent).join() === questions.join()) return;
  group.replaceChildren(
    ...questions.map((question) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: question, disabled: true });
      button.onclick = () => chat.ask(question, find("guess").checked);
      return button;
    }),
  );
}

function showStatus(now) {
  const at = performance.now();
  const passed = state.last ? (at - state.last.at) / 1000 : 0;
  const speed = passed ? (now.frames - state.last.frames) / passed : 0;
  state.speed = 0.7 * (state.speed || speed) + 0.3 * speed;
  state.last = { at, frames: now.frames };
  const parts = now.frames ? [`${now.seconds.toFixed(1)} s`, `${now.frames} frames`] : [];
  const { busy } = state;
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

// Return what the dialog's pressed button stands for; "" where it was left.
function asked(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => (dialog.onclose = () => done(dialog.returnValue)));
}

const names = async () => (await api.sessions()).map(({ id }) => id);

// Choose the memory for something new to watch: this one while it is empty, else as people say. Return whether to go on.
async function placeFor(what, name) {
  const { id, frames, waiting, watching } = await api.session(state.id);
  if (frames || waiting || watching) {
    find("place-of-words").textContent = `${id} has seen something already. Is ${what} about another place?`;
    const choice = await asked(find("place-of"));
    if (choice === "new") await listSessions((await api.create(free(name, await names()))).id);
    return choice !== "";
  }
  if (isDefault(id) && !isDefault(name)) await rename(free(name, await names()));
  return true;
}

async function rename(to) {
  const from = state.id;
  state.id = null; // nobody looks at the old name any more
  try {
    await state.looking?.catch(() => {});
    state.id = (await api.rename(from, to)).id;
  } finally {
    state.id ??= from;
  }
  renameAnswers(from, state.id);
  if (state.resumes === from) state.resumes = state.id;
  const option = find("session").selectedOptions[0];
  option.value = state.id;
  history.replaceState(null, "", `#${state.id}`);
}

async function watchVideo(file) {
  camera.stop();
  if (!(await placeFor(file.name, named(file.name)))) return;
  state.uploading = true;
  find("status").textContent = "Uploading …";
  allow({ frames: state.frames });
  await api.watchFile(state.id, file).finally(() => (state.uploading = false));
}

async function openMemory(file) {
  find("status").textContent = "Opening …";
  await listSessions((await api.openMemory(free(named(file.name), await names()), file)).id);
}

find("camera").onclick = () =>
  attempt(async () => {
    if (camera.on) return camera.stop();
    find("camera").disabled = true;
    if (state.resumes !== state.id && !(await placeFor("the camera's picture", defaultName()))) return;
    const { frames, waiting, newest, rate } = await api.session(state.id);
    await camera.start(state.id, frames || waiting ? newest + 0.5 : 0, rate);
    state.resumes = state.id; // after a pause it goes on without asking
    find("camera").textContent = "Stop the camera";
  }).finally(() => (find("camera").disabled = false));
for (const [button, input, use] of [["upload", "video-file", watchVideo], ["open", "memory-file", openMemory]]) {
  find(button).onclick = () => find(input).click();
  find(input).onchange = ({ target }) => {
    const [file] = target.files;
    target.value = "";
    if (file) attempt(() => use(file));
  };
}
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) attempt(() => (file.name.endsWith(".vlm2mem") ? openMemory(file) : watchVideo(file)));
};
find("new").onclick = () => attempt(async () => listSessions((await api.create(free(defaultName(), await names()))).id));
find("rename").onclick = () =>
  attempt(async () => {
    find("name").value = state.id;
    const choice = await asked(find("renaming"));
    const name = named(find("name").value);
    if (choice && name !== state.id) await rename(name);
  });
find("delete").onclick = () =>
  attempt(async () => {
    const { id } = state;
    if (!confirm(`Delete the memory ${id} from the server? Only a file that you saved with "Save" remains.`)) return;
    camera.stop();
    state.id = null; // nothing looks at it any more
    await api.remove(id).then(() => forgetAnswers(id)).finally(() => listSessions(id));
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
    await (state.looking = look());
    if (state.failing) complain("");
    state.failing = false;
  } catch (error) {
    if (id === state.id) await recover(error);
  }
  setTimeout(keepLooking, EVERY);
}

await attempt(() => listSessions());
keepLooking();
