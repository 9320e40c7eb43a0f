import { canonicalScopes, isKnownScope, type ScopeCatalogue, withExtraScopes } from "../provider/scopes";
import { allOfTheAccount, changeOfGrants, essentialOnes, scopeGrants, type Grant, type GrantChange } from "./grants";
import { quoted, quotedList } from "./inert";
import { optionGrants } from "./option-grants";
import { catalogueFor, type PolicyDocument, type ScopePlace } from "./policy";
import type { Facts, Target, Unreadable } from "./resource-facts";

/** The access of a key or an account, and the target where it applies. */
export interface Access {
  readonly target?: Target;
  /** Readable grants, without those that another one already gives. */
  readonly grants: readonly Grant[];
  /** Why more may be granted than the grants above. Empty: everything was readable. */
  readonly unreadable: readonly string[];
  readonly catalogue?: ScopeCatalogue;
}

/** The access of an account by itself: its role, and the most that its keys can get. */
export function accountAccess(facts: Facts, policy: PolicyDocument): Access {
  const { catalogue, scopesOn, problems } = backendOf(facts, policy);
  const grants: Grant[] = [...roleOf(facts), ...optionGrants(facts, "accountOptions")];
  const unreadable = [...problems, ...whyHidden(facts)];
  if (facts.scopes.kind === "unreadable") unreadable.push(facts.scopes.why);
  if (facts.scopes.kind === "list") {
    unreadable.push(...unknownScopes(facts, facts.scopes.scopes, catalogue));
    const scopes = essentialOnes(catalogue, facts.scopes.scopes);
    // If keys have their own scopes, those of the account are a ceiling for them.
    grants.push(
      ...(scopesOn === "key" ? scopes.map((name): Grant => ({ kind: "ceiling", name })) : scopeGrants(scopes)),
    );
  }
  return access(facts, grants, unreadable, catalogue);
}

/** The access of a key: its options, and its scopes, or the role and scopes of its account if keys have none. */
export function keyAccess(facts: Facts, account: Facts | undefined, policy: PolicyDocument): Access {
  const access = accessByScopes(facts, account, policy);
  const options = optionGrants(facts, "keyOptions");
  return options.length === 0 ? access : { ...access, grants: [...options, ...access.grants] };
}

function accessByScopes(facts: Facts, account: Facts | undefined, policy: PolicyDocument): Access {
  const { catalogue, scopesOn, problems } = backendOf(facts, policy);
  const hidden = [...problems, ...whyHidden(facts)];
  switch (facts.scopes.kind) {
    case "unreadable":
      return access(facts, [], [...hidden, facts.scopes.why], catalogue);
    case "list": {
      const { scopes } = facts.scopes;
      const unreadable = [...hidden, ...unknownScopes(facts, scopes, catalogue)];
      if (scopesOn !== "key") unreadable.push("it has scopes, and its backend has none on keys");
      // Services read an empty list as "everything", so it needs the consent `fullAccess`.
      const held = scopes.length === 0 ? ["*"] : essentialOnes(catalogue, scopes);
      return access(facts, scopeGrants(held), unreadable, catalogue);
    }
    case "absent": {
      if (scopesOn !== "key") return inheritedAccess(facts, account, hidden, catalogue);
      // Nothing more can be said of a backend that the review does not know.
      const why = problems.length > 0 ? hidden : ["it has no scopes, and its backend has scopes on keys"];
      return access(facts, [], why, catalogue);
    }
  }
}

/** The access of a key that can do what its account can. */
function inheritedAccess(
  facts: Facts,
  account: Facts | undefined,
  hidden: readonly string[],
  catalogue: ScopeCatalogue | undefined,
): Access {
  const unreadable = account ? whyAccountUnreadable(account) : [];
  if (unreadable.length > 0)
    return access(facts, [], [...hidden, ...unreadable.map((why) => `of its account: ${why}`)], catalogue);
  const scopes = account?.scopes.kind === "list" ? essentialOnes(catalogue, account.scopes.scopes) : [];
  const inherited = [...(account ? roleOf(account) : []), ...scopeGrants(scopes)];
  const options = account ? optionGrants(account, "accountOptions") : [];
  return access(facts, [...options, ...(inherited.length > 0 ? inherited : [allOfTheAccount])], hidden, catalogue);
}

function whyAccountUnreadable(account: Facts): string[] {
  if (account.scopes.kind === "unreadable") return [account.scopes.why];
  return account.roleHidden ? whyHidden(account, ["role"]) : [];
}

/** What a holder gains and loses between the two. On another target every grant is a gain. */
export function changeOfAccess(before: Access | undefined, after: Access | undefined): GrantChange {
  if (!before) return { gains: after?.grants ?? [], loses: [] };
  if (!after) return { gains: [], loses: before.grants };
  if (before === after) return unchangedAccess;
  if (!sameTarget(before.target, after.target)) return { gains: after.grants, loses: before.grants };
  return changeOfGrants(after.catalogue ?? before.catalogue, before.grants, after.grants);
}

const unchangedAccess: GrantChange = { gains: [], loses: [] };

export function sameTarget(a: Target | undefined, b: Target | undefined): boolean {
  return a?.backend === b?.backend && a?.origin === b?.origin;
}

function roleOf({ role }: Facts): Grant[] {
  return role === undefined ? [] : [{ kind: "role", name: role }];
}

const unreadableWords: Readonly<Record<Unreadable, string>> = {
  secret: "is secret",
  unknown: "is not known before the update",
  form: "has a form that the review does not read",
  new: "is an input that this version of the review does not know",
};

/** Why some of the given properties, or of all decisive ones, cannot be read. */
function whyHidden({ hidden }: Facts, properties?: readonly string[]): string[] {
  return hidden
    .filter(({ property }) => properties?.includes(property) ?? true)
    .map(({ property, how }) => `its ${quoted(property)} ${unreadableWords[how]}`);
}

function access(
  facts: Facts,
  grants: readonly Grant[],
  unreadable: readonly string[],
  catalogue: ScopeCatalogue | undefined,
): Access {
  return { ...(facts.target ? { target: facts.target } : {}), grants, unreadable, ...(catalogue ? { catalogue } : {}) };
}

function backendOf(
  facts: Facts,
  policy: PolicyDocument,
): { catalogue?: ScopeCatalogue; scopesOn: ScopePlace; problems: string[] } {
  if (!facts.target)
    return { scopesOn: "key", problems: ["the backend and origin of its connection are not in the preview"] };
  const { known, scopesOn, catalogue } = catalogueFor(policy, facts.target.backend);
  const problems = known
    ? []
    : [
        `nothing is known of the backend ${quotedList([facts.target.backend])}: add its scopes to \`catalogues\` in the policy file`,
      ];
  const claimed = withExtraScopes(catalogue, known ? facts.target.extraScopes : undefined);
  return { scopesOn, problems, ...(claimed ? { catalogue: claimed } : {}) };
}

function unknownScopes(facts: Facts, scopes: readonly string[], catalogue: ScopeCatalogue | undefined): string[] {
  if (!catalogue) return [];
  const unknown = canonicalScopes(scopes).filter((scope) => !isKnownScope(catalogue, scope));
  if (unknown.length === 0) return [];
  return [
    `${quotedList(unknown)} ${unknown.length === 1 ? "is not a scope" : "are not scopes"} of ${quotedList([facts.target?.backend ?? ""])}`,
  ];
}
