import { describe, expect, test } from "@jest/globals";
import { ConfigError } from "../../../../provider/errors";
import { assertSameTarget, type Target, targetOf } from "../../../../provider/resources/target";
import { createApiKeyProvider } from "../../../../provider/resources/api-key";
import { EngineDouble } from "../../../../testing/engine-double";
import { FakeService } from "../support/fake-service";
import { keyProgram } from "../support/resources";

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
        `connection "default" now leads to the path /b/v1 of http://127.0.0.1:4010, but this object was made under ${path}. Nothing was sent. If the service has moved, add movedFrom: ["${address}"]`,
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

  test("are not looked for in a state that does not say the path: what is recorded from now on is no change", async () => {
    const service = new FakeService();
    const key = new EngineDouble(createApiKeyProvider(service.context()));
    await key.up(keyProgram);
    const { route: _route, ...without } = key.outs.target as Target;
    Object.assign(key.outs, { target: without });
    expect((await key.up(keyProgram)).op).toBe("same");
    expect((await key.refresh()).failures ?? []).toEqual([]);
    await key.destroy();
    expect(service.living()).toEqual([]);
  });

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
      await expect(Promise.resolve().then(call)).rejects.toThrow("this object was made under /a/v1");
    expect(service.living()).toEqual(["key-1"]);
    expect(service.count("revokeKey")).toBe(0);
  });
});
