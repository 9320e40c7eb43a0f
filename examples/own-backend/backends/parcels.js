// @ts-check
/**
 * Parcels (service.mjs, one folder up): API keys under projects.
 *
 * Oddities:
 * - a project is what a service account is elsewhere; its keys go with it
 * - ids are numbers
 * - the scopes of a key are one text, with blanks between; `parcels.write` lets its holder read as well
 * - times are seconds since 1970, and 0 means never
 * - the caller may choose the secret
 * - nothing of a key or a project can be changed; what is revoked is forgotten: 404
 */
const { defineBackend, fieldsOf, formatTime, path } = require("pulumi-apikeys/backend");

exports.parcels = defineBackend({
  name: "parcels",
  catalogue: { scopes: { "parcels.read": {}, "parcels.write": { implies: ["parcels.read"] }, "labels.print": {} } },
  // What only this service has: a program gives it as `options: { depot: "south" }`.
  keyOptions: {
    depot: {
      type: "text",
      values: ["north", "south"],
      default: "north",
      description: "the depot whose parcels it opens",
    },
  },
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: { name: "replace", description: "none", role: "none", scopes: "none", uniqueNames: false },
    scopes: "immutable",
    rename: false,
    description: "none",
    expiry: { support: "optional", update: false, granularityMs: 1_000 },
    secret: { shown: "once", callerChosen: true, form: "token" },
    delayedRevoke: false,
    uniqueNames: false,
    marker: "name",
    idsReused: false,
    absence: "status",
    listTellsAll: true,
    revokeProves: true,
    idempotentCreate: false,
    activationLagMs: 0,
    revocationLagMs: 0,
    limits: { nameLength: 80 },
  },
  connect: ({ http }) => {
    const projectAt = (id = "") => path`/projects/${id}`;
    const keysAt = (projectId = "") => path`/projects/${projectId}/keys`;
    const keyAt = (projectId = "", id = "") => path`/projects/${projectId}/keys/${id}`;
    // Only where 404 is said to be an answer it is one; everywhere else it is an error.
    const find = (/** @type {string} */ at) => http.request({ method: "GET", path: at, absent: [404] });
    const remove = (/** @type {string} */ at) => http.request({ method: "DELETE", path: at, absent: [404] });
    return {
      async createKey({ serviceAccountId, name, scopes = [], expiresAt, secretValue, options }) {
        const expires = expiresAt === undefined ? 0 : Date.parse(expiresAt) / 1000;
        const json = { label: name, scope: scopes.join(" "), expires, depot: options?.depot, secret: secretValue };
        // What stands in `secrets` is kept out of every message.
        const secrets = secretValue === undefined ? [] : [secretValue];
        const { body } = await http.request({ method: "POST", path: keysAt(serviceAccountId), json, secrets });
        return { ...toKey(body), secret: fieldsOf(body, { secret: "text" }).secret };
      },
      async getKey({ id, serviceAccountId }) {
        const { absent, body } = await find(keyAt(serviceAccountId, id));
        return absent ? undefined : toKey(body);
      },
      async listKeys({ serviceAccountId }) {
        const { absent, body } = await find(keysAt(serviceAccountId));
        return absent ? undefined : fieldsOf(body, { keys: "list" }).keys.map(toKey);
      },
      async revokeKey({ id, serviceAccountId }) {
        const { absent } = await remove(keyAt(serviceAccountId, id));
        return absent ? "absent" : "revoked";
      },
      async createServiceAccount({ name }) {
        const { body } = await http.request({ method: "POST", path: "/projects", json: { title: name } });
        return toAccount(body);
      },
      async getServiceAccount(id) {
        const { absent, body } = await find(projectAt(id));
        return absent ? undefined : toAccount(body);
      },
      async listServiceAccounts({ name }) {
        const { body } = await http.request({ method: "GET", path: "/projects" });
        const accounts = fieldsOf(body, { projects: "list" }).projects.map(toAccount);
        return accounts.filter((account) => name === undefined || account.name === name);
      },
      async deleteServiceAccount(id) {
        const { absent } = await remove(projectAt(id));
        return absent ? "absent" : "deleted";
      },
    };
  },
});

/** @type {(wire: unknown) => import("pulumi-apikeys/backend").ApiKey} */
function toKey(wire) {
  // Named fields, each of its kind; the error for another form quotes nothing, because it could be a secret.
  const { id, label, scope, depot, expires, created } = fieldsOf(wire, {
    id: "id",
    label: "text",
    scope: "text",
    depot: "text",
    expires: "number",
    created: "number",
  });
  const times = { createdAt: toTime(created), expiresAt: expires === 0 ? undefined : toTime(expires) };
  return { id, name: label, status: "active", scopes: scope.split(" "), options: { depot }, ...times };
}

/** @type {(wire: unknown) => import("pulumi-apikeys/backend").ServiceAccount} */
function toAccount(wire) {
  const { id, title } = fieldsOf(wire, { id: "id", title: "text" });
  return { id, name: title, status: "active" };
}

const toTime = (/** @type {number} */ seconds) => formatTime(seconds * 1000);
