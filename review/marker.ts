/**
 * The hidden first line by which a later run finds its own comment again. Whole names, encoded: `prod`
 * is not `prod-eu`, and no name can close the comment or look like another marker.
 */
export function markerFor(identity: {
  readonly project: string;
  readonly stack: string;
  readonly part?: string | null;
}): string {
  // A preview that failed before it named its stack still has the name that the job gave it.
  const stack = identity.stack === "" ? (identity.part ?? "") : identity.stack;
  return `<!-- apikeys-review v1 project=${encoded(identity.project)} stack=${encoded(stack)} -->`;
}

/** Of the comment for several stacks; `id` sets several such comments of one repository apart. */
export function mergedMarker(id: string): string {
  return `<!-- apikeys-review v1 merged=${encoded(id)} -->`;
}

/** The marker of a body: its whole first line, or nothing. A marker that somebody quotes is not one. */
export function markerOf(body: string): string | undefined {
  const first = body.split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
  return /^<!-- apikeys-review v1 (?:project=\S* stack=\S*|merged=\S*) -->$/.test(first) ? first : undefined;
}

function encoded(text: string): string {
  // Everything but letters, digits, dots and underscores; two hyphens would end the comment.
  return encodeURIComponent(text.toWellFormed()).replace(
    /[-!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
