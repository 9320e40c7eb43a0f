import {
  accessDelta,
  canonicalScopes,
  essentialScopes,
  publishedCatalogue,
  type ScopeCatalogue,
} from "../provider/scopes";
import { leftOut, optionOf } from "./option-grants";

/**
 * One thing that someone may do. The kind is separate from the name, because a scope may have any spelling:
 * `tokens!user=root` is a scope, and in an open catalogue so is `role=admin`.
 */
export interface Grant {
  readonly kind: "scope" | "role" | "ceiling" | "account" | "option";
  readonly name: string;
}

/** The grant of a key without scopes, whose account has neither role nor scopes on record. */
export const allOfTheAccount: Grant = { kind: "account", name: "all" };

export function scopeGrants(scopes: readonly string[]): Grant[] {
  return scopes.map((name) => ({ kind: "scope", name }));
}

/**
 * The scopes that no other scope of the list already gives. What a connection claims does not count: its author could
 * call any scope a part of one that the key already has, and nobody would see it come.
 */
export function essentialOnes(catalogue: ScopeCatalogue | undefined, scopes: readonly string[]): readonly string[] {
  return essentialScopes(publishedCatalogue(catalogue), scopes);
}

export function isScope(grant: Grant): boolean {
  return grant.kind === "scope";
}

/** One text per grant, and one grant per text: a scope is written alone unless it could be read as another kind. */
export function grantText({ kind, name }: Grant): string {
  if (kind === "scope") return /^(?:scope|role|ceiling|account|option)=/.test(name) ? `scope=${name}` : name;
  return `${kind}=${name}`;
}

/** The grant that a text stands for: the reverse of {@link grantText}. */
export function grantOf(text: string): Grant {
  const [, kind, name] = /^(scope|role|ceiling|account|option)=([^]*)$/.exec(text) ?? [];
  return kind === undefined || name === undefined
    ? { kind: "scope", name: text }
    : { kind: kind as Grant["kind"], name };
}

export interface GrantChange {
  readonly gains: readonly Grant[];
  readonly loses: readonly Grant[];
}

export function changeOfGrants(
  catalogue: ScopeCatalogue | undefined,
  before: readonly Grant[],
  after: readonly Grant[],
): GrantChange {
  // Most keys of a stack do not change.
  if (before.length === after.length && before.every((grant, index) => sameGrant(grant, after[index])))
    return { gains: [], loses: [] };
  // A wildcard scope covers only scopes, not roles.
  const scopes = accessDelta(publishedCatalogue(catalogue), namesOf(before), namesOf(after));
  const rest = (from: readonly Grant[], without: readonly Grant[]): Grant[] =>
    from.filter((grant) => !isScope(grant) && !without.some((other) => sameGrant(grant, other)));
  const gained = [...rest(after, before), ...optionsLeftOut(before, after)];
  return {
    gains: [...gained, ...scopeGrants(scopes.gains)],
    loses: [...rest(before, after), ...scopeGrants(scopes.loses)],
  };
}

/** Options of which one side says something and the other nothing. */
function optionsLeftOut(before: readonly Grant[], after: readonly Grant[]): Grant[] {
  const optionsOf = (grants: readonly Grant[]) =>
    new Set(grants.filter(({ kind }) => kind === "option").map(({ name }) => optionOf(name).option));
  const left = optionsOf(after);
  return [...optionsOf(before)].filter((option) => !left.has(option)).map(leftOut);
}

/** Several grant lists as one, without grants that another one already gives. */
export function unionOfGrants(catalogue: ScopeCatalogue | undefined, lists: readonly (readonly Grant[])[]): Grant[] {
  const all = lists.flat();
  const others = new Map(all.filter((grant) => !isScope(grant)).map((grant) => [grantText(grant), grant]));
  return [
    ...canonicalScopes([...others.keys()]).flatMap((text) => others.get(text) ?? []),
    ...scopeGrants(essentialOnes(catalogue, namesOf(all))),
  ];
}

export function sameGrant(a: Grant, b: Grant | undefined): boolean {
  return a.kind === b?.kind && a.name === b.name;
}

function namesOf(grants: readonly Grant[]): string[] {
  return grants.filter(isScope).map(({ name }) => name);
}
