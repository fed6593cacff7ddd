// Names of memories: small letters, digits and hyphens, as the server wants its ids.

const LONGEST = 48;
const DEFAULT = /^memory-\d{4}-\d{2}-\d{2}-\d{4}(-\d+)?$/;

// The name that words or a file's name make: "My Room.mp4" is "my-room".
export function named(words) {
  const plain = words.normalize("NFKD").replace(/\p{M}/gu, "").replace(/\.[a-z0-9]{1,8}$/i, "").toLowerCase();
  const name = plain.replace(/[^a-z0-9]+/g, "-").slice(0, LONGEST).replace(/^-+|-+$/g, "");
  return !name || name.startsWith("chat-") ? `memory-${name || dated(new Date())}` : name; // chat-… are not listed
}

export const defaultName = () => `memory-${dated(new Date())}`;
export const isDefault = (name) => DEFAULT.test(name);

// A name with a number where it is taken already.
export function free(name, taken) {
  let unused = name;
  for (let number = 2; taken.includes(unused); number += 1) unused = `${name}-${number}`;
  return unused;
}

function dated(now) {
  const two = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}`;
}
