/**
 * One text per value: sorted names, everything quoted and delimited by JSON, so that no two values share a text. For
 * hashes and comparisons, because an edit by hand or an engine may reorder names.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(withSortedNames(value));
}

function withSortedNames(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withSortedNames);
  const entries = Object.entries(value).sort(byName);
  return Object.fromEntries(entries.map(([name, inner]) => [name, withSortedNames(inner)]));
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
