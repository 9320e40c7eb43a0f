/**
 * Names new objects so that the next run recognises what an interrupted one has left. A key with this resource's mark
 * that is in no state and was never used comes from a run that was killed before the engine recorded it. Its secret is
 * lost, so it is revoked before the next key is issued.
 */
import type { ApiKey, ServiceAccount } from "../../backends/definition";
import type { Connection, ConnectionFacts, WritableConnection } from "../../connections/connections";
import { type AskState, type Holder, placeOnService, type RecordedState } from "../../engine/engine-state";
import { ProviderError, wordsOf } from "../../errors";
import { realClock } from "../../http/waiting";
import { withUnseenSecret } from "../../secrets/unseen-secret";
import { secondMs } from "../../values/durations";
import { revokeKey, statusOf } from "../key/key-on-service";
import { isPlainId } from "./plain-id";
import {
  logicalName,
  markOf,
  type Origin,
  Names,
  namesOn,
  type ResourceMark,
  resourceMark,
  stackOf,
  usualNames,
} from "./names";

/** The classes of the SDK: the same logical name may belong to one of each. */
export type ResourceType = "ServiceAccount" | "ApiKey" | "RotatingApiKey";

export interface Named {
  readonly name?: string;
  readonly exactName?: boolean;
  readonly origin: Origin;
}

/** How the names of one resource are drawn. */
export interface Naming {
  /** Draws a marker for one call, or repeats the user's own name. */
  readonly draw: () => string;
  /** True if the name is the user's own: an object with that name may be somebody else's. */
  readonly exact: boolean;
  /**
   * Revokes what an interrupted run of this resource has left, before the first key is issued. Left out if no name
   * proves whose it is.
   */
  readonly clearLeftovers?: (parent: Parent) => Promise<void>;
  /** An account that an interrupted run of this resource left, for the caller to adopt. No other call gets it. */
  readonly takeLeftAccount?: () => Promise<ServiceAccount | undefined>;
  /** Notes that this process made the account, so it has no keys of an earlier run. */
  readonly noteNewAccount?: (id: string) => void;
}

/** The marks of one process, and the marks of earlier ones that it has seen. */
export interface Marking {
  /**
   * How this resource names what it makes on the connection. Asks the engine for the state's identity, once per
   * process.
   */
  naming(type: ResourceType, named: Named, connection: WritableConnection): Promise<Naming>;
  /**
   * Which resource of the state contains this key or account; undefined if none does, or if the state cannot be read.
   */
  holder(named: Named, connection: ConnectionFacts, id: string): Promise<Holder | undefined>;
}

/** Without an engine, as in tests: names that are unique but prove nothing. */
export const plainMarking: Marking = {
  naming: (type, named, connection) => Promise.resolve(plainNaming(named, namesOn(connection, kindOf(type)))),
  holder: () => Promise.resolve(undefined),
};

interface Parent {
  readonly serviceAccountId?: string;
}

/** Whose leftovers to look for. */
interface Owner {
  readonly mark: ResourceMark;
  readonly stack: string;
  readonly prefix: string;
  /** The state as this process first read it. */
  readonly before: RecordedState;
}

/**
 * @param nowMs - the decision clock: an expired key is not a leftover, whatever status its service reports
 * @param ageMs - how long this run has been at work
 */
export function createMarking(
  askState: AskState,
  warn: (message: string) => void,
  nowMs: () => number = Date.now,
  ageMs: () => number = sinceNow(),
): Marking {
  const states = new Map<string, Promise<RecordedState | undefined>>();
  const lists = new Map<string, Promise<ByMark<ApiKey>>>();
  const accountLists = new Map<string, Promise<ByMark<ServiceAccount>>>();
  const drawnHere = new Set<string>();
  const newAccounts = new Set<string>();

  const once = (stack: string): Promise<RecordedState | undefined> => {
    const known = states.get(stack) ?? askState(stack);
    states.set(stack, known);
    return known;
  };

  const keysOnce = (connection: Connection, parent: Parent): Promise<ByMark<ApiKey>> =>
    remembered(connection, {
      known: lists,
      place: placeOf(connection, parent.serviceAccountId),
      ask: async () =>
        byMark(((await connection.client.listKeys(parent)) ?? []).filter((key) => statusOf(key, nowMs()) === "active")),
    });
  const accountsOnce = (connection: Connection): Promise<ByMark<ServiceAccount>> =>
    remembered(connection, {
      known: accountLists,
      place: connection.name,
      ask: async () => byMark((await connection.client.listServiceAccounts?.({})) ?? []),
    });

  /** The objects with this mark that this process did not name. */
  const candidatesOf = <Thing extends { readonly name: string }>(things: ByMark<Thing>, mark: ResourceMark): Thing[] =>
    (things.get(textOf(mark)) ?? []).filter(({ name }) => !drawnHere.has(name));

  /** The service's list. A refusal is a warning and an empty list, so that the next key can be issued. */
  async function listed<Thing>(
    what: "keys" | "accounts",
    { name }: ConnectionFacts,
    list: () => Promise<ByMark<Thing>>,
  ): Promise<ByMark<Thing>> {
    try {
      return await list();
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      warn(`${what} of an interrupted run could not be looked for (connection "${name}"): ${wordsOf(error)}`);
      return new Map();
    }
  }

  async function clearLeftovers(
    connection: WritableConnection,
    parent: Parent,
    { mark, stack, prefix, before }: Owner,
  ): Promise<void> {
    const { serviceAccountId } = parent;
    if (serviceAccountId !== undefined && newAccounts.has(placeOf(connection, serviceAccountId))) return;
    const keys = await listed("keys", connection, () => keysOnce(connection, parent));
    // A key that was recorded before this run is no leftover, so a rotation need not read the state for its old key.
    const candidates = candidatesOf(keys, mark).filter(({ name }) => !isKnown(before, name));
    if (candidates.length === 0) return;
    const state = await askState(stack);
    for (const key of candidates) {
      const told = `the key ${plainId(key.id)} (${usualNames.markedName(key.name, prefix)})`;
      const why = whyKept(key, state, { connection, ageMs: ageMs() });
      if (why === "known") continue;
      if (why !== undefined) {
        warn(`${told} carries this resource's mark ${why}`);
        continue;
      }
      try {
        await withUnseenSecret(() => revokeKey(connection, { id: key.id, name: key.name, ...parent }));
        warn(`${told} was left by an interrupted run and never used: it is revoked`);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        warn(`${told} was left by an interrupted run, and could not be revoked: ${wordsOf(error)}`);
      }
    }
  }

  return {
    // Read each time, because another resource may have adopted it a moment ago.
    holder: async ({ origin }, { origin: service }, id) =>
      (await askState(stackOf(origin)))?.holders.get(placeOnService(service, id)),

    async naming(type, named, connection) {
      const prefix = named.name ?? logicalName(named.origin);
      const stack = stackOf(named.origin);
      const state = named.exactName === true ? undefined : await once(stack);
      const names = namesOn(connection, kindOf(type));
      if (!state || !names.hasRoomForProof(prefix)) return plainNaming(named, names);
      const mark = resourceMark(state.identity, type, named.origin);
      return {
        draw: () => {
          const name = names.provenName(prefix, mark);
          drawnHere.add(name);
          return name;
        },
        exact: false,
        clearLeftovers: (parent) => clearLeftovers(connection, parent, { mark, stack, prefix, before: state }),
        noteNewAccount: (id) => void newAccounts.add(placeOf(connection, id)),
        takeLeftAccount: async () => {
          const candidates = candidatesOf(await listed("accounts", connection, () => accountsOnce(connection)), mark);
          const recorded = candidates.length === 0 ? undefined : await askState(stack);
          // Two resources may share a mark, for example in two components with the same names.
          const left = recorded && candidates.find(({ name }) => !isKnown(recorded, name) && !drawnHere.has(name));
          if (left) drawnHere.add(left.name);
          return left;
        },
      };
    },
  };
}

/** What is asked once for a place. */
interface Question<Value> {
  readonly known: Map<string, Promise<Value>>;
  readonly place: string;
  readonly ask: () => Promise<Value>;
}

/** Remembers one answer for all calls. After a failure the next call asks again. */
function remembered<Value>(
  { joins = (answer) => answer }: Connection,
  { known, place, ask }: Question<Value>,
): Promise<Value> {
  const present = known.get(place);
  if (present) return joins(present);
  const answer = ask();
  known.set(place, answer);
  answer.catch(() => known.delete(place));
  return answer;
}

function placeOf({ name }: ConnectionFacts, serviceAccountId: string | undefined): string {
  return JSON.stringify([name, serviceAccountId ?? null]);
}

function kindOf(type: ResourceType): "accounts" | "keys" {
  return type === "ServiceAccount" ? "accounts" : "keys";
}

function plainNaming(named: Named, names: Names): Naming {
  const prefix = named.name ?? logicalName(named.origin);
  return named.exactName === true
    ? { draw: () => prefix, exact: true }
    : { draw: () => names.physicalName(prefix, named.origin), exact: false };
}

/**
 * Why a key with this resource's mark is not revoked: some state knows it, or it may be in use. A restored backup knows
 * less than its services, so used keys are left alone.
 */
function whyKept(
  key: ApiKey,
  state: RecordedState | undefined,
  { connection: { capabilities, clock }, ageMs }: { readonly connection: Connection; readonly ageMs: number },
): string | undefined {
  if (!state) return "and may be left from an interrupted run; the state could not be read, so it is left alone";
  if (isKnown(state, key.name)) return "known";
  // If a service keeps only one key, the next one takes its place anyway.
  if (capabilities.maxActiveKeys === 1) return undefined;
  if (!capabilities.lastUsed)
    return "and is in no state, but its service does not tell whether it was used: it is left alone. If nobody needs it: apikeys sweep --yes --used --min-age 0s";
  // A run that was killed has left nothing since. The service's clock may be told a second late.
  const beganMs = (clock?.nowMs() ?? NaN) - ageMs + secondMs;
  if (key.lastUsedAt === undefined && Date.parse(key.createdAt ?? "") > beganMs)
    return "and was made since this run began: another update of the stack seems to be running, so it is left alone. The next key of this resource ends it, if nobody uses it by then";
  return key.lastUsedAt === undefined
    ? undefined
    : `and is in no state, but was used at ${key.lastUsedAt}: it is left alone. If nobody needs it: apikeys sweep --yes --used`;
}

/** By the marker, which a rename does not change. */
function isKnown({ names }: RecordedState, name: string): boolean {
  return names.has(name) || [...names].some((recorded) => usualNames.sameMarker(recorded, name));
}

function plainId(id: string): string {
  return isPlainId(id) ? id : "with an id that must not be shown";
}

/** A list, grouped by mark, so that each of many rotations finds its own keys at once. */
type ByMark<Thing> = ReadonlyMap<string, readonly Thing[]>;

function byMark<Thing extends { readonly name: string }>(things: readonly Thing[]): ByMark<Thing> {
  const found = new Map<string, Thing[]>();
  for (const thing of things) {
    const mark = markOf(thing.name);
    if (!mark) continue;
    const same = found.get(textOf(mark));
    if (same) same.push(thing);
    else found.set(textOf(mark), [thing]);
  }
  return found;
}

function textOf({ state, resource }: ResourceMark): string {
  return state + resource;
}

/** The time that has passed since this call, whatever becomes of the machine's clock. */
function sinceNow(): () => number {
  const beganMs = realClock.nowMs();
  return () => realClock.nowMs() - beganMs;
}
