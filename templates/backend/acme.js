// @ts-check
/**
 * Acme: API keys of whoever owns the admin token.
 *
 * Write down here what is odd about the service: what it changes, shortens, forgets or does late.
 */
const { defineBackend, everyPage, path, ResponseShapeError } = require("pulumi-apikeys/backend");

exports.acme = defineBackend({
  name: "acme",
  // Every scope with its level (read, write or admin) and the scopes that it includes: the review and the checks read this.
  catalogue: {
    scopes: {
      "items.read": { level: "read" },
      "items.write": { level: "write", implies: ["items.read"] },
    },
  },
  // Only what the service can do. What is left out is taken for what it cannot; your editor shows all of it.
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
      return { ...toKey(body), secret: textOf(body, "secret") };
    },

    // undefined: the service knows no such key. A refusal is an error, which `request` throws.
    async getKey({ id }) {
      const { absent, body } = await http.request({ method: "GET", path: path`/keys/${id}`, absent: [404] });
      return absent ? undefined : toKey(body);
    },

    listKeys: () =>
      everyPage("/keys", async (page) => {
        const { body } = await http.request({ method: "GET", path: "/keys", query: { page } });
        const { keys, next } = objectOf(body);
        if (!Array.isArray(keys)) throw wrong("keys");
        return { items: keys.map(toKey), next: typeof next === "number" ? String(next) : undefined };
      }),

    async revokeKey({ id }) {
      const { absent } = await http.request({ method: "DELETE", path: path`/keys/${id}`, absent: [404] });
      return absent ? "absent" : "revoked";
    },
  }),
});

/** @returns {import("pulumi-apikeys/backend").ApiKey} */
function toKey(/** @type {unknown} */ answer) {
  const { scopes } = objectOf(answer);
  if (!Array.isArray(scopes)) throw wrong("scopes");
  return { id: textOf(answer, "id"), name: textOf(answer, "name"), status: "active", scopes };
}

/** @returns {Record<string, unknown>} */
function objectOf(/** @type {any} */ answer) {
  if (typeof answer !== "object" || answer === null) throw wrong("object");
  return answer;
}

function textOf(/** @type {unknown} */ answer, /** @type {string} */ field) {
  const value = objectOf(answer)[field];
  if (typeof value !== "string" || value === "") throw wrong(field);
  return value;
}

// Names the field and quotes nothing: what the service says can hold a secret.
const wrong = (/** @type {string} */ field) =>
  new ResponseShapeError(`Acme gave no usable "${field}". Check the connection's url.`);
