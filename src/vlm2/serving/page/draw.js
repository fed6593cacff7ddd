// Drawings: the timeline, and keyframes with the boxes of things.

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

// The corners of a thing's box in the world; of its footprint, the first four.
export function corners({ center, size, axes }) {
  const signs = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
  return [-1, 1].flatMap((up) =>
    signs.map(([a, b]) =>
      center.map((middle, i) => middle + (a * size[0] * axes[0][i] + b * size[1] * axes[1][i] + up * size[2] * axes[2][i]) / 2),
    ),
  );
}

export function describe(track) {
  const seen = track.first_seen === null ? "" : `, seen ${clock(track.first_seen)}–${clock(track.last_seen)}`;
  const size = track.box.size.map((side) => side.toFixed(1)).join(" × ");
  const gone = track.status === "stale" ? ", perhaps not there any more" : "";
  return `${[track.colours[0], track.label].filter(Boolean).join(" ")}: ${size} m${seen}${gone}`;
}

// Frames by time: in the memory, forgotten, and where the camera was lost.
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
  const view = map?.path.half_view;
  if (view) figure.style.aspectRatio = view[0] / view[1]; // the page keeps its place while the picture loads
  const image = document.createElement("img");
  image.src = path(id, `keyframes/${frame.frame}?side=${side}`);
  image.alt = `The frame at ${clock(frame.time)}`;
  image.loading = "lazy";
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

// Buttons with small frames; one that is pressed shows its frame larger in the dialog.
export function shotButtons(id, frames, map, tracks, dialog) {
  const row = document.createElement("div");
  row.className = "shots";
  for (const frame of frames) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(shot(id, frame, map, tracks, 256), clock(frame.time));
    button.setAttribute("aria-label", `Show the frame at ${clock(frame.time)} larger`);
    button.onclick = () => {
      const [, large, caption] = dialog.children;
      large.replaceChildren(shot(id, frame, map, tracks));
      caption.textContent = `At ${clock(frame.time)}`;
      dialog.showModal();
    };
    row.append(button);
  }
  return row;
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
