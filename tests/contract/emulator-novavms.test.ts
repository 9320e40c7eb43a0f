import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startEmulator, type RunningEmulator } from "../../emulator";
import { controlOf, keysOf, sender, type Send } from "../unit/emulator/emulator-client";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOT_FOUND = { status: 404, body: { error: { code: "not_found", message: expect.any(String) } } };
const FORBIDDEN = { status: 403, body: { error: { code: "forbidden", message: expect.any(String) } } };
const CONFLICT = { status: 409, body: { error: { code: "conflict", message: expect.any(String) } } };
const INVALID = {
  status: 400,
  body: { error: "validation_failed", message: expect.any(String), request_id: expect.stringMatching(/^req_/) },
};

interface AccountBody {
  readonly id: string;
  readonly name: string;
}
interface KeyBody {
  readonly id: string;
  readonly key: string;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

let emulator: RunningEmulator;
let admin: Send;
beforeAll(async () => {
  emulator = await startEmulator();
  admin = sender(emulator.services.novavms.url, emulator.services.novavms.adminToken);
});
beforeEach(() => controlOf(emulator)("POST", "/reset"));
afterAll(() => emulator.close());

const as = (who: "ownerToken" | "operatorToken" | "otherOrganisationToken" | "sandboxToken") =>
  sender(emulator.services.novavms.url, emulator.services.novavms[who]);
const holderOf = (token: string) => sender(emulator.services.novavms.url, token);
const createAccount = async (facts: Record<string, unknown> = {}, by = admin) =>
  (await by<AccountBody>("POST", "/service-accounts", { name: "exporter", role: "viewer", ...facts })).body;
const createKey = async (accountId: string, facts: Record<string, unknown> = {}, by = admin) => {
  const body = { name: "k", scopes: ["cameras:read"], ...facts };
  return (await by<KeyBody>("POST", `/service-accounts/${accountId}/keys`, body)).body;
};
const keysOfAccount = async (accountId: string, by = admin) =>
  (await by<{ keys: KeyBody[] }>("GET", `/service-accounts/${accountId}/keys`)).body.keys;

describe("novavms service accounts", () => {
  test("have a UUID, a role and scopes that stay, and a name that can change", async () => {
    const created = await admin<AccountBody>("POST", "/service-accounts", {
      name: "exporter",
      role: "viewer",
      scopes: ["cameras:read"],
    });
    const shown = { name: "exporter", role: "viewer", scopes: ["cameras:read"], enabled: true };
    expect(created).toMatchObject({ status: 201, body: { id: expect.stringMatching(UUID), ...shown } });
    const path = `/service-accounts/${created.body.id}`;
    expect(await admin("PATCH", path, { name: "renamed" })).toMatchObject({ status: 200, body: { name: "renamed" } });
    expect(await admin("PATCH", path, { role: "admin" })).toMatchObject(INVALID);
    expect(await admin("PATCH", path, { scopes: [] })).toMatchObject(INVALID);
    expect(await admin("GET", path)).toMatchObject({ status: 200, body: { ...shown, name: "renamed" } });
  });

  test("have a name that no other of the organisation has", async () => {
    const { id } = await createAccount();
    const { id: second } = await createAccount({ name: "second" });
    expect(await admin("POST", "/service-accounts", { name: "exporter", role: "viewer" })).toMatchObject(CONFLICT);
    expect(await admin("PATCH", `/service-accounts/${second}`, { name: "exporter" })).toMatchObject(CONFLICT);
    expect(await createAccount({}, as("otherOrganisationToken"))).toMatchObject({ name: "exporter" });
    await admin("DELETE", `/service-accounts/${id}`);
    expect(await createAccount()).toMatchObject({ name: "exporter" });
  });

  test("come in pages with a total", async () => {
    for (const name of ["a", "b", "c"]) await createAccount({ name });
    const first = await admin<{ next_cursor: string }>("GET", "/service-accounts?limit=2");
    expect(first.body).toMatchObject({ data: [{ name: "a" }, { name: "b" }], total: 3 });
    const second = await admin("GET", `/service-accounts?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body).toMatchObject({ data: [{ name: "c" }], next_cursor: null, total: 3 });
  });

  test("take their keys with them when they are deleted", async () => {
    const { id } = await createAccount();
    const { key } = await createKey(id);
    expect((await admin("DELETE", `/service-accounts/${id}`)).status).toBe(204);
    expect(await admin("GET", `/service-accounts/${id}`)).toMatchObject(NOT_FOUND);
    expect(await admin("GET", `/service-accounts/${id}/keys`)).toMatchObject(NOT_FOUND);
    expect((await holderOf(key)("GET", "/cameras")).status).toBe(401);
    expect(await keysOf(emulator)).toMatchObject([{ state: "revoked" }]);
  });

  test("that are disabled issue no keys, and theirs do not work until they are enabled", async () => {
    const { id } = await createAccount();
    const { key } = await createKey(id);
    await admin("PATCH", `/service-accounts/${id}`, { enabled: false });
    expect((await holderOf(key)("GET", "/cameras")).status).toBe(401);
    expect(await admin("POST", `/service-accounts/${id}/keys`, { name: "k", scopes: ["a:b"] })).toMatchObject(CONFLICT);
    await admin("PATCH", `/service-accounts/${id}`, { enabled: true });
    expect((await holderOf(key)("GET", "/cameras")).status).toBe(200);
  });
});

describe("novavms keys", () => {
  test("are shown once, and afterwards by a prefix that tells nothing apart", async () => {
    const { id } = await createAccount();
    const reply = await admin<KeyBody>("POST", `/service-accounts/${id}/keys`, { name: "k", scopes: ["cameras:read"] });
    expect(reply.status).toBe(201);
    const { key: secret, ...rest } = reply.body;
    expect(secret).toMatch(/^sk_live_[A-Za-z0-9]{40}$/);
    expect(rest).toEqual({
      id: expect.stringMatching(UUID),
      prefix: "sk_live_",
      name: "k",
      scopes: ["cameras:read"],
      created_at: expect.stringMatching(/Z$/),
      last_used_at: null,
      expires_at: null,
      revoked_at: null,
      owner: "service_account",
    });
    expect(await keysOfAccount(id)).toEqual([rest]);
  });

  test("of one account may share a name", async () => {
    const { id } = await createAccount();
    await createKey(id);
    await createKey(id);
    expect(await keysOfAccount(id)).toHaveLength(2);
  });

  test("are revoked for good, stay in the list, and keep their first revoked_at", async () => {
    const { id } = await createAccount();
    const { id: keyId, key } = await createKey(id);
    const path = `/service-accounts/${id}/keys/${keyId}`;
    const revoked = await admin<KeyBody>("POST", `${path}/revoke`);
    expect(revoked).toMatchObject({ status: 200, body: { id: keyId, revoked_at: expect.any(String) } });
    await controlOf(emulator)("POST", "/clock", { advance: "1h" });
    expect((await admin<KeyBody>("POST", `${path}/revoke`)).body.revoked_at).toBe(revoked.body.revoked_at);
    expect(await keysOfAccount(id)).toHaveLength(1);
    expect(await holderOf(key)("GET", "/cameras")).toMatchObject({
      status: 401,
      body: { error: { code: "invalid_token" } },
    });
    expect(await admin("PATCH", path, { expires_at: null })).toMatchObject(CONFLICT);
  });

  test("take an expiry later on, which the server enforces", async () => {
    const { id } = await createAccount();
    const { id: keyId, key } = await createKey(id);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const path = `/service-accounts/${id}/keys/${keyId}`;
    expect(await admin("PATCH", path, { expires_at })).toMatchObject({ status: 200, body: { expires_at } });
    expect((await holderOf(key)("GET", "/cameras")).status).toBe(200);
    await controlOf(emulator)("POST", "/clock", { advance: "1h" });
    expect((await holderOf(key)("GET", "/cameras")).status).toBe(401);
    expect(await admin("PATCH", path, { expires_at: null })).toMatchObject({ status: 200, body: { expires_at: null } });
  });

  test("never change their scopes: 400", async () => {
    const { id } = await createAccount();
    const { id: keyId } = await createKey(id);
    expect(await admin("PATCH", `/service-accounts/${id}/keys/${keyId}`, { scopes: ["a:b"] })).toMatchObject(INVALID);
  });

  test("cannot have more scopes than their account, whose wildcards cover", async () => {
    const { id } = await createAccount({ scopes: ["cameras:*", "events:read"] });
    expect(await createKey(id, { scopes: ["cameras:write", "events:read"] })).toHaveProperty("key");
    const path = `/service-accounts/${id}/keys`;
    expect(await admin("POST", path, { name: "k", scopes: ["events:*"] })).toMatchObject(INVALID);
    expect(await admin("POST", path, { name: "k", scopes: ["cameras:read", "users:read"] })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("users:read") },
    });
  });

  test("may have any scope that is like noun:verb", async () => {
    const { id } = await createAccount();
    expect(await createKey(id, { scopes: ["door-locks:open", "admin:*"] })).toMatchObject({
      scopes: ["door-locks:open", "admin:*"],
    });
  });

  test.each<[string, unknown]>([
    ["a scope that is no noun:verb", { name: "k", scopes: ["Cameras"] }],
    ["no scopes", { name: "k" }],
    ["an empty list of scopes", { name: "k", scopes: [] }],
    ["no name", { scopes: ["cameras:read"] }],
    ["an expiry in the past", { name: "k", scopes: ["cameras:read"], expires_at: "2001-01-01T00:00:00Z" }],
    ["malformed JSON", "{"],
  ])("are refused with 400 for %s", async (_what, body) => {
    const { id } = await createAccount();
    expect(await admin("POST", `/service-accounts/${id}/keys`, body)).toMatchObject(INVALID);
  });

  test("of a gateway cannot be revoked, and hold their account", async () => {
    const { id } = await createAccount();
    const { id: keyId } = await createKey(id);
    await controlOf(emulator)("POST", `/keys/novavms/${keyId}`, { owner: "gateway" });
    expect(await keysOfAccount(id)).toMatchObject([{ owner: "gateway" }]);
    expect(await admin("POST", `/service-accounts/${id}/keys/${keyId}/revoke`)).toMatchObject(CONFLICT);
    expect(await admin("DELETE", `/service-accounts/${id}`)).toMatchObject(CONFLICT);
  });

  test("show a use within a minute of the first request, and then once a minute at most", async () => {
    const { id } = await createAccount();
    const { key } = await createKey(id);
    const lastUse = async () => (await keysOfAccount(id))[0]?.last_used_at;
    const clock = (advance: string) => controlOf(emulator)("POST", "/clock", { advance });
    await holderOf(key)("GET", "/cameras");
    expect(await lastUse()).toBeNull();
    await clock("60s");
    const first = await lastUse();
    expect(first).toEqual(expect.any(String));
    await clock("30s");
    await holderOf(key)("GET", "/cameras");
    expect(await lastUse()).toBe(first);
    await clock("60s");
    expect(await lastUse()).not.toBe(first);
  });
});

describe("novavms access", () => {
  test("an operator reads and writes nothing, an owner does what an admin does", async () => {
    const { id } = await createAccount();
    const { id: keyId } = await createKey(id);
    const keys = `/service-accounts/${id}/keys`;
    const operator = as("operatorToken");
    expect((await operator("GET", "/service-accounts")).status).toBe(200);
    expect(await keysOfAccount(id, operator)).toHaveLength(1);
    expect(await operator("POST", "/service-accounts", { name: "a", role: "viewer" })).toMatchObject(FORBIDDEN);
    expect(await operator("PATCH", `/service-accounts/${id}`, { name: "a" })).toMatchObject(FORBIDDEN);
    expect(await operator("DELETE", `/service-accounts/${id}`)).toMatchObject(FORBIDDEN);
    expect(await operator("POST", keys, { name: "k", scopes: ["cameras:read"] })).toMatchObject(FORBIDDEN);
    expect(await operator("PATCH", `${keys}/${keyId}`, { expires_at: null })).toMatchObject(FORBIDDEN);
    expect(await operator("POST", `${keys}/${keyId}/revoke`)).toMatchObject(FORBIDDEN);
    expect((await as("ownerToken")("POST", `${keys}/${keyId}/revoke`)).status).toBe(200);
  });

  test("a service account's key issues and revokes nothing, whatever its scopes, and lists its own account's keys", async () => {
    const [own, other] = [await createAccount({ name: "own" }), await createAccount({ name: "other" })];
    const { id: keyId, key } = await createKey(own.id, { scopes: ["admin:*", "service-accounts:*"] });
    const holder = holderOf(key);
    const keys = `/service-accounts/${own.id}/keys`;
    expect(await holder("POST", keys, { name: "k", scopes: ["a:b"] })).toMatchObject(FORBIDDEN);
    expect(await holder("POST", `${keys}/${keyId}/revoke`)).toMatchObject(FORBIDDEN);
    expect(await holder("GET", "/service-accounts")).toMatchObject(FORBIDDEN);
    expect(await holder("GET", "/audit-logs")).toMatchObject(FORBIDDEN);
    expect(await keysOfAccount(own.id, holder)).toHaveLength(1);
    expect(await holder("GET", `/service-accounts/${other.id}/keys`)).toMatchObject(FORBIDDEN);
  });

  test("what belongs to another organisation is 404, like what does not exist", async () => {
    const { id } = await createAccount();
    const { id: keyId } = await createKey(id);
    const stranger = as("otherOrganisationToken");
    const path = `/service-accounts/${id}`;
    const unknown = "/service-accounts/00000000-0000-4000-8000-000000000000";
    expect(await stranger("GET", path)).toMatchObject(NOT_FOUND);
    expect(await stranger("GET", `${path}/keys`)).toMatchObject(NOT_FOUND);
    expect(await stranger("POST", `${path}/keys/${keyId}/revoke`)).toMatchObject(NOT_FOUND);
    expect((await stranger("GET", "/service-accounts")).body).toMatchObject({ data: [], total: 0 });
    const [hidden, missing] = [await stranger("GET", path), await admin("GET", unknown)];
    expect(hidden.body).toEqual(missing.body);
    const { id: otherAccount } = await createAccount({ name: "second" });
    expect(await admin("POST", `/service-accounts/${otherAccount}/keys/${keyId}/revoke`)).toMatchObject(NOT_FOUND);
  });

  test("a sandbox issues test keys, and to those production objects are 404", async () => {
    const production = await createAccount();
    const liveKey = await createKey(production.id);
    const { body: cameras } = await holderOf(liveKey.key)<{ data: { id: string }[] }>("GET", "/cameras");
    const camera = `/cameras/${cameras.data[0]?.id}`;
    const sandbox = await createAccount({}, as("sandboxToken"));
    const testKey = await createKey(sandbox.id, {}, as("sandboxToken"));
    expect(testKey).toMatchObject({ prefix: "sk_test_", key: expect.stringMatching(/^sk_test_/) });
    expect((await holderOf(testKey.key)("GET", "/cameras")).status).toBe(200);
    expect((await holderOf(liveKey.key)("GET", camera)).status).toBe(200);
    expect(await holderOf(testKey.key)("GET", camera)).toMatchObject(NOT_FOUND);
    expect(await holderOf(testKey.key)("GET", `/service-accounts/${production.id}/keys`)).toMatchObject(NOT_FOUND);
  });

  test("cameras and events ask for their own scope", async () => {
    const { id } = await createAccount();
    const holder = holderOf((await createKey(id, { scopes: ["cameras:read"] })).key);
    expect(await holder("GET", "/cameras")).toMatchObject({ status: 200, body: { data: [{ status: "online" }] } });
    expect(await holder("GET", "/events")).toMatchObject(FORBIDDEN);
    const wide = holderOf((await createKey(id, { scopes: ["events:*"] })).key);
    expect((await wide("GET", "/events")).status).toBe(200);
  });

  test("without a credential the answer is auth_required, with a wrong one invalid_token", async () => {
    const { url } = emulator.services.novavms;
    expect(await sender(url)("GET", "/cameras")).toMatchObject({
      status: 401,
      body: { error: { code: "auth_required" } },
    });
    expect(await sender(url, "sk_live_x")("GET", "/cameras")).toMatchObject({
      status: 401,
      body: { error: { code: "invalid_token" } },
    });
  });
});

describe("novavms", () => {
  test("audits every issue and revoke as user.updated, with the prefix and never the key, for 90 days", async () => {
    const { id } = await createAccount();
    const { id: keyId, key } = await createKey(id);
    await admin("POST", `/service-accounts/${id}/keys/${keyId}/revoke`);
    const { body } = await admin("GET", "/audit-logs?action=user.updated");
    const entry = {
      id: expect.stringMatching(UUID),
      action: "user.updated",
      user_id: expect.stringMatching(UUID),
      prefix: "sk_live_",
      scopes: ["cameras:read"],
      created_at: expect.any(String),
    };
    expect(body).toEqual({ data: [entry, entry], next_cursor: null, total: 2 });
    expect(JSON.stringify(body)).not.toContain(key);
    expect((await admin("GET", "/audit-logs?action=user.deleted")).body).toMatchObject({ total: 0 });
    expect((await as("otherOrganisationToken")("GET", "/audit-logs")).body).toMatchObject({ total: 0 });
    await controlOf(emulator)("POST", "/clock", { advance: "91d" });
    expect((await admin("GET", "/audit-logs")).body).toMatchObject({ total: 0 });
  });

  test("tells the rate limit in every answer, refusals included", async () => {
    for (const reply of [
      await admin("GET", "/service-accounts"),
      await admin("POST", "/service-accounts", {}),
      await sender(emulator.services.novavms.url)("GET", "/nowhere"),
    ]) {
      expect(reply.headers.get("x-ratelimit-limit")).toBe("1000");
      expect(Number(reply.headers.get("x-ratelimit-remaining"))).toBeGreaterThan(0);
      expect(reply.headers.get("x-ratelimit-reset")).toMatch(/^\d{10}$/);
      expect(reply.headers.get("x-request-id")).toMatch(/^req_/);
    }
  });

  test("answers 429 with Retry-After to a credential whose burst is spent, and to that one only", async () => {
    await controlOf(emulator)("POST", "/limits", { service: "novavms", perMinute: 1, burst: 2 });
    expect((await admin("GET", "/cameras")).headers.get("x-ratelimit-remaining")).toBe("1");
    expect((await admin("GET", "/cameras")).status).toBe(200);
    const refused = await admin("GET", "/cameras");
    expect(refused).toMatchObject({ status: 429, body: { error: { code: "RATE_LIMITED" } } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await as("ownerToken")("GET", "/cameras")).status).toBe(200);
  });

  test("lets a burst of 100 through", async () => {
    const replies = await Promise.all(Array.from({ length: 100 }, () => admin("GET", "/cameras")));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
  });

  test("answers an unknown path in its nested envelope", async () => {
    expect(await admin("GET", "/api-keys")).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    expect((await admin("DELETE", "/cameras")).status).toBe(405);
  });
});
