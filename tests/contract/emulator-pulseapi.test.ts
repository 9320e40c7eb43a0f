import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startEmulator, type RunningEmulator } from "../../emulator";
import { controlOf, keysOf, sender, type Send } from "../unit/emulator/emulator-client";

const UNAUTHENTICATED = { status: 401, body: { message: "Unauthenticated." } };
const DISABLED = { status: 402, body: { message: expect.any(String) } };

interface KeyBody {
  readonly data: {
    readonly id: number;
    readonly name: string;
    readonly last_eight: string;
    readonly last_used_at: string | null;
  };
  readonly token: string;
}

let emulator: RunningEmulator;
let admin: Send;
beforeAll(async () => {
  emulator = await startEmulator();
  admin = sender(emulator.services.pulseapi.url, emulator.services.pulseapi.adminToken);
});
beforeEach(() => controlOf(emulator)("POST", "/reset"));
afterAll(() => emulator.close());

const holderOf = (token: string) => sender(emulator.services.pulseapi.url, token);
const create = async (facts: Record<string, unknown> = {}, by = admin) =>
  (await by<KeyBody>("POST", "/api-keys", { name: "ci", abilities: ["monitors:read"], ...facts })).body;

describe("pulseapi keys", () => {
  test("have an integer id, and a token that is shown once and holds it", async () => {
    const reply = await admin<KeyBody>("POST", "/api-keys", { name: "ci", abilities: ["monitors:read"] });
    expect(reply.status).toBe(201);
    const { data, token } = reply.body;
    expect(token).toMatch(new RegExp(`^${data.id}\\|[A-Za-z0-9]{40}$`));
    expect(data).toEqual({
      id: expect.any(Number),
      name: "ci",
      last_eight: token.slice(-8),
      abilities: ["monitors:read"],
      team_id: 1,
      last_used_at: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    });
    expect(await admin("GET", `/api-keys/${data.id}`)).toMatchObject({ status: 200, body: { data } });
  });

  test("may share a name", async () => {
    const [first, second] = [await create(), await create()];
    expect(first.data.name).toBe(second.data.name);
    expect(first.data.id).not.toBe(second.data.id);
  });

  test("can be renamed, and never get other abilities", async () => {
    const { data } = await create();
    const path = `/api-keys/${data.id}`;
    expect(await admin("PATCH", path, { name: "cd" })).toMatchObject({ status: 200, body: { data: { name: "cd" } } });
    expect(await admin("PATCH", path, { abilities: ["monitors:read"] })).toMatchObject({
      status: 422,
      body: { errors: { abilities: [expect.any(String)] } },
    });
  });

  test("rotate in place: the record stays, and the old token is dead when the answer comes", async () => {
    const { data, token } = await create();
    const rotated = await admin<KeyBody>("POST", `/api-keys/${data.id}/rotate`);
    expect(rotated).toMatchObject({ status: 200, body: { data: { id: data.id, name: "ci" } } });
    expect(rotated.body.data.last_eight).toBe(rotated.body.token.slice(-8));
    expect(await holderOf(token)("GET", "/monitors")).toMatchObject(UNAUTHENTICATED);
    expect((await holderOf(rotated.body.token)("GET", "/monitors")).status).toBe(200);
    expect(await keysOf(emulator)).toHaveLength(1);
  });

  test("are gone when they are deleted", async () => {
    const { data, token } = await create();
    const path = `/api-keys/${data.id}`;
    expect(await admin("DELETE", path)).toMatchObject({ status: 204, body: "" });
    const missing = { status: 404, body: { message: expect.stringContaining(String(data.id)) } };
    expect(await admin("GET", path)).toMatchObject(missing);
    expect(await admin("DELETE", path)).toMatchObject(missing);
    expect(await admin("POST", `${path}/rotate`)).toMatchObject(missing);
    expect((await admin("GET", "/api-keys")).body).toMatchObject({ data: [], meta: { total: 0 } });
    expect(await holderOf(token)("GET", "/monitors")).toMatchObject(UNAUTHENTICATED);
    expect(await keysOf(emulator)).toMatchObject([{ id: String(data.id), state: "revoked" }]);
  });

  test("show the date of their last use, and no time", async () => {
    const { data, token } = await create();
    await controlOf(emulator)("POST", "/clock", { now: "2027-02-01T10:00:00Z" });
    await holderOf(token)("GET", "/monitors");
    expect((await admin<KeyBody>("GET", `/api-keys/${data.id}`)).body.data.last_used_at).toBe("2027-02-01");
  });

  test("belong to the user and the team that they were made in", async () => {
    const { data } = await create();
    const otherTeam = holderOf(emulator.services.pulseapi.otherTeamToken);
    expect((await otherTeam("GET", "/api-keys")).body).toMatchObject({ data: [] });
    expect((await otherTeam("GET", `/api-keys/${data.id}`)).status).toBe(404);
    expect((await otherTeam("DELETE", `/api-keys/${data.id}`)).status).toBe(404);
    expect(await create({}, otherTeam)).toMatchObject({ data: { team_id: 2 } });
  });

  test.each<[string, unknown, string]>([
    ["no name", { abilities: ["monitors:read"] }, "name"],
    ["no abilities", { name: "ci" }, "abilities"],
    ["an empty list of abilities", { name: "ci", abilities: [] }, "abilities"],
    ["an unknown ability", { name: "ci", abilities: ["monitors:delete"] }, "abilities"],
    ["malformed JSON", "{", "body"],
  ])("are refused with 422 for %s", async (_what, body, field) => {
    expect(await admin("POST", "/api-keys", body)).toMatchObject({
      status: 422,
      body: { message: expect.any(String), errors: { [field]: [expect.any(String)] } },
    });
  });
});

describe("pulseapi", () => {
  test("pages its lists with data, links and meta", async () => {
    for (const name of ["a", "b", "c"]) await create({ name });
    const url = `${emulator.services.pulseapi.url}/api-keys`;
    expect((await admin("GET", "/api-keys?page=2&per_page=2")).body).toMatchObject({
      data: [{ name: "c" }],
      links: { first: `${url}?page=1`, prev: `${url}?page=1`, next: null },
      meta: { current_page: 2, last_page: 2, per_page: 2, total: 3, from: 3, to: 3 },
    });
    expect((await admin("GET", "/api-keys?per_page=0")).status).toBe(422);
  });

  test("gives a key the abilities it has, and everything for *", async () => {
    const narrow = holderOf((await create({ abilities: ["incidents:read"] })).token);
    expect(await narrow("GET", "/monitors")).toMatchObject({ status: 403, body: { message: expect.any(String) } });
    expect((await narrow("POST", "/api-keys", { name: "b", abilities: ["monitors:read"] })).status).toBe(403);
    const wide = holderOf((await create({ abilities: ["*"] })).token);
    expect(await wide("GET", "/monitors")).toMatchObject({ status: 200, body: { data: [{ id: 1 }, { id: 2 }] } });
    expect((await wide("POST", "/api-keys", { name: "b", abilities: ["monitors:read"] })).status).toBe(201);
  });

  test("answers 401 without a token, with a wrong one, and with a token under another id", async () => {
    const { token } = await create();
    expect(await sender(emulator.services.pulseapi.url)("GET", "/api-keys")).toMatchObject(UNAUTHENTICATED);
    expect(await holderOf("57|nothing")("GET", "/api-keys")).toMatchObject(UNAUTHENTICATED);
    expect(await holderOf(token.replace(/^\d+/, "99999"))("GET", "/monitors")).toMatchObject(UNAUTHENTICATED);
  });

  test("gives the Free plan no access at all", async () => {
    const free = holderOf(emulator.services.pulseapi.freePlanToken);
    expect(await free("POST", "/api-keys", { name: "ci", abilities: ["monitors:read"] })).toMatchObject(DISABLED);
    expect(await free("GET", "/api-keys")).toMatchObject(DISABLED);
  });

  test("disables access after a downgrade and keeps the keys", async () => {
    const { data, token } = await create();
    const plan = (name: string) => controlOf(emulator)("POST", "/users/pulseapi/1", { plan: name });
    await plan("free");
    expect(await admin("GET", `/api-keys/${data.id}`)).toMatchObject(DISABLED);
    expect(await holderOf(token)("GET", "/monitors")).toMatchObject(DISABLED);
    await plan("paid");
    expect((await admin("GET", `/api-keys/${data.id}`)).status).toBe(200);
    expect((await holderOf(token)("GET", "/monitors")).status).toBe(200);
  });

  test("lets keys die with their user", async () => {
    const { token } = await create();
    await controlOf(emulator)("DELETE", "/users/pulseapi/1");
    expect(await holderOf(token)("GET", "/monitors")).toMatchObject(UNAUTHENTICATED);
    expect(await admin("GET", "/api-keys")).toMatchObject(UNAUTHENTICATED);
  });

  test("counts requests in X-RateLimit headers and answers 429 when they are spent", async () => {
    await controlOf(emulator)("POST", "/limits", { service: "pulseapi", perMinute: 1 });
    const first = await admin("GET", "/monitors");
    expect(first.headers.get("x-ratelimit-limit")).toBe("1");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("0");
    const second = await admin("GET", "/monitors");
    expect(second).toMatchObject({ status: 429, body: { message: "Too Many Attempts." } });
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("answers an unknown path with a message", async () => {
    expect(await admin("GET", "/checks")).toMatchObject({ status: 404, body: { message: expect.any(String) } });
    expect((await admin("PUT", "/api-keys")).status).toBe(405);
  });
});
