import { inert, looksSecret } from "./inert";
import { sha256 } from "./sha256";

const hashMark = "⟨sha256:";

/**
 * Program text that must stay exact because something is compared with it. A text that looks like a credential is
 * masked, and its hash distinguishes it from every other text.
 */
export function exactText(text: string): string {
  // Otherwise a text in the form of a masked one could stand for that one.
  return looksSecret(text) || text.includes(hashMark) ? `${inert(text, 200)} ${hashMark}${sha256(text)}⟩` : text;
}

export function isMasked(text: string): boolean {
  return text.includes(hashMark);
}
