/** Programs and contexts for the promises about resources. */
import assert from "node:assert/strict";
import type { BackendClient } from "../../provider/backends/definition";
import type { WritableConnection, Connections } from "../../provider/connections/connections";
import { ConnectionError } from "../../provider/errors";
import { createContext, type ResourceContext } from "../../provider/resources/context";
import { covers } from "../../provider/scopes";
import type { OptionValues } from "../../provider/vendors/options";
import type { OneResource } from "../one-resource";
import { connectionName, origin, type Parent, type Workbench } from "../workbench";

/** What the resources' providers get, with the service's clock. */
export function contextOf(bench: Workbench, connections: Connections = bench.connections): ResourceContext {
  return { ...createContext(connections), nowMs: () => bench.nowMs(), warn: () => undefined };
}

/** What a user writes. `parent` is only for the tests, and not an input. */
export async function keyProgram(
  bench: Workbench,
): Promise<{ readonly parent: Parent } & Readonly<Record<string, unknown>>> {
  const parent = await bench.parent();
  const inputs = {
    ...parent,
    ...(bench.hasKeyScopes() && keyScopes(bench, [...bench.scopes(0)].reverse())),
    ...programOptions(bench.keyOptions(0)),
    ...(bench.can.expiry.support === "required" && { expiresIn: "1d" }),
    ...(bench.can.maxActiveKeys === 1 && { allowOutage: true }),
    connection: connectionName,
    labels: { owner: "team-a" },
    origin,
    __provider: "contract",
  };
  return Object.defineProperty(inputs, "parent", { value: parent, enumerable: false }) as typeof inputs & {
    readonly parent: Parent;
  };
}

function programOptions(options: OptionValues): { readonly options?: OptionValues } {
  return Object.keys(options).length > 0 ? { options } : {};
}

/** The inputs for these scopes, with the consent that wildcards need. */
export function keyScopes(bench: Workbench, scopes: readonly string[]) {
  return { scopes, fullAccess: scopes.some((scope) => covers(bench.connection.catalogue, [scope], "*")) };
}

export function accountProgram(bench: Workbench): Readonly<Record<string, unknown>> {
  const scopes = bench.can.scopes === "account" ? { scopes: bench.scopes() } : {};
  return {
    ...scopes,
    ...programOptions(bench.accountOptions(0)),
    ...bench.harness.serviceAccount,
    connection: connectionName,
    labels: { owner: "team-a" },
    origin,
    __provider: "contract",
  };
}

export function recorded(resource: OneResource) {
  assert.ok(resource.state, "there is no resource");
  return resource.state;
}

/** The same connections, but the next create is carried out and never answered. */
export function losingOnce(
  { connections, connection }: Workbench,
  method: "createKey" | "createServiceAccount",
  made: string[],
): Connections {
  const lose = async (make: () => Promise<{ readonly name: string }>) => {
    const { name } = await make();
    if (made.push(name) === 1) throw new ConnectionError("the answer was lost", true);
    return undefined;
  };
  const { client } = connection;
  const losing: Partial<BackendClient> =
    method === "createKey"
      ? {
          createKey: async (key) =>
            made.length === 0 ? ((await lose(() => client.createKey(key))) as never) : client.createKey(key),
        }
      : {
          createServiceAccount: async (account) =>
            (await lose(async () => (await client.createServiceAccount?.(account)) ?? { name: "" })) as never,
        };
  const changed: WritableConnection = { ...connection, client: { ...client, ...losing } };
  const open = () => changed;
  return { describe: (name) => connections.describe(name), open, openForRefresh: open, openForWrite: open };
}
