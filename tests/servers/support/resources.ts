import { type WritableConnection, createConnections } from "../../../provider/connections/connections";
import { createApiKeyProvider } from "../../../provider/resources/api-key/resource";
import { createContext, type ResourceContext } from "../../../provider/resources/context";
import { createRotatingApiKeyProvider } from "../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../provider/resources/service-account/resource";
import { OneResource } from "../../../testing/one-resource";

/** A connection to a real server, and resources on it. */
export interface Stack {
  readonly connection: WritableConnection;
  newAccount(): OneResource;
  newKey(): OneResource;
  newRotatingKey(): OneResource;
}

/** What every resource's program holds beside its own inputs. */
export const common = {
  connection: "real",
  origin: "organization/servers/test/exporter",
  __provider: "servers",
} as const;

export function stackOn(
  backend: string,
  server: { readonly url: string; readonly token: string },
  changes: Partial<ResourceContext> & { readonly fields?: object } = {},
): Stack {
  const { fields, ...context } = changes;
  const settings = { real: { backend, url: server.url, tokenEnv: "ADMIN_TOKEN", ...fields } };
  const connections = createConnections(
    { get: (key) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) },
    { ADMIN_TOKEN: server.token },
  );
  const used = { ...createContext(connections), warn: () => undefined, ...context };
  return {
    connection: connections.openForWrite("real"),
    newAccount: () => new OneResource(createServiceAccountProvider(used)),
    newKey: () => new OneResource(createApiKeyProvider(used)),
    newRotatingKey: () => new OneResource(createRotatingApiKeyProvider(used)),
  };
}
