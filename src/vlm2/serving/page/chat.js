// Questions and answers, with the frames that an answer rests on.

import { ask } from "./api.js";
import { clock, present, shot } from "./draw.js";

const STATUS = {
  ok: "answered",
  not_seen: "not seen",
  unknown_label: "unknown word",
  ambiguous: "not clear",
  unsupported: "not understood",
  guess: "a guess",
  unsure: "not sure",
};
const MOST_SHOTS = 4;

export class Chat {
  // `state` tells the session's id and its last map; `onMarked` gets the ids of the things of an answer.
  constructor(list, dialog, state, onMarked) {
    Object.assign(this, { list, dialog, state, onMarked });
  }

  clear() {
    this.list.replaceChildren();
  }

  async ask(question, guess) {
    const item = document.createElement("li");
    item.append(line("question", question));
    const waiting = line("soft", "Looking …");
    item.append(waiting);
    this.list.append(item);
    item.scrollIntoView({ block: "nearest" });
    const { id } = this.state;
    try {
      const answer = await ask(id, question, guess);
      if (id !== this.state.id) return; // another memory was chosen meanwhile
      this.show(item, id, answer);
    } catch (error) {
      item.append(line("", error.message));
    }
    waiting.remove();
    item.scrollIntoView({ block: "nearest" });
  }

  show(item, id, answer) {
    const badge = document.createElement("span");
    const kind = kindOf(answer);
    badge.className = `badge ${kind}`;
    badge.textContent = STATUS[kind] ?? kind;
    const words = line("", answer.sentence || answer.text);
    words.prepend(badge);
    item.append(words);
    if (answer.confidence !== null && ["ok", "guess"].includes(answer.status)) {
      item.append(line("soft", `${Math.round(100 * answer.confidence)} % sure`));
    }
    const marked = new Set(answer.tracks);
    const tracks = this.state.map ? present(this.state.map).filter((track) => marked.has(track.id)) : [];
    const frames = new Map();
    for (const { keyframe, time } of answer.evidence) if (keyframe !== undefined) frames.set(keyframe, time);
    const shots = document.createElement("div");
    shots.className = "shots";
    for (const [frame, time] of [...frames].slice(0, MOST_SHOTS)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(shot(id, { frame, time }, this.state.map, tracks, 256), clock(time));
      button.setAttribute("aria-label", `Show the frame at ${clock(time)} larger`);
      button.onclick = () => this.enlarge(id, { frame, time }, tracks);
      shots.append(button);
    }
    if (frames.size) item.append(shots);
    this.onMarked(marked);
  }

  enlarge(id, frame, tracks) {
    const [, large, caption] = this.dialog.children;
    large.replaceChildren(shot(id, frame, this.state.map, tracks));
    caption.textContent = `At ${clock(frame.time)}`;
    this.dialog.showModal();
  }
}

// The status of an answer as people see it: one that is more likely wrong than right is not sure.
const kindOf = ({ status, confidence }) => (status === "ok" && confidence < 0.5 ? "unsure" : status);

function line(kind, words) {
  const made = document.createElement("p");
  if (kind) made.className = kind;
  made.append(words);
  return made;
}
