/** Compares the services' keys with the states, to tell whose each key is. Pure. */
import type { ApiKey, ServiceAccount } from "../provider/backends/definition";
import { defined } from "../provider/values/defined";
import { markOf, resourceMark, stackMark, usualNames } from "../provider/resources/identity/names";
import type { RecordedKey, RecordedStack } from "./recorded";

/**
 * `recorded`: a state names it · `unknown`: one of the states requested it, but no longer names it · `unproven`: its
 * name has the four digits of a stack, as names of 0.1 have, which proves nothing · `other-stack`: this package named
 * it for a state that was not given · `hand-made`: everything else · `missing`: a state names it, but the service does
 * not have it.
 */
export const standings = ["unknown", "unproven", "missing", "recorded", "other-stack", "hand-made"] as const;
export type Standing = (typeof standings)[number];

export interface InventoryRow {
  readonly standing: Standing;
  readonly kind: "key" | "account";
  readonly connection: string;
  readonly service: string;
  /** {@link Listing.place}; never printed. */
  readonly place?: string;
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly accountId?: string;
  readonly scopes?: readonly string[];
  /** RFC 3339 UTC, like all times below. */
  readonly createdAt?: string;
  readonly lastUsedAt?: string;
  readonly endsAt?: string;
  /** `project/stack` of the state that names it or that requested it. */
  readonly stack?: string;
  readonly resource?: string;
  readonly generation?: string;
  readonly owner?: string;
}

/** The contents of one connection's service. */
export interface Listing {
  readonly connection: string;
  /** Origin of the connection. */
  readonly service: string;
  /** What tells this connection from another one of the same name. */
  readonly place?: string;
  readonly accounts: readonly ServiceAccount[];
  /** Keys, with the account whose list they are in, if keys have accounts. */
  readonly keys: readonly { readonly key: ApiKey; readonly accountId?: string }[];
}

/**
 * @param isListed - whether a listing shows what the connection of a recorded key shows; by default whether one is of its
 *   service
 */
export function classify(
  states: readonly RecordedStack[],
  listings: readonly Listing[],
  isListed: (key: RecordedKey) => boolean = ({ service }) => listings.some((each) => each.service === service),
): InventoryRow[] {
  const known: Known = {
    keys: new Map(states.flatMap(({ keys }) => keys).map((key) => [placeOf(key), key])),
    marks: states.flatMap(marksOf),
  };
  const listed = listings.flatMap(({ connection, service, place, accounts, keys }) => [
    ...accounts.map((account) =>
      rowOf(defined({ kind: "account" as const, connection, service, place }), account, known),
    ),
    ...keys.map(({ key, accountId }) =>
      rowOf(defined({ kind: "key" as const, connection, service, place, accountId }), key, known),
    ),
  ]);
  // Two connections may show the same.
  const rows = [...new Map(listed.toReversed().map((row) => [placeOf(row), row])).values()].toReversed();
  const seen = new Set(rows.map(placeOf));
  const missing = states
    .flatMap(({ keys }) => keys)
    .filter((key) => isListed(key) && key.status !== "missing" && !seen.has(placeOf(key)))
    .map((key): InventoryRow => ({
      ...recordedFacts(key),
      standing: "missing",
      kind: key.kind,
      connection: key.connection,
      service: key.service,
      id: key.id,
      name: key.physicalName ?? "",
      status: "missing",
      ...(key.accountId === undefined ? {} : { accountId: key.accountId }),
      ...(key.scopes === undefined ? {} : { scopes: key.scopes }),
    }));
  return [...rows, ...missing].sort(
    (a, b) =>
      standings.indexOf(a.standing) - standings.indexOf(b.standing) ||
      compare(a.service, b.service) ||
      compare(a.name, b.name),
  );
}

interface Known {
  readonly keys: ReadonlyMap<string, RecordedKey>;
  readonly marks: readonly StateMarks[];
}

function rowOf(
  place: Pick<InventoryRow, "kind" | "connection" | "service" | "place" | "accountId">,
  thing: ApiKey | ServiceAccount,
  known: Known,
): InventoryRow {
  const { id, name, status, scopes, createdAt } = thing;
  const { lastUsedAt, expiresAt: endsAt } = thing as Partial<ApiKey>;
  const told = defined({ scopes, createdAt, lastUsedAt, endsAt });
  const base = { ...place, id, name, status };
  const key = known.keys.get(placeOf(base));
  return key
    ? { ...base, ...recordedFacts(key), ...told, standing: "recorded" }
    : { ...base, ...told, ...standingOf(known.marks, name) };
}

/** An id means something on one service only. */
function placeOf({
  kind,
  service,
  id,
}: {
  readonly kind: string;
  readonly service: string;
  readonly id: string;
}): string {
  return JSON.stringify([kind, service, id]);
}

function recordedFacts({ stack, resource, generation, owner, endsAt }: RecordedKey): Partial<InventoryRow> {
  return defined({ stack, resource, generation, owner, endsAt });
}

/** The form of the names that one state requests. */
interface StateMarks {
  readonly stack: string;
  readonly plain: string;
  /** Its own, and those that it had with another provider: the plugin's, or that of another version of the plugin. */
  readonly states: ReadonlySet<string>;
  /** The resources that the state still has, by their part of the mark. */
  readonly resources: ReadonlyMap<string, string>;
}

function marksOf({ stack, origin, identity, keys }: RecordedStack): StateMarks[] {
  if (origin === undefined) return [];
  const plain = stackMark(`${origin}/`);
  if (identity === undefined) return [{ stack, plain, states: new Set(), resources: new Map() }];
  const own = resourceMark(identity, "", `${origin}/`).state;
  // What the state has made itself proves its earlier marks. A key of a copy has the name of another stack.
  const earlier = keys.flatMap(({ physicalName, resource, isAdopted }) => {
    const mark = isAdopted ? undefined : markOf(physicalName ?? "");
    return mark?.state.startsWith(plain) ? [{ ...mark, name: resource }] : [];
  });
  const resources = keys.map(
    ({ type, resource }) => [resourceMark(identity, type, `${origin}/${resource}`).resource, resource] as const,
  );
  return [
    {
      stack,
      plain,
      states: new Set([own, ...earlier.map(({ state }) => state)]),
      resources: new Map([...earlier.map(({ resource, name }) => [resource, name] as const), ...resources]),
    },
  ];
}

function standingOf(
  wanted: readonly StateMarks[],
  name: string,
): Pick<InventoryRow, "standing" | "stack" | "resource"> {
  if (!usualNames.hasMarkerForm(name)) return { standing: "hand-made" };
  const mark = markOf(name);
  const owner = wanted.find(({ states, plain }) =>
    mark ? states.has(mark.state) : plain === usualNames.plainMarkOf(name),
  );
  if (!owner) return { standing: "other-stack" };
  const resource = mark && owner.resources.get(mark.resource);
  return { standing: mark ? "unknown" : "unproven", ...defined({ stack: owner.stack, resource }) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
