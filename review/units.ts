import { accountAccess, changeOfAccess, keyAccess, type Access } from "./access";
import { consumerIndex } from "./consumers";
import type { GrantChange } from "./grants";
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
import { identify } from "./ours";
import type { PolicyDocument } from "./policy";
import type { Preview, ResourceState } from "./preview";
import { isHidden, readFacts, type Facts, type UnitKind } from "./resource-facts";
import { spuriousReplacements } from "./spurious-replacements";
import { resourceChanges, type ChangeOp, type ReplaceOrder, type ResourceChange } from "./stack-change";
import { nameOf } from "./urn";

/** One of our resources, as the review sees it: what it is now and what it will be. */
export interface Unit {
  readonly urn: string;
  readonly name: string;
  readonly kind: UnitKind;
  readonly op: ChangeOp;
  readonly order: ReplaceOrder;
  readonly before?: Side;
  readonly after?: Side;
  /** What it gains and loses by itself. */
  readonly change: GrantChange;
  /** The name it had before an alias moved it. */
  readonly movedFrom?: string;
  readonly replaceReasons: readonly string[];
  readonly diffReasons: readonly string[];
  readonly deletesLeftover: boolean;
  /** It leaves the state and goes on to work: why nothing revokes it, as a word of the program. */
  readonly staysAlive?: "retainOnDelete" | "deletedWith";
  /** The engine plans a replacement that will not happen: the resources whose unknown outputs make it look so. */
  readonly keptDespite?: readonly string[];
  readonly location: Location;
}

export interface Side {
  readonly facts: Facts;
  readonly access: Access;
  /** Whose key it is; of an account itself, `none`. */
  readonly account: KeyAccount;
  /** Resources of this stack that use the key. */
  readonly consumers: readonly string[];
  /** All values of the state, for the search for secrets. Never printed. */
  readonly state: ResourceState;
}

/** A dynamic resource that is not ours: code that the engine runs, and no review of access can judge. */
export interface ForeignCode {
  readonly urn: string;
  readonly name: string;
  /** Left out where there was none before. */
  readonly before?: CodeText;
  readonly after: CodeText;
  readonly location: Location;
}

/** The code in `__provider`; `undefined` where it is secret, or not known before the update. */
export interface CodeText {
  readonly type: string;
  readonly text: string | undefined;
}

/** Something that may be ours and that nobody can review. */
export interface Unreviewable {
  readonly urn: string;
  readonly why: string;
}

export interface Units {
  readonly units: readonly Unit[];
  readonly changes: readonly ResourceChange[];
  readonly strangers: readonly Unreviewable[];
  readonly code: readonly ForeignCode[];
}

interface Known {
  readonly change: ResourceChange;
  readonly kind: UnitKind;
  readonly facts: { readonly before?: Facts; readonly after?: Facts };
}

export function readUnits(preview: Preview, policy: PolicyDocument, projectPath: string): Units {
  const changes = resourceChanges(preview);
  const files = new Map<string, string | undefined>();
  const located = (change: ResourceChange): Location =>
    sourceLocation(change.after?.sourcePosition, projectPath, files);
  const ours: Pick<Known, "change" | "kind">[] = [];
  const strangers: Unreviewable[] = [];
  const code: ForeignCode[] = [];
  const providers = new Map(
    changes.flatMap(({ urn, after }) => (after?.type.startsWith("pulumi:providers:") ? [[urn, after] as const] : [])),
  );
  for (const change of changes) {
    const found = judge(change, providers);
    if ("kind" in found) ours.push({ change, kind: found.kind });
    else if ("why" in found) strangers.push({ urn: change.urn, why: found.why });
    else if ("code" in found)
      code.push({ urn: change.urn, name: nameOf(change.urn), ...found.code, location: located(change) });
  }
  const kept = spuriousReplacements(ours);
  const known = ours.map((each): Known => ({
    ...each,
    facts: factsOf(kept.has(each.change.urn) ? { ...each.change, op: "update" } : each.change),
  }));
  const accounts = { before: accountIndex(known, "before"), after: accountIndex(known, "after") };
  const ourChanges = known.map(({ change }) => change);
  const consumers = {
    before: consumerIndex(changes, ourChanges, "before"),
    after: consumerIndex(changes, ourChanges, "after"),
  };

  // What an alias has renamed is one resource: the old state speaks of it by the old URN.
  const renamed = new Map(
    changes.flatMap(({ before, after }) =>
      before && after && before.urn !== after.urn ? [[before.urn, after.urn] as const] : [],
    ),
  );

  const side = ({ change, kind, facts }: Known, at: "before" | "after", other?: Side): Side | undefined => {
    const state = change[at];
    const own = facts[at];
    if (!state || !own) return undefined;
    const found = kind === "account" ? noAccount : accountOf(state, own, accounts[at]);
    const account = found.urn === undefined ? undefined : accounts[at].facts.get(found.urn);
    // The same words under the same account mean the same.
    const isKept =
      other?.facts === own &&
      other.account.known === found.known &&
      other.account.id === found.id &&
      account === (found.urn === undefined ? undefined : accounts.before.facts.get(found.urn));
    return {
      facts: own,
      access: isKept ? other.access : accessOf(kind, own, { found, account }, policy),
      account: at === "before" ? withNewName(found, renamed) : found,
      consumers: consumers[at].get(state.urn) ?? [],
      state,
    };
  };

  const gone = new Set(changes.filter(({ op }) => op === "delete" || op === "replace").map(({ urn }) => urn));
  const units = known.flatMap((each): Unit[] => {
    const { change, kind } = each;
    const before = side(each, "before");
    const after = side(each, "after", before);
    if (!before && !after) return [];
    const stays = before && !after ? stayingAlive(before.facts, gone) : undefined;
    const because = kept.get(change.urn);
    const moved = before && after && before.state.urn !== after.state.urn ? before.state.urn : undefined;
    return [
      {
        urn: change.urn,
        name: nameOf(change.urn),
        kind,
        op: because ? "update" : change.op,
        order: because ? "none" : change.order,
        ...(before ? { before } : {}),
        ...(after ? { after } : {}),
        // What goes on to work loses nothing.
        change: changeOfAccess(before?.access, stays === undefined ? after?.access : before?.access),
        ...(stays === undefined ? {} : { staysAlive: stays }),
        ...(because ? { keptDespite: because } : {}),
        ...(moved === undefined ? {} : { movedFrom: moved }),
        replaceReasons: change.replaceReasons,
        diffReasons: change.diffReasons,
        deletesLeftover: change.deletesLeftover,
        location: located(change),
      },
    ];
  });
  return { units, changes, strangers, code };
}

/** Why nothing revokes what leaves the state; undefined where it is revoked. */
export function stayingAlive(
  { retainOnDelete, deletedWith }: Facts,
  gone: ReadonlySet<string>,
): Unit["staysAlive"] | undefined {
  if (retainOnDelete) return "retainOnDelete";
  return deletedWith !== undefined && gone.has(deletedWith) ? "deletedWith" : undefined;
}

type Judgement =
  | { readonly kind: UnitKind }
  | { readonly why: string }
  | { readonly code: Pick<ForeignCode, "before" | "after"> }
  | { readonly other: true };

/** What a resource is, by its old and its new state together: what is ours on one side only is never dropped. */
function judge({ op, before, after }: ResourceChange, providers: ReadonlyMap<string, ResourceState>): Judgement {
  const old = before && identify(before);
  const next = after && identify(after, providers);
  for (const side of [next, old]) if (side?.kind === "disguised") return { why: side.why };
  if (next?.kind === "ours" && old?.kind === "ours") {
    // A plan for the future has no id, unless something that exists takes the place.
    const isImported = op === "replace" && after?.id !== undefined && after.id !== before?.id;
    if (isImported && next.unit !== "account")
      return { why: "a key that exists already takes its place, and nobody can tell who has its secret" };
    return (old.unit === "account") === (next.unit === "account")
      ? { kind: next.unit }
      : { why: "an account becomes a key, or a key becomes an account" };
  }
  if (next?.kind === "ours") return old ? { why: "it was another resource before" } : { kind: next.unit };
  if (old?.kind === "ours") return next ? { why: "it becomes another resource" } : { kind: old.unit };
  if (after && next?.kind === "code") {
    return {
      code: {
        ...(before && old?.kind === "code" ? { before: { type: before.type, text: old.text } } : {}),
        after: { type: after.type, text: next.text },
      },
    };
  }
  return { other: true };
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

/** True for both kinds of key. */
export function isKey(unit: Unit): boolean {
  return unit.kind !== "account";
}

function factsOf({ op, before, after }: ResourceChange): { before?: Facts; after?: Facts } {
  const old = before ? readFacts(before, before.outputs) : undefined;
  if (!after) return old ? { before: old } : {};
  if (old && op === "same" && before && isSameText(before, after)) return { before: old, after: old };
  // What is kept in place keeps what the service said of it, as far as the preview does not know better.
  const news = knownOnly(after.outputs);
  const kept =
    op === "same" || op === "update"
      ? news === nothing
        ? (before?.outputs ?? nothing)
        : { ...before?.outputs, ...news }
      : news;
  const next = readFacts(after, (after.inputs.target ?? undefined) === undefined ? withoutPlace(kept) : kept);
  return old ? { before: old, after: next } : { after: next };
}

/** Most keys of a stack are untouched: what the old state said is read once. */
function isSameText(before: ResourceState, after: ResourceState): boolean {
  if (
    before.protect !== after.protect ||
    before.retainOnDelete !== after.retainOnDelete ||
    before.deletedWith !== after.deletedWith ||
    Object.keys(after.outputs).length > 0
  )
    return false;
  return JSON.stringify(before.inputs) === JSON.stringify(after.inputs);
}

/** `check` says of every new state where it leads: where the old one led is no answer in its place. */
function withoutPlace(outputs: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...outputs, backend: undefined, service: undefined };
}

const nothing: Readonly<Record<string, unknown>> = {};

function knownOnly(outputs: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(outputs);
  return entries.length === 0 ? nothing : Object.fromEntries(entries.filter(([, value]) => !isHidden(value)));
}

function accountIndex(known: readonly Known[], at: "before" | "after"): AccountIndex {
  const index = emptyAccountIndex();
  for (const { change, kind, facts } of known) {
    const state = change[at];
    const own = facts[at];
    if (kind !== "account" || !state || !own) continue;
    // In a preview only the old state has an id, and what is kept in place keeps it.
    const isKept = at === "before" || change.op === "same" || change.op === "update";
    const id = state.id ?? (isKept ? change.before?.id : undefined);
    indexAccount(index, state.urn, { facts: own, id, unsettled: id === undefined || change.op !== "same" });
  }
  return index;
}
