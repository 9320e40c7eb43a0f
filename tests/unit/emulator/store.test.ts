import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { novavmsChange, NovavmsRecords } from "../../../emulator/novavms/novavms-records";
import { PulseapiRecords, userChange } from "../../../emulator/pulseapi/pulseapi-records";
import { pulselyAuditChange, PulselyRecords } from "../../../emulator/pulsely/pulsely-records";
import { Journal } from "../../../emulator/store/journal";
import { newKey, type KeyRecord } from "../../../emulator/store/records";
import { hashSecret } from "../../../emulator/store/secrets";
import { Store } from "../../../emulator/store/store";

/** A store as the emulator opens it, and what pulsely keeps in it beside its keys. */
function open() {
  const pulsely = new PulselyRecords();
  const store = new Store({
    pulsely: { listsRevokedKeys: true, records: pulsely },
    novavms: { listsRevokedKeys: true, records: new NovavmsRecords() },
    pulseapi: { listsRevokedKeys: false, records: new PulseapiRecords() },
  });
  return { store, pulsely };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "apikeys-store-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function key(store: Store, facts: Partial<KeyRecord> & { id: string }): KeyRecord {
  return {
    ...newKey(`secret of ${facts.id}`, {
      service: "pulsely",
      id: facts.id,
      sequence: store.nextSequence(),
      parent: "p",
      name: "n",
      scopes: [],
      environment: "live",
      mask: "m",
      createdAtMs: 0,
      expiresAtMs: null,
    }),
    ...facts,
  };
}

const listedIds = (store: Store, service: "pulsely" | "pulseapi") =>
  [...store.listedKeys(service, "p").after(0)].map(({ id }) => id);

test("a secret finds its key, and no longer after a rotation", () => {
  const store = open().store;
  const before = key(store, { id: "1" });
  store.commit({ kind: "key", key: before });
  store.commit({ kind: "key", key: { ...before, hash: hashSecret("next") } });
  expect(store.keyByHash(before.hash)).toBeUndefined();
  expect(store.keyByHash(hashSecret("next"))?.id).toBe("1");
});

test("a revoked key stays listed, except by pulseapi, which deletes it", () => {
  const store = open().store;
  for (const service of ["pulsely", "pulseapi"] as const) {
    const issued = key(store, { id: "1", service });
    store.commit({ kind: "key", key: issued });
    store.commit({ kind: "key", key: { ...issued, revokedAtMs: 1 } });
  }
  expect(listedIds(store, "pulsely")).toEqual(["1"]);
  expect(listedIds(store, "pulseapi")).toEqual([]);
  expect(store.key("pulseapi", "1")?.revokedAtMs).toBe(1);
});

test("a name is free once every key that has it is revoked, renamed or gone", () => {
  const { store, pulsely } = open();
  const [revoked, renamed, gone] = ["1", "2", "3"].map((id) => key(store, { id })) as [KeyRecord, KeyRecord, KeyRecord];
  for (const issued of [revoked, renamed, gone]) store.commit({ kind: "key", key: issued });
  expect(pulsely.unrevokedKeysNamed("n")).toHaveLength(3);
  store.commit({ kind: "key", key: { ...revoked, revokedAtMs: 1 } }, { kind: "key", key: { ...renamed, name: "m" } });
  store.commit({ kind: "key-gone", service: "pulsely", id: "3" });
  expect(pulsely.unrevokedKeysNamed("n")).toHaveLength(0);
  expect(pulsely.unrevokedKeysNamed("m").map(({ id }) => id)).toEqual(["2"]);
});

test("a snapshot says everything that the journal said", () => {
  const file = join(directory, "data");
  const store = open().store;
  store.writeTo(Journal.create(file, store.snapshot()));
  const kept = key(store, { id: "1" });
  const account = { id: "a", organisation: "o", name: "n", role: "r", scopes: [], enabled: true, createdAtMs: 0 };
  store.commit(
    { kind: "key", key: kept },
    novavmsChange({ kind: "account", account: { ...account, sequence: store.nextSequence() } }),
  );
  store.commit({ kind: "clock", offsetMs: 7 }, userChange({ id: 1, plan: "free", deleted: false }));
  const hardDeleted = key(store, { id: "2" });
  store.commit({ kind: "key", key: hardDeleted }, { kind: "key-gone", service: "pulsely", id: "2" });
  store.noteUse(kept, 5, 0);
  store.note(pulselyAuditChange({ atMs: 1, ip: "", method: "GET", endpoint: "/", keyId: "1", status: 200 }));
  store.flush();

  const replayed = open().store;
  replayed.replay(Journal.read(file));
  const reread = open().store;
  reread.replay([...replayed.snapshot()]);
  expect([...reread.snapshot()]).toEqual([...store.snapshot()]);
  expect(reread.key("pulsely", "1")?.use.exactMs).toBe(5);
  expect(reread.nextSequence()).toBeGreaterThan(hardDeleted.sequence);
});

test("nothing changes where the journal cannot be written", () => {
  const store = open().store;
  const journal = Journal.create(join(directory, "data"), []);
  store.writeTo(journal);
  journal.close();
  expect(() => store.commit({ kind: "key", key: key(store, { id: "1" }) })).toThrow(/EBADF/);
  expect(store.key("pulsely", "1")).toBeUndefined();
});
