// @ts-check
/**
 * Acme: API keys of the admin token's owner.
 *
 * Write down here what is odd about the service: what it changes, shortens, forgets or does late.
 */
const { defineBackend, everyPage, fieldsOf, path } = require("pulumi-apikeys/backend");

exports.acme = defineBackend({
  name: "acme",
  // Every scope with its level (read, write or admin) and the scopes that it includes: the review and the checks read this.
  catalogue: {
    scopes: {
      "items.read": { level: "read" },
      "items.write": { level: "write", implies: ["items.read"] },
    },
  },
  // Only what the service can do. What is left out counts as impossible; your editor shows every capability.
  capabilities: {
    parent: "credential", // or "serviceAccount", with the methods for accounts
    scopes: "immutable", // nobody can change them on an existing key
    absence: "status", // a 404 proves that a key is gone
    limits: { nameLength: 100 },
    secret: { shape: "(?<prefix>acme_)[0-9a-f]{40}" }, // kept out of every message
  },
  connect: ({ http }) => ({
    // Sent once. If the answer is lost, the key is found by this name and revoked.
    async createKey({ name, scopes }) {
      const { body } = await http.request({ method: "POST", path: "/keys", json: { name, scopes } });
      return { ...toKey(body), ...fieldsOf(body, { secret: "text" }) };
    },

    // undefined: the service has no such key. A refusal is an error, which `request` throws.
    async getKey({ id }) {
      const { absent, body } = await http.request({ method: "GET", path: path`/keys/${id}`, absent: [404] });
      return absent ? undefined : toKey(body);
    },

    listKeys: () =>
      everyPage("/keys", async (page) => {
        const { body } = await http.request({ method: "GET", path: "/keys", query: { page } });
        const { keys, next } = fieldsOf(body, { keys: "list", next: "id?" });
        return { items: keys.map(toKey), next };
      }),

    async revokeKey({ id }) {
      const { absent } = await http.request({ method: "DELETE", path: path`/keys/${id}`, absent: [404] });
      return absent ? "absent" : "revoked";
    },
  }),
});

/** @returns {import("pulumi-apikeys/backend").ApiKey} */
function toKey(/** @type {unknown} */ answer) {
  // Each field with its kind. Any other form is an error, which names the field but quotes nothing: it could be a secret.
  const { id, name, scopes } = fieldsOf(answer, { id: "id", name: "text", scopes: "texts" });
  return { id, name, status: "active", scopes };
}
