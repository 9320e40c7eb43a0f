import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startEmulator } from "../../emulator";
import type { EmulatedService } from "../../emulator/emulated-service";
import { runEmulator } from "../../emulator/run-emulator";
import { SERVICES } from "../../emulator/services";
import { newKey } from "../../emulator/store/records";
import { randomHex } from "../../emulator/store/secrets";
import { sender } from "../unit/emulator/emulator-client";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "apikeys-emulator-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A service in 30 lines: it issues keys to whoever asks, and counts them under a record of its own. */
function parcels(): EmulatedService {
  return {
    name: "parcels",
    basePath: "/parcels/v1",
    limit: { perMinute: 5 },
    listsRevokedKeys: true,
    keysExpire: false,
    newTokens: () => ({ adminToken: "an announced token" }),
    prepare() {
      let issued = 0;
      return {
        records: {
          apply(change) {
            if (change.kind !== "parcels-issued") return false;
            ({ issued } = change as unknown as { issued: number });
            return true;
          },
          snapshot: () => [{ kind: "parcels-issued", issued }],
          clear: () => void (issued = 0),
        },
        start: ({ world: { store, nowMs } }) => ({
          name: "parcels",
          basePath: "/parcels/v1",
          problem: (status) => ({ status }),
          handle() {
            const sequence = store.nextSequence();
            const facts = { service: "parcels", id: `p${sequence}`, sequence, parent: "all", name: "n", scopes: [] };
            const key = newKey(randomHex(40), {
              ...facts,
              environment: "live",
              mask: "",
              createdAtMs: nowMs(),
              expiresAtMs: null,
            });
            const change = { kind: "parcels-issued", issued: issued + 1 };
            store.commit({ kind: "key", key }, change);
            return { status: 201, body: { issued } };
          },
        }),
        control: () => ({
          accounts: () => [{ id: "all", issued }],
          keyFields: { colour: (key, fields) => ({ ...key, name: fields.text("colour") }) },
        }),
      };
    },
  };
}

test("a fourth service is a folder and a line: it is announced, logged, limited, broken, edited and kept like the others", async () => {
  const dataFile = join(directory, "data.jsonl");
  let emulator = await runEmulator({ ...SERVICES, parcels: parcels() }, { dataFile });
  try {
    const issue = () => sender(emulator.services.parcels.url)("POST", "/keys");
    const control = () => sender(emulator.controlUrl);
    expect(emulator.services.parcels).toEqual({ url: `${emulator.url}/parcels/v1`, adminToken: "an announced token" });
    expect((await issue()).body).toEqual({ issued: 1 });
    await control()("POST", "/faults", { service: "parcels", kind: "status", status: 503 });
    expect((await issue()).status).toBe(503);
    expect((await control()("GET", "/requests?service=parcels")).body).toMatchObject({
      requests: [{ status: 201 }, { status: 503, fault: "status" }],
    });
    expect((await control()("GET", "/limits")).body).toMatchObject({ limits: { parcels: { perMinute: 5 } } });
    const { keys } = (await control()<{ keys: { id: string }[] }>("GET", "/keys?service=parcels")).body;
    const path = `/keys/parcels/${keys[0]!.id}`;
    expect((await control()("POST", path, { colour: "red" })).body).toMatchObject({ name: "red" });
    expect((await control()("POST", path, { owner: "gateway" })).body).toMatchObject({
      error: { message: "owner is known to novavms only." },
    });
    expect((await control()("POST", path, { state: "expired" })).body).toMatchObject({
      error: { message: "state cannot be set: keys of parcels never expire." },
    });

    await emulator.close();
    emulator = await runEmulator({ ...SERVICES, parcels: parcels() }, { dataFile });
    expect((await control()("GET", "/accounts")).body).toEqual({
      accounts: [{ service: "parcels", id: "all", issued: 1 }],
    });
    expect((await issue()).body).toEqual({ issued: 2 });
  } finally {
    await emulator.close();
  }
});

test("a data file that 0.1.0 wrote goes on living: its credentials, keys, accounts, users, audit and clock", async () => {
  const dataFile = join(directory, "data.jsonl");
  const use = { exactMs: null, publishedMs: null, batchFirstMs: null };
  const common = { scopes: ["a:b"], environment: "live", mask: "m", createdAtMs: 0, expiresAtMs: null, use };
  const pulsely = { ...common, service: "pulsely", id: "key_1", sequence: 101, parent: "default", name: "reader" };
  const gateway = { ...common, service: "novavms", id: "k2", sequence: 103, parent: "acc", name: "camera" };
  const account = { id: "acc", sequence: 102, organisation: "main", name: "exporter", role: "viewer", scopes: [] };
  const credentials = {
    pulsely: { adminToken: "a", nonManagerToken: "b" },
    novavms: { adminToken: "c", ownerToken: "d", operatorToken: "e", otherOrganisationToken: "f", sandboxToken: "g" },
    pulseapi: { adminToken: "h", otherTeamToken: "i", freePlanToken: "j" },
  };
  const audit = {
    service: "pulsely",
    atMs: 1,
    ip: "",
    method: "GET",
    endpoint: "/v1/checks",
    keyId: "key_1",
    status: 200,
  };
  const lines = [
    { format: "apikeys-emulator", version: 1 },
    [{ kind: "credentials", credentials }],
    [
      { kind: "sequence", next: 110 },
      { kind: "clock", offsetMs: 86_400_000 },
    ],
    [{ kind: "user", user: { id: 1, plan: "free", deleted: false } }],
    [{ kind: "account", account: { ...account, enabled: true, createdAtMs: 0 } }],
    [{ kind: "key", key: { ...pulsely, hash: "h1", gatewayOwned: false, revokedAtMs: null } }],
    [{ kind: "key", key: { ...gateway, hash: "h2", gatewayOwned: true, revokedAtMs: null } }],
    [{ kind: "audit", entry: audit }],
  ];
  writeFileSync(dataFile, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const emulator = await startEmulator({ dataFile });
  try {
    const { services } = emulator;
    expect(services).toMatchObject(credentials);
    const control = sender(emulator.controlUrl);
    expect((await control("GET", "/keys")).body).toMatchObject({ keys: [{ id: "key_1" }, { id: "k2" }] });
    expect((await control("GET", "/accounts")).body).toMatchObject({ accounts: [{ service: "novavms", id: "acc" }] });
    const novavms = sender(services.novavms.url, "c");
    expect((await novavms("POST", "/service-accounts/acc/keys/k2/revoke")).status).toBe(409);
    expect((await sender(services.pulseapi.url, "h")("GET", "/monitors")).status).toBe(402);
    const entries = await sender(services.pulsely.url, "a")("GET", "/audit-log?key_id=key_1");
    expect(entries.body).toMatchObject({ data: [{ key_id: "key_1", endpoint: "/v1/checks" }] });
    const { now } = (await control<{ now: string }>("GET", "/clock")).body;
    expect(Date.parse(now)).toBeGreaterThan(Date.now() + 80_000_000);
  } finally {
    await emulator.close();
  }
});
