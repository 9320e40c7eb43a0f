import { canonicalJson } from "./canonical";
import type { Reviewed } from "./delta-schema";
import { sha256 } from "./sha256";

/** Stands in the hashed text: a digest of another version never fits. */
export const digestVersion = 2;

export interface DigestInput extends Pick<Reviewed, "delta" | "code" | "catalogues"> {
  readonly project: string;
  readonly stack: string;
  /** What could not be read: a report that is not reviewable has no digest of one that is. */
  readonly unreviewed: readonly { readonly urn: string | null; readonly reason: string }[];
}

/**
 * SHA-256 over all that a reviewer approves: the delta, new code of other resources, and what the scopes of foreign backends in it
 * mean. Bound to the stack: "no change" of one stack never approves another.
 */
export function digestOf({ project, stack, delta, code, catalogues, unreviewed }: DigestInput): string {
  const backends = new Set(delta.flatMap(({ before, after }) => [before?.backend, after?.backend]));
  const used = catalogues.filter(({ backend }) => backends.has(backend));
  const approved = { project, stack, delta, code, catalogues: used, unreviewed };
  return `sha256:${sha256(canonicalJson({ digest: digestVersion, ...approved }))}`;
}
