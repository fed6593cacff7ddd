// Drawings: the plan, the timeline, and keyframes with the boxes of things.

import { path } from "./api.js";

const SVG = "http://www.w3.org/2000/svg";
const NEAREST = 0.05; // metres in front of the camera: a box that begins nearer is not drawn

export function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
export const present = (map) => map.tracks.filter((track) => track.status !== "removed");

// The corners of a thing's box in the world; of its footprint, the first four.
function corners({ center, size, axes }) {
  const signs = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
  return [-1, 1].flatMap((up) =>
    signs.map(([a, b]) =>
      center.map((middle, i) => middle + (a * size[0] * axes[0][i] + b * size[1] * axes[1][i] + up * size[2] * axes[2][i]) / 2),
    ),
  );
}

// The plan from above, y up on the page. `marked` are ids of things.
export function drawPlan(svg, map, marked = new Set()) {
  svg.replaceChildren();
  const walk = map.path.world_from_camera.map((pose) => [pose[3], pose[7]]);
  const things = present(map).map((track) => ({ track, ground: corners(track.box).slice(0, 4) }));
  const all = [...walk, ...things.flatMap(({ ground }) => ground), ...map.floor.rooms.flatMap((room) => room.polygon)];
  if (!all.length) return;
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const margin = 0.05 * Math.max(right - left, high - low, 1);
  svg.setAttribute("viewBox", [left - margin, -high - margin, right - left + 2 * margin, high - low + 2 * margin].join(" "));
  const points = (places) => places.map(([x, y]) => `${x},${-y}`).join(" ");
  const letter = 0.035 * Math.max(right - left, high - low, 1);
  for (const room of map.floor.rooms) svg.append(element("polygon", { class: "room", points: points(room.polygon) }));
  things.sort((a, b) => marked.has(a.track.id) - marked.has(b.track.id)); // marked things lie on top
  for (const { track, ground } of things) {
    const shape = element("polygon", { class: marked.has(track.id) ? "thing marked" : "thing", points: points(ground) });
    shape.append(element("title", {}, describe(track)));
    svg.append(shape);
  }
  svg.append(element("polyline", { class: "walk", points: points(walk) }));
  if (walk.length) svg.append(element("circle", { class: "here", cx: walk.at(-1)[0], cy: -walk.at(-1)[1], r: letter / 3 }));
  for (const room of map.floor.rooms) {
    const [x, y] = [0, 1].map((i) => room.polygon.reduce((sum, p) => sum + p[i], 0) / room.polygon.length);
    svg.append(element("text", { class: "name", x, y: -y, "font-size": letter }, room.name));
  }
  for (const { track } of things.filter(({ track }) => marked.has(track.id))) {
    const [x, y] = track.box.center;
    svg.append(element("text", { x, y: -y, "font-size": letter }, track.label));
  }
}

export function describe(track) {
  const seen = track.first_seen === null ? "" : `, seen ${clock(track.first_seen)}–${clock(track.last_seen)}`;
  const size = track.box.size.map((side) => side.toFixed(1)).join(" × ");
  return `${[track.colours[0], track.label].filter(Boolean).join(" ")}: ${size} m${seen}`;
}

// Frames by time: in the memory, given up, and where the camera was lost.
export function drawTimeline(svg, { held, evicted, lost }, seconds) {
  svg.replaceChildren();
  const end = Math.max(seconds, 1e-6);
  const bar = (kind, time, y, height) => {
    const x = `${(98.5 * time) / end + 0.5}%`;
    const shape = element("rect", { class: kind, x, y, height, width: 4, rx: 1 });
    shape.append(element("title", {}, clock(time)));
    svg.append(shape);
  };
  for (const time of evicted) bar("gone", time, 16, 14);
  for (const time of held) bar("held", time, 4, 26);
  for (const time of lost) bar("lost", time, 0, 8);
}

// A keyframe with the boxes of some things, as its camera saw them.
export function shot(id, frame, map, tracks, side = 512) {
  const figure = document.createElement("div");
  figure.className = "shot";
  const image = document.createElement("img");
  image.src = path(id, `keyframes/${frame.frame}?side=${side}`);
  image.alt = `The frame at ${clock(frame.time)}`;
  const overlay = element("svg", { viewBox: "0 0 400 300", preserveAspectRatio: "none", "aria-hidden": "true" });
  image.onload = () => {
    const height = (400 * image.naturalHeight) / image.naturalWidth;
    overlay.setAttribute("viewBox", `0 0 400 ${height}`);
    for (const track of tracks) {
      const place = outline(track.box, map.path, frame.time);
      if (!place) continue;
      const [x, y, right, bottom] = [place[0] * 400, place[1] * height, place[2] * 400, place[3] * height];
      overlay.append(element("rect", { x, y, width: right - x, height: bottom - y }));
      overlay.append(element("text", { x: x + 4, y: Math.max(y + 14, 14) }, track.label));
    }
  };
  figure.append(image, overlay);
  return figure;
}

// Where a box lies in a frame: left, top, right, bottom as shares of its sides; null where the frame does not show it.
function outline(box, { times, world_from_camera: poses, half_view: view }, time) {
  if (!view || !times.length) return null;
  const at = times.reduce((best, t, i) => (Math.abs(t - time) < Math.abs(times[best] - time) ? i : best), 0);
  const pose = poses[at];
  const seen = corners(box).map((corner) => {
    const from = corner.map((value, i) => value - pose[4 * i + 3]);
    return [0, 1, 2].map((axis) => from.reduce((sum, value, i) => sum + value * pose[4 * i + axis], 0));
  });
  if (seen.some(([, , depth]) => depth < NEAREST)) return null;
  const shares = [0, 1].map((axis) => seen.map((place) => 0.5 * (1 + place[axis] / place[2] / view[axis])));
  const clip = (share) => Math.min(Math.max(share, 0), 1);
  const place = [clip(Math.min(...shares[0])), clip(Math.min(...shares[1])), clip(Math.max(...shares[0])), clip(Math.max(...shares[1]))];
  return place[2] > place[0] && place[3] > place[1] ? place : null;
}
