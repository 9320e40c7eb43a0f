/**
 * What scopes mean: which exist, which imply others, which can mint keys. Pure; the lifecycle, the
 * scope review and the documentation all ask here.
 */

/** What is known of one scope. */
export interface ScopeFacts {
  /** Scopes that come with this one; `*` = every scope there is, `cameras:*` = every one that starts so. */
  readonly implies?: readonly string[];
  /** How much it can do; left out, the scope's own words decide (`read:x`, `x:write`, `admin:*`). */
  readonly level?: ScopeLevel;
  /** The holder can make further keys. */
  readonly mintsKeys?: boolean;
}

export type ScopeLevel = "read" | "write" | "admin";

/** The scopes of one backend. */
export interface ScopeCatalogue {
  /** The published scopes. Closed unless `open` is given: no other scope exists. */
  readonly scopes: Readonly<Record<string, ScopeFacts>>;
  /** Present where the vendor publishes no list: any word of this form is a scope and implies only itself. */
  readonly open?: { readonly pattern: string; readonly example: string };
  /** Present where a scope may be limited: what its limit begins with, as the `!` of `read:users!group=analysts`. */
  readonly limitMark?: string;
}

/** Sorted and without repeats: the one form in which scopes are sent, stored and compared. */
export function canonicalScopes(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].sort();
}

/** True for a scope that stands for more than itself: `*`, `admin:*`, or whatever the catalogue says implies `*`. */
export function isWildcard(catalogue: ScopeCatalogue | undefined, scope: string): boolean {
  const { name } = nameAndLimit(catalogue, scope);
  if (name.split(/[:./]/).includes("*")) return true;
  return catalogue?.scopes[name]?.implies?.includes("*") ?? false;
}

/** True where the catalogue knows the scope (or, being open, accepts words of its form). */
export function isKnownScope(catalogue: ScopeCatalogue, scope: string): boolean {
  if (Object.hasOwn(catalogue.scopes, scope)) return true;
  return catalogue.open ? new RegExp(catalogue.open.pattern).test(scope) : false;
}

/** True where holding `held` already gives `scope`. */
export function covers(catalogue: ScopeCatalogue | undefined, held: readonly string[], scope: string): boolean {
  const unlimited = nameAndLimit(catalogue, scope).name;
  const seen = new Set<string>();
  const queue = [...held];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next === scope || next === unlimited || matchesWildcard(next, scope)) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    const { name, limit } = nameAndLimit(catalogue, next);
    queue.push(
      ...(catalogue?.scopes[name]?.implies ?? []).map((implied) => implied + limit),
      ...matchedBy(catalogue, next),
    );
  }
  return false;
}

/** The scopes of the list that no other scope of the list already gives: the shortest list with the same meaning. */
export function essentialScopes(catalogue: ScopeCatalogue | undefined, scopes: readonly string[]): string[] {
  const unique = canonicalScopes(scopes);
  return unique.filter((scope, index) => {
    const others = unique.filter((other, at) => {
      if (at === index) return false;
      // Two scopes that imply each other would remove one another: the first by name stays.
      return !(at > index && covers(catalogue, [scope], other));
    });
    return !covers(catalogue, others, scope);
  });
}

/** True where both lists grant the same: order, repeats and implied scopes do not count. */
export function sameAccess(catalogue: ScopeCatalogue | undefined, a: readonly string[], b: readonly string[]): boolean {
  return a.every((scope) => covers(catalogue, b, scope)) && b.every((scope) => covers(catalogue, a, scope));
}

/** What the holder of `before` gains and loses by holding `after` instead, each without repeats by implication. */
export function accessDelta(
  catalogue: ScopeCatalogue | undefined,
  before: readonly string[],
  after: readonly string[],
): { readonly gains: string[]; readonly loses: string[] } {
  return {
    gains: essentialScopes(catalogue, after).filter((scope) => !covers(catalogue, before, scope)),
    loses: essentialScopes(catalogue, before).filter((scope) => !covers(catalogue, after, scope)),
  };
}

/** How much a scope can do. Unknown verbs count as `write`: never guessed to be harmless. */
export function scopeLevel(catalogue: ScopeCatalogue | undefined, scope: string): ScopeLevel {
  const { name } = nameAndLimit(catalogue, scope);
  const known = catalogue?.scopes[name]?.level;
  if (known) return known;
  const words = name.toLowerCase().split(/[:./_-]/);
  if (isWildcard(catalogue, scope) || words.some((word) => ["admin", "manage", "manager", "owner"].includes(word)))
    return "admin";
  if (words.some((word) => ["read", "reader", "list", "view", "viewer", "get"].includes(word))) return "read";
  return "write";
}

/** True where the holder can make keys: by the catalogue, or because the scope covers one that can. */
export function canMintKeys(catalogue: ScopeCatalogue | undefined, scope: string): boolean {
  const held = nameAndLimit(catalogue, scope).name;
  return Object.entries(catalogue?.scopes ?? {}).some(
    ([name, facts]) => facts.mintsKeys === true && covers(catalogue, [held], name),
  );
}

/** The known scope that the writer most likely meant, if any is near. */
export function nearestScope(catalogue: ScopeCatalogue, scope: string): string | undefined {
  const { name, limit } = nameAndLimit(catalogue, scope);
  const near = nearestWord(name, Object.keys(catalogue.scopes));
  return near === undefined ? undefined : near + limit;
}

/** `read:users` and `!group=analysts`: what is known of a scope is known of its name. */
function nameAndLimit(
  catalogue: ScopeCatalogue | undefined,
  scope: string,
): { readonly name: string; readonly limit: string } {
  const at = catalogue?.limitMark === undefined ? -1 : scope.indexOf(catalogue.limitMark);
  return at < 0 ? { name: scope, limit: "" } : { name: scope.slice(0, at), limit: scope.slice(at) };
}

/** The nearest of the given words, if it is near enough to be a slip of the pen (or the same words in another order). */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const reversed = word.split(":").reverse().join(":");
  const scored = candidates
    .map((candidate) => ({
      candidate,
      distance: Math.min(editDistance(word, candidate), candidate === reversed ? 1 : Infinity),
    }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = scored[0];
  return best && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

/** The known scopes that a wildcard stands for; each may imply more. */
function matchedBy(catalogue: ScopeCatalogue | undefined, pattern: string): string[] {
  return pattern.endsWith("*")
    ? Object.keys(catalogue?.scopes ?? {}).filter((scope) => matchesWildcard(pattern, scope))
    : [];
}

function matchesWildcard(pattern: string, scope: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(":*") && scope.startsWith(pattern.slice(0, -1));
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
