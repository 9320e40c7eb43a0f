import { describe, expect, test } from "@jest/globals";
import type { Capabilities, KeyChanges } from "../../../../../provider/backends/definition";
import { dayMs } from "../../../../../provider/values/durations";
import { ignoredChange } from "../../../../../provider/resources/key/change-key";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { EngineDouble } from "../../../../../testing/engine-double";
import { FakeService, origin } from "../../support/fake-service";
import { madeKey, succeeded } from "../../support/resources";

const end = "2026-12-01T00:00:00Z";
const movable: Partial<Capabilities> = { expiry: { support: "optional", update: true, granularityMs: 60_000 } };
const endsThere: Partial<Capabilities> = { ...movable, delayedRevoke: true };
const rotating = { origin, scopes: ["read:checks"], rotateEvery: "30d", overlap: "5d" };

/** A rotating key whose service ends older keys by itself, and has just had its first rotation. */
async function rotated(service: FakeService) {
  const key = new EngineDouble(createRotatingApiKeyProvider(service.context()));
  await key.up(rotating);
  service.nowMs += 31 * dayMs;
  return { key, failures: (await key.up(rotating)).failures };
}

describe("A change that the service acknowledges and ignores", () => {
  test("never ends as a revocation that did not happen: the old key is revoked after its overlap", async () => {
    const service = new FakeService(endsThere);
    service.ignores = ["expiresAt"];
    const { key, failures } = await rotated(service);
    expect(failures).toEqual([
      "the end of the key key-1 could not be set on the service, the next update tries again: the service acknowledged a change of key key-1, but its end is not set instead of 2026-07-22T00:00:00Z; run again, and if it stays so, this service or its backend cannot make that change",
    ]);
    expect(key.outs.previousKey).toMatchObject({ keyId: "key-1", endsOnService: false });
    service.nowMs += 6 * dayMs;
    await key.up(rotating);
    expect(service.living()).toEqual(["key-2"]);
    expect(key.outs).not.toHaveProperty("previousKey");
  });

  test("is made again by the next update, once the service does it", async () => {
    const service = new FakeService(endsThere);
    service.ignores = ["expiresAt"];
    const { key } = await rotated(service);
    service.ignores = [];
    expect((await key.up(rotating)).failures).toEqual([]);
    expect(key.outs.previousKey).toMatchObject({ endsOnService: true });
    expect(service.keys.get("key-1")?.expiresAt).toBe(key.outs.previousValidUntil);
  });

  test.each([
    ["expiresAt", { expiresIn: "180d" }, movable, /its end is 2026-09-13T12:00:00Z instead of 2026-12-12T12:00:00Z/],
    ["name", { name: "import" }, { ...movable, rename: true }, /its name is "export-.* instead of "import-/],
    [
      "description",
      { description: "nightly" },
      { ...movable, description: "update" },
      /its description is "weekly" instead of "nightly"/,
    ],
  ] as const)("is an error, and leaves the record as it was: %s", async (field, change, abilities, words) => {
    const { service, key, program } = await madeKey({ expiresIn: "90d", description: "weekly" }, abilities);
    const before = key.state;
    service.ignores = [field];
    await expect(key.up({ ...program, ...change })).rejects.toThrow(words);
    expect(key.state).toBe(before);
    service.ignores = [];
    succeeded(await key.up({ ...program, ...change }));
  });

  test("an end that stays although it was taken away is told, too", async () => {
    const { service, key, program } = await madeKey({ expiresAt: end }, movable);
    service.ignores = ["expiresAt"];
    await expect(key.up({ ...program, expiresAt: undefined })).rejects.toThrow(`its end is ${end} instead of not set`);
  });
});

describe("A change that was made, and whose answer does not tell so", () => {
  test("is looked at once, and is no fault", async () => {
    const service = new FakeService(endsThere);
    service.leavesOut = ["expiresAt"];
    const { key, failures } = await rotated(service);
    expect(failures).toEqual([]);
    expect(key.outs.previousKey).toMatchObject({ endsOnService: true });
    // The other look is the one before a successor comes.
    expect(service.count("getKey")).toBe(2);
  });

  test("costs no look where the answer tells it", async () => {
    const service = new FakeService(endsThere);
    await rotated(service);
    expect(service.count("getKey")).toBe(1);
  });
});

test.each<[string, { name: string; expiresAt?: string; description?: string }, KeyChanges, string | undefined]>([
  ["nothing was asked", { name: "a" }, {}, undefined],
  ["labels alone tell nothing", { name: "a" }, { labels: { owner: "b" } }, undefined],
  [
    "another spelling of the same end",
    { name: "a", expiresAt: "2026-12-01T01:00:00+01:00" },
    { expiresAt: end },
    undefined,
  ],
  ["within the service's step", { name: "a", expiresAt: "2026-12-01T00:00:59Z" }, { expiresAt: end }, undefined],
  [
    "a step off",
    { name: "a", expiresAt: "2026-12-01T00:01:00Z" },
    { expiresAt: end },
    `its end is 2026-12-01T00:01:00Z instead of ${end}`,
  ],
  [
    "an end that cannot be read",
    { name: "a", expiresAt: "soon" },
    { expiresAt: end },
    `its end is soon instead of ${end}`,
  ],
  ["no end", { name: "a" }, { expiresAt: end }, `its end is not set instead of ${end}`],
  ["an end taken away", { name: "a" }, { expiresAt: null }, undefined],
  ["the name", { name: "a" }, { name: "a" }, undefined],
  ["a description that is not told", { name: "a" }, { description: "nightly" }, undefined],
  ["space around a description", { name: "a", description: "nightly" }, { description: " nightly\n" }, undefined],
  [
    "another description",
    { name: "a", description: "weekly" },
    { description: "nightly" },
    'its description is "weekly" instead of "nightly"',
  ],
  ["another name", { name: "a" }, { name: "b" }, 'its name is "a" instead of "b"'],
])("What was ignored: %s", (_title, told, asked, words) => {
  expect(ignoredChange(told, asked, new FakeService(movable).connection())).toBe(words);
});
