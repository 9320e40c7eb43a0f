import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startEmulator, type RunningEmulator } from "../../emulator";
import { controlOf, keysOf, sender, type Send } from "../unit/emulator/emulator-client";

interface KeyBody {
  readonly id: string;
  readonly name: string;
  readonly masked: string;
  readonly status: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly key: string;
}
interface ListBody {
  readonly data: readonly KeyBody[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

let emulator: RunningEmulator;
let admin: Send;
beforeAll(async () => {
  emulator = await startEmulator();
  admin = sender(emulator.services.pulsely.url, emulator.services.pulsely.adminToken);
});
beforeEach(() => controlOf(emulator)("POST", "/reset"));
afterAll(() => emulator.close());

const holderOf = (token: string) => sender(emulator.services.pulsely.url, token);
const create = async (facts: Record<string, unknown> = {}) => {
  const body = { name: "reader", scopes: ["read:checks"], environment: "live", ...facts };
  return (await admin<KeyBody>("POST", "/api-keys", body)).body;
};

describe("pulsely keys", () => {
  test("are shown whole once, when they are created, and masked ever after", async () => {
    const reply = await admin<KeyBody>("POST", "/api-keys", {
      name: "a",
      scopes: ["read:checks"],
      environment: "live",
    });
    expect(reply.status).toBe(201);
    const { key: secret, ...rest } = reply.body;
    expect(secret).toMatch(/^ply_live_[0-9a-f]{40}$/);
    expect(rest).toEqual({
      id: expect.stringMatching(/^key_/),
      name: "a",
      masked: `${secret.slice(0, 15)}…${secret.slice(-4)}`,
      scopes: ["read:checks"],
      environment: "live",
      status: "active",
      created_at: expect.stringMatching(/Z$/),
      expires_at: null,
      last_used_at: null,
    });
    const read = await admin("GET", `/api-keys/${rest.id}`);
    expect(read).toMatchObject({ status: 200, body: rest });
    expect(JSON.stringify([read.body, (await admin("GET", "/api-keys")).body])).not.toContain(secret);
  });

  test("of the test environment begin with ply_test_", async () => {
    expect((await create({ environment: "test" })).masked).toMatch(/^ply_test_[0-9a-f]{6}…[0-9a-f]{4}$/);
  });

  test("have a name that no other live key has", async () => {
    const { id } = await create();
    const taken = { status: 409, body: { error: { code: "name_taken" } } };
    expect(await admin("POST", "/api-keys", { name: "reader", scopes: ["read:checks"] })).toMatchObject(taken);
    await admin("DELETE", `/api-keys/${id}`);
    const { id: second } = await create({ expires_at: "2999-01-01T00:00:00Z" });
    await controlOf(emulator)("POST", `/keys/pulsely/${second}`, { state: "expired" });
    expect(await create()).toMatchObject({ status: "active" });
  });

  test("can be renamed, but not to a name that is taken", async () => {
    const { id } = await create();
    await create({ name: "other" });
    expect(await admin("PATCH", `/api-keys/${id}`, { name: "renamed" })).toMatchObject({
      status: 200,
      body: { id, name: "renamed" },
    });
    expect(await admin("PATCH", `/api-keys/${id}`, { name: "other" })).toMatchObject({ status: 409 });
    expect(await admin("POST", "/api-keys", { name: "reader", scopes: ["read:checks"] })).toMatchObject({
      status: 201,
    });
  });

  test("never change their scopes: 422 scopes_immutable", async () => {
    const { id } = await create();
    const reply = await admin("PATCH", `/api-keys/${id}`, { scopes: ["read:checks"] });
    expect(reply).toMatchObject({ status: 422, body: { error: { code: "scopes_immutable" } } });
  });

  test("cannot be given another expiry, and are not renamed once they are revoked", async () => {
    const { id } = await create();
    const later = { expires_at: "2999-01-01T00:00:00Z" };
    expect(await admin("PATCH", `/api-keys/${id}`, later)).toMatchObject({ status: 422 });
    await admin("DELETE", `/api-keys/${id}`);
    expect(await admin("PATCH", `/api-keys/${id}`, { name: "b" })).toMatchObject({
      status: 409,
      body: { error: { code: "key_not_active" } },
    });
  });

  test("stay on record when they are deleted, with status revoked, however often", async () => {
    const { id, key } = await create();
    for (let time = 1; time <= 2; time += 1) {
      expect(await admin("DELETE", `/api-keys/${id}`)).toMatchObject({ status: 204, body: "" });
    }
    expect(await admin("GET", `/api-keys/${id}`)).toMatchObject({ status: 200, body: { status: "revoked" } });
    expect(await holderOf(key)("GET", "/checks")).toMatchObject({
      status: 401,
      body: { error: { code: "invalid_key" } },
    });
  });

  test("expire on the emulator's clock", async () => {
    const { id, key } = await create({ expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    expect((await holderOf(key)("GET", "/checks")).status).toBe(200);
    await controlOf(emulator)("POST", "/clock", { advance: "2h" });
    expect((await holderOf(key)("GET", "/checks")).status).toBe(401);
    expect((await admin<KeyBody>("GET", `/api-keys/${id}`)).body.status).toBe("expired");
  });

  test.each<[string, unknown]>([
    ["an unknown scope", { name: "a", scopes: ["read:everything"] }],
    ["no scopes", { name: "a" }],
    ["an empty list of scopes", { name: "a", scopes: [] }],
    ["no name", { scopes: ["read:checks"] }],
    ["an unknown environment", { name: "a", scopes: ["read:checks"], environment: "staging" }],
    ["an expiry in the past", { name: "a", scopes: ["read:checks"], expires_at: "2001-01-01T00:00:00Z" }],
    ["an expiry that is no time", { name: "a", scopes: ["read:checks"], expires_at: "soon" }],
    ["malformed JSON", '{"name":'],
    ["a list", "[]"],
    ["nothing", undefined],
  ])("are refused with 422 for %s", async (_what, body) => {
    const reply = await admin("POST", "/api-keys", body);
    expect(reply).toMatchObject({ status: 422, body: { error: { code: "invalid_request" } } });
    expect(await keysOf(emulator)).toEqual([]);
  });
});

describe("pulsely lists", () => {
  test("come in pages by cursor, every key once", async () => {
    for (const name of ["a", "b", "c"]) await create({ name });
    const first = (await admin<ListBody>("GET", "/api-keys?limit=2")).body;
    expect(first).toMatchObject({ data: [{ name: "a" }, { name: "b" }], has_more: true });
    const second = (await admin<ListBody>("GET", `/api-keys?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second).toMatchObject({ data: [{ name: "c" }], has_more: false, next_cursor: null });
  });

  test("can be asked for one status", async () => {
    await create({ name: "a" });
    const { id } = await create({ name: "b" });
    await admin("DELETE", `/api-keys/${id}`);
    const namesWith = async (status: string) =>
      (await admin<ListBody>("GET", `/api-keys?status=${status}`)).body.data.map(({ name }) => name);
    expect([await namesWith("active"), await namesWith("revoked"), await namesWith("expired")]).toEqual([
      ["a"],
      ["b"],
      [],
    ]);
    expect((await admin("GET", "/api-keys?status=odd")).status).toBe(422);
  });

  test("refuse a cursor and a limit that make no sense", async () => {
    expect((await admin("GET", "/api-keys?cursor=x")).status).toBe(422);
    expect((await admin("GET", "/api-keys?limit=1000")).status).toBe(422);
  });

  test("leave out the credentials that the emulator began with", async () => {
    expect((await admin<ListBody>("GET", "/api-keys")).body.data).toEqual([]);
  });
});

describe("pulsely scopes", () => {
  test.each(["checks", "alerts", "metrics"])("read:%s opens its part of the data plane and no other", async (kind) => {
    const holder = holderOf((await create({ scopes: [`read:${kind}`] })).key);
    for (const asked of ["checks", "alerts", "metrics"]) {
      const reply = await holder("GET", `/${asked}`);
      if (asked === kind) expect(reply).toMatchObject({ status: 200, body: { data: expect.anything() } });
      else
        expect(reply).toMatchObject({
          status: 403,
          body: { error: { code: "insufficient_scope", required: `read:${asked}` } },
        });
    }
  });

  test("write:checks does not give read:checks", async () => {
    const holder = holderOf((await create({ scopes: ["write:checks"] })).key);
    expect(await holder("GET", "/checks")).toMatchObject({ status: 403, body: { error: { required: "read:checks" } } });
  });

  test("admin:* covers everything, key management included", async () => {
    const holder = holderOf((await create({ scopes: ["admin:*"] })).key);
    expect((await holder("GET", "/metrics")).status).toBe(200);
    expect((await holder("POST", "/api-keys", { name: "b", scopes: ["read:checks"] })).status).toBe(201);
  });

  test("without admin:* keys cannot be managed", async () => {
    const refused = { status: 403, body: { error: { code: "insufficient_scope", required: "admin:*" } } };
    const nonManager = holderOf(emulator.services.pulsely.nonManagerToken);
    expect(await nonManager("GET", "/api-keys")).toMatchObject(refused);
    expect(await nonManager("POST", "/api-keys", { name: "b", scopes: ["read:checks"] })).toMatchObject(refused);
    expect((await nonManager("GET", "/checks")).status).toBe(200);
  });
});

describe("pulsely", () => {
  test("answers 401 to a key that it does not know, and to none", async () => {
    const refused = { status: 401, body: { error: { code: "invalid_key" } } };
    expect(await holderOf("ply_live_unknown")("GET", "/checks")).toMatchObject(refused);
    expect(await sender(emulator.services.pulsely.url)("GET", "/api-keys")).toMatchObject(refused);
    expect(await holderOf(emulator.services.novavms.adminToken)("GET", "/api-keys")).toMatchObject(refused);
  });

  test("answers 404 in its envelope where there is no such key or path, and 405 to a wrong method", async () => {
    const missing = { status: 404, body: { error: { code: "not_found" } } };
    expect(await admin("GET", "/api-keys/key_none")).toMatchObject(missing);
    expect(await admin("DELETE", "/api-keys/key_none")).toMatchObject(missing);
    expect(await sender(emulator.services.pulsely.url)("GET", "/monitors")).toMatchObject(missing);
    expect(await sender(`${emulator.url}/pulsely/v2`)("GET", "/api-keys")).toMatchObject(missing);
    const wrongMethod = await admin("PUT", "/api-keys");
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get("allow")).toBe("GET, POST");
  });

  test("lets a key make 60 requests a minute to the data plane, and names the wait", async () => {
    const [busy, calm] = [await create({ name: "busy", scopes: ["read:metrics"] }), await create({ name: "calm" })];
    for (let request = 1; request <= 60; request += 1)
      expect((await holderOf(busy.key)("GET", "/metrics")).status).toBe(200);
    const refused = await holderOf(busy.key)("GET", "/metrics");
    expect(refused).toMatchObject({ status: 429, body: { error: { code: "rate_limited" } } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await holderOf(calm.key)("GET", "/checks")).status).toBe(200);
    expect((await admin("GET", "/api-keys")).status).toBe(200);
  });

  test("shows a use at once, and writes every request of a key to its audit log", async () => {
    const { id, key } = await create();
    await holderOf(key)("GET", "/checks");
    await holderOf(key)("GET", "/alerts");
    await admin("DELETE", `/api-keys/${id}`);
    await holderOf(key)("GET", "/checks");
    expect((await admin<KeyBody>("GET", `/api-keys/${id}`)).body.last_used_at).not.toBeNull();
    const { body } = await admin<{ data: readonly { timestamp: string }[] }>("GET", `/audit-log?key_id=${id}`);
    const entry = { timestamp: expect.any(String), ip: "127.0.0.1", method: "GET", key_id: id };
    expect(body.data).toEqual([
      { ...entry, endpoint: "/v1/checks", status: 200 },
      { ...entry, endpoint: "/v1/alerts", status: 403 },
      { ...entry, endpoint: "/v1/checks", status: 401 },
    ]);
    expect((await admin("GET", `/audit-log?key_id=${id}&since=2999-01-01T00:00:00Z`)).body).toEqual({ data: [] });
    expect((await admin("GET", "/audit-log?since=yesterday")).status).toBe(422);
  });
});
