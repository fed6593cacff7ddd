// Questions and answers of each memory, kept in this browser: they come back after a reload.

const PREFIX = "vlm2 answers ";
const MOST_ANSWERS = 50; // of a memory
const MOST_MEMORIES = 24;
const KEPT = ["text", "sentence", "status", "confidence", "things", "evidence", "seen_until"];

const storage = (() => {
  try {
    return window.localStorage;
  } catch {
    return null; // forbidden by the browser's settings: answers last until the page is left
  }
})();
const keyOf = (id) => PREFIX + id;
const stored = (key) => JSON.parse(storage?.getItem(key) ?? "null");

function write(key, entries) {
  try {
    storage?.setItem(key, JSON.stringify({ at: Date.now(), entries }));
  } catch {
    // full: this answer lasts until the page is left
  }
}

// The answers of a memory that has seen `frames` frames. One that had seen more was another memory of the same name.
export const answersOf = (id, frames) => (stored(keyOf(id))?.entries ?? []).filter((entry) => entry.frames <= frames);

export function keepAnswer(id, frames, question, answer) {
  const kept = Object.fromEntries(KEPT.map((key) => [key, answer[key]]));
  write(keyOf(id), [...answersOf(id, frames), { frames, question, answer: kept }].slice(-MOST_ANSWERS));
  const keys = Object.keys(storage ?? {}).filter((key) => key.startsWith(PREFIX));
  const oldest = keys.map((key) => ({ key, at: stored(key).at })).sort((a, b) => b.at - a.at).slice(MOST_MEMORIES);
  for (const { key } of oldest) storage.removeItem(key);
}

export function renameAnswers(id, to) {
  const { entries } = stored(keyOf(id)) ?? {};
  forgetAnswers(id);
  if (entries) write(keyOf(to), entries);
}

export const forgetAnswers = (id) => storage?.removeItem(keyOf(id));
