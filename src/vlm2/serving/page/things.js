// The list of things. One that is pressed is marked on the plan, and its frames are shown.

import { describe, present, shotButtons } from "./draw.js";

const MOST_SHOTS = 3;

export class ThingList {
  // `onPick` gets the id of the thing that was pressed, or null where it was pressed again.
  constructor(list, dialog, onPick) {
    Object.assign(this, { list, dialog, onPick, rows: new Map(), picked: null });
  }

  clear() {
    this.list.replaceChildren();
    this.rows.clear();
    this.picked = null;
  }

  // Show the things of a memory's map; `frames` are its keyframes. Rows stay, so that the keyboard keeps its place.
  show(id, map, frames) {
    Object.assign(this, { id, map, frames });
    const things = present(map).sort((a, b) => a.label.localeCompare(b.label) || a.id - b.id);
    const rows = things.map((track) => this.row(track));
    this.rows = new Map(things.map((track, i) => [track.id, rows[i]]));
    const { activeElement } = document;
    if (rows.length !== this.list.children.length || rows.some((row, i) => row !== this.list.children[i])) {
      this.list.replaceChildren(...rows);
      if (this.list.contains(activeElement)) activeElement.focus();
    }
  }

  row(track) {
    const row = this.rows.get(track.id) ?? document.createElement("li");
    if (!row.firstChild) {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.setAttribute("aria-pressed", "false");
      button.onclick = () => this.onPick(this.picked === track.id ? null : track.id);
      row.append(button);
    }
    if (row.firstChild.textContent !== describe(track)) row.firstChild.textContent = describe(track);
    return row;
  }

  // Show one thing's frames; null closes them.
  pick(picked) {
    this.picked = picked;
    for (const [id, row] of this.rows) {
      row.firstChild.setAttribute("aria-pressed", String(id === picked));
      row.querySelectorAll(":scope > :not(button)").forEach((shown) => shown.remove());
    }
    const [row, track] = [this.rows.get(picked), this.map?.tracks.find(({ id }) => id === picked)];
    if (!row || !track) return;
    const share = new Map(track.views.map((view) => [view.frame, view.share]));
    const shown = this.frames.filter(({ frame }) => share.has(frame)).sort((a, b) => share.get(b.frame) - share.get(a.frame));
    const none = Object.assign(document.createElement("p"), { className: "soft", textContent: "No frame that shows it was kept." });
    row.append(shown.length ? shotButtons(this.id, shown.slice(0, MOST_SHOTS), this.map, [track], this.dialog) : none);
    row.scrollIntoView({ block: "nearest" });
  }
}
