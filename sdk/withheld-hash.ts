import { createHash } from "node:crypto";

/**
 * Stands for a secret text: a short hash of it and of its resource, so that a change still shows, and equal texts of
 * two resources differ.
 */
export function withheldWords(text: unknown, about: string): string {
  return `text withheld (${shortHash(text, about)})`;
}

function shortHash(text: unknown, about: string): string {
  return createHash("sha256")
    .update(JSON.stringify([about, text]))
    .digest("hex")
    .slice(0, 8);
}
