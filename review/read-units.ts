import { accountAccess, changeOfAccess, keyAccess, type Access } from "./access";
import { consumerIndex } from "./consumers";
import { judge } from "./judge";
import { rotates } from "./key-changes";
import {
  accountOf,
  emptyAccountIndex,
  indexAccount,
  noAccount,
  whyAccountHidden,
  type AccountIndex,
  type KeyAccount,
} from "./key-account";
import { sourceLocation, type Location } from "./location";
import type { PolicyDocument } from "./policy";
import type { Preview } from "./preview";
import type { Facts, UnitKind } from "./resource-facts";
import { spuriousReplacements } from "./spurious-replacements";
import { resourceChanges, type ResourceChange } from "./stack-change";
import { factsOf } from "./unit-facts";
import type { ForeignCode, Side, Unit, Units, Unreviewable } from "./units";
import { nameOf } from "./urn";

type At = "before" | "after";

/** A change of one of our resources. */
interface Known {
  readonly change: ResourceChange;
  readonly kind: UnitKind;
  /** Why the engine's planned replacement will not happen: see {@link Unit.keptDespite}. */
  readonly keptDespite: readonly string[] | undefined;
  readonly facts: { readonly before?: Facts; readonly after?: Facts };
}

/** What is needed to read a side of a unit: the other resources of the stack. */
interface Stack {
  readonly policy: PolicyDocument;
  readonly accounts: Readonly<Record<At, AccountIndex>>;
  readonly consumers: Readonly<Record<At, ReadonlyMap<string, readonly string[]>>>;
  /** The old URNs of resources that an alias renamed: the old state still uses them. */
  readonly renamed: ReadonlyMap<string, string>;
  /** URNs of deleted or replaced resources. */
  readonly gone: ReadonlySet<string>;
  /** Accounts that somebody has disabled, and those among them that this update enables or makes anew. */
  readonly disabled: Readonly<Record<"all" | "revived", ReadonlySet<string>>>;
  readonly located: (change: ResourceChange) => Location;
}

/** Reads our resources, resources that may be ours and cannot be reviewed, and the code of others. */
export function readUnits(preview: Preview, policy: PolicyDocument, projectPath: string): Units {
  const changes = resourceChanges(preview);
  const files = new Map<string, string | undefined>();
  const located = (change: ResourceChange): Location =>
    sourceLocation(change.after?.sourcePosition, projectPath, files);
  const { ours, strangers, code } = sorted(changes, located);
  const kept = spuriousReplacements(ours);
  const known = ours.map(({ change, kind }): Known => {
    const keptDespite = kept.get(change.urn);
    return { change, kind, keptDespite, facts: factsOf(keptDespite ? { ...change, op: "update" } : change) };
  });
  const ourChanges = known.map(({ change }) => change);
  const stack: Stack = {
    policy,
    accounts: { before: accountIndex(known, "before"), after: accountIndex(known, "after") },
    consumers: {
      before: consumerIndex(changes, ourChanges, "before"),
      after: consumerIndex(changes, ourChanges, "after"),
    },
    renamed: new Map(
      changes.flatMap(({ before, after }) =>
        before && after && before.urn !== after.urn ? [[before.urn, after.urn] as const] : [],
      ),
    ),
    gone: new Set(changes.filter(({ op }) => op === "delete" || op === "replace").map(({ urn }) => urn)),
    disabled: { all: urnsOf(known.filter(isDisabledAccount)), revived: urnsOf(known.filter(isRevivedAccount)) },
    located,
  };
  return { units: known.flatMap((each) => unitOf(each, stack)), changes, strangers, code };
}

function sorted(
  changes: readonly ResourceChange[],
  located: Stack["located"],
): Pick<Units, "strangers" | "code"> & { readonly ours: readonly Pick<Known, "change" | "kind">[] } {
  const ours: Pick<Known, "change" | "kind">[] = [];
  const strangers: Unreviewable[] = [];
  const code: ForeignCode[] = [];
  const providers = new Map(
    changes.flatMap(({ urn, after }) => (after?.type.startsWith("pulumi:providers:") ? [[urn, after] as const] : [])),
  );
  for (const change of changes) {
    const { urn } = change;
    const found = judge(change, providers);
    if ("kind" in found) ours.push({ change, kind: found.kind });
    else if ("why" in found) strangers.push({ urn, why: found.why });
    else if ("code" in found) code.push({ urn, name: nameOf(urn), ...found.code, location: located(change) });
  }
  return { ours, strangers, code };
}

function unitOf(known: Known, stack: Stack): Unit[] {
  const { change, kind, keptDespite } = known;
  const { before, after, revives } = sidesOf(known, stack);
  if (!before && !after) return [];
  const staysAlive = before && !after ? whyAlive(before.facts, stack.gone) : undefined;
  const isMoved = before && after && before.state.urn !== after.state.urn;
  return [
    {
      urn: change.urn,
      name: nameOf(change.urn),
      kind,
      op: keptDespite ? "update" : change.op,
      order: keptDespite ? "none" : change.order,
      before,
      after,
      // A resource that stays alive loses nothing.
      change: changeOfAccess(before?.access, staysAlive === undefined ? after?.access : before?.access),
      staysAlive,
      revives,
      keptDespite,
      movedFrom: isMoved ? before.state.urn : undefined,
      replaceReasons: change.replaceReasons,
      diffReasons: change.diffReasons,
      location: stack.located(change),
    },
  ];
}

function sidesOf(known: Known, stack: Stack): Pick<Unit, "before" | "after" | "revives"> {
  const before = sideOf(known, "before", stack);
  const after = sideOf(known, "after", stack, before);
  const revives = givesAccessBack(known) || isFreedFrom(before, after, stack);
  // What was disabled opened nothing.
  return {
    before: before && revives ? { ...before, access: { ...before.access, grants: [] } } : before,
    after,
    revives,
  };
}

function sideOf(known: Known, at: At, stack: Stack, before?: Side): Side | undefined {
  const { change, kind, facts } = known;
  const state = change[at];
  const own = facts[at];
  if (!state || !own) return undefined;
  const accountAt = (when: At, urn: string | undefined): Facts | undefined =>
    urn === undefined ? undefined : stack.accounts[when].facts.get(urn);
  const found = kind === "account" ? noAccount : accountOf(state, own, stack.accounts[at]);
  const account = accountAt(at, found.urn);
  // The same text under the same account means the same.
  const isKept =
    before?.facts === own &&
    before.account.known === found.known &&
    before.account.id === found.id &&
    account === accountAt("before", found.urn);
  return {
    facts: own,
    access: isKept ? before.access : accessOf(kind, own, { found, account }, stack.policy),
    account: at === "before" ? withNewName(found, stack.renamed) : found,
    consumers: (stack.consumers[at].get(state.urn) ?? []).map((urn) =>
      at === "before" ? (stack.renamed.get(urn) ?? urn) : urn,
    ),
    state,
  };
}

/** What is disabled opens nothing, until it is enabled again, or until a new one takes its place. */
function givesAccessBack({ change, kind, keptDespite, facts: { before, after } }: Known): boolean {
  if (!before || !after || (before.recordedStatus ?? before.status) !== "disabled") return false;
  const op = keptDespite ? "update" : change.op;
  if (op === "replace") return true;
  if (op === "same") return false;
  // Nothing enables a key whose end has passed.
  const isEnabled = after.onDisabled === "enable" && (after.status ?? "active") === "active";
  return isEnabled || (kind === "rotatingKey" && rotates(before, after));
}

/** A key opens nothing while its account is disabled: it gets all its access with the account, or by leaving it. */
function isFreedFrom(before: Side | undefined, after: Side | undefined, { disabled }: Stack): boolean {
  const account = before?.account.urn;
  if (account === undefined || !after) return false;
  return disabled.revived.has(account) || (disabled.all.has(account) && after.account.urn !== account);
}

function isDisabledAccount({ kind, facts: { before } }: Known): boolean {
  return kind === "account" && before !== undefined && (before.recordedStatus ?? before.status) === "disabled";
}

function isRevivedAccount(known: Known): boolean {
  return known.kind === "account" && givesAccessBack(known);
}

function urnsOf(known: readonly Known[]): ReadonlySet<string> {
  return new Set(known.map(({ change }) => change.urn));
}

/** Why nothing revokes a resource that leaves the state; undefined if it is revoked. */
function whyAlive(
  { retainOnDelete, deletedWith, isLeft }: Facts,
  gone: ReadonlySet<string>,
): Unit["staysAlive"] | undefined {
  if (retainOnDelete) return "retainOnDelete";
  if (isLeft) return "adopt";
  return deletedWith !== undefined && gone.has(deletedWith) ? "deletedWith" : undefined;
}

function accessOf(
  kind: UnitKind,
  facts: Facts,
  { found, account }: { readonly found: KeyAccount; readonly account: Facts | undefined },
  policy: PolicyDocument,
): Access {
  if (kind === "account") return accountAccess(facts, policy);
  const access = keyAccess(facts, account, policy);
  const why = whyAccountHidden(facts, found);
  return why === undefined ? access : { ...access, unreadable: [...access.unreadable, why] };
}

function withNewName(account: KeyAccount, renamed: ReadonlyMap<string, string>): KeyAccount {
  const urn = account.urn === undefined ? undefined : renamed.get(account.urn);
  return urn === undefined ? account : { ...account, urn };
}

function accountIndex(known: readonly Known[], at: "before" | "after"): AccountIndex {
  const index = emptyAccountIndex();
  for (const { change, kind, facts } of known) {
    const state = change[at];
    const own = facts[at];
    if (kind !== "account" || !state || !own) continue;
    // In a preview only the old state has an id, and a resource that stays in place keeps it.
    const isKept = at === "before" || change.op === "same" || change.op === "update";
    const id = state.id ?? (isKept ? change.before?.id : undefined);
    indexAccount(index, state.urn, { facts: own, id, unsettled: id === undefined || change.op !== "same" });
  }
  return index;
}
