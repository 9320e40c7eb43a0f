import { hiddenLetters } from "./host-spelling";
import { quoted } from "./inert";
import type { Target } from "./resource-facts";

/** The target of a grant in words: backend and origin, with hidden characters of the origin spelled out. */
export function targetWords(target: Target | undefined): string {
  if (!target) return "an unknown server";
  const hidden = hiddenLetters(target.origin);
  const spelt = hidden === undefined ? "" : ` (its host has characters beyond ASCII: ${hidden})`;
  const route = target.route === undefined ? "" : ` (${quoted(target.route)})`;
  return `${quoted(target.backend)} at ${quoted(target.origin)}${spelt}${route}`;
}
