/** The facts that the report shows: who holds what, how old it is, what comes next, what is unknown. Pure. */
import { defined } from "../provider/values/defined";
import { formatSpan } from "../provider/values/durations";
import { nameOf } from "../review/urn";
import type { InventoryRow } from "./classify";
import { type EffectiveAccess, effectiveAccess } from "./effective-access";
import type { RecordedKey, RecordedStack } from "./recorded";

/** The due entry of one key, from the due report of its stack. Times are RFC 3339 UTC. */
export interface WaitingKey {
  readonly name: string;
  readonly urn: string;
  readonly type: string;
  readonly connection: string;
  readonly issuedAt?: string;
  readonly nextRotationAt?: string;
  readonly expiresAt?: string;
  readonly previousValidUntil?: string;
  /** What is due now. */
  readonly due: readonly { readonly what: string; readonly at?: string; readonly words: string }[];
  /** Why it is unknown what is due. */
  readonly problem?: string;
}

export interface ReportedStack {
  readonly recorded: RecordedStack;
  readonly waiting: readonly WaitingKey[];
  /** The time when the state was last written. */
  readonly writtenAt?: string;
}

/** All input of the page. */
export interface ReportInput {
  readonly stacks: readonly ReportedStack[];
  /** The output of `apikeys inventory --format json`; missing if nobody asked the services. */
  readonly inventory?: { readonly rows: readonly InventoryRow[]; readonly problems: readonly string[] };
  readonly nowMs: number;
  /** The oldest age that a key may reach. */
  readonly maxAgeMs: number;
  /** The time that the calendar covers, from now. */
  readonly aheadMs: number;
}

/** One key, and what it can do. */
export interface KeyHolder {
  readonly name: string;
  readonly stack: string;
  readonly service: string;
  /**
   * `current`, `previous`, …; for a key that no state names, its standing: `unknown`, `hand-made`, …; `current,
   * expired` if it has expired.
   */
  readonly generation: string;
  readonly account?: string;
  readonly owner?: string;
  readonly consumers: readonly string[];
  readonly access: EffectiveAccess;
}

/** Keys that states name, then those that only the inventory lists. The most powerful first. */
export function holdersOf({ stacks, inventory, nowMs }: ReportInput): KeyHolder[] {
  const recorded = stacks.flatMap(({ recorded: { keys } }) => keys);
  const accounts = new Map(recorded.filter(({ kind }) => kind === "account").map((each) => [placeOf(each), each]));
  const backends = new Map(recorded.map(({ service, backend }) => [service, backend]));
  const accountOf = (service: string, id: string | undefined) =>
    id === undefined ? undefined : accounts.get(placeOf({ service, id }));
  const known = recorded
    .filter(({ kind }) => kind === "key")
    .map((key) => holder(key, accountOf(key.service, key.accountId), nowMs));
  const foreign = (inventory?.rows ?? [])
    .filter(({ kind, standing }) => kind === "key" && standing !== "recorded" && standing !== "missing")
    .map((row): KeyHolder => {
      const account = accountOf(row.service, row.accountId);
      const { scopes, owner } = row;
      return {
        ...defined({ account: account?.resource ?? row.accountId, owner }),
        name: row.name === "" ? row.id : row.name,
        stack: row.stack ?? "",
        service: row.service,
        generation: withStatus(row.standing, row, nowMs),
        consumers: [],
        access: effectiveAccess(defined({ backend: backends.get(row.service), scopes, account })),
      };
    });
  return [...known, ...foreign].sort((a, b) => power(b.access) - power(a.access) || compare(a.name, b.name));
}

function holder(key: RecordedKey, account: RecordedKey | undefined, nowMs: number): KeyHolder {
  const { backend, scopes, owner } = key;
  return {
    ...defined({ account: account?.resource ?? key.accountId, owner: owner ?? account?.owner }),
    name: key.resource,
    stack: key.stack,
    service: key.service,
    generation: withStatus(key.generation, key, nowMs),
    consumers: key.consumers.map(nameOf),
    access: effectiveAccess(defined({ backend, scopes, account })),
  };
}

/** Marks a key that has expired or was revoked: it no longer gives access. */
function withStatus(
  generation: string,
  { status = "active", endsAt }: { readonly status?: string; readonly endsAt?: string },
  nowMs: number,
): string {
  // The recorded end of an older key is when it should be revoked. Until someone has done so, it may live.
  const ends = generation === "current" || generation === "replaced" ? Date.parse(endsAt ?? "") : NaN;
  const over = status !== "active" ? status : ends <= nowMs ? "expired" : undefined;
  return over === undefined ? generation : `${generation}, ${over}`;
}

function power({ everything, mintsKeys, level }: EffectiveAccess): number {
  return (everything ? 16 : 0) + (mintsKeys ? 8 : 0) + ["read", "write", "unknown", "admin"].indexOf(level);
}

/** Each scope that someone has, and its holders. A holder of everything appears only under `*`. */
export function holdersByScope(holders: readonly KeyHolder[]): [scope: string, holders: readonly KeyHolder[]][] {
  const byScope = new Map<string, KeyHolder[]>();
  for (const each of holders) {
    const { everything, held, implied } = each.access;
    for (const scope of everything ? ["*"] : [...held, ...implied]) {
      const known = byScope.get(scope);
      if (known) known.push(each);
      else byScope.set(scope, [each]);
    }
  }
  return [...byScope].sort(([a], [b]) => compare(a, b));
}

/** The age of a key, against the limit. */
export interface KeyAge {
  readonly key: WaitingKey;
  readonly stack: string;
  readonly owner?: string;
  /** Undefined if the record does not contain it. */
  readonly ageMs?: number;
  readonly over: boolean;
}

/** Keys of unknown age first, then the oldest. */
export function agesOf({ stacks, nowMs, maxAgeMs }: ReportInput): KeyAge[] {
  return stacks
    .flatMap(({ recorded, waiting }) => {
      const owners = new Map(recorded.keys.map(({ urn, owner }) => [urn, owner]));
      return waiting.map((key): KeyAge => {
        const ageMs = key.issuedAt === undefined ? undefined : Math.max(0, nowMs - Date.parse(key.issuedAt));
        const owner = owners.get(key.urn);
        return { ...defined({ ageMs, owner }), key, stack: recorded.stack, over: (ageMs ?? 0) > maxAgeMs };
      });
    })
    .sort((a, b) => (b.ageMs ?? Infinity) - (a.ageMs ?? Infinity) || compare(a.key.name, b.key.name));
}

/** Something that a person should look at. */
export interface Concern {
  readonly kind: "cannot be told" | "unknown" | "missing" | "due" | "too old" | "unused";
  readonly subject: string;
  readonly place: string;
  readonly why: string;
}

export function concernsOf(input: ReportInput): Concern[] {
  const { stacks, inventory, maxAgeMs } = input;
  const ofKeys = stacks.flatMap(({ recorded: { stack }, waiting }) =>
    waiting.flatMap(({ name, due, problem }): Concern[] => [
      ...(problem === undefined
        ? []
        : [{ kind: "cannot be told" as const, subject: name, place: stack, why: problem }]),
      ...due.map(({ words }) => ({ kind: "due" as const, subject: name, place: stack, why: words })),
    ]),
  );
  const old = agesOf(input)
    .filter(({ over }) => over)
    .map(({ key, stack, ageMs = 0 }): Concern => ({
      kind: "too old",
      subject: key.name,
      place: stack,
      why: `issued ${formatSpan(ageMs)} ago; the limit is ${formatSpan(maxAgeMs)}`,
    }));
  const ofServices = (inventory?.problems ?? []).map((why): Concern => ({
    kind: "cannot be told",
    subject: "inventory",
    place: "",
    why,
  }));
  const rows = (inventory?.rows ?? []).flatMap((row) => concernsOfRow(row, input));
  return [...ofKeys, ...old, ...ofServices, ...rows].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
}

const kinds: readonly Concern["kind"][] = ["cannot be told", "unknown", "missing", "due", "too old", "unused"];

function concernsOfRow(row: InventoryRow, { nowMs, maxAgeMs }: ReportInput): Concern[] {
  const { standing, kind, name, id, service, status, lastUsedAt, createdAt } = row;
  const about = { subject: name === "" ? id : name, place: row.stack ?? service };
  if (standing === "unknown")
    return [{ ...about, kind: "unknown", why: `a state asked for this ${kind}, and no longer names it` }];
  if (standing === "unproven") return [{ ...about, kind: "unknown", why: `whose ${kind} this is cannot be proven` }];
  if (standing === "missing")
    return [{ ...about, kind: "missing", why: "a state names it, and the service does not have it" }];
  const sinceMs = Date.parse(lastUsedAt ?? createdAt ?? "");
  if (kind !== "key" || status !== "active" || Number.isNaN(sinceMs) || nowMs - sinceMs <= maxAgeMs) return [];
  const since = formatSpan(nowMs - sinceMs);
  const why = lastUsedAt === undefined ? `made ${since} ago; no use is on record` : `last used ${since} ago`;
  return [{ ...about, kind: "unused", why }];
}

function placeOf({ service, id }: { readonly service: string; readonly id: string }): string {
  return JSON.stringify([service, id]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
