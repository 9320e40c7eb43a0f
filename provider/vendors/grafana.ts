import { hourMs, minuteMs } from "../values/durations";
import type { Vendor } from "./vendor";

export const grafana = {
  name: "grafana",
  // A token can do everything that its service account may.
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: { name: "update", enable: true, role: "required", roles: ["None", "Viewer", "Editor", "Admin"] },
    scopes: "none",
    secret: { shape: "(?<prefix>glsa_)[A-Za-z0-9]{32}_[0-9a-f]{8}" },
    // Seconds from now, by Grafana's own clock.
    expiry: { support: "optional", granularityMs: minuteMs },
    // Grafana does not document how late it reports a use.
    lastUsed: { lagMs: hourMs, granularityMs: hourMs },
    // A 409 is documented, but no reason for it except the name.
    uniqueNames: true,
    // Grafana does not document whether it reuses ids.
    idsReused: true,
    absence: "list",
    listTellsAll: true,
    // The longest name is not documented.
    limits: { nameLength: 64 },
  },
} as const satisfies Vendor;
