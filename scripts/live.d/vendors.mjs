// What the contract suite needs to know of each hosted service, and a look at what it left there.
import { createConnections } from "../../dist/provider/connections/connections.js";
import { Names } from "../../dist/provider/resources/identity/names.js";
import { vendors } from "../../dist/provider/vendors/index.js";
import { origin } from "../../dist/testing/workbench.js";

const naming = new Names();

/** Scopes that every account of the service has, and what its accounts need beside a name. */
const harnesses = {
  cloudflare: { scopes: [["Workers Scripts Read"], ["Zone Read", "Workers Scripts Read"]] },
  datadog: { scopes: [["metrics_read"], ["dashboards_read", "metrics_read"]] },
  elasticsearch: { scopes: [["cluster:monitor"], ["cluster:monitor", "index:read:pulumi-apikeys-live"]] },
  gitlab: { scopes: [["read_registry"], ["read_api", "read_registry"]] },
  grafana: { serviceAccount: { role: "Viewer" }, otherRole: "Editor" },
  openai: {
    scopes: [["api.files.read"], ["api.all.read"]],
    serviceAccount: { role: "member" },
  },
  sendgrid: { scopes: [["mail.send"], ["alerts.read", "mail.send"]] },
};

export function harnessOf(vendor) {
  return harnesses[vendor];
}

/** A connection to the service, and the keys and accounts there that bear the suite's mark. */
export async function openVendor({ vendor, fields, url = vendors[vendor]?.defaultUrl, token }) {
  if (!(vendor in harnesses))
    throw new Error(`there is no "${vendor}" to run; there are ${Object.keys(harnesses).join(", ")}`);
  if (url === undefined) throw new Error(`${vendor} has no address of its own: say --url`);
  const settings = { live: { backend: vendor, url, tokenEnv: "APIKEYS_LIVE_TOKEN", ...fields } };
  const config = { get: (key) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) };
  const { client, capabilities } = createConnections(config, { APIKEYS_LIVE_TOKEN: token }).openForWrite("live");
  const mark = naming.physicalName("", origin);
  const onAccounts = capabilities.parent === "serviceAccount";
  const all = () => (onAccounts ? client.listServiceAccounts({}) : client.listKeys({}));
  const names = new Map();
  return {
    url,
    async ours() {
      const marked = ((await all()) ?? []).filter(({ name }) => naming.ofSameStack(name, mark));
      for (const { id, name } of marked) names.set(id, name);
      return new Set(marked.map(({ id }) => id));
    },
    /** An account goes with its keys. */
    remove: (id) => (onAccounts ? client.deleteServiceAccount(id) : client.revokeKey({ id, name: names.get(id) })),
  };
}
