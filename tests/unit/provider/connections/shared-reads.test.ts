import { describe, expect, test } from "@jest/globals";
import type { ApiKey, BackendClient, ServiceAccount } from "../../../../provider/backends/definition";
import { guardClient } from "../support/one-step";
import { nextPage } from "../../../../provider/http/list-bounds";
import { ServerError } from "../../../../provider/errors";
import { type ApiKeyOutputs, createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { type SharedReads, shareReads } from "../../../../provider/connections/shared-reads";
import { FakeService, accounts as accountFacts } from "../support/fake-service";

/** A service with keys 1 to `count` of one parent, told in pages. */
class PagedService {
  nowMs = 0;
  pageSize = 100;
  requests: string[] = [];
  readonly keys = new Map<string, ApiKey>();
  /** What the list tells, if it is not the truth. */
  lists: (keys: readonly ApiKey[]) => readonly ApiKey[] = (keys) => keys;
  failsAtPage: number | undefined;

  constructor(count: number) {
    for (let id = 1; id <= count; id += 1)
      this.keys.set(String(id), { id: String(id), name: `key-${id}`, status: "active", scopes: ["b", "a"] });
  }

  edit(id: number, change: Partial<ApiKey>): void {
    const key = this.keys.get(String(id));
    if (key) this.keys.set(key.id, { ...key, ...change });
  }

  open(listTellsAll = true): SharedReads {
    const client: Partial<BackendClient> = {
      getKey: async ({ id }) => {
        await this.answered(`GET ${id}`);
        return this.keys.get(id);
      },
      listKeys: async () => {
        const all = this.lists([...this.keys.values()]);
        const told: ApiKey[] = [];
        for (let at = 0; at === 0 || at < all.length; at += this.pageSize) {
          nextPage("/keys", this.nowMs, 60_000);
          const page = at / this.pageSize + 1;
          await this.answered(`LIST ${page}`);
          if (page === this.failsAtPage) throw new ServerError({ status: 500, method: "GET", path: "/keys" });
          told.push(...all.slice(at, at + this.pageSize));
        }
        return told;
      },
    };
    return shareReads(guardClient(client as BackendClient), { listTellsAll, nowMs: () => this.nowMs });
  }

  async answered(request: string): Promise<void> {
    this.requests.push(request);
    await new Promise((resolve) => setImmediate(resolve));
  }

  get alone(): number {
    return this.requests.filter((request) => request.startsWith("GET")).length;
  }

  get pages(): number {
    return this.requests.filter((request) => request.startsWith("LIST")).length;
  }
}

/** Reads as the engine does: so many at a time, in the state's order. */
async function sweep({ client }: SharedReads, ids: readonly number[], atOnce = 8): Promise<(ApiKey | undefined)[]> {
  const found: (ApiKey | undefined)[] = [];
  const waiting = ids.map((id, index) => ({ id, index }));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      found[next.index] = await client.getKey({ id: String(next.id), name: `key-${next.id}` });
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("reads that the engine makes side by side", () => {
  test("a refresh of 1,000 keys is one key and ten pages", async () => {
    const service = new PagedService(1_000);
    const found = await sweep(service.open(), upTo(1_000));
    expect(found.map((key) => key?.id)).toEqual(upTo(1_000).map(String));
    expect({ alone: service.alone, pages: service.pages }).toEqual({ alone: 1, pages: 10 });
  });

  test("a service whose list tells less stays as it is", async () => {
    const service = new PagedService(50);
    await sweep(service.open(false), upTo(50));
    expect({ alone: service.alone, pages: service.pages }).toEqual({ alone: 50, pages: 0 });
  });

  test("reads one after the other share nothing, so each tells what is there now", async () => {
    const service = new PagedService(3);
    const { client } = service.open();
    for (const status of ["active", "disabled", "revoked"] as const) {
      service.edit(1, { status });
      expect((await client.getKey({ id: "1", name: "key-1" }))?.status).toBe(status);
    }
    expect({ alone: service.alone, pages: service.pages }).toEqual({ alone: 3, pages: 0 });
  });

  test("a list is not older than 15 s, however long the sweep goes on", async () => {
    const service = new PagedService(20);
    const shared = service.open();
    await sweep(shared, upTo(10));
    service.edit(20, { status: "revoked" });
    for (let half = 0; half < 31; half += 1) {
      service.nowMs += 500;
      await sweep(shared, [11, 12]);
    }
    expect((await sweep(shared, [11, 12, 20])).at(-1)?.status).toBe("revoked");
    expect(service.pages).toBe(2);
  });

  test("a list is not used after a second without any read: that is another sweep", async () => {
    const service = new PagedService(20);
    const shared = service.open();
    await sweep(shared, upTo(10));
    service.edit(20, { status: "revoked" });
    service.nowMs += 1_001;
    expect((await sweep(shared, [11, 12, 20])).at(-1)?.status).toBe("revoked");
  });

  test("a change by this process ends what was read before it", async () => {
    const service = new PagedService(20);
    const shared = service.open();
    await sweep(shared, upTo(10));
    service.edit(20, { status: "revoked" });
    shared.end();
    expect((await sweep(shared, [11, 12, 20])).at(-1)?.status).toBe("revoked");
  });

  test("a small stack in a huge workspace does not read the workspace", async () => {
    const service = new PagedService(50_000);
    await sweep(service.open(), upTo(8));
    expect({ alone: service.alone, pages: service.pages }).toEqual({ alone: 8, pages: 12 });
    service.requests = [];
    const many = upTo(200).map((n) => n * 200);
    const found = await sweep(service.open(), many);
    expect(found.every((key, index) => key?.id === String(many[index]))).toBe(true);
    expect(service.requests.length).toBeLessThan(2 * many.length);
  });
});

describe("a list that is not to be trusted", () => {
  const cases: readonly [string, (service: PagedService) => void][] = [
    ["lacks keys", (service) => (service.lists = (keys) => keys.filter(({ id }) => Number(id) % 3 !== 0))],
    [
      "has a key twice, once as it was",
      (service) =>
        (service.lists = (keys) => [...keys, ...keys.slice(1).map((key) => ({ ...key, status: "revoked" }) as const)]),
    ],
    ["shifts its pages", (service) => (service.lists = (keys) => [...keys.slice(5), ...keys.slice(15)])],
    ["leaves out a field", (service) => (service.lists = (keys) => keys.map(({ scopes: _s, ...key }) => key))],
    ["tells other values", (service) => (service.lists = (keys) => keys.map((key) => ({ ...key, scopes: ["a"] })))],
    ["fails at once", (service) => (service.failsAtPage = 1)],
    ["fails halfway", (service) => (service.failsAtPage = 2)],
  ];
  test.each(cases)("%s: what a read tells is what the key's own answer tells", async (_what, spoil) => {
    const service = new PagedService(40);
    service.pageSize = 10;
    spoil(service);
    const truth = [...service.keys.values()];
    expect(await sweep(service.open(), upTo(40))).toEqual(truth);
  });

  test("nothing is taken from a list before it has agreed with a key's own answer, also where the first key is gone", async () => {
    for (const gone of [[1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]) {
      const service = new PagedService(40);
      for (const id of gone) service.keys.delete(String(id));
      service.lists = (keys) => keys.map((key) => ({ ...key, scopes: ["a"] }));
      const truth = upTo(40).map((id) => service.keys.get(String(id)));
      expect(await sweep(service.open(), upTo(40))).toEqual(truth);
    }
  });

  test("a key that the list takes for ended or disabled is asked for by itself: a replacement would follow", async () => {
    for (const status of ["revoked", "disabled", "expired"] as const) {
      const service = new PagedService(40);
      service.edit(30, { status });
      service.lists = (keys) => keys.map((key) => (Number(key.id) % 10 === 0 ? { ...key, status } : key));
      const truth = [...service.keys.values()];
      expect(await sweep(service.open(), upTo(40))).toEqual(truth);
      expect(service.alone).toBe(5);
    }
  });

  test("the order of scopes, and the time of the last use, may differ", async () => {
    const service = new PagedService(40);
    service.lists = (keys) => keys.map((key) => ({ ...key, scopes: ["a", "b"], lastUsedAt: "2026-01-01T00:00:00Z" }));
    await sweep(service.open(), upTo(40));
    expect(service.alone).toBe(1);
  });

  test("a list that fails is asked for again only when there are eight times as many reads", async () => {
    const service = new PagedService(400);
    service.failsAtPage = 1;
    await sweep(service.open(), upTo(400));
    expect(service.alone).toBe(400);
    expect(service.pages).toBeLessThanOrEqual(5);
  });
});

describe("many accounts", () => {
  /** So many accounts, opened as a refresh opens them. */
  function service(count: number, accountsTellAll = true) {
    const accounts = new Map<string, ServiceAccount>();
    for (let id = 1; id <= count; id += 1)
      accounts.set(String(id), { id: String(id), name: `account-${id}`, role: "viewer", status: "active" });
    const requests: string[] = [];
    const answered = (request: string) => {
      requests.push(request);
      return new Promise((resolve) => setImmediate(resolve));
    };
    const client: Partial<BackendClient> = {
      getServiceAccount: async (id) => {
        await answered(`GET ${id}`);
        return accounts.get(id);
      },
      listServiceAccounts: async ({ name }) => {
        await answered("LIST");
        return [...accounts.values()].filter((account) => name === undefined || account.name === name);
      },
    };
    const guarded = guardClient(client as BackendClient);
    const reads = shareReads(guarded, { listTellsAll: true, accountsTellAll, nowMs: () => 0 });
    const read = (ids: readonly number[]) =>
      Promise.all(ids.map((id) => Promise.resolve(reads.client.getServiceAccount?.(String(id)))));
    return {
      accounts,
      reads,
      read,
      count: (kind: string) => requests.filter((request) => request.startsWith(kind)).length,
    };
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  test("are read from one list, and come out as each by itself", async () => {
    const { accounts, read, count } = service(300);
    expect(await read(upTo(300))).toEqual([...accounts.values()]);
    expect({ alone: count("GET"), lists: count("LIST") }).toEqual({ alone: 4, lists: 1 });
  });

  test("are read one by one where the list does not report everything", async () => {
    const { read, count } = service(30, false);
    await read(upTo(30));
    expect({ alone: count("GET"), lists: count("LIST") }).toEqual({ alone: 30, lists: 0 });
  });

  test("are read one by one if they are few", async () => {
    const { read, count } = service(300);
    await read(upTo(4));
    expect({ alone: count("GET"), lists: count("LIST") }).toEqual({ alone: 4, lists: 0 });
  });

  test("that are gone or disabled are asked for by themselves", async () => {
    const { accounts, read, count } = service(30);
    accounts.delete("20");
    accounts.set("21", { id: "21", name: "account-21", role: "viewer", status: "disabled" });
    const found = await read(upTo(30));
    expect([found[19], found[20]?.status]).toEqual([undefined, "disabled"]);
    expect(count("GET")).toBe(6);
  });

  test("are read one by one again after a change", async () => {
    const { accounts, reads, read } = service(30);
    await read(upTo(30));
    accounts.set("7", { id: "7", name: "account-7", role: "admin", status: "active" });
    reads.end();
    expect((await read(upTo(30)))[6]?.role).toBe("admin");
  });

  test("whose list is told otherwise than the first account are not read from it", async () => {
    const { accounts } = service(30);
    const listed = [...accounts.values()];
    accounts.set("1", { id: "1", name: "account-1", role: "admin", status: "active" });
    const lying = shareReads(
      guardClient({
        getServiceAccount: (id) => Promise.resolve(accounts.get(id)),
        listServiceAccounts: () => Promise.resolve(listed),
      } as Partial<BackendClient> as BackendClient),
      { listTellsAll: true, accountsTellAll: true, nowMs: () => 0 },
    );
    const found = await Promise.all(
      upTo(30).map((id) => Promise.resolve(lying.client.getServiceAccount?.(String(id)))),
    );
    expect(found).toEqual([...accounts.values()]);
  });
});

describe("a refresh", () => {
  const parallel = async <Result>(runs: readonly (() => Promise<Result>)[]) => Promise.all(runs.map((run) => run()));

  async function made(count: number, abilities: ConstructorParameters<typeof FakeService>[0] = {}) {
    const service = new FakeService({ listTellsAll: true, ...abilities });
    const account = abilities?.serviceAccounts ? "account-a" : undefined;
    if (account !== undefined) service.keepOld({ accounts: [account] });
    const provider = createApiKeyProvider(service.context());
    const keys: { readonly id: string; readonly outs: ApiKeyOutputs }[] = [];
    for (let index = 0; index < count; index += 1) {
      const inputs = {
        connection: "default",
        scopes: ["read:checks"],
        origin: `acme/billing/dev/key-${index}`,
        ...(account !== undefined && { serviceAccountId: account }),
      };
      const { id, outs } = await provider.create(inputs as never);
      if (outs === undefined) throw new Error("no outputs");
      keys.push({ id, outs });
    }
    service.calls.length = 0;
    const refresh = () =>
      parallel(
        keys.map(
          ({ id, outs }) =>
            () =>
              Promise.resolve(provider.read?.(id, outs)),
        ),
      );
    return { service, provider, keys, refresh };
  }

  test("asks for a disabled account once, not once for each of its keys", async () => {
    const { service, refresh } = await made(30, { parent: "serviceAccount", serviceAccounts: accountFacts });
    service.accounts.set("account-a", { id: "account-a", name: "the account-a", status: "disabled" });
    const found = await refresh();
    expect(found.every((read) => read?.props?.status === "disabled")).toBe(true);
    const { getKey, listKeys, getServiceAccount } = {
      getKey: service.count("getKey"),
      listKeys: service.count("listKeys"),
      getServiceAccount: service.count("getServiceAccount"),
    };
    expect({ getKey, listKeys }).toEqual({ getKey: 1, listKeys: 1 });
    expect(getServiceAccount).toBeLessThanOrEqual(2);
  });

  test("proves with one list that many keys are gone", async () => {
    const { service, keys, refresh } = await made(30);
    for (const { id } of keys.slice(10)) service.keys.delete(id);
    const found = await refresh();
    expect(found.map((read) => read?.props?.status)).toEqual(
      keys.map((_, index) => (index < 10 ? "active" : "missing")),
    );
    // Each missing key was asked for by itself: a list alone proves nothing.
    expect(service.count("getKey")).toBe(21);
    expect(service.count("listKeys")).toBe(1);
  });

  test("is no ground for a revocation, which looks for itself", async () => {
    const { service, provider, keys, refresh } = await made(10, { revokeProves: false });
    await refresh();
    service.calls.length = 0;
    const [first] = keys;
    if (!first) throw new Error("no key");
    await provider.delete?.(first.id, first.outs);
    expect(service.calls.map(([method]) => method)).toEqual(["revokeKey", "getKey"]);
    await refresh();
    expect(service.count("listKeys")).toBe(1);
  });
});
