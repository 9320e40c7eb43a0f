import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Capabilities } from "../../../../../provider/backends/definition";
import type { RecordedState } from "../../../../../provider/engine/engine-state";
import { PermissionDeniedError } from "../../../../../provider/errors";
import { createMarking, type Naming, type ResourceType } from "../../../../../provider/resources/identity/marking";
import { markOf, provenSuffixLength, resourceMark, usualNames } from "../../../../../provider/resources/identity/names";
import { formatTime } from "../../../../../provider/values/times";
import { accounts, FakeService, origin, today } from "../../support/fake-service";

const identity = "346acc1c-5691-45e1-ab04-4a7c8f69c1c8";
const used: Partial<Capabilities> = { lastUsed: { lagMs: 0, granularityMs: 0 } };

/** A process after one that was killed: what it knows of the state, and what it says. */
function nextRun(
  service: FakeService,
  recorded: { readonly names?: readonly string[] } | "unreadable" = {},
  { ageMs = 0, serviceMs }: { readonly ageMs?: number; readonly serviceMs?: number } = {},
) {
  const warnings: string[] = [];
  let asked = 0;
  const state = (): RecordedState | undefined => {
    asked += 1;
    if (recorded === "unreadable") return asked === 1 ? { identity, names: new Set(), holders: new Map() } : undefined;
    return { identity, names: new Set(recorded.names), holders: new Map() };
  };
  const marking = createMarking(
    () => Promise.resolve(state()),
    (message) => warnings.push(message),
    () => service.nowMs,
    () => ageMs,
  );
  const connection = { ...service.connection(), clock: { nowMs: () => serviceMs } };
  const naming = (type: ResourceType = "ApiKey", named: object = {}): Promise<Naming> =>
    marking.naming(type, { origin, ...named }, connection);
  return { warnings, naming, timesAsked: () => asked };
}

/** A key that a killed run of the resource has left. */
async function leave(
  service: FakeService,
  type: ResourceType = "ApiKey",
  from = { identity, origin },
): Promise<string> {
  const name = usualNames.provenName("export", resourceMark(from.identity, type, from.origin));
  return (await service.connection().client.createKey({ name })).id;
}

describe("a key that a killed run has left", () => {
  test("is revoked before the next key is issued, with one line that names it", async () => {
    const service = new FakeService(used);
    const id = await leave(service);
    const { naming, warnings } = nextRun(service);
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`the key ${id} (export-`)]);
    expect(warnings[0]).toMatch(/was left by an interrupted run and never used: it is revoked/);
  });

  test("is told by its mark and no other word of the service: nobody has seen its secret", async () => {
    const service = new FakeService(used);
    const id = await leave(service);
    const mark = service.keys.get(id)?.name.slice("export-".length) ?? "";
    service.edit(id, { name: `s k _ l i v e-${mark}`, id: "s k _ l i v e" });
    const { naming, warnings } = nextRun(service);
    service.fail("revokeKey", new PermissionDeniedError({ status: 403, method: "DELETE", path: "/keys/…" }));
    await (await naming()).clearLeftovers?.({});
    expect(warnings).toEqual([
      expect.stringContaining(`the key with an id that must not be shown (…-${mark}) was left`),
    ]);
  });

  test("is taken for none of ours where any part of its mark differs", async () => {
    const service = new FakeService(used);
    await leave(service, "RotatingApiKey");
    await leave(service, "ApiKey", { identity: "another state", origin });
    await leave(service, "ApiKey", { identity, origin: `${origin}2` });
    await leave(service, "ApiKey", { identity, origin: origin.replace("/dev/", "/prod/") });
    const { client } = service.connection();
    await client.createKey({ name: "export" });
    await client.createKey({ name: usualNames.physicalName("export", origin) });
    const forged = usualNames.provenName("export", resourceMark(identity, "ApiKey", origin));
    await client.createKey({ name: forged.slice(0, -1) + (forged.endsWith("a") ? "b" : "a") });
    const living = service.living();
    const { naming, warnings } = nextRun(service);
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toEqual(living);
    expect(warnings).toEqual([]);
  });

  test("is left alone, with a warning, where it was used: a restored backup knows less than its services", async () => {
    const service = new FakeService(used);
    service.edit(await leave(service), { lastUsedAt: formatTime(today) });
    const { naming, warnings } = nextRun(service);
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/in no state, but was used at .*: it is left alone/)]);
  });

  test("is none where it was made since this run began: another update goes on, and will name it", async () => {
    const service = new FakeService(used);
    await leave(service);
    // By the service's clock this run began ten seconds before it, and another one a second after it.
    const serviceMs = today + 60_000;
    const { naming, warnings } = nextRun(service, {}, { ageMs: 70_000, serviceMs });
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/was made since this run began: another update .* left alone/)]);
    await (await nextRun(service, {}, { ageMs: 59_000, serviceMs }).naming()).clearLeftovers?.({});
    expect(service.living()).toEqual([]);
  });

  test("is left alone, with a warning, where the service does not tell whether it was used", async () => {
    const service = new FakeService({ lastUsed: undefined });
    await leave(service);
    const { naming, warnings } = nextRun(service);
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/does not tell whether it was used/)]);
  });

  test("gives way where its service keeps one key, because the next one takes its place in any case", async () => {
    const service = new FakeService({ maxActiveKeys: 1 });
    await leave(service);
    await (await nextRun(service).naming()).clearLeftovers?.({});
    expect(service.living()).toEqual([]);
  });

  test("is left alone where the state cannot be read a second time: nobody guesses", async () => {
    const service = new FakeService(used);
    await leave(service);
    const { naming, warnings } = nextRun(service, "unreadable");
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining("the state could not be read")]);
  });

  test("that cannot be revoked stays named, and does not keep the next key from being issued", async () => {
    const service = new FakeService(used);
    const id = await leave(service);
    service.fail(
      "revokeKey",
      new PermissionDeniedError({ status: 403, method: "DELETE", path: "/keys", detail: "no" }),
    );
    const { naming, warnings } = nextRun(service);
    await (await naming()).clearLeftovers?.({});
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`the key ${id} .* could not be revoked: .*403`))]);
  });

  test("is what the state does not name, also while a rename is under way", async () => {
    for (const recordedName of [(name: string) => name, (name: string) => usualNames.renamed("before", name)]) {
      const service = new FakeService(used);
      const id = await leave(service);
      const { naming, warnings } = nextRun(service, { names: [recordedName(service.keys.get(id)?.name ?? "")] });
      await (await naming()).clearLeftovers?.({});
      expect(service.living()).toEqual([id]);
      expect(warnings).toEqual([]);
    }
  });

  test("is none that the state named before this run, so that a rotation of many keys reads the state once", async () => {
    const service = new FakeService(used);
    const ids = [await leave(service), await leave(service)];
    const names = ids.map((id) => service.keys.get(id)?.name ?? "");
    const { naming, warnings, timesAsked } = nextRun(service, { names });
    for (const _key of ids) await (await naming()).clearLeftovers?.({});
    expect(timesAsked()).toBe(1);
    expect(service.living()).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  test("is none where its time is over, although the service calls it active", async () => {
    const service = new FakeService(used);
    service.edit(await leave(service), { expiresAt: formatTime(service.nowMs - 1_000) });
    await (await nextRun(service).naming()).clearLeftovers?.({});
    expect(service.count("revokeKey")).toBe(0);
  });

  test("is never one that this very process has made", async () => {
    const service = new FakeService(used);
    const { naming } = nextRun(service);
    const mine = await naming();
    await service.connection().client.createKey({ name: mine.draw() });
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toHaveLength(1);
  });

  test("costs one list for all keys of an account", async () => {
    const service = new FakeService(used);
    const { naming } = nextRun(service);
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        (await naming("ApiKey", { origin: `${origin}${index}` })).clearLeftovers?.({}),
      ),
    );
    expect(service.count("listKeys")).toBe(1);
  });

  test("cannot be looked for while the service refuses its list: that is said, and the next key looks again", async () => {
    const service = new FakeService(used);
    await leave(service);
    service.fail("listKeys", new PermissionDeniedError({ status: 403, method: "GET", path: "/keys", detail: "no" }));
    const { naming, warnings } = nextRun(service);
    await (await naming()).clearLeftovers?.({});
    expect(warnings).toEqual([expect.stringContaining("could not be looked for")]);
    await (await naming()).clearLeftovers?.({});
    expect(service.living()).toEqual([]);
  });
});

describe("a name with a proof", () => {
  const name = usualNames.provenName("export", resourceMark(identity, "ApiKey", origin));

  test("keeps the four digits of its stack, and its mark over a rename", () => {
    expect(name.slice("export-".length, "export-".length + 4)).toBe(usualNames.physicalName("x", origin).slice(2, 6));
    expect(name).toHaveLength("export".length + provenSuffixLength);
    expect(usualNames.hasMarkerForm(name)).toBe(true);
    expect(markOf(usualNames.renamed("import", name))).toEqual(markOf(name));
  });

  test("is drawn only where it fits, and where the name is not the user's own", async () => {
    const service = new FakeService({ limits: { nameLength: 30 } });
    const { naming } = nextRun(service);
    expect(markOf((await naming("ApiKey", { name: "ten-chars-" })).draw())).toBeDefined();
    expect((await naming("ApiKey", { name: "eleven-char" })).draw()).toMatch(/^eleven-char-[0-9a-f]{10}$/);
    expect((await naming("ApiKey", { name: "mine", exactName: true })).draw()).toBe("mine");
  });

  test("is not seen in the words of people, nor in names of 0.1", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}(-[a-z]{1,18}){0,3}$/), (words) => {
        fc.pre(!/-[0-9a-f]{4}[a-z2-7]{15}$/.test(words));
        return markOf(words) === undefined;
      }),
    );
    expect(markOf(usualNames.physicalName("export", origin))).toBeUndefined();
  });

  test("tells states, stacks, types and resources apart", () => {
    const marks = [
      resourceMark(identity, "ApiKey", origin),
      resourceMark("another", "ApiKey", origin),
      resourceMark(identity, "RotatingApiKey", origin),
      resourceMark(identity, "ApiKey", `${origin}2`),
      resourceMark(identity, "ApiKey", origin.replace("/dev/", "/prod/")),
    ].map(({ state, resource }) => `${state}${resource}`);
    expect(new Set(marks).size).toBe(marks.length);
  });
});

describe("an account that a killed run has left", () => {
  const name = usualNames.provenName("team", resourceMark(identity, "ServiceAccount", origin));

  test("is taken over, because it holds no secret, unless a state knows it", async () => {
    const service = new FakeService({ serviceAccounts: accounts });
    const { client } = service.connection();
    const left = await client.createServiceAccount?.({ name });
    await client.createServiceAccount?.({ name: "team" });
    const run = nextRun(service);
    const found = await (await run.naming("ServiceAccount")).takeLeftAccount?.();
    expect(found?.id).toBe(left?.id);
    const knowing = nextRun(service, { names: [name] });
    expect(await (await knowing.naming("ServiceAccount")).takeLeftAccount?.()).toBeUndefined();
    // A second resource of the same mark does not get the same one.
    expect(await (await run.naming("ServiceAccount")).takeLeftAccount?.()).toBeUndefined();
  });

  test("costs one list for all accounts, and none for the keys of one that this process has made", async () => {
    const service = new FakeService({ ...used, serviceAccounts: accounts });
    const { naming } = nextRun(service);
    const both = await Promise.all([naming("ServiceAccount"), naming("ServiceAccount", { origin: `${origin}2` })]);
    await Promise.all(both.map(async ({ takeLeftAccount }) => takeLeftAccount?.()));
    expect(service.count("listServiceAccounts")).toBe(1);
    both[0]?.noteNewAccount?.("account-1");
    await (await naming()).clearLeftovers?.({ serviceAccountId: "account-1" });
    expect(service.count("listKeys")).toBe(0);
  });
});
