import { describe, expect, test } from "@jest/globals";
import { ConfigError } from "../../../../../provider/errors";
import { assertSameTarget, type Target, targetOf } from "../../../../../provider/resources/identity/target";
import { createApiKeyProvider } from "../../../../../provider/resources/api-key/resource";
import { EngineDouble } from "../../../../../testing/engine-double";
import { accounts, FakeService } from "../../support/fake-service";
import { accountProgram, keyProgram } from "../../support/resources";
import type { ResourceContext } from "../../../../../provider/resources/context";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../../provider/resources/service-account/resource";

const facts = new FakeService().connection();
const service = "http://127.0.0.1:4010";
const target = targetOf(facts);

describe("an object that was made elsewhere than its connection leads to now", () => {
  test("is touched by nothing, and both places are named", () => {
    const refused = () =>
      assertSameTarget(facts, { connection: "default", service: "https://old.example.com", target });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(
      'connection "default" now leads to http://127.0.0.1:4010, but this object was made on https://old.example.com. Nothing was sent. If the service has moved, add movedFrom: ["https://old.example.com"] to the connection; if this is another service, give it a connection of its own.',
    );
  });

  test("by another backend is told so first", () => {
    expect(() =>
      assertSameTarget(facts, { connection: "default", service, target: { backend: "novavms", origin: service } }),
    ).toThrow(
      'connection "default" now uses the backend "fake", but this object was made with "novavms". Nothing was sent.',
    );
  });

  test.each([
    ["the service is the one that made it", { connection: "default", service, target }],
    [
      "the connection says where the service has moved from",
      { connection: "default", service: "https://moved.example.com", target },
    ],
    [
      "the object was made on another connection, which replaces it",
      { connection: "other", service: "https://old.example.com", target },
    ],
    ["the record is too old to tell", { connection: "default" }],
  ])("goes on where %s", (_title, recorded) => {
    expect(() => assertSameTarget({ ...facts, movedFrom: ["https://moved.example.com"] }, recorded)).not.toThrow();
  });
});

describe("two services that share a host", () => {
  const made = (path?: string) => ({
    connection: "default",
    service,
    target: { backend: "fake", origin: service, ...(path === undefined ? {} : { route: `path ${path}` }) },
  });
  const moved = (...movedFrom: string[]) =>
    new FakeService().connections({ url: "http://127.0.0.1:4010/b/v1", movedFrom }).describe("default");

  test("are told apart by their paths: what was made at one is not touched at the other", () => {
    for (const [path, address] of [
      ["/a/v1", "http://127.0.0.1:4010/a/v1"],
      ["/a,", "http://127.0.0.1:4010/a,"],
      ["/b", "http://127.0.0.1:4010/b"],
      ["/b/v1/c", "http://127.0.0.1:4010/b/v1/c"],
      ["/B/v1", "http://127.0.0.1:4010/B/v1"],
    ] as const)
      expect(() =>
        assertSameTarget(moved("http://127.0.0.1:4010/c/v1", "https://old.example.com"), made(path)),
      ).toThrow(
        `connection "default" now leads to the path /b/v1 of http://127.0.0.1:4010, but this object was made under the path ${path}. Nothing was sent. If the service has moved, add movedFrom: ["${address}"]`,
      );
  });

  test.each([
    ["the path is the same", made("/b/v1"), []],
    ["the path is the same, and the dialect another one", made("/b/v1, dialect 0123abcd"), []],
    ["the connection says that the service has moved from there", made("/a/v1"), ["http://127.0.0.1:4010/a/v1/"]],
    ["it says so of the whole host", made("/a/v1"), ["http://127.0.0.1:4010"]],
    ["the record is too old to tell a path", made(), []],
  ])("are one where %s", (_what, recorded, movedFrom) => {
    expect(() => assertSameTarget(moved(...movedFrom), recorded)).not.toThrow();
  });

  test("are told apart where one is at the backend's own path", () => {
    const own = { connection: "default", service, target: { backend: "fake", origin: service, credential: "file x" } };
    expect(() => assertSameTarget(moved(), own)).toThrow(
      `now leads to the path /b/v1 of ${service}, but this object was made under the backend's own path. Nothing was sent. If the service has moved, add movedFrom: ["${service}"]`,
    );
    expect(() => assertSameTarget(moved(service), own)).not.toThrow();
  });

  test("are not looked for in a state that does not say the path: what is recorded from now on is no change", async () => {
    const service = new FakeService();
    const key = new EngineDouble(createApiKeyProvider(service.context()));
    await key.up(keyProgram);
    const { route: _route, credential: _credential, ...without } = key.outs.target as Target;
    Object.assign(key.outs, { target: without });
    expect((await key.up(keyProgram)).op).toBe("same");
    expect((await key.refresh()).failures ?? []).toEqual([]);
    await key.destroy();
    expect(service.living()).toEqual([]);
  });

  const kinds: readonly [string, (context: ResourceContext) => object, object][] = [
    ["an ApiKey", createApiKeyProvider, keyProgram],
    ["a RotatingApiKey", createRotatingApiKeyProvider, { ...keyProgram, rotateEvery: "30d" }],
    ["a ServiceAccount", createServiceAccountProvider, accountProgram],
  ];

  /** As 0.1 has recorded it. */
  const without = (record: Readonly<Record<string, unknown>>) => ({
    ...record,
    target: { backend: "fake", origin: service },
  });

  async function madeBefore(create: (context: ResourceContext) => object, program: object) {
    const isAccount = create === createServiceAccountProvider;
    const fake = new FakeService(isAccount ? { parent: "serviceAccount", serviceAccounts: accounts } : {});
    const warnings: string[] = [];
    const onPath = (path: string) => {
      const context = {
        ...fake.context({ url: `${service}${path}` }),
        warn: (words: string) => void warnings.push(words),
      };
      return new EngineDouble(create(context));
    };
    const engine = onPath("/a/v1");
    await engine.up(program);
    const { id, inputs, outs } = engine.state!;
    engine.state = { id, inputs: without(inputs), outs: without(outs) };
    const elsewhere = onPath("/b/v1");
    return { fake, engine, elsewhere, told: () => warnings.splice(0) };
  }

  test.each(kinds)(
    "that a state of 0.1 does not tell apart: %s stays as it is, and that is said once",
    async (_what, create, program) => {
      const { engine, elsewhere, told } = await madeBefore(create, program);
      expect((await engine.up(program)).op).toBe("same");
      expect(told()).toEqual([
        `an earlier version made keys or accounts on the connection "default" and did not record under which path of ${service}; they are taken to be those under /a/v1, which is recorded now. If they were made under another path, give that one a connection of its own before the next update`,
      ]);
      // Neither the next update nor a look at the service takes that back.
      expect((await engine.up(program)).op).toBe("same");
      expect((await engine.refresh()).listed).toEqual([]);
      const anew = { ...engine.state! };
      expect((await engine.up(program)).op).toBe("same");
      expect(told()).toEqual([]);
      // From then on another path is another service, although nothing was written but the inputs.
      elsewhere.state = anew;
      expect(await elsewhere.up(program)).toMatchObject({
        op: "refused",
        failures: [expect.stringContaining("this object was made under the path /a/v1. Nothing was sent.")],
      });
    },
  );

  test.each(kinds)(
    "and that a look at the service has found there: nothing is said of %s",
    async (_what, create, program) => {
      const { engine, told } = await madeBefore(create, program);
      expect((await engine.refresh()).failures).toEqual([]);
      expect((await engine.up(program)).op).toBe("same");
      expect(told()).toEqual([]);
    },
  );

  test.each(kinds.slice(0, 1))(
    "but not where the look has found nothing: that may be the other path's fault (%s)",
    async (_what, create, program) => {
      const { fake, engine, told } = await madeBefore(create, program);
      fake.keys.clear();
      await engine.refresh();
      expect((await engine.up(program)).op).toBe("replace");
      expect(told()).toEqual([expect.stringContaining("did not record under which path")]);
    },
  );

  test("keep the key of the one out of the other's hands: a destroy reports no revocation there", async () => {
    const service = new FakeService();
    const at = (tenant: string) =>
      new EngineDouble(createApiKeyProvider(service.context({ url: `http://127.0.0.1:4010/${tenant}/v1` })));
    const key = at("a");
    await key.up(keyProgram);
    const id = key.state?.id ?? "";
    const outs = key.outs as never;
    const other = createApiKeyProvider(service.context({ url: "http://127.0.0.1:4010/b/v1" }));
    const calls: readonly (() => unknown)[] = [
      () => other.delete?.(id, outs),
      () => other.read?.(id, outs),
      () => other.update?.(id, outs, outs),
      () => other.diff?.(id, outs, outs),
    ];
    for (const call of calls)
      await expect(Promise.resolve().then(call)).rejects.toThrow("this object was made under the path /a/v1");
    expect(service.living()).toEqual(["key-1"]);
    expect(service.count("revokeKey")).toBe(0);
  });
});
