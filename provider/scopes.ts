/**
 * What scopes mean: which exist, which imply others, which can mint keys. Pure; the lifecycle, the
 * scope review and the documentation all ask here.
 */

/** What is known of one scope. */
export interface ScopeFacts {
  /** Scopes that come with this one; `*` = every scope there is, `cameras:*` = every one that starts so. */
  readonly implies?: readonly string[] | undefined;
  /** How much it can do; left out, the scope's own words decide (`read:x`, `x:write`, `admin:*`). */
  readonly level?: ScopeLevel | undefined;
  /** The holder can make further keys. */
  readonly mintsKeys?: boolean | undefined;
}

export const scopeLevels = ["read", "write", "admin"] as const;
export type ScopeLevel = (typeof scopeLevels)[number];

/** What a connection says of a scope that the catalogue does not know yet. Its own words decide what is left out. */
export type ExtraScope = Pick<ScopeFacts, "implies" | "level">;
export type ExtraScopes = Readonly<Record<string, ExtraScope>>;

/** The scopes of one backend. */
export interface ScopeCatalogue {
  /** The published scopes. Closed unless `open` is given: no other scope exists. */
  readonly scopes: Readonly<Record<string, ScopeFacts>>;
  /** Present where the vendor publishes no list: any word of this form is a scope and implies only itself. */
  readonly open?: {
    readonly pattern: string;
    readonly example: string;
    /** How much words can do, by what they begin with: `{ "project:": "read" }`. The longest beginning decides. */
    readonly levels?: Readonly<Record<string, ScopeLevel>> | undefined;
  };
  /** Present where a scope may be limited: what its limit begins with, as the `!` of `read:users!group=analysts`. */
  readonly limitMark?: string;
  /** What a connection adds with `extraScopes`. A scope that the catalogue knows is never among them. */
  readonly extra?: ExtraScopes;
}

/** The catalogue with what a connection adds. A word that the catalogue knows keeps its meaning. */
export function withExtraScopes(
  catalogue: ScopeCatalogue | undefined,
  extraScopes: ExtraScopes | undefined,
): ScopeCatalogue | undefined {
  const news = Object.entries(extraScopes ?? {}).filter(([name]) => factsOf(catalogue, name) === undefined);
  const [first] = news;
  if (!first) return catalogue;
  const known = catalogue ?? { scopes: {}, open: { pattern: "", example: first[0] } };
  return { ...known, extra: Object.fromEntries(news) };
}

/** What only the connection says of these scopes, and of those that they bring along. */
export function extraScopesOf(
  catalogue: ScopeCatalogue | undefined,
  scopes: readonly string[],
): ExtraScopes | undefined {
  const { extra } = catalogue ?? {};
  if (!extra) return undefined;
  const names = canonicalScopes([...reachOf(catalogue, scopes)].map((scope) => nameAndLimit(catalogue, scope).name));
  const used = names.flatMap((name) => {
    const facts = own(extra, name);
    return facts ? [[name, facts] as const] : [];
  });
  return used.length === 0 ? undefined : Object.fromEntries(used);
}

/** Sorted and without repeats: the one form in which scopes are sent, stored and compared. */
export function canonicalScopes(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].sort();
}

/** True for a scope that stands for more than itself: `*`, `admin:*`, or whatever the catalogue says implies `*`. */
export function isWildcard(catalogue: ScopeCatalogue | undefined, scope: string): boolean {
  const { name } = nameAndLimit(catalogue, scope);
  if (name.split(/[:./]/).includes("*")) return true;
  return impliedBy(catalogue, name).includes("*");
}

/** True where the catalogue knows the scope (or, being open, accepts words of its form). */
export function isKnownScope(catalogue: ScopeCatalogue, scope: string): boolean {
  if (Object.hasOwn(catalogue.scopes, scope)) return true;
  if (own(catalogue.extra, nameAndLimit(catalogue, scope).name)) return true;
  return catalogue.open ? new RegExp(catalogue.open.pattern).test(scope) : false;
}

/** True where holding `held` already gives `scope`. */
export function covers(catalogue: ScopeCatalogue | undefined, held: readonly string[], scope: string): boolean {
  return coverageOf(catalogue, held)(scope);
}

/** The scopes of the list that no other scope of the list already gives: the shortest list with the same meaning. */
export function essentialScopes(catalogue: ScopeCatalogue | undefined, scopes: readonly string[]): string[] {
  const unique = canonicalScopes(scopes);
  // Who reaches a name or a beginning, by position in the list: looked up for each scope, instead of comparing each with each.
  const reachedBy = new Map<string, number[]>();
  const reaches = unique.map((scope) => reachOf(catalogue, [scope]));
  for (const [index, reach] of reaches.entries()) {
    for (const name of reach) {
      const known = reachedBy.get(name);
      if (known) known.push(index);
      else reachedBy.set(name, [index]);
    }
  }
  return unique.filter((scope, index) => {
    for (const name of waysTo(catalogue, scope)) {
      for (const other of reachedBy.get(name) ?? []) {
        if (other === index) continue;
        // Two scopes that imply each other would remove one another: the first by name stays.
        const givenBack =
          other > index && waysTo(catalogue, unique[other] ?? "").some((way) => reaches[index]?.has(way));
        if (!givenBack) return false;
      }
    }
    return true;
  });
}

/** True where both lists grant the same: order, repeats and implied scopes do not count. */
export function sameAccess(catalogue: ScopeCatalogue | undefined, a: readonly string[], b: readonly string[]): boolean {
  return a.every(coverageOf(catalogue, b)) && b.every(coverageOf(catalogue, a));
}

/** What the holder of `before` gains and loses by holding `after` instead, each without repeats by implication. */
export function accessDelta(
  catalogue: ScopeCatalogue | undefined,
  before: readonly string[],
  after: readonly string[],
): { readonly gains: string[]; readonly loses: string[] } {
  const had = coverageOf(catalogue, before);
  const has = coverageOf(catalogue, after);
  return {
    gains: essentialScopes(catalogue, after).filter((scope) => !had(scope)),
    loses: essentialScopes(catalogue, before).filter((scope) => !has(scope)),
  };
}

/** What a list covers, worked out once for any number of questions. */
function coverageOf(catalogue: ScopeCatalogue | undefined, held: readonly string[]): (scope: string) => boolean {
  const reach = reachOf(catalogue, held);
  return (scope) => waysTo(catalogue, scope).some((way) => reach.has(way));
}

/** Every scope and every wildcard that holding the list brings along. */
export function reachOf(catalogue: ScopeCatalogue | undefined, held: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [...held];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const { name, limit } = nameAndLimit(catalogue, next);
    for (const implied of impliedBy(catalogue, name)) {
      // What is limited already keeps its own limit: the two in a chain would never end.
      queue.push(nameAndLimit(catalogue, implied).limit === "" ? implied + limit : implied);
    }
    queue.push(...matchedBy(catalogue, next));
  }
  return seen;
}

/** What gives a scope: itself, its name without the limit, or a wildcard of one of its beginnings. */
export function waysTo(catalogue: ScopeCatalogue | undefined, scope: string): string[] {
  const ways = [scope, "*"];
  const { name, limit } = nameAndLimit(catalogue, scope);
  if (limit !== "") ways.push(name);
  for (let at = scope.indexOf(":"); at >= 0; at = scope.indexOf(":", at + 1)) ways.push(`${scope.slice(0, at + 1)}*`);
  return ways;
}

/** A scope without its limit: `tokens` of `tokens!user=root`. What it can do to somebody is what it can do. */
export function unlimitedScope(catalogue: ScopeCatalogue | undefined, scope: string): string {
  return nameAndLimit(catalogue, scope).name;
}

/** How much a scope can do. Unknown verbs count as `write`: never guessed to be harmless. */
export function scopeLevel(catalogue: ScopeCatalogue | undefined, scope: string): ScopeLevel {
  const { name } = nameAndLimit(catalogue, scope);
  const known = factsOf(catalogue, name)?.level;
  if (known) return known;
  const words = wordsOf(name);
  // No connection talks a word down that says itself what it is.
  if (isWildcard(catalogue, scope) || words.some((word) => adminWords.has(word))) return "admin";
  const said = own(catalogue?.extra, name)?.level ?? levelOfBeginning(catalogue, name);
  if (said) return said;
  return words.some((word) => readWords.has(word)) ? "read" : "write";
}

function levelOfBeginning(catalogue: ScopeCatalogue | undefined, name: string): ScopeLevel | undefined {
  const [longest] = Object.entries(catalogue?.open?.levels ?? {})
    .filter(([beginning]) => name.startsWith(beginning))
    .sort(([a], [b]) => b.length - a.length);
  return longest?.[1];
}

const adminWords: ReadonlySet<string> = new Set([
  ...["admin", "admins", "administrator", "administrators", "administer", "superadmin"],
  ...["manage", "manager", "owner", "owners", "root", "superuser", "sudo"],
]);
const readWords: ReadonlySet<string> = new Set(["read", "reader", "list", "view", "viewer", "get"]);

/** True where the holder can make keys: by the catalogue, or because the scope covers one that can. */
export function canMintKeys(catalogue: ScopeCatalogue | undefined, scope: string): boolean {
  const held = nameAndLimit(catalogue, scope).name;
  const covered = coverageOf(catalogue, [held]);
  const minting = Object.entries(catalogue?.scopes ?? {}).some(
    ([name, { mintsKeys }]) => mintsKeys === true && covered(name),
  );
  return minting || (factsOf(catalogue, held) === undefined && readsLikeMinting(held));
}

/** Where nobody publishes what a scope can do, its words decide: `api_keys:create`, `service-accounts:write`. */
function readsLikeMinting(scope: string): boolean {
  return scopeLevel(undefined, scope) !== "read" && mintingNouns.test(wordsOf(scope).join(" "));
}

const mintingNouns = /\b(?:api ?keys?|access ?keys?|keys?|(?:access ?)?tokens?|credentials?|service ?accounts?)\b/;

/** The known scope that the writer most likely meant, if any is near. */
export function nearestScope(catalogue: ScopeCatalogue, scope: string): string | undefined {
  const { name, limit } = nameAndLimit(catalogue, scope);
  const near = nearestWord(name, scopeNames(catalogue));
  return near === undefined ? undefined : near + limit;
}

/** Every scope that has a name: the published ones, and those that the connection adds. */
export function scopeNames(catalogue: ScopeCatalogue | undefined): string[] {
  return [...Object.keys(catalogue?.scopes ?? {}), ...Object.keys(catalogue?.extra ?? {})];
}

/** What the catalogue itself says. */
function factsOf(catalogue: ScopeCatalogue | undefined, name: string): ScopeFacts | undefined {
  return own(catalogue?.scopes, name);
}

function impliedBy(catalogue: ScopeCatalogue | undefined, name: string): readonly string[] {
  return (factsOf(catalogue, name) ?? own(catalogue?.extra, name))?.implies ?? [];
}

/** `hasOwn`: a scope may be called `constructor`. */
function own<Value>(map: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return map && Object.hasOwn(map, name) ? map[name] : undefined;
}

/** In lower case, whatever stands between them: `apiKeys.create`, `api_keys:create`. */
function wordsOf(scope: string): string[] {
  return scope
    .replace(/([a-z0-9])([A-Z])/g, "$1:$2")
    .toLowerCase()
    .split(/[:./_\- ]/)
    .filter((word) => word !== "");
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
  return pattern.endsWith("*") ? scopeNames(catalogue).filter((scope) => matchesWildcard(pattern, scope)) : [];
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
