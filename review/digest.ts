import { canonicalJson } from "./canonical";
import type { Reviewed } from "./delta-schema";
import { sha256 } from "./sha256";

/** Part of the hashed text, so a digest of another version never matches. */
export const digestVersion = 2;

export interface DigestInput extends Pick<Reviewed, "delta" | "code" | "catalogues"> {
  readonly project: string;
  readonly stack: string;
  /** What could not be read: the digest of a complete review never matches one with gaps. */
  readonly unreviewed: readonly { readonly urn: string | null; readonly reason: string }[];
}

/**
 * SHA-256 over everything that a reviewer approves: the delta, new code of other resources, and the meaning of scopes
 * in it that come from other backends. It includes the stack: "no change" of one stack never approves another.
 */
export function digestOf({ project, stack, delta, code, catalogues, unreviewed }: DigestInput): string {
  const backends = new Set(delta.flatMap(({ before, after }) => [before?.backend, after?.backend]));
  const used = catalogues.filter(({ backend }) => backends.has(backend));
  const approved = { project, stack, delta, code, catalogues: used, unreviewed };
  return `sha256:${sha256(canonicalJson({ digest: digestVersion, ...approved }))}`;
}
