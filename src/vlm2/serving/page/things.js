// The list of things. One that is pressed is marked on the plan, and its frames are shown.

import { describe, shotButtons } from "./draw.js";
import { matched, present } from "./match.js";

const MOST_SHOTS = 3;

export class ThingList {
  // `onPick` gets the track of the thing that was pressed, or null where it was pressed again.
  constructor(list, dialog, onPick) {
    Object.assign(this, { list, dialog, onPick });
    this.clear();
  }

  clear() {
    this.list.replaceChildren();
    Object.assign(this, { things: [], picked: null, shown: "" });
  }

  // Show the things of a memory's map; `frames` are its keyframes. Rows stay, so that the keyboard keeps its place.
  show(id, map, frames) {
    Object.assign(this, { id, map, frames });
    this.things = present(map).sort((a, b) => a.label.localeCompare(b.label) || a.id - b.id);
    while (this.list.children.length > this.things.length) this.list.lastChild.remove();
    while (this.list.children.length < this.things.length) this.list.append(this.row(this.list.children.length));
    this.things.forEach((track, i) => {
      const button = this.list.children[i].firstChild;
      if (button.textContent !== describe(track)) button.textContent = describe(track);
    });
    this.open(this.picked && (matched(map, [this.picked])[0] ?? null));
  }

  row(place) {
    const row = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.setAttribute("aria-pressed", "false");
    button.onclick = () => this.onPick(this.things[place] === this.picked ? null : this.things[place]);
    row.append(button);
    return row;
  }

  // Show one thing's frames; null closes them.
  pick(track) {
    this.open(track);
    if (track) this.list.children[this.things.indexOf(track)]?.scrollIntoView({ block: "nearest" });
  }

  open(track) {
    this.picked = track;
    const place = this.things.indexOf(track);
    const share = new Map(track?.views.map((view) => [view.frame, view.share]));
    const frames = (this.frames ?? []).filter(({ frame }) => share.has(frame));
    const best = frames.sort((a, b) => share.get(b.frame) - share.get(a.frame)).slice(0, MOST_SHOTS);
    best.sort((a, b) => a.time - b.time);
    const shown = [place, ...best.map(({ frame }) => frame)].join();
    if (shown === this.shown) return;
    this.shown = shown;
    [...this.list.children].forEach((row, i) => {
      row.firstChild.setAttribute("aria-pressed", String(i === place));
      while (row.childElementCount > 1) row.lastChild.remove(); // the button stays, with the keyboard on it
    });
    if (place < 0) return;
    const none = Object.assign(document.createElement("p"), { className: "soft", textContent: "No frame that shows it was kept." });
    this.list.children[place].append(best.length ? shotButtons(this.id, best, this.map, [track], this.dialog) : none);
  }
}
