import { createHash } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { announcement, startEmulator, type RunningEmulator } from "../../emulator";
import { controlOf, keysOf, requestsOf, sender, type Send } from "../unit/emulator/emulator-client";

let emulator: RunningEmulator;
let control: Send;
beforeAll(async () => {
  emulator = await startEmulator();
  control = controlOf(emulator);
});
beforeEach(() => control("POST", "/reset"));
afterAll(() => emulator.close());

const pulsely = () => sender(emulator.services.pulsely.url, emulator.services.pulsely.adminToken);
const pulseapi = () => sender(emulator.services.pulseapi.url, emulator.services.pulseapi.adminToken);
const createPulselyKey = async (facts: Record<string, unknown> = {}) => {
  const body = { name: "reader", scopes: ["read:checks"], environment: "live", ...facts };
  return (await pulsely()<{ id: string; key: string }>("POST", "/api-keys", body)).body;
};
const pulselyStatus = async (token: string) =>
  (await sender(emulator.services.pulsely.url, token)("GET", "/checks")).status;

describe("the announcement", () => {
  test("is one line of JSON with the address and the credentials of every service", () => {
    const line = announcement(emulator);
    expect(line).not.toContain("\n");
    const { url } = emulator;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const token = expect.any(String);
    expect(JSON.parse(line)).toEqual({
      url,
      services: {
        pulsely: { url: `${url}/pulsely/v1`, adminToken: token, nonManagerToken: token },
        novavms: {
          url: `${url}/novavms/api/v1`,
          adminToken: token,
          ownerToken: token,
          operatorToken: token,
          otherOrganisationToken: token,
          sandboxToken: token,
        },
        pulseapi: { url: `${url}/pulseapi/v1`, adminToken: token, otherTeamToken: token, freePlanToken: token },
      },
    });
  });
});

describe("the loopback guard", () => {
  const statusWith = (headers: Record<string, string>, path = "/_emulator/keys") =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request(emulator.url + path, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("error", reject).end();
    });

  test("lets every name of loopback in", async () => {
    const { port } = new URL(emulator.url);
    for (const host of ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"]) {
      expect(await statusWith({ host: `${host}:${port}` })).toBe(200);
    }
    expect(await statusWith({ origin: emulator.url })).toBe(200);
  });

  test.each([
    [{ host: "evil.example:80" }],
    [{ host: "127.0.0.1.evil.example" }],
    [{ host: "localhost" }],
    [{ host: "127.0.0.1:1" }],
    [{ origin: "https://evil.example" }],
    [{ origin: "null" }],
    [{ origin: "http://127.0.0.1:1" }],
  ])("answers 403 to %j, before a credential is looked at and without a trace in the log", async (headers) => {
    expect(await statusWith(headers)).toBe(403);
    expect(await statusWith(headers, "/pulsely/v1/api-keys")).toBe(403);
    expect(await requestsOf(emulator)).toEqual([]);
  });
});

describe("HTTP", () => {
  test("a body that is too large is 413 in the vendor's envelope, and nothing is done", async () => {
    const reply = await pulsely()("POST", "/api-keys", { name: "x".repeat(70_000), scopes: ["read:checks"] });
    expect(reply).toMatchObject({ status: 413, body: { error: { message: expect.any(String) } } });
    expect(await keysOf(emulator)).toEqual([]);
  });

  test("a path of no service is 404", async () => {
    for (const path of ["/other", "/other/v1/keys", "/_emulator", "/_emulator/other"]) {
      expect(await sender(emulator.url)("GET", path)).toMatchObject({ status: 404, body: { error: {} } });
    }
  });

  test("the root is a page for people, which names the services and no token", async () => {
    const answer = await fetch(`${emulator.url}/`);
    const text = await answer.text();
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const { url, adminToken } of Object.values(emulator.services)) {
      expect(text).toContain(url);
      expect(text).not.toContain(adminToken);
    }
    expect((await fetch(`${emulator.url}/`, { method: "POST" })).status).toBe(404);
    expect((await fetch(`${emulator.url}/`, { headers: { origin: "https://evil.example" } })).status).toBe(403);
  });

  test("a port that is taken is an error, and leaves nothing behind", async () => {
    const port = Number(new URL(emulator.url).port);
    await expect(startEmulator({ port })).rejects.toThrow(/EADDRINUSE/);
  });

  test("an emulator can be closed twice, and answers nobody afterwards", async () => {
    const other = await startEmulator();
    await Promise.all([other.close(), other.close()]);
    await expect(fetch(other.url)).rejects.toThrow();
  });

  test("two emulators have different credentials", async () => {
    const other = await startEmulator();
    expect(other.services.pulsely.adminToken).not.toBe(emulator.services.pulsely.adminToken);
    await other.close();
  });
});

describe("control of keys", () => {
  test("shows every key of every service with its true state, and no secret", async () => {
    const { id, key } = await createPulselyKey({ expires_at: "2999-01-01T00:00:00Z" });
    const { body } = await pulseapi()<{ data: { id: number }; token: string }>("POST", "/api-keys", {
      name: "ci",
      abilities: ["monitors:read"],
    });
    await pulselyStatus(key);
    const keys = await keysOf(emulator);
    expect(keys).toEqual([
      {
        service: "pulsely",
        id,
        name: "reader",
        scopes: ["read:checks"],
        state: "active",
        createdAt: expect.any(String),
        expiresAt: "2999-01-01T00:00:00Z",
        lastUsedAt: expect.any(String),
        revokedAt: null,
        parent: "default",
        fingerprint: createHash("sha256").update(key).digest("hex").slice(0, 16),
      },
      expect.objectContaining({ service: "pulseapi", id: String(body.data.id), parent: "1:1" }),
    ]);
    expect(JSON.stringify(keys)).not.toContain(key);
    const { body: filtered } = await control<{ keys: unknown[] }>("GET", "/keys?service=pulseapi");
    expect(filtered.keys).toHaveLength(1);
  });

  test("changes a key behind the provider's back: state, scopes and expiry", async () => {
    const { id, key } = await createPulselyKey();
    const edit = (change: Record<string, unknown>) => control("POST", `/keys/pulsely/${id}`, change);
    expect((await edit({ scopes: ["read:alerts"] })).body).toMatchObject({ scopes: ["read:alerts"] });
    expect(await pulselyStatus(key)).toBe(403);
    await edit({ scopes: ["read:checks"] });
    expect((await edit({ state: "expired" })).body).toMatchObject({ state: "expired", expiresAt: expect.any(String) });
    expect(await pulselyStatus(key)).toBe(401);
    expect((await edit({ state: "active" })).body).toMatchObject({ state: "active", expiresAt: null });
    expect(await pulselyStatus(key)).toBe(200);
    expect((await edit({ state: "revoked" })).body).toMatchObject({ state: "revoked", revokedAt: expect.any(String) });
    expect(await pulselyStatus(key)).toBe(401);
    await edit({ state: "active", expiresAt: "2999-01-01T00:00:00Z" });
    expect((await pulsely()("GET", `/api-keys/${id}`)).body).toMatchObject({
      status: "active",
      expires_at: "2999-01-01T00:00:00Z",
    });
    expect((await edit({ expiresAt: null })).body).toMatchObject({ expiresAt: null });
  });

  test("deletes a key without a trace", async () => {
    const { id, key } = await createPulselyKey();
    expect((await control("DELETE", `/keys/pulsely/${id}`)).status).toBe(200);
    expect(await keysOf(emulator)).toEqual([]);
    expect((await pulsely()("GET", `/api-keys/${id}`)).status).toBe(404);
    expect(await pulselyStatus(key)).toBe(401);
  });

  test("shows the service accounts", async () => {
    const { url, adminToken } = emulator.services.novavms;
    await sender(url, adminToken)("POST", "/service-accounts", { name: "exporter", role: "viewer" });
    expect((await control("GET", "/accounts")).body).toMatchObject({
      accounts: [{ service: "novavms", organisation: "main", name: "exporter", role: "viewer", enabled: true }],
    });
  });
});

describe("the request log", () => {
  test("holds every request to a service, and whose key it was about", async () => {
    const { id, key } = await createPulselyKey();
    await pulselyStatus(key);
    await pulsely()("GET", "/api-keys?limit=1");
    await pulsely()("DELETE", `/api-keys/${id}`);
    await pulselyStatus(key);
    await keysOf(emulator);
    const entry = { at: expect.any(String), service: "pulsely" };
    expect(await requestsOf(emulator)).toEqual([
      { ...entry, method: "POST", path: "/pulsely/v1/api-keys", status: 201, keyId: id },
      { ...entry, method: "GET", path: "/pulsely/v1/checks", status: 200, keyId: id },
      { ...entry, method: "GET", path: "/pulsely/v1/api-keys", status: 200, keyId: null },
      { ...entry, method: "DELETE", path: `/pulsely/v1/api-keys/${id}`, status: 204, keyId: id },
      { ...entry, method: "GET", path: "/pulsely/v1/checks", status: 401, keyId: id },
    ]);
  });

  test("can be asked for one service", async () => {
    await pulsely()("GET", "/api-keys");
    await pulseapi()("GET", "/api-keys");
    expect((await control("GET", "/requests?service=pulseapi")).body).toMatchObject({
      requests: [{ service: "pulseapi" }],
    });
    expect((await control("GET", "/requests?service=other")).status).toBe(400);
  });
});

describe("the clock", () => {
  test("advances by a duration and ticks on from there", async () => {
    const before = Date.now();
    const { body } = await control<{ now: string }>("POST", "/clock", { advance: "7d" });
    const after = Date.now();
    const weekMs = 7 * 24 * 3_600_000;
    expect(Date.parse(body.now)).toBeGreaterThanOrEqual(before + weekMs);
    expect(Date.parse(body.now)).toBeLessThanOrEqual(after + weekMs);
    const { body: later } = await control<{ now: string }>("GET", "/clock");
    expect(Date.parse(later.now)).toBeGreaterThanOrEqual(Date.parse(body.now));
  });

  test("can be set, and times every record", async () => {
    await control("POST", "/clock", { now: "2031-05-06T07:08:09Z" });
    const { id } = await createPulselyKey();
    expect((await pulsely()("GET", `/api-keys/${id}`)).body).toMatchObject({
      created_at: expect.stringMatching(/^2031-05-06T07:08:/),
    });
    expect((await requestsOf(emulator))[0]?.at).toMatch(/^2031-05-06T07:08:/);
  });
});

describe("control of limits", () => {
  test("lowers, lifts and restores them", async () => {
    const { key } = await createPulselyKey();
    expect((await control("POST", "/limits", { service: "pulsely", perMinute: 1 })).body).toMatchObject({
      limits: { pulsely: { perMinute: 1 }, novavms: { perMinute: 1000, burst: 100 } },
    });
    expect([await pulselyStatus(key), await pulselyStatus(key)]).toEqual([200, 429]);
    await control("POST", "/clock", { advance: "1h" });
    expect(await pulselyStatus(key)).toBe(429);
    expect((await control("POST", "/limits", { perMinute: null })).body).toEqual({
      limits: { pulsely: null, novavms: null, pulseapi: null },
    });
    expect([await pulselyStatus(key), await pulselyStatus(key)]).toEqual([200, 200]);
    expect((await control("DELETE", "/limits")).body).toMatchObject({ limits: { pulsely: { perMinute: 60 } } });
  });

  test("can be given at the start, and a reset goes back to those", async () => {
    const other = await startEmulator({ limits: { novavms: null } });
    await controlOf(other)("POST", "/reset");
    expect((await controlOf(other)("GET", "/limits")).body).toMatchObject({ limits: { novavms: null } });
    await other.close();
  });
});

describe("a reset", () => {
  test("clears keys, accounts, faults, log and clock, and keeps the admin tokens", async () => {
    const { key } = await createPulselyKey();
    const { url, adminToken } = emulator.services.novavms;
    await sender(url, adminToken)("POST", "/service-accounts", { name: "a", role: "viewer" });
    await control("POST", "/faults", { kind: "status" });
    await control("POST", "/clock", { now: "2999-01-01T00:00:00Z" });
    await control("POST", "/users/pulseapi/1", { plan: "free" });
    expect((await control("POST", "/reset")).status).toBe(200);
    expect(await keysOf(emulator)).toEqual([]);
    expect(await requestsOf(emulator)).toEqual([]);
    expect((await control("GET", "/accounts")).body).toEqual({ accounts: [] });
    expect((await control("GET", "/faults")).body).toEqual({ faults: [] });
    expect((await control<{ now: string }>("GET", "/clock")).body.now).not.toMatch(/^2999/);
    expect(await pulselyStatus(key)).toBe(401);
    expect((await pulsely()("GET", "/audit-log")).body).toEqual({ data: [] });
    expect((await pulseapi()("GET", "/api-keys")).status).toBe(200);
  });
});

test.each<[string, string, unknown, RegExp]>([
  ["POST", "/clock", {}, /either advance or now/],
  ["POST", "/clock", { advance: "7 days" }, /advance must be like 30s, 15m, 24h, 7d or 12w/],
  ["POST", "/clock", { advance: "999999999w" }, /last date/],
  ["POST", "/clock", { now: "tomorrow" }, /now must be an RFC 3339 time/],
  ["POST", "/clock", { advance: "7d", now: "2027-01-01T00:00:00Z" }, /either advance or now/],
  ["POST", "/clock", "{", /body is not valid JSON/],
  ["POST", "/faults", { kind: "explode" }, /kind must be one of/],
  ["POST", "/limits", { service: "pulsely", perMinute: 0 }, /perMinute must be/],
  ["POST", "/limits", { service: "github", perMinute: 1 }, /service must be one of/],
  ["POST", "/users/pulseapi/1", { plan: "gold" }, /plan must be one of free, paid/],
])("control answers 400 with the reason to %s %s %j", async (method, path, body, message) => {
  expect(await control(method, path, body)).toMatchObject({
    status: 400,
    body: { error: { code: "invalid_input", message: expect.stringMatching(message) } },
  });
});

test("control answers 400 to an edit that makes no sense, and 404 where there is no such key or user", async () => {
  const { id } = await createPulselyKey();
  const { body } = await pulseapi()<{ data: { id: number } }>("POST", "/api-keys", { name: "a", abilities: ["*"] });
  for (const [path, change] of [
    [`/keys/pulsely/${id}`, { state: "paused" }],
    [`/keys/pulsely/${id}`, { sopes: [] }],
    [`/keys/pulsely/${id}`, { scopes: "read:checks" }],
    [`/keys/pulsely/${id}`, { owner: "gateway" }],
    [`/keys/pulsely/${id}`, { expiresAt: "soon" }],
    [`/keys/pulseapi/${body.data.id}`, { state: "expired" }],
  ] as const) {
    expect((await control("POST", path, change)).status).toBe(400);
  }
  for (const path of ["/keys/pulsely/key_none", "/keys/novavms/x", `/keys/pulseapi/${id}`, "/keys/other/1"]) {
    expect((await control("POST", path, { state: "active" })).status).toBe(404);
  }
  expect((await control("DELETE", "/users/pulseapi/9")).status).toBe(404);
});
