import type { Vendor } from "./vendor";

export const rabbitmq = {
  name: "rabbitmq",
  capabilities: {
    // The key is a user of the broker: its name is the public half, its password the secret.
    parent: "credential",
    scopes: "mutable",
    secret: { callerChosen: true, form: "pair", shape: "(?<prefix>rmq_)[A-Za-z0-9_-]{43}" },
    uniqueNames: true,
    // A user's name is its id, so a user who is made again has the same id.
    idsReused: true,
    // A wrong URL gets the same answer as a missing user.
    absence: "list",
    listTellsAll: true,
    revokeProves: true,
    // Not documented for users; no name in AMQP is longer.
    limits: { nameLength: 255 },
  },
  /**
   * RabbitMQ's scopes are a user's tags (https://www.rabbitmq.com/docs/management#permissions) and its permissions
   * (https://www.rabbitmq.com/docs/access-control#authorisation): what it may do with the objects of a virtual host
   * whose names match a regular expression. An administrator can give itself and others every permission.
   */
  catalogue: {
    scopes: {
      management: { level: "read" },
      policymaker: { implies: ["management"], level: "write" },
      monitoring: { implies: ["management"], level: "read" },
      impersonator: { level: "admin" },
      administrator: { implies: ["*"], level: "admin", mintsKeys: true },
    },
    open: {
      pattern: "^(configure|write|read):[^:]+:.+$",
      example: "read:/:^orders\\.",
      expression: { in: "^[a-z]+:[^:]+:(.+)$" },
      levels: { "configure:": "write", "write:": "write", "read:": "read" },
    },
  },
} as const satisfies Vendor;
