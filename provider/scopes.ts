/**
 * What scopes mean: which exist, which imply others, which let a holder issue keys. Pure. The lifecycle, the scope
 * review and the documentation all use it.
 */

/** What is known of one scope. */
export interface ScopeFacts {
  /** Scopes that come with this one; `*`: every scope; `cameras:*`: every scope that begins so. */
  readonly implies?: readonly string[] | undefined;
  /** How much it can do. Left out: the scope's own words decide (`read:x`, `x:write`, `admin:*`). */
  readonly level?: ScopeLevel | undefined;
  /** The holder can issue further keys. */
  readonly mintsKeys?: boolean | undefined;
}

export const scopeLevels = ["read", "write", "admin"] as const;
export type ScopeLevel = (typeof scopeLevels)[number];

/**
 * What a connection says of a scope that the catalogue does not know. The scope's own words decide what is left out.
 */
export type ExtraScope = Pick<ScopeFacts, "implies" | "level">;
export type ExtraScopes = Readonly<Record<string, ExtraScope>>;

/** Where a word has a regular expression, and how the service reads it. */
export interface ScopeExpression {
  /** Regular expression of such a word. Its first group is the expression in it. */
  readonly in: string;
  /** The expression has to match a whole name. Default: false, a part of it is enough. */
  readonly whole?: boolean | undefined;
  /** Characters whose meaning only the service knows: an expression with one counts as everything. */
  readonly unclear?: readonly string[] | undefined;
}

/** The scopes of one backend. */
export interface ScopeCatalogue {
  /** The published scopes. Closed unless `open` is given: no other scope exists. */
  readonly scopes: Readonly<Record<string, ScopeFacts>>;
  /** Set if the vendor publishes no list: any word of this form is a scope and implies only itself. */
  readonly open?: {
    readonly pattern: string;
    readonly example: string;
    /** How much a word can do, by its beginning: `{ "project:": "read" }`. The longest matching beginning decides. */
    readonly levels?: Readonly<Record<string, ScopeLevel>> | undefined;
    /** Set if words end with a regular expression, which says what they reach: the names of queues, of indices. */
    readonly expression?: ScopeExpression | undefined;
  };
  /** Set if a scope may have a limit: the character that begins it, as the `!` of `read:users!group=analysts`. */
  readonly limitMark?: string;
  /** Scopes that a connection adds with `extraScopes`. It never includes one that the catalogue knows. */
  readonly extra?: ExtraScopes;
}

/** The catalogue with the scopes that a connection adds. A word that the catalogue knows keeps its meaning. */
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

/** The catalogue without what a connection adds: what the vendor, or the policy file, says of its scopes. */
export function publishedCatalogue(catalogue: ScopeCatalogue | undefined): ScopeCatalogue | undefined {
  if (!catalogue?.extra) return catalogue;
  const { extra: _claims, ...published } = catalogue;
  return published;
}

/** The connection's own claims about these scopes and about the scopes that they imply. */
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

/** Sorted and without repeats: the only form in which scopes are sent, stored and compared. */
export function canonicalScopes(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].sort();
}

/**
 * True for a scope that stands for more than itself: `*`, `admin:*`, one that implies `*` in the catalogue, or one that
 * brings such a scope along by a connection's claim.
 */
export function isWildcard(catalogue: ScopeCatalogue | undefined, scope: string): boolean {
  return claimedReach(catalogue, scope).some((name) => isWildcardByItself(catalogue, name));
}

function isWildcardByItself(catalogue: ScopeCatalogue | undefined, name: string): boolean {
  if (name.split(/[:./]/).some(standsForAll) || impliedBy(catalogue, name).includes("*")) return true;
  const { expression } = catalogue?.open ?? {};
  return expression !== undefined && matchesAnyName(expression, name);
}

/** Names of many kinds. An expression that matches all of them leaves hardly one out. */
const anyNames = ["q", "Z9", "0", "orders", "amq.gen-x_Y", "x-1.y_2"];
const longestExpression = 200;

/** True as well for an expression that cannot be judged. */
function matchesAnyName({ in: place, whole = false, unclear = [] }: ScopeExpression, scope: string): boolean {
  const expression = new RegExp(place).exec(scope)?.[1];
  if (expression === undefined) return false;
  if (expression.length > longestExpression || unclear.some((sign) => expression.includes(sign))) return true;
  try {
    const matches = new RegExp(whole ? `^(?:${expression})$` : expression, "u");
    return anyNames.every((name) => matches.test(name));
  } catch {
    return true;
  }
}

/** `*`, and what services read as the same: `**`, `?*`. */
function standsForAll(part: string): boolean {
  return part.includes("*") && /^[*?]+$/.test(part);
}

/** The scope's name, and with it every name that comes along if a connection claims something about it. */
function claimedReach(catalogue: ScopeCatalogue | undefined, scope: string): string[] {
  const { name } = nameAndLimit(catalogue, scope);
  if (!own(catalogue?.extra, name)) return [name];
  return [...reachOf(catalogue, [name])].map((each) => nameAndLimit(catalogue, each).name);
}

/** True if the catalogue knows the scope or, being open, accepts words of its form. */
export function isKnownScope(catalogue: ScopeCatalogue, scope: string): boolean {
  if (Object.hasOwn(catalogue.scopes, scope)) return true;
  if (own(catalogue.extra, nameAndLimit(catalogue, scope).name)) return true;
  return catalogue.open ? new RegExp(catalogue.open.pattern).test(scope) : false;
}

/** True if holding `held` already gives `scope`. */
export function covers(catalogue: ScopeCatalogue | undefined, held: readonly string[], scope: string): boolean {
  return coverageOf(catalogue, held)(scope);
}

/** The scopes that no other scope of the list already gives: the shortest list with the same meaning. */
export function essentialScopes(catalogue: ScopeCatalogue | undefined, scopes: readonly string[]): string[] {
  const unique = canonicalScopes(scopes);
  // Index from each name or beginning to the positions of the scopes that reach it, instead of comparing every pair.
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
        // Two scopes that imply each other would both disappear, so the first by name stays.
        const givenBack =
          other > index && waysTo(catalogue, unique[other] ?? "").some((way) => reaches[index]?.has(way));
        if (!givenBack) return false;
      }
    }
    return true;
  });
}

/** True if both lists grant the same: order, repeats and implied scopes do not count. */
export function sameAccess(catalogue: ScopeCatalogue | undefined, a: readonly string[], b: readonly string[]): boolean {
  return a.every(coverageOf(catalogue, b)) && b.every(coverageOf(catalogue, a));
}

/** What a holder gains and loses when `after` replaces `before`. Neither list repeats an implied scope. */
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

/**
 * The requested scopes that a service left out, and those that it added. A word for everything may come back as what it
 * stands for, and scopes on the key itself come back limited to its owner: neither is a difference.
 */
export function otherAccess(
  catalogue: ScopeCatalogue | undefined,
  asked: readonly string[],
  given: readonly string[],
): { readonly lacks: readonly string[]; readonly more: readonly string[] } {
  const { gains, loses } = accessDelta(catalogue, asked, given);
  const standsForMore = (scope: string) =>
    isWildcard(catalogue, scope) || factsOf(catalogue, unlimitedScope(catalogue, scope))?.mintsKeys === true;
  // `read:users!user` comes back with the user that it stands for: `read:users!user=ci-bot`.
  const isSpeltOut = (scope: string) =>
    unlimitedScope(catalogue, scope) !== scope && given.some((word) => word.startsWith(`${scope}=`));
  return {
    lacks: loses.filter((scope) => !standsForMore(scope) && !isSpeltOut(scope)),
    more: asked.some(standsForMore) ? [] : gains.filter((scope) => unlimitedScope(catalogue, scope) === scope),
  };
}

/** A test for the scopes that a list covers, prepared once for any number of questions. */
function coverageOf(catalogue: ScopeCatalogue | undefined, held: readonly string[]): (scope: string) => boolean {
  const reach = reachOf(catalogue, held);
  return (scope) => waysTo(catalogue, scope).some((way) => reach.has(way));
}

/** Every scope and wildcard that comes with the list. */
export function reachOf(catalogue: ScopeCatalogue | undefined, held: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [...held];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const { name, limit } = nameAndLimit(catalogue, next);
    for (const implied of impliedBy(catalogue, name)) {
      // A scope that already has a limit keeps it: adding another in a chain would never end.
      queue.push(nameAndLimit(catalogue, implied).limit === "" ? implied + limit : implied);
    }
    queue.push(...matchedBy(catalogue, next));
  }
  return seen;
}

/** The scopes that give a scope: itself, its name without the limit, or a wildcard of one of its beginnings. */
export function waysTo(catalogue: ScopeCatalogue | undefined, scope: string): string[] {
  const ways = [scope, "*"];
  const { name, limit } = nameAndLimit(catalogue, scope);
  if (limit !== "") ways.push(name);
  for (let at = scope.indexOf(":"); at >= 0; at = scope.indexOf(":", at + 1)) ways.push(`${scope.slice(0, at + 1)}*`);
  return ways;
}

/** A scope without its limit: `tokens` for `tokens!user=root`. The limit does not change what the scope can do. */
export function unlimitedScope(catalogue: ScopeCatalogue | undefined, scope: string): string {
  return nameAndLimit(catalogue, scope).name;
}

/**
 * How much a scope can do. Unknown verbs count as `write`, because nothing is assumed to be harmless. A claim of a
 * connection can raise the level, but not lower it below what the catalogue, the scope's words or its implied scopes say.
 */
export function scopeLevel(catalogue: ScopeCatalogue | undefined, scope: string): ScopeLevel {
  return highest(claimedReach(catalogue, scope).map((name) => levelByItself(catalogue, name)));
}

function levelByItself(catalogue: ScopeCatalogue | undefined, name: string): ScopeLevel {
  const known = factsOf(catalogue, name)?.level;
  if (known) return known;
  const words = wordsOf(name);
  if (isWildcardByItself(catalogue, name) || words.some((word) => adminWords.has(word))) return "admin";
  const said = levelOfBeginning(catalogue, name);
  const claimed = own(catalogue?.extra, name)?.level;
  if (claimed) return highest([claimed, said ?? (words.some((word) => writeWords.has(word)) ? "write" : "read")]);
  return said ?? (words.some((word) => readWords.has(word)) ? "read" : "write");
}

function highest(levels: readonly ScopeLevel[]): ScopeLevel {
  return scopeLevels.findLast((level) => levels.includes(level)) ?? "read";
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
const writeWords: ReadonlySet<string> = new Set([
  ...["write", "writer", "edit", "editor", "create", "creator", "update", "delete", "remove", "modify"],
  ...["post", "put", "patch", "send", "publish", "upload", "import"],
]);
const readWords: ReadonlySet<string> = new Set(["read", "reader", "list", "view", "viewer", "get"]);

/** True if the holder can issue keys: the catalogue says so, or the scope covers one that can. */
export function canIssueKeys(catalogue: ScopeCatalogue | undefined, scope: string): boolean {
  const held = nameAndLimit(catalogue, scope).name;
  const covered = coverageOf(catalogue, [held]);
  const isDeclared = Object.entries(catalogue?.scopes ?? {}).some(
    ([name, { mintsKeys }]) => mintsKeys === true && covered(name),
  );
  return isDeclared || (factsOf(catalogue, held) === undefined && readsLikeIssuing(held));
}

/** If nobody publishes what a scope can do, its words decide: `api_keys:create`, `service-accounts:write`. */
function readsLikeIssuing(scope: string): boolean {
  return scopeLevel(undefined, scope) !== "read" && issuingNouns.test(wordsOf(scope).join(" "));
}

const issuingNouns = /\b(?:api ?keys?|access ?keys?|keys?|(?:access ?)?tokens?|credentials?|service ?accounts?)\b/;

/** The known scope that the writer most likely meant, if one is close. */
export function nearestScope(catalogue: ScopeCatalogue, scope: string): string | undefined {
  const { name, limit } = nameAndLimit(catalogue, scope);
  const near = nearestWord(name, scopeNames(catalogue));
  return near === undefined ? undefined : near + limit;
}

/** Every scope with a name: the published ones, and those that a connection adds. */
export function scopeNames(catalogue: ScopeCatalogue | undefined): string[] {
  return [...Object.keys(catalogue?.scopes ?? {}), ...Object.keys(catalogue?.extra ?? {})];
}

/** The catalogue's own facts, without those of a connection. */
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

/** The words in lower case, with any separator: `apiKeys.create`, `api_keys:create`. */
export function wordsOf(scope: string): string[] {
  return scope
    .replace(/([a-z0-9])([A-Z])/g, "$1:$2")
    .toLowerCase()
    .split(/[:./_\- ]/)
    .filter((word) => word !== "");
}

/** Splits into `read:users` and `!group=analysts`: facts belong to the name. */
function nameAndLimit(
  catalogue: ScopeCatalogue | undefined,
  scope: string,
): { readonly name: string; readonly limit: string } {
  const at = catalogue?.limitMark === undefined ? -1 : scope.indexOf(catalogue.limitMark);
  return at < 0 ? { name: scope, limit: "" } : { name: scope.slice(0, at), limit: scope.slice(at) };
}

/** The closest of the given words, if it is close enough for a typo (or has the same words in another order). */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const reversed = typed.split(":").reverse().join(":");
  const scored = candidates
    .map((candidate) => ({
      candidate,
      distance: Math.min(
        editDistance(word, candidate),
        candidate.toLowerCase() === reversed || candidate.toLowerCase() === typed ? 1 : Infinity,
      ),
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
