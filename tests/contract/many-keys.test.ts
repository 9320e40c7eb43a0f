import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createConnections } from "../../provider/connections/connections";
import { type ApiKeyOutputs, createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { createContext } from "../../provider/resources/context";
import { startEmulator, type TestEmulator } from "../../testing/emulator";

/** As many as the engine keeps under way on a machine with two processors. */
const atOnce = 8;

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startEmulator({ limits: { pulsely: null, novavms: null, pulseapi: null } });
});
beforeEach(() => emulator.reset());
afterAll(() => emulator.close());

type ServiceName = keyof TestEmulator["services"];

/** Runs each item, so many at once. */
async function each<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** A stack of `count` keys on one service. */
function stack(service: ServiceName, more: Readonly<Record<string, unknown>> = {}) {
  const { url, adminToken } = emulator.services[service];
  const connection = { backend: service, url, tokenEnv: "MANY_KEYS_TOKEN", allowUndocumentedEndpoints: true, ...more };
  const config = (key: string) => (key === "apikeys:connections" ? JSON.stringify({ default: connection }) : undefined);
  const warnings: string[] = [];
  const told: [string, boolean][] = [];
  const tell = (message: string, passing: boolean) => void told.push([message, passing]);
  const connections = createConnections({ get: config }, { MANY_KEYS_TOKEN: adminToken }, { tell });
  const provider = createApiKeyProvider({
    ...createContext(connections),
    warn: (message) => void warnings.push(message),
  });
  const keys: { readonly id: string; readonly outs: ApiKeyOutputs }[] = [];
  const program = { novavms: "cameras:read", pulsely: "read:checks", pulseapi: "monitors:read" } as const;

  return {
    warnings,
    told,
    keys,
    connections,
    create: async (count: number, serviceAccountId?: string) => {
      await each([...Array(count).keys()], async (index) => {
        const inputs = {
          connection: "default",
          scopes: [program[service]],
          origin: `acme/billing/dev/key-${index}`,
          ...(serviceAccountId !== undefined && { serviceAccountId }),
        };
        const { id, outs } = await provider.create(inputs as never);
        keys.push({ id, outs: outs as ApiKeyOutputs });
      });
    },
    refresh: async () => {
      const before = (await emulator.requests(service)).length;
      const statuses: unknown[] = [];
      await each(keys, async ({ id, outs }) => {
        statuses.push((await provider.read?.(id, outs))?.props?.status);
      });
      return { statuses, requests: (await emulator.requests(service)).length - before };
    },
    revokeAll: async () => {
      const errors: Error[] = [];
      await each(keys, async ({ id, outs }) => {
        await Promise.resolve(provider.delete?.(id, outs)).catch((error: unknown) => errors.push(error as Error));
      });
      return errors;
    },
  };
}

describe("a refresh of 250 keys", () => {
  test.each(["pulsely", "pulseapi"] as const)("of %s, in pages of 100, is one key and three pages", async (service) => {
    const { create, refresh } = stack(service);
    await create(250);
    const { statuses, requests } = await refresh();
    expect(statuses).toEqual(Array(250).fill("active"));
    expect(requests).toBe(1 + 3);
  });

  test("of one NovaVMS account is two lists and the account", async () => {
    const { create, refresh, connections } = stack("novavms");
    const { client } = connections.openForWrite("default");
    const account = await client.createServiceAccount?.({ name: "exporter-0123456789", role: "viewer" });
    await create(250, account?.id);
    const { statuses, requests } = await refresh();
    expect(statuses).toEqual(Array(250).fill("active"));
    // The first key is read alone, which on NovaVMS is a list, too.
    expect(requests).toBe(3);
  });

  test("of 250 NovaVMS accounts is four accounts and three pages, and finds the one that somebody has disabled", async () => {
    const { connections } = stack("novavms");
    const { client } = connections.openForWrite("default");
    const ids: string[] = [];
    for (let index = 0; index < 250; index += 1)
      ids.push((await client.createServiceAccount?.({ name: `exporter-${index}`, role: "viewer" }))?.id ?? "");
    const { url, adminToken } = emulator.services.novavms;
    await fetch(`${url}/service-accounts/${ids[200]}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      body: JSON.stringify({ enabled: false }),
    });
    const before = (await emulator.requests("novavms")).length;
    const statuses = new Map<string, string | undefined>();
    const reading = connections.openForRefresh("default").client;
    await each(ids, async (id) => void statuses.set(id, (await reading.getServiceAccount?.(id))?.status));
    expect(ids.map((id) => statuses.get(id))).toEqual(ids.map((_, index) => (index === 200 ? "disabled" : "active")));
    // The first account is alone; three more are under way before there are enough for a list. The disabled one is asked for again.
    expect((await emulator.requests("novavms")).length - before).toBeLessThanOrEqual(4 + 3 + 1);
  }, 60_000);

  test("finds what somebody else has ended", async () => {
    const { create, refresh, keys } = stack("pulsely");
    await create(50);
    for (const { id } of keys.slice(0, 5)) await emulator.keys.edit("pulsely", id, { state: "revoked" });
    const { statuses } = await refresh();
    expect(statuses.filter((status) => status === "revoked")).toHaveLength(5);
    expect(statuses.filter((status) => status === "active")).toHaveLength(45);
  });
});

describe("a service that is down", () => {
  test("ends a refresh of 100 keys with one warning, and their revocation with errors: nothing is lost", async () => {
    const { create, refresh, revokeAll, warnings } = stack("pulsely", { retryBudget: "2s" });
    await create(100);
    await emulator.faults.add({ service: "pulsely", kind: "drop-before", times: 100_000 });
    const { statuses, requests } = await refresh();
    expect(statuses).toEqual(Array(100).fill("active"));
    expect(warnings).toHaveLength(1);
    const errors = await revokeAll();
    expect(errors).toHaveLength(100);
    // Each of 200 calls would have been tried several times.
    expect(requests).toBeLessThan(100);
    await emulator.faults.clear();
  }, 60_000);
});

describe("a service that limits requests", () => {
  test("refuses hardly any of 60 creates, and the run says that it waits", async () => {
    await fetch(`${emulator.controlUrl}/limits`, {
      method: "POST",
      body: JSON.stringify({ service: "pulseapi", perMinute: 600, burst: 20 }),
    });
    const { create, told } = stack("pulseapi");
    await create(60);
    const sent = await emulator.requests("pulseapi");
    expect(sent.filter(({ status }) => status === 201)).toHaveLength(60);
    expect(sent.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(1);
    for (const [message] of told) expect(message).toMatch(/^connection "default": .* the rate limit of http:/);
  }, 60_000);
});
