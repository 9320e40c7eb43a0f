import * as pulumi from "@pulumi/pulumi";
import { ApiKey, type PulseapiScope, type PulselyScope } from "pulumi-apikeys";

interface Tenant {
  /** A connection of Pulumi.yaml: which service, which workspace, whose admin token. */
  readonly connection: string;
  readonly scopes: (PulselyScope | PulseapiScope)[];
}

const config = new pulumi.Config();

// A tenant is a row here and, where it brings a workspace of its own, a connection in Pulumi.yaml.
const tenants: Record<string, Tenant> = {
  acme: { connection: "north", scopes: ["read:checks", "read:metrics"] },
  // Another connection is another key: it is made there before the old one is revoked here.
  globex: { connection: config.get("globexConnection") ?? "north", scopes: ["read:checks"] },
  hooli: { connection: "south", scopes: ["read:alerts"] },
  initech: { connection: "uptime", scopes: ["monitors:read"] },
};

const keys = Object.entries(tenants).map(([tenant, { connection, scopes }]) => {
  return [tenant, new ApiKey(tenant, { connection, scopes, labels: { owner: tenant } })] as const;
});

/** By tenant. */
export const secrets = Object.fromEntries(keys.map(([tenant, key]) => [tenant, key.secret]));
export const services = Object.fromEntries(keys.map(([tenant, key]) => [tenant, key.service]));
