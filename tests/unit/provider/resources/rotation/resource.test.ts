import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../../provider/backends/definition";
import { dayMs, hourMs } from "../../../../../provider/values/durations";
import { ServerError, TimeoutError } from "../../../../../provider/errors";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import type { RotatingInputs, RotationRequest } from "../../../../../provider/resources/rotation/fields";
import { withSecretBoundary } from "../../../../../provider/secret-boundary";
import { asSecret, unknownValue } from "../../../../../provider/values/wire";
import { EngineDouble } from "../../../../../testing/engine-double";
import { FakeService, origin } from "../../support/fake-service";

const program = (inputs: object = {}) => ({ origin, scopes: ["read:checks"], rotateEvery: "30d", ...inputs });

function setUp(abilities: Partial<Capabilities> = {}, fields: Readonly<Record<string, unknown>> = {}) {
  const service = new FakeService(abilities);
  const provider = createRotatingApiKeyProvider(service.context(fields));
  return { service, provider, key: new EngineDouble(provider) };
}

const check = async (inputs: object, abilities: Partial<Capabilities> = {}, olds: object = {}) => {
  const { provider } = setUp(abilities);
  const { inputs: answer, failures = [] } = await provider.check!(olds as RotatingInputs, inputs as RotatingInputs);
  return {
    answer: answer as unknown as Record<string, unknown> & RotationRequest,
    failures: failures.map(({ property, reason }) => [property, reason]),
  };
};

describe("The inputs of a rotating key", () => {
  test.each([
    [
      "expiresAt",
      { expiresAt: "2027-01-01T00:00:00Z" },
      '"expiresAt" is one date, and cannot serve every generation; give "expiresIn", which counts from each issue',
    ],
    [
      "secretValue",
      { secretValue: "hunter22hunter22" },
      '"secretValue" is one value, and cannot serve every generation; leave it out, or use ApiKey',
    ],
    ["exactName", { exactName: true }, '"exactName" is one name, and two generations stand side by side; leave it out'],
    [
      "emergency",
      { emergency: true },
      '"emergency" is a boolean: write a text that no earlier run had, such as "leak 2026-11-26": each new text makes a new key and revokes every older one',
    ],
    ["rotateEvry", { rotateEvry: "90d" }, 'there is no input "rotateEvry"; did you mean "rotateEvery"?'],
  ])("%s is refused, and what to do is said", async (field, inputs, reason) => {
    expect((await check(program(inputs))).failures).toEqual([[field, reason]]);
  });

  test("never show a secret value in a refusal", async () => {
    expect(JSON.stringify(await check(program({ secretValue: "hunter22hunter22" })))).not.toMatch(/failures.*hunter22/);
  });

  test("need no consent to an outage where the service gives an old secret its grace", async () => {
    const native = { maxActiveKeys: 1, nativeRotate: { id: "same", maxGraceMs: dayMs, graceChosen: false } } as const;
    expect((await check(program(), native)).failures).toEqual([]);
    expect(
      (await check(program(), { ...native, nativeRotate: { ...native.nativeRotate, maxGraceMs: 0 } })).failures.map(
        ([field]) => field,
      ),
    ).toEqual(["allowOutage"]);
  });

  test("are completed by the request and by what the key should be, and by nothing else", async () => {
    const { answer, failures } = await check(program({ scopes: ["write:checks", "read:checks", "read:checks"] }));
    expect(failures).toEqual([]);
    expect(answer).toEqual({
      ...program(),
      connection: "default",
      scopes: ["read:checks", "write:checks"],
      status: "active",
      target: {
        backend: "fake",
        origin: "http://127.0.0.1:4010",
        credential: "environment variable FAKE_TOKEN",
        route: "path /v1",
      },
      generation: 1,
      issuedOn: "2026-06-15T00:00:00Z",
      rotationReason: "first issue",
    });
  });

  test("that are not known yet leave the request as it was", async () => {
    const olds = (await check(program())).answer;
    const { answer } = await check(
      program({ rotateEvery: unknownValue }),
      {},
      { ...olds, issuedOn: "2020-01-01T00:00:00Z" },
    );
    expect(answer).toMatchObject({ generation: 1, issuedOn: "2020-01-01T00:00:00Z", rotationReason: "first issue" });
  });
});

describe("A rotating key and the engine", () => {
  test("has an identity of its own, and every output that exists", async () => {
    const { key } = setUp();
    await key.up(program({ expiresIn: "60d" }));
    expect(key.state?.id).toMatch(/^rotating-[0-9a-f]{16}$/);
    const { __provider: _code, target: _target, ...outs } = key.outs;
    expect(outs).toEqual({
      ...program({ expiresIn: "60d" }),
      connection: "default",
      status: "active",
      keyId: "key-1",
      secret: "fake_secret_1_0123456789",
      hint: "…1",
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      physicalName: expect.stringMatching(/^export-[0-9a-f]{10}$/),
      createdAt: "2026-06-15T12:00:00Z",
      rotatedAt: "2026-06-15T12:00:00Z",
      expiresAt: "2026-08-14T12:00:00Z",
      nextRotationAt: "2026-07-15T00:00:00Z",
      service: "http://127.0.0.1:4010",
      generation: 1,
      issuedOn: "2026-06-15T00:00:00Z",
      rotationReason: "first issue",
    });
  });

  test("marks both secrets in every answer", async () => {
    const { service, provider: inner } = setUp();
    const provider = withSecretBoundary(inner);
    const inputs = (await provider.check!({} as RotatingInputs, program() as unknown as RotatingInputs)).inputs!;
    const { id, outs } = await provider.create(inputs);
    expect(outs?.secret).toEqual(asSecret("fake_secret_1_0123456789"));
    const plain = { ...outs!, secret: "fake_secret_1_0123456789" };
    service.nowMs += 31 * dayMs;
    const news = (await provider.check!(inputs, program() as unknown as RotatingInputs)).inputs!;
    const updated = (await provider.update!(id, plain, news)).outs!;
    expect([updated.secret, updated.previousSecret]).toEqual([
      asSecret("fake_secret_2_0123456789"),
      asSecret("fake_secret_1_0123456789"),
    ]);
    const read = await provider.read!(id, {
      ...updated,
      secret: "fake_secret_2_0123456789",
      previousSecret: "fake_secret_1_0123456789",
    });
    expect([read.props?.secret, read.props?.previousSecret]).toEqual([
      asSecret("fake_secret_2_0123456789"),
      asSecret("fake_secret_1_0123456789"),
    ]);
    expect(Object.keys(read.inputs ?? {}).filter((name) => /secret/i.test(name))).toEqual([]);
  });

  test("lets the engine list what differs where inputs show it, and claims what only the record shows", async () => {
    const { service, key } = setUp();
    await key.up(program());
    service.nowMs += 30 * dayMs;
    expect((await key.preview(program())).listed).toEqual(["generation", "issuedOn", "retireAfter", "rotationReason"]);
    // An end that the service has moved stands in the record alone.
    service.nowMs -= 20 * dayMs;
    service.edit("key-1", { expiresAt: new Date(service.nowMs + 2 * dayMs).toISOString().replace(".000Z", "Z") });
    await key.refresh();
    expect(await key.preview(program())).toMatchObject({ op: "update", listed: [] });
    await key.up(program());
    expect(key.outs).toMatchObject({
      generation: 2,
      rotationReason: "expires in 2 d; previous key ends 5 d early, by its own end",
    });
  });

  test("asks nothing of the service, and of its clock only a date, while nothing is due", async () => {
    const { service, key } = setUp();
    await key.up(program());
    const calls = service.calls.length;
    for (let day = 0; day < 29; day += 1) {
      service.nowMs += dayMs;
      expect((await key.up(program())).op).toBe("same");
    }
    expect(service.calls).toHaveLength(calls);
  });

  test("refreshes to what it was, request included", async () => {
    const { service, key } = setUp();
    await key.up(program({ labels: { owner: "team-a" }, keepers: { build: "1" } }));
    service.nowMs += 31 * dayMs;
    await key.up(program({ labels: { owner: "team-a" }, keepers: { build: "1" } }));
    const { inputs, outs } = key.state!;
    expect(await key.refresh()).toMatchObject({ failures: [], listed: [] });
    expect(key.state).toMatchObject({ inputs, outs });
    expect(key.outs.secret).toBe(outs.secret);
  });

  test("shows scopes that were changed on the service, and is made anew with those that are wanted", async () => {
    const { service, key } = setUp();
    await key.up(program());
    service.edit("key-1", { scopes: ["read:checks", "write:checks"] });
    expect((await key.refresh()).listed).toEqual(["scopes"]);
    expect((await key.preview(program())).inputs.rotationReason).toBe("scopes changed: -write:checks");
    await key.up(program());
    expect(key.outs).toMatchObject({ generation: 2, scopes: ["read:checks"] });
    expect(key.outs).not.toHaveProperty("agreedScopes");
  });

  test("is replaced for another connection, account or environment, and only for those", async () => {
    const { key } = setUp({ environments: ["live", "test"], rename: true });
    await key.up(program());
    expect((await key.preview(program({ connection: "other" }))).replaces).toEqual(["connection"]);
    expect((await key.preview(program({ environment: "test" }))).replaces).toEqual(["environment"]);
    for (const change of [
      { scopes: ["read:alerts"] },
      { name: "exporter" },
      { rotateEvery: "20d" },
      { keepers: { a: "1" } },
      { expiresIn: "90d" },
      { emergency: "now" },
    ]) {
      expect(await key.preview(program(change))).toMatchObject({ op: "update", replaces: [] });
    }
  });

  test("is kept in the state although its first create came to nothing certain, and is made by the next update", async () => {
    const { service, key } = setUp();
    service.fail("createKey", new TimeoutError("no answer"), { after: true });
    service.fail("listKeys", new ServerError({ status: 503, method: "GET", path: "/keys" }));
    expect((await key.up(program())).failures.join()).toMatch(/it is unclear whether a key named "export-/);
    expect(key.outs).toMatchObject({ status: "missing", lostCreates: [expect.stringMatching(/^export-/)] });
    expect(key.outs).not.toHaveProperty("secret");
    expect((await key.up(program())).failures).toEqual([]);
    expect(service.living()).toEqual([key.outs.keyId]);
    expect(key.outs).toMatchObject({ status: "active", generation: 1, rotationReason: "first issue" });
  });

  test("that was never made leaves nothing behind when it is destroyed", async () => {
    const { service, key } = setUp();
    service.fail("createKey", new TimeoutError("no answer"), { after: true });
    service.fail("listKeys", new ServerError({ status: 503, method: "GET", path: "/keys" }), { times: 2 });
    await key.up(program());
    expect((await key.destroy()).failures).toHaveLength(1);
    expect((await key.destroy()).failures).toEqual([]);
    expect(service.living()).toEqual([]);
  });

  test("never records the id of a lost key that may be its secret: that key is revoked at once, or named still", async () => {
    const { service, key } = setUp();
    service.fail("createKey", new TimeoutError("no answer"), { after: true });
    service.fail("listKeys", new ServerError({ status: 503, method: "GET", path: "/keys" }));
    await key.up(program());
    const odd = "s k _ l i v e _ 0 1 2 3";
    const [[id, made] = ["", undefined]] = service.keys;
    service.keys.delete(id);
    if (made) service.keys.set(odd, { ...made, id: odd });
    service.fail("revokeKey", new ServerError({ status: 503, method: "DELETE", path: "/keys/…" }));
    await key.up(program());
    expect(JSON.stringify(key.outs)).not.toContain(odd);
    expect(key.outs).toMatchObject({ lostCreates: [expect.stringMatching(/^export-/)] });
    await key.up(program());
    expect(service.living()).toEqual([key.outs.keyId]);
    expect(key.outs).not.toHaveProperty("lostCreates");
    expect(JSON.stringify(key.outs)).not.toContain(odd);
  });

  test("does every older key's revocation that it can when it is destroyed, and tells the rest", async () => {
    const { service, key } = setUp();
    await key.up(program());
    service.nowMs += 31 * dayMs;
    await key.up(program());
    service.fail("revokeKey", new ServerError({ status: 503, method: "DELETE", path: "/keys/key-1" }));
    expect((await key.destroy()).failures).toEqual(["DELETE /keys/key-1 answered 503."]);
    expect(service.living()).toEqual(["key-1"]);
    expect((await key.destroy()).failures).toEqual([]);
    expect(service.living()).toEqual([]);
  });

  test("tells when the next key is due also after a refresh has found another end", async () => {
    const { service, key } = setUp();
    await key.up(program({ expiresIn: "90d" }));
    expect(key.outs.nextRotationAt).toBe("2026-07-15T00:00:00Z");
    service.edit("key-1", { expiresAt: "2026-06-30T12:00:00Z" });
    await key.refresh();
    expect(key.outs).toMatchObject({ expiresAt: "2026-06-30T12:00:00Z", nextRotationAt: "2026-06-25T00:00:00Z" });
  });

  test("keeps its labels in the service's metadata where there is any", async () => {
    const { service, key } = setUp({ marker: "metadata", rename: true });
    await key.up(program({ labels: { owner: "team-a" } }));
    await key.up(program({ labels: { owner: "team-b" } }));
    expect(service.calls.filter(([method]) => method === "updateKey")).toHaveLength(1);
    expect(key.outs.labels).toEqual({ owner: "team-b" });
  });

  test("is not looked for elsewhere when its connection leads to another service", async () => {
    const { service, key } = setUp();
    await key.up(program());
    const moved = new EngineDouble(createRotatingApiKeyProvider(service.context({ url: "http://127.0.0.1:4999/v1" })));
    moved.state = key.state;
    const calls = service.calls.length;
    for (const run of [() => moved.up(program({ rotateEvery: "1d" })), () => moved.refresh(), () => moved.destroy()]) {
      const words = await run().then(
        ({ failures }) => failures.join(),
        (error: unknown) => (error as Error).message,
      );
      expect(words).toMatch(
        /now leads to http:\/\/127.0.0.1:4999, but this object was made on http:\/\/127.0.0.1:4010/,
      );
    }
    expect(service.calls).toHaveLength(calls);
  });

  test("has the hours of a short schedule as they are", async () => {
    const { service, key } = setUp();
    await key.up(program({ rotateEvery: "6h", overlap: "1h" }));
    service.nowMs += 6 * hourMs;
    await key.up(program({ rotateEvery: "6h", overlap: "1h" }));
    expect(key.outs).toMatchObject({
      rotationReason: "due: age 6 h of 6 h",
      previousValidUntil: "2026-06-15T19:00:00Z",
      nextRotationAt: "2026-06-16T00:00:00Z",
    });
  });
});
