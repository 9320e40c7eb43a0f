/**
 * The hidden first line by which a later run finds its own comment. Names are whole and encoded: `prod` is not
 * `prod-eu`, and no name can close the comment or look like another marker.
 */
export function markerFor(identity: {
  readonly project: string;
  readonly stack: string;
  readonly part?: string | null;
}): string {
  // A preview that failed before it named its stack still has the name from the job.
  const stack = identity.stack === "" ? (identity.part ?? "") : identity.stack;
  return `<!-- apikeys-review v1 project=${encoded(identity.project)} stack=${encoded(stack)} -->`;
}

/** The marker of a comment for several stacks. `id` tells several such comments of one repository apart. */
export function mergedMarker(id: string): string {
  return `<!-- apikeys-review v1 merged=${encoded(id)} -->`;
}

/** The marker of a body: its whole first line, or nothing. A quoted marker does not count. */
export function markerOf(body: string): string | undefined {
  const first = body.split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
  return /^<!-- apikeys-review v1 (?:project=\S* stack=\S*|merged=\S*) -->$/.test(first) ? first : undefined;
}

function encoded(text: string): string {
  // Keeps letters, digits, dots and underscores; two hyphens would end the comment.
  return encodeURIComponent(text.toWellFormed()).replace(
    /[-!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
