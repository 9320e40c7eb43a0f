/**
 * True if a secret fits the part that a service shows of it: a mask such as `ply_live_2032…9f1a`, or its beginning
 * or end. An unknown form proves nothing and fits every secret.
 */
export function fitsHint(hint: string | undefined, secret: string): boolean {
  if (hint === undefined) return true;
  if (/^[\w-]+$/.test(hint) && !/[x_]{4}/i.test(hint)) return secret.startsWith(hint) || secret.endsWith(hint);
  const [, beginning = "", end = ""] = /^([\w-]*?)(?:…|\*+|•+|\.{2,}|x{4,})([\w-]*)$/i.exec(hint) ?? [];
  return secret.startsWith(beginning) && secret.endsWith(end) && secret.length > beginning.length + end.length;
}
