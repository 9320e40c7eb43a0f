import { inert, looksSecret } from "./inert";
import { sha256 } from "./sha256";

const hashMark = "⟨sha256:";

/**
 * Program text for a place where it has to stay exact, because something is compared with it. A text that
 * looks like a credential is masked, and its hash keeps it apart from every other text.
 */
export function exactText(text: string): string {
  // A text that already has the form of a masked one would otherwise stand for it.
  return looksSecret(text) || text.includes(hashMark) ? `${inert(text, 200)} ${hashMark}${sha256(text)}⟩` : text;
}

export function isMasked(text: string): boolean {
  return text.includes(hashMark);
}
