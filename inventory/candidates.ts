/** A text that may be a secret, and the line where it is. Never printed. */
export interface Candidate {
  readonly line: number;
  readonly text: string;
}

/** Services generate longer secrets than this. */
const shortest = 12;
const mostCandidates = 200_000;

/**
 * Every part of a text that may be a whole secret: each line, and each run of characters between blanks, quotes and the
 * like, with and without the part before its last `=`, `:` or `Bearer`. This reads scanner reports in JSON, CSV or
 * plain text.
 */
export function candidatesIn(text: string): Candidate[] {
  const found = new Map<string, number>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    for (const piece of [line.trim(), ...line.split(/[\s"'`<>()[\]{},;]+/)]) {
      for (const form of formsOf(piece)) if (form.length >= shortest && !found.has(form)) found.set(form, index + 1);
      if (found.size >= mostCandidates) return listOf(found);
    }
  }
  return listOf(found);
}

/** `token=abc`, `https://user:abc@host`, `abc.` at the end of a sentence. */
function formsOf(piece: string): string[] {
  const ends = [piece, piece.replace(/[.!?:]+$/, "")];
  return ends.flatMap((each) => [
    each,
    ...each.split(/[=:@/?&]/),
    afterFirst(each, "="),
    afterFirst(each, ":"),
    decoded(each),
  ]);
}

function afterFirst(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at === -1 ? "" : text.slice(at + 1);
}

function decoded(text: string): string {
  if (!text.includes("%")) return "";
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function listOf(found: ReadonlyMap<string, number>): Candidate[] {
  return [...found].map(([text, line]) => ({ line, text }));
}
