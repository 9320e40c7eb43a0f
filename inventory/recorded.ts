/** The keys and accounts in one exported state. Pure: it calls no service and reads no secret. */
import { defined } from "../provider/values/defined";
import { stateIn } from "../provider/engine/engine-state";
import { stackOf } from "../provider/resources/identity/names";
import { parseUrn } from "../review/urn";

/** The generation of a resource's key: a rotating key may have several living ones. */
export type Generation = "current" | "previous" | "pending" | "replaced";

export interface RecordedKey {
  readonly kind: "key" | "account";
  readonly urn: string;
  /** The resource's logical name. */
  readonly resource: string;
  readonly type: "ServiceAccount" | "ApiKey" | "RotatingApiKey";
  /** `project/stack`. */
  readonly stack: string;
  readonly connection: string;
  /** Origin of the service that issued it. */
  readonly service: string;
  /** Name of the backend that issued it; missing in old records. */
  readonly backend?: string;
  readonly id: string;
  readonly generation: Generation;
  readonly physicalName?: string;
  /** Somebody else has made it, and named it. */
  readonly isAdopted?: true;
  /** First 16 hex of SHA-256 of the secret; missing if the caller chose the secret. */
  readonly fingerprint?: string;
  readonly accountId?: string;
  readonly scopes?: readonly string[];
  /** For an account: its role on the service. */
  readonly role?: string;
  readonly owner?: string;
  readonly status?: string;
  /** RFC 3339 UTC: the latest time at which this key stops working; missing if it never expires. */
  readonly endsAt?: string;
  /** Resources of the stack that use it. */
  readonly consumers: readonly string[];
}

export interface RecordedStack {
  /** `project/stack`. */
  readonly stack: string;
  /**
   * The state's own identity. Names made from it prove that this state requested them. Missing in a state without our
   * resources.
   */
  readonly identity?: string;
  /** `organisation/project/stack`, as the resources recorded it: part of every mark. */
  readonly origin?: string;
  /** The stack config in the state, text by key, without encrypted values. */
  readonly config: Readonly<Record<string, string>>;
  readonly keys: readonly RecordedKey[];
}

/** Reads a parsed export; undefined if it is not one. */
export function readRecordedStack(exported: unknown): RecordedStack | undefined {
  const { deployment } = fields(exported);
  const { resources } = fields(deployment);
  if (deployment === undefined) return undefined;
  const all = listOf(resources).map(fields);
  const urn = all.map(({ urn: each }) => (typeof each === "string" ? parseUrn(each) : undefined)).find((each) => each);
  const stack = urn ? `${urn.project}/${urn.stack}` : "";
  const consumers = consumersOf(all);
  const keys = all.flatMap((resource) => keysOf(resource, stack, consumers));
  const identity = stateIn(exported)?.identity;
  const origin = all
    .map(({ inputs, outputs }) => text(fields(inputs).origin) ?? text(fields(outputs).origin))
    .find((each) => each !== undefined);
  return {
    stack,
    ...(identity === undefined ? {} : { identity }),
    ...(origin === undefined ? {} : { origin: stackOf(origin) }),
    config: configOf(all),
    keys,
  };
}

const types = /^(?:pulumi-nodejs:dynamic\/apikeys|apikeys:index):(ServiceAccount|ApiKey|RotatingApiKey)$/;

type Shared = Omit<RecordedKey, "kind" | "id" | "generation">;

function keysOf(
  resource: Fields,
  stack: string,
  consumers: ReadonlyMap<string, readonly string[]>,
): readonly RecordedKey[] {
  const [, type] = types.exec(text(resource.type) ?? "") ?? [];
  if (type === undefined) return [];
  const outputs = fields(resource.outputs);
  const urn = text(resource.urn) ?? "";
  const shared: Shared = defined({
    urn,
    resource: parseUrn(urn)?.name ?? urn,
    type: type as RecordedKey["type"],
    stack,
    connection: text(outputs.connection) ?? "default",
    service: text(outputs.service) ?? "",
    backend: text(fields(outputs.target).backend),
    owner: text(fields(outputs.labels).owner),
    isAdopted: outputs.adoptedId === undefined ? undefined : (true as const),
    consumers: consumers.get(urn) ?? [],
  });
  return type === "ServiceAccount" ? accountOf(shared, resource, outputs) : credentialsOf(shared, resource, outputs);
}

function accountOf(shared: Shared, resource: Fields, outputs: Fields): readonly RecordedKey[] {
  const id = text(outputs.accountId) ?? text(resource.id);
  if (id === undefined) return [];
  const { physicalName, status, role, scopes } = outputs;
  const account = { physicalName: text(physicalName), status: text(status), role: text(role), scopes: texts(scopes) };
  return [defined({ ...shared, kind: "account" as const, id, generation: "current" as const, ...account })];
}

/** Every key in the resource's record, of any generation. */
function credentialsOf(of: Shared, resource: Fields, outputs: Fields): readonly RecordedKey[] {
  const shared = defined({ ...of, accountId: text(outputs.serviceAccountId) });
  const previous = fields(outputs.previousKey);
  const older = [...listOf(outputs.pendingRevocations), ...listOf(outputs.strayKeys)].map(fields);
  return [
    credential(shared, outputs, resource.delete === true ? "replaced" : "current", {
      id: text(outputs.keyId) ?? (of.type === "ApiKey" ? text(resource.id) : undefined),
      status: text(outputs.status),
      endsAt: text(outputs.expiresAt),
      scopes: Array.isArray(outputs.scopes) ? texts(outputs.scopes) : undefined,
    }),
    credential(shared, previous, "previous", {
      id: text(previous.keyId) ?? text(outputs.previousKeyId),
      endsAt: text(outputs.previousValidUntil),
    }),
    ...older.map((each) => credential(shared, each, "pending", { id: text(each.keyId), endsAt: text(each.end) })),
  ].filter((key) => key !== undefined);
}

function credential(
  shared: Shared,
  record: Fields,
  generation: Generation,
  more: {
    readonly id?: string | undefined;
    readonly status?: string | undefined;
    readonly endsAt?: string | undefined;
    readonly scopes?: readonly string[] | undefined;
  },
): RecordedKey | undefined {
  const { id } = more;
  if (id === undefined) return undefined;
  return defined({
    ...shared,
    ...more,
    id,
    kind: "key" as const,
    generation,
    physicalName: text(record.physicalName),
    fingerprint: text(record.fingerprint),
  });
}

function consumersOf(resources: readonly Fields[]): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, Set<string>>();
  for (const { urn, propertyDependencies } of resources) {
    if (typeof urn !== "string") continue;
    for (const used of Object.values(fields(propertyDependencies))
      .flatMap(texts)
      .filter((each) => each !== undefined))
      users.set(used, (users.get(used) ?? new Set()).add(urn));
  }
  return new Map([...users].map(([urn, set]) => [urn, [...set].sort()]));
}

/** The stack config that the engine keeps: the inputs of the provider. */
function configOf(resources: readonly Fields[]): Record<string, string> {
  const config: Record<string, string> = {};
  for (const { type, inputs } of resources) {
    if (typeof type !== "string" || !type.startsWith("pulumi:providers:")) continue;
    // The plugin's own configuration goes without the name of its package.
    const ours = type === "pulumi:providers:apikeys" ? "apikeys:" : "";
    for (const [name, value] of Object.entries(fields(inputs)))
      if (`${ours}${name}`.startsWith("apikeys:") && typeof value === "string") config[`${ours}${name}`] = value;
  }
  return config;
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function texts(value: unknown): string[] {
  return listOf(value).filter((each) => typeof each === "string");
}
