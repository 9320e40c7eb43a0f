import { accessDelta, canonicalScopes, essentialScopes, isKnownScope, type ScopeCatalogue } from "../provider/scopes";
import { quotedList } from "./inert";
import { catalogueFor, type PolicyDocument } from "./policy";
import type { Facts, Target } from "./resource-facts";

/**
 * What a key or an account may do, and where. A grant is a scope, or (with `=`, which no scope has)
 * something that is not one: `role=viewer`, `ceiling=read:x`, `account=all`.
 */
export interface Access {
  readonly target?: Target;
  /** Readable grants, each without those that another one gives. */
  readonly grants: readonly string[];
  /** Why the grants above are not all that is known to be granted. Empty = readable. */
  readonly unreadable: readonly string[];
  readonly catalogue?: ScopeCatalogue;
}

export interface AccessChange {
  readonly gains: readonly string[];
  readonly loses: readonly string[];
}

/** A key of a backend without scopes on keys, whose account says no more. */
export const allOfTheAccount = "account=all";

/** True for a scope, false for a role, a ceiling and the like. */
export function isScope(grant: string): boolean {
  return !grant.includes("=");
}

/** The access of an account by itself: its role, and the ceiling of what its keys may get. */
export function accountAccess(facts: Facts, policy: PolicyDocument): Access {
  const { catalogue, problems } = backendOf(facts, policy);
  const grants: string[] = facts.role === undefined ? [] : [`role=${facts.role}`];
  const unreadable = [...problems, ...hiddenRole(facts)];
  if (facts.scopes.kind === "unreadable") unreadable.push(facts.scopes.why);
  if (facts.scopes.kind === "list") {
    unreadable.push(...unknownScopes(facts, facts.scopes.scopes, catalogue));
    grants.push(...essentialScopes(catalogue, facts.scopes.scopes).map((scope) => `ceiling=${scope}`));
  }
  return access(facts, grants, unreadable, catalogue);
}

/** The access of a key: its scopes, or its account's role and scopes where keys have none. */
export function keyAccess(facts: Facts, account: Facts | undefined, policy: PolicyDocument): Access {
  const { catalogue, scopesOnKeys, problems } = backendOf(facts, policy);
  const unreadable = [...problems];
  switch (facts.scopes.kind) {
    case "unreadable":
      return access(facts, [], [...unreadable, facts.scopes.why], catalogue);
    case "list":
      unreadable.push(...unknownScopes(facts, facts.scopes.scopes, catalogue));
      // An empty list needs the consent `fullAccess`, because services read it as "everything".
      return access(
        facts,
        facts.scopes.scopes.length === 0 ? ["*"] : essentialScopes(catalogue, facts.scopes.scopes),
        unreadable,
        catalogue,
      );
    case "absent": {
      if (scopesOnKeys)
        return access(
          facts,
          [],
          problems.length > 0 ? unreadable : ["it has no scopes, and its backend has scopes on keys"],
          catalogue,
        );
      if (account?.scopes.kind === "unreadable")
        return access(facts, [], [...unreadable, `of its account: ${account.scopes.why}`], catalogue);
      if (account?.roleHidden)
        return access(facts, [], [...unreadable, `of its account: ${hiddenRole(account).join()}`], catalogue);
      const inherited = [
        ...(account?.role === undefined ? [] : [`role=${account.role}`]),
        ...(account?.scopes.kind === "list" ? canonicalScopes(account.scopes.scopes) : []),
      ];
      return access(facts, inherited.length > 0 ? inherited : [allOfTheAccount], unreadable, catalogue);
    }
  }
}

/** What the step from one access to the other gives and takes. A changed target gives everything anew. */
export function changeOfAccess(before: Access | undefined, after: Access | undefined): AccessChange {
  if (!before) return { gains: after?.grants ?? [], loses: [] };
  if (!after) return { gains: [], loses: before.grants };
  if (before === after) return unchangedAccess;
  if (!sameTarget(before.target, after.target)) return { gains: after.grants, loses: before.grants };
  return changeOfGrants(after.catalogue ?? before.catalogue, before.grants, after.grants);
}

const unchangedAccess: AccessChange = { gains: [], loses: [] };

export function changeOfGrants(
  catalogue: ScopeCatalogue | undefined,
  before: readonly string[],
  after: readonly string[],
): { gains: string[]; loses: string[] } {
  // Most keys of a stack do not change.
  if (before.length === after.length && before.every((grant, index) => grant === after[index]))
    return { gains: [], loses: [] };
  // A wildcard scope covers scopes only: it is not a role.
  const scopes = accessDelta(catalogue, before.filter(isScope), after.filter(isScope));
  const rest = (from: readonly string[], without: readonly string[]): string[] =>
    from.filter((grant) => !isScope(grant) && !without.includes(grant));
  return { gains: [...rest(after, before), ...scopes.gains], loses: [...rest(before, after), ...scopes.loses] };
}

/** Several grants as one list, each without those that another one gives. */
export function unionOfGrants(catalogue: ScopeCatalogue | undefined, lists: readonly (readonly string[])[]): string[] {
  const all = lists.flat();
  return [
    ...canonicalScopes(all.filter((grant) => !isScope(grant))),
    ...essentialScopes(catalogue, all.filter(isScope)),
  ];
}

export function sameTarget(a: Target | undefined, b: Target | undefined): boolean {
  return a?.backend === b?.backend && a?.origin === b?.origin;
}

function hiddenRole(facts: Facts): string[] {
  return facts.roleHidden ? ["its role is not known before the update"] : [];
}

function access(
  facts: Facts,
  grants: readonly string[],
  unreadable: readonly string[],
  catalogue: ScopeCatalogue | undefined,
): Access {
  return { ...(facts.target ? { target: facts.target } : {}), grants, unreadable, ...(catalogue ? { catalogue } : {}) };
}

function backendOf(
  facts: Facts,
  policy: PolicyDocument,
): { catalogue?: ScopeCatalogue; scopesOnKeys: boolean; problems: string[] } {
  if (!facts.target)
    return { scopesOnKeys: true, problems: ["the backend and origin of its connection are not in the preview"] };
  const { known, scopesOnKeys, catalogue } = catalogueFor(policy, facts.target.backend);
  const problems = known
    ? []
    : [
        `nothing is known of the backend ${quotedList([facts.target.backend])}: add its scopes to \`catalogues\` in the policy file`,
      ];
  return { scopesOnKeys, problems, ...(catalogue ? { catalogue } : {}) };
}

function unknownScopes(facts: Facts, scopes: readonly string[], catalogue: ScopeCatalogue | undefined): string[] {
  if (!catalogue) return [];
  const unknown = canonicalScopes(scopes).filter((scope) => !isKnownScope(catalogue, scope));
  if (unknown.length === 0) return [];
  return [
    `${quotedList(unknown)} ${unknown.length === 1 ? "is no scope" : "are no scopes"} of ${quotedList([facts.target?.backend ?? ""])}`,
  ];
}
