import { accountAccess, changeOfAccess, keyAccess, type Access, type AccessChange } from "./access";
import { sourceLocation, type Location } from "./location";
import type { PolicyDocument } from "./policy";
import type { Preview, ResourceState } from "./preview";
import { isHidden, readFacts, typePrefix, unitKind, type Facts, type UnitKind } from "./resource-facts";
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
  readonly change: AccessChange;
  /** The name it had before an alias moved it. */
  readonly movedFrom?: string;
  readonly replaceReasons: readonly string[];
  readonly diffReasons: readonly string[];
  readonly deletesLeftover: boolean;
  readonly location: Location;
}

export interface Side {
  readonly facts: Facts;
  readonly access: Access;
  /** The account that a key belongs to, where it is part of this stack. */
  readonly accountUrn?: string;
  /** Resources of this stack that use the key. */
  readonly consumers: readonly string[];
  /** All values of the state, for the search for secrets. Never printed. */
  readonly state: ResourceState;
}

export interface Units {
  readonly units: readonly Unit[];
  readonly changes: readonly ResourceChange[];
  /** Resources of our types that this version does not know. */
  readonly strangers: readonly string[];
}

export function readUnits(preview: Preview, policy: PolicyDocument, projectPath: string): Units {
  const changes = resourceChanges(preview);
  const ours = changes.filter(({ before, after }) => typeOf(before, after)?.startsWith(typePrefix));
  const known = ours.filter(({ before, after }) => kindOf(before, after) !== undefined);
  const facts = new Map(known.map((change) => [change, factsOf(change)]));
  const accounts = accountIndex(known, facts);
  const consumersBefore = consumerIndex(changes, known, "before");
  const consumersAfter = consumerIndex(changes, known, "after");

  // What an alias has renamed is one resource: the old state speaks of it by the old URN.
  const renamed = new Map(
    changes.flatMap(({ before, after }) =>
      before && after && before.urn !== after.urn ? [[before.urn, after.urn] as const] : [],
    ),
  );

  const side = (change: ResourceChange, at: "before" | "after", other?: Side): Side | undefined => {
    const state = change[at];
    const own = facts.get(change)?.[at];
    if (!state || !own) return undefined;
    const isAccount = kindOf(change.before, change.after) === "account";
    const accountUrn = isAccount ? undefined : accountOf(state, own, accounts[at]);
    const account = accountUrn === undefined ? undefined : accounts[at].facts.get(accountUrn);
    // The same words under the same account mean the same.
    const isKept =
      other?.facts === own && (accountUrn === undefined || account === accounts.before.facts.get(accountUrn));
    return {
      facts: own,
      access: isKept ? other.access : isAccount ? accountAccess(own, policy) : keyAccess(own, account, policy),
      ...(accountUrn === undefined
        ? {}
        : { accountUrn: at === "before" ? (renamed.get(accountUrn) ?? accountUrn) : accountUrn }),
      consumers: (at === "before" ? consumersBefore : consumersAfter).get(state.urn) ?? [],
      state,
    };
  };

  const files = new Map<string, string | undefined>();
  const units = known.flatMap((change): Unit[] => {
    const kind = kindOf(change.before, change.after);
    const before = side(change, "before");
    const after = side(change, "after", before);
    if (!kind || (!before && !after)) return [];
    const moved = before && after && before.state.urn !== after.state.urn ? before.state.urn : undefined;
    return [
      {
        urn: change.urn,
        name: nameOf(change.urn),
        kind,
        op: change.op,
        order: change.order,
        ...(before ? { before } : {}),
        ...(after ? { after } : {}),
        change: changeOfAccess(before?.access, after?.access),
        ...(moved === undefined ? {} : { movedFrom: moved }),
        replaceReasons: change.replaceReasons,
        diffReasons: change.diffReasons,
        deletesLeftover: change.deletesLeftover,
        location: sourceLocation(change.after?.sourcePosition, projectPath, files),
      },
    ];
  });
  return { units, changes, strangers: ours.filter((change) => !known.includes(change)).map(({ urn }) => urn) };
}

/** True for both kinds of key. */
export function isKey(unit: Unit): boolean {
  return unit.kind !== "account";
}

function typeOf(before: ResourceState | undefined, after: ResourceState | undefined): string | undefined {
  return after?.type ?? before?.type;
}

function kindOf(before: ResourceState | undefined, after: ResourceState | undefined): UnitKind | undefined {
  return unitKind(typeOf(before, after) ?? "");
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
  const next = readFacts(after, kept);
  return old ? { before: old, after: next } : { after: next };
}

/** Most keys of a stack are untouched: what the old state said is read once. */
function isSameText(before: ResourceState, after: ResourceState): boolean {
  if (
    before.protect !== after.protect ||
    before.retainOnDelete !== after.retainOnDelete ||
    Object.keys(after.outputs).length > 0
  )
    return false;
  return JSON.stringify(before.inputs) === JSON.stringify(after.inputs);
}

const nothing: Readonly<Record<string, unknown>> = {};

function knownOnly(outputs: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(outputs);
  return entries.length === 0 ? nothing : Object.fromEntries(entries.filter(([, value]) => !isHidden(value)));
}

interface AccountIndex {
  readonly facts: Map<string, Facts>;
  readonly byId: Map<string, string>;
}

function accountIndex(
  changes: readonly ResourceChange[],
  facts: Map<ResourceChange, { before?: Facts; after?: Facts }>,
): { before: AccountIndex; after: AccountIndex } {
  const index = {
    before: { facts: new Map<string, Facts>(), byId: new Map<string, string>() },
    after: { facts: new Map<string, Facts>(), byId: new Map<string, string>() },
  };
  for (const change of changes) {
    if (kindOf(change.before, change.after) !== "account") continue;
    for (const at of ["before", "after"] as const) {
      const side = facts.get(change)?.[at];
      const urn = change[at]?.urn;
      if (!side || urn === undefined) continue;
      index[at].facts.set(urn, side);
      if (side.accountId !== undefined) index[at].byId.set(side.accountId, urn);
    }
  }
  return index;
}

function accountOf(state: ResourceState, facts: Facts, accounts: AccountIndex): string | undefined {
  const linked = (state.propertyDependencies.serviceAccountId ?? []).filter((urn) => accounts.facts.has(urn));
  if (linked.length === 1) return linked[0];
  return facts.serviceAccountId === undefined ? undefined : accounts.byId.get(facts.serviceAccountId);
}

/** Who uses what: a component counts only where none of its own resources is already counted. */
function consumerIndex(
  changes: readonly ResourceChange[],
  known: readonly ResourceChange[],
  at: "before" | "after",
): Map<string, string[]> {
  const ours = new Set(known.map((change) => change[at]?.urn));
  const states = new Map<string, ResourceState>();
  for (const change of changes) {
    const state = change[at];
    if (state) states.set(state.urn, state);
  }
  const users = new Map<string, Set<string>>();
  for (const state of states.values()) {
    for (const name of Object.keys(state.propertyDependencies)) {
      for (const urn of state.propertyDependencies[name] ?? []) {
        if (!ours.has(urn)) continue;
        const set = users.get(urn);
        if (set) set.add(state.urn);
        else users.set(urn, new Set([state.urn]));
      }
    }
  }
  const index = new Map<string, string[]>();
  for (const [urn, set] of users) {
    const inner = new Set<string>();
    for (const user of set) {
      for (
        let parent = states.get(user)?.parent;
        parent !== undefined && !inner.has(parent);
        parent = states.get(parent)?.parent
      ) {
        inner.add(parent);
      }
    }
    index.set(urn, [...set].filter((user) => !(inner.has(user) && states.get(user)?.custom === false)).sort());
  }
  return index;
}
