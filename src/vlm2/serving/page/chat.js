// Questions and answers, with the frames that an answer rests on.

import { ask, objects } from "./api.js";
import { answersOf, keepAnswer } from "./conversation.js";
import { clock, shotButtons } from "./draw.js";
import { keptThing, matched } from "./match.js";

const STATUS = {
  ok: "answered",
  not_seen: "not seen",
  unsure: "not sure",
  unknown_label: "unknown word",
  ambiguous: "not clear",
  unsupported: "not understood",
  guess: "a guess",
};
const ABILITIES = "I can tell which things are where, how many, how large and how far apart they are, their colours, and when I saw them.";
const MEANT = / Did you mean: “(.+)”/; // in the sentence of a question that was not understood for sure
const MOST_SHOTS = 4;
const MOST_EARLIER = 8; // questions that the server reads before one
const SAME = 0.01; // seconds between the last frames of one map

export class Chat {
  // `state` tells the session's id, its frames and its last map; `onMarked` gets the things of an answer.
  constructor(list, dialog, state, onMarked) {
    Object.assign(this, { list, dialog, state, onMarked });
  }

  clear() {
    this.list.replaceChildren();
  }

  // Show the answers that are kept of this memory, silently.
  restore() {
    this.list.setAttribute("aria-live", "off");
    for (const { question, answer } of answersOf(this.state.id, this.state.frames)) this.show(this.begin(question), answer);
    this.list.scrollTop = this.list.scrollHeight;
    setTimeout(() => this.list.setAttribute("aria-live", "polite"), 500);
  }

  async ask(question, guess) {
    const earlier = [...this.list.querySelectorAll(".question")].map((asked) => asked.textContent).slice(-MOST_EARLIER);
    const item = this.begin(question);
    const waiting = line("soft", "Looking …");
    item.append(waiting);
    item.scrollIntoView({ block: "nearest" });
    const { id, busy } = this.state;
    try {
      const map = objects(id, busy).catch(() => null); // at once, so that it is the answer's own map, if possible
      const answer = await ask(id, question, earlier, guess, !busy);
      answer.things = thingsOf(answer, await map);
      if (!busy) delete answer.seen_until; // it is about all
      const stays = item.isConnected; // else another memory was chosen meanwhile; and this one may have a new name
      keepAnswer(stays ? this.state.id : id, stays ? this.state.frames : 0, question, answer);
      if (stays || id === this.state.id) this.show(stays ? item : this.begin(question), answer);
      if (stays) this.onMarked(answer.things);
    } catch (error) {
      item.append(line("", error.message));
    }
    waiting.remove();
    item.scrollIntoView({ block: "nearest" });
  }

  begin(question) {
    const item = document.createElement("li");
    item.append(line("question", question));
    this.list.append(item);
    return item;
  }

  show(item, answer) {
    const { id, map } = this.state;
    const kind = kindOf(answer);
    const badge = Object.assign(document.createElement("span"), { className: `badge ${kind}`, textContent: STATUS[kind] ?? kind });
    const said = answer.sentence || answer.text;
    const [, meant] = (kind === "unsupported" && MEANT.exec(said)) || [];
    const words = line("", meant ? said.replace(MEANT, "") : said);
    words.prepend(badge, " ");
    item.append(words);
    const sure = answer.confidence !== null && answer.status === "ok";
    const details = [sure && `${Math.round(100 * answer.confidence)} % sure`, answer.seen_until && `while watching, at ${clock(answer.seen_until)}`];
    if (details.some(Boolean)) item.append(line("soft", details.filter(Boolean).join(" · ")));
    if (meant) item.append(link(`Did you mean: ${meant}`, () => this.ask(meant, false)));
    else if (said.startsWith("I do not understand")) item.append(line("soft", ABILITIES));
    const tracks = map ? matched(map, answer.things) : [];
    const frames = new Map();
    for (const { keyframe, time } of answer.evidence) if (keyframe !== undefined) frames.set(keyframe, time);
    const shown = [...frames].slice(0, MOST_SHOTS).map(([frame, time]) => ({ frame, time }));
    shown.sort((a, b) => a.time - b.time);
    if (shown.length) item.append(shotButtons(id, shown, map, tracks, this.dialog));
    if (!tracks.length) return;
    item.append(link("Show on the plan", () => this.onMarked(answer.things, true)));
  }
}

// The things that an answer rests on; none where the map is not the one that it came from, as may happen while the
// memory is watching.
function thingsOf({ tracks, seen_until: until }, map) {
  if (!map || (until !== undefined && Math.abs(until - (map.path.times.at(-1) ?? 0)) > SAME)) return [];
  return map.tracks.filter((track) => tracks.includes(track.id)).map(keptThing);
}

// The status of an answer as people see it: one that is more likely wrong than right is not sure.
const kindOf = ({ status, confidence }) => (status === "ok" && confidence < 0.5 ? "unsure" : status);

function link(words, onclick) {
  return Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: words, onclick });
}

function line(kind, words) {
  const made = document.createElement("p");
  if (kind) made.className = kind;
  made.append(words);
  return made;
}
