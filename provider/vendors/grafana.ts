import { hourMs, minuteMs } from "../durations";
import type { Vendor } from "./vendor";

export const grafana = {
  name: "grafana",
  // A token can do whatever its service account may.
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: { name: "update", role: "required", roles: ["None", "Viewer", "Editor", "Admin"] },
    scopes: "none",
    secret: { shape: "(?<prefix>glsa_)[A-Za-z0-9]{32}_[0-9a-f]{8}" },
    // Seconds from now, by Grafana's own clock.
    expiry: { support: "optional", granularityMs: minuteMs },
    // How late a use is told is not documented.
    lastUsed: { lagMs: hourMs, granularityMs: hourMs },
    // A 409 is documented, and no reason for it beside the name.
    uniqueNames: true,
    // Whether ids are given again is not documented.
    idsReused: true,
    absence: "list",
    // The longest name is not documented.
    limits: { nameLength: 64 },
  },
} as const satisfies Vendor;
