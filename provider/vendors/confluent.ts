import { minuteMs } from "../values/durations";
import type { DeclaredOptions } from "./options";
import type { Vendor } from "./vendor";

export const confluent = {
  name: "confluent",
  defaultUrl: "https://api.confluent.cloud",
  // What a key may do on its resource, its account's role bindings and ACLs say.
  capabilities: {
    parent: "serviceAccount",
    // Whether a display name can be changed is not documented, nor that an account can be disabled.
    serviceAccounts: {
      name: "replace",
      description: "update",
      disabling: "none",
      uniqueNames: true,
      listTellsAll: true,
    },
    scopes: "none",
    secret: { form: "pair", shape: "(?<prefix>cflt)[A-Za-z0-9+/=_-]{32,}" },
    rename: true,
    description: "update",
    absence: "list",
    listTellsAll: true,
    // A new key takes "a couple of minutes" to work. The backend waits for that by proof, so nobody else has to.
    // How long a deleted key works on is not documented.
    revocationLagMs: minuteMs,
    // The longest name is not documented.
    limits: { nameLength: 64 },
  },
  keyOptions: {
    resource: {
      type: "text",
      required: true,
      values: ["cloud"],
      pattern: "l[a-z]{1,8}-[a-z0-9]+",
      description:
        "the id of the one resource that the key opens, such as lkc-abc123, or the word cloud for the Cloud API, which is what Confluent makes where nobody says",
    },
    environment: {
      type: "text",
      pattern: "env-[a-z0-9]+",
      description: "the environment of the resource, where its id alone does not tell",
    },
  },
} as const satisfies Vendor & { readonly keyOptions: DeclaredOptions };
