// Things from one map to the next: each map numbers its things anew, and places them anew.

const NEAR = 1; // metres that a thing of the same label may move between two maps

export const present = (map) => map.tracks.filter((track) => track.status !== "removed");

// What is kept of a thing, to find it again.
export const keptThing = ({ label, box }) => ({ label, box: { center: box.center } });

// The tracks of a map that are these things of an earlier one; those that are there no more are left out.
export function matched(map, things) {
  const left = present(map);
  const found = [];
  for (const { label, box } of things) {
    const away = (track) => Math.hypot(...track.box.center.map((value, i) => value - box.center[i]));
    const near = left.filter((track) => track.label === label && away(track) < NEAR).sort((a, b) => away(a) - away(b));
    if (near.length) found.push(...left.splice(left.indexOf(near[0]), 1));
  }
  return found;
}
