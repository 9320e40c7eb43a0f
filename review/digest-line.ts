import { digestVersion } from "./digest";

/**
 * The only part of a comment that a machine reads: its last lines, one digest each, with nothing after them. Everything
 * else in a comment is for people.
 */
export function digestLines(digests: readonly (string | null)[]): string {
  return digests
    .filter(isDigest)
    .map((digest) => `\nDigest \`${digest}\` (version ${digestVersion})\n`)
    .join("");
}

export interface CommentDigests {
  readonly digests: readonly string[];
  /** The comment has a digest in the form of 0.1, which cannot be compared. */
  readonly isOlder: boolean;
}

export function digestsIn(body: string): CommentDigests {
  const lines = body.split(/\r?\n/);
  const digests: string[] = [];
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    if (line.trim() === "") continue;
    const found = /^Digest `(sha256:[0-9a-f]{64})` \(version (\d+)\)\s*$/.exec(line);
    if (found?.[1] === undefined || Number(found[2]) !== digestVersion)
      return { digests, isOlder: digests.length === 0 && /^Digest `sha256:[0-9a-f]{64}` · /.test(line) };
    digests.unshift(found[1]);
  }
  return { digests, isOlder: false };
}

export function isDigest(text: string | null): text is string {
  return text !== null && /^sha256:[0-9a-f]{64}$/.test(text);
}
