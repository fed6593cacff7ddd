// The plan from above: rooms, things with their names, and the camera's path.

import { corners, describe, element } from "./draw.js";
import { matched, present } from "./match.js";

const LETTER = 12; // pixels
const WIDE = 0.56; // of its height: the mean width of a letter
const HIGH = 1.25; // of its height: a line
const LINES = [0, -1, 1, -2, 2, -3, 3, -4, 4]; // places of a room's name, from the middle of the room

export class Plan {
  // `onPick` gets the track of a thing that is pressed.
  constructor(svg, onPick) {
    Object.assign(this, { svg, onPick, map: null, things: [] });
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  clear() {
    this.map = null;
    this.svg.replaceChildren();
  }

  show(map) {
    this.map = map;
    this.draw();
  }

  // Mark these things, also in later maps.
  mark(things) {
    this.things = things;
    this.draw();
  }

  draw() {
    const { svg, map } = this;
    svg.replaceChildren();
    if (!map || !svg.clientWidth) return;
    const marked = new Set(matched(map, this.things).map(({ id }) => id));
    const walk = map.path.world_from_camera.map((pose) => [pose[3], pose[7]]);
    const things = present(map).map((track) => ({ track, ground: corners(track.box).slice(0, 4) }));
    const { rooms } = map.floor;
    const all = [...walk, ...things.flatMap(({ ground }) => ground), ...rooms.flatMap((room) => room.polygon)];
    if (!all.length) return;
    const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const margin = 0.05 * Math.max(right - left, high - low, 1);
    const [width, height] = [right - left + 2 * margin, high - low + 2 * margin];
    svg.setAttribute("viewBox", [left - margin, -high - margin, width, height].join(" "));
    const letter = LETTER * Math.max(width / svg.clientWidth, height / svg.clientHeight); // metres
    const points = (places) => places.map(([x, y]) => `${x},${-y}`).join(" "); // y is up on the page
    for (const room of rooms) svg.append(element("polygon", { class: "room", points: points(room.polygon) }));
    // marked things lie on top, small ones on large ones; names go to marked things first, then to large ones
    const size = ({ track }) => track.box.size[0] * track.box.size[1];
    const first = (a, b) => marked.has(b.track.id) - marked.has(a.track.id);
    things.sort((a, b) => -first(a, b) || size(b) - size(a));
    for (const { track, ground } of things) {
      const shape = element("polygon", { class: marked.has(track.id) ? "thing marked" : "thing", points: points(ground) });
      shape.append(element("title", {}, describe(track)));
      shape.onclick = () => this.onPick(track);
      svg.append(shape);
    }
    svg.append(element("polyline", { class: "walk", points: points(walk) }));
    if (walk.length) svg.append(element("circle", { class: "here", cx: walk.at(-1)[0], cy: -walk.at(-1)[1], r: letter / 3 }));
    things.sort((a, b) => first(a, b) || size(b) - size(a));
    const taken = [];
    for (const { track } of things) this.write(track.label, track.box.center, letter, taken, marked.has(track.id));
    for (const { name, polygon } of rooms) {
      const [x, y] = middle(polygon); // or a line further up or down, where a thing's name stands there
      LINES.some((line) => this.write(name, [x, y + line * HIGH * letter], letter, taken, false, "name"));
    }
  }

  // Write a name where none of those `taken` stands, or `always`; return whether it was written. Names that are left
  // out are in the list of things, and in the titles of the shapes.
  write(words, [x, y], letter, taken, always, kind = "") {
    const [wide, high] = [0.5 * WIDE * words.length * letter, 0.5 * HIGH * letter];
    const free = taken.every(([a, b, w, h]) => Math.abs(a - x) > w + wide || Math.abs(b - y) > h + high);
    if (!free && !always) return false;
    taken.push([x, y, wide, high]);
    this.svg.append(element("text", { x, y: -y + 0.35 * letter, "font-size": letter, class: kind }, words));
    return true;
  }
}

const middle = (polygon) => [0, 1].map((i) => polygon.reduce((sum, place) => sum + place[i], 0) / polygon.length);
