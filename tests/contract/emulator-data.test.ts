import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { transformFileSync } from "@swc/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startEmulator, type AnnouncedServices, type RunningEmulator } from "../../emulator";
import { controlOf, keysOf, sender } from "../unit/emulator/emulator-client";

let directory: string;
let dataFile: string;
let running: RunningEmulator[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "apikeys-emulator-"));
  dataFile = join(directory, "deeper", "data.jsonl");
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((emulator) => emulator.close()));
  rmSync(directory, { recursive: true });
});

async function start(): Promise<RunningEmulator> {
  const emulator = await startEmulator({ dataFile });
  running.push(emulator);
  return emulator;
}
async function restart(emulator: RunningEmulator): Promise<RunningEmulator> {
  await emulator.close();
  return start();
}
const pulselyAdmin = ({ pulsely }: AnnouncedServices) => sender(pulsely.url, pulsely.adminToken);
const pulselyStatus = async ({ pulsely }: AnnouncedServices, token: string) =>
  (await sender(pulsely.url, token)("GET", "/checks")).status;
const createPulselyKey = async (services: AnnouncedServices, name = "reader") =>
  (await pulselyAdmin(services)<{ id: string; key: string }>("POST", "/api-keys", { name, scopes: ["read:checks"] }))
    .body;

describe("a data file", () => {
  test("keeps keys, accounts, edits, revocations, uses, audit, clock and every admin token over a restart", async () => {
    const first = await start();
    const { key } = await createPulselyKey(first.services);
    const revoked = await createPulselyKey(first.services, "revoked");
    const edited = await createPulselyKey(first.services, "edited");
    await pulselyAdmin(first.services)("DELETE", `/api-keys/${revoked.id}`);
    await controlOf(first)("POST", `/keys/pulsely/${edited.id}`, { scopes: ["read:alerts"] });
    const novavms = (services: AnnouncedServices) => sender(services.novavms.url, services.novavms.adminToken);
    const { body: account } = await novavms(first.services)<{ id: string }>("POST", "/service-accounts", {
      name: "exporter",
      role: "viewer",
    });
    const keysPath = `/service-accounts/${account.id}/keys`;
    await novavms(first.services)("POST", keysPath, { name: "k", scopes: ["cameras:read"] });
    await controlOf(first)("POST", "/clock", { advance: "30d" });
    await pulselyStatus(first.services, key);
    const before = await keysOf(first);

    const second = await restart(first);
    const withoutUrl = ({ services }: RunningEmulator) =>
      Object.values(services).map(({ url: _url, ...credentials }) => credentials);
    expect(withoutUrl(second)).toEqual(withoutUrl(first));
    expect(await keysOf(second)).toEqual(before);
    expect(await pulselyStatus(second.services, key)).toBe(200);
    expect(await pulselyStatus(second.services, revoked.key)).toBe(401);
    expect(await pulselyStatus(second.services, edited.key)).toBe(403);
    expect((await novavms(second.services)("GET", keysPath)).body).toMatchObject({ keys: [{ name: "k" }] });
    expect((await novavms(second.services)("GET", "/audit-logs")).body).toMatchObject({ total: 1 });
    const audit = await pulselyAdmin(second.services)<{ data: { endpoint: string }[] }>("GET", "/audit-log");
    expect(audit.body.data.slice(0, 5).map(({ endpoint }) => endpoint)).toEqual([
      "/v1/api-keys",
      "/v1/api-keys",
      "/v1/api-keys",
      `/v1/api-keys/${revoked.id}`,
      "/v1/checks",
    ]);
    const { body: clock } = await controlOf(second)<{ now: string }>("GET", "/clock");
    expect(Date.parse(clock.now) - Date.now()).toBeGreaterThan(29 * 24 * 3_600_000);
  });

  test("holds no secret of an issued key, at any time", async () => {
    const first = await start();
    const { key } = await createPulselyKey(first.services);
    const { url, adminToken } = first.services.pulseapi;
    const pulseapi = sender(url, adminToken);
    const { body: created } = await pulseapi<{ data: { id: number }; token: string }>("POST", "/api-keys", {
      name: "ci",
      abilities: ["monitors:read"],
    });
    const { body: rotated } = await pulseapi<{ token: string }>("POST", `/api-keys/${created.data.id}/rotate`);
    await sender(url, rotated.token)("GET", "/monitors");
    const secrets = [key, created.token, created.token.split("|")[1] ?? "", rotated.token];
    for (const emulator of [first, await restart(first)]) {
      const text = readFileSync(dataFile, "utf8");
      for (const secret of secrets) expect(text).not.toContain(secret);
      expect(text).toContain(emulator.services.pulsely.adminToken);
    }
  });

  test("is for its owner's eyes only, since the admin tokens stand in it", async () => {
    await start();
    expect(statSync(dataFile).mode & 0o777).toBe(0o600);
  });

  test("is refused to a second emulator, which does not harm it", async () => {
    const first = await start();
    const { key } = await createPulselyKey(first.services);
    await expect(startEmulator({ dataFile })).rejects.toThrow(`in use by another emulator (process ${process.pid})`);
    expect(await pulselyStatus((await restart(first)).services, key)).toBe(200);
  });

  test("with a torn last line loses that line only", async () => {
    const first = await start();
    const { key } = await createPulselyKey(first.services);
    await first.close();
    appendFileSync(dataFile, '[{"kind":"key","key":{"service":"pul');
    const second = await start();
    expect(await pulselyStatus(second.services, key)).toBe(200);
    const { key: next } = await createPulselyKey(second.services, "next");
    expect(await pulselyStatus((await restart(second)).services, next)).toBe(200);
  });

  test("that is no data file is left as it is", async () => {
    mkdirSync(join(directory, "deeper"));
    writeFileSync(dataFile, "precious\n");
    await expect(startEmulator({ dataFile })).rejects.toThrow(/is damaged/);
    expect(readFileSync(dataFile, "utf8")).toBe("precious\n");
    expect(readdirSync(join(directory, "deeper"))).toEqual(["data.jsonl"]);
  });

  test("forgets keys and keeps admin tokens after a reset", async () => {
    const first = await start();
    await createPulselyKey(first.services);
    await controlOf(first)("POST", "/reset");
    const second = await restart(first);
    expect(await keysOf(second)).toEqual([]);
    expect(second.services.pulsely.adminToken).toBe(first.services.pulsely.adminToken);
  });

  test("never gives an id of pulseapi to a second key, also after a deletion that leaves no trace", async () => {
    const create = async ({ services: { pulseapi } }: RunningEmulator) => {
      const facts = { name: "ci", abilities: ["*"] };
      const send = sender(pulseapi.url, pulseapi.adminToken);
      return (await send<{ data: { id: number } }>("POST", "/api-keys", facts)).body.data.id;
    };
    const first = await start();
    const id = await create(first);
    await controlOf(first)("DELETE", `/keys/pulseapi/${id}`);
    expect(await create(await restart(await restart(first)))).toBeGreaterThan(id);
  });
});

describe("an emulator that is killed under load", () => {
  let compiled: string;
  beforeAll(() => {
    compiled = mkdtempSync(join(tmpdir(), "apikeys-emulator-build-"));
    const sources = resolve(__dirname, "../../emulator");
    for (const file of readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    )) {
      const { code } = transformFileSync(join(sources, file), {
        swcrc: false,
        jsc: { target: "es2022", parser: { syntax: "typescript" } },
        module: { type: "commonjs" },
      });
      const target = join(compiled, file.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, code);
    }
    const main = `
      const { startEmulator, announcement } = require("./index.js");
      startEmulator({ dataFile: process.argv[2] }).then((running) => console.log(announcement(running)));
    `;
    writeFileSync(join(compiled, "run.js"), main);
  });
  afterAll(() => rmSync(compiled, { recursive: true }));

  async function startChild(): Promise<{ child: ChildProcess; services: AnnouncedServices }> {
    const arguments_ = [join(compiled, "run.js"), dataFile];
    const child = spawn(process.execPath, arguments_, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    return { child, services: (JSON.parse(line) as { services: AnnouncedServices }).services };
  }

  test("has lost no key and no revocation that it had acknowledged", async () => {
    const live = new Map<string, string>();
    const revoked = new Map<string, string>();
    const revocationsSent = new Set<string>();
    for (let round = 1; round <= 3; round += 1) {
      const { child, services } = await startChild();
      const enough = live.size + 40;
      const worker = async (workerId: number): Promise<void> => {
        for (let count = 1; ; count += 1) {
          const { id, key } = await createPulselyKey(services, `r${round}-w${workerId}-${count}`);
          live.set(id, key);
          if (live.size >= enough) child.kill("SIGKILL");
          if (count % 4 !== 0) continue;
          revocationsSent.add(id);
          await pulselyAdmin(services)("DELETE", `/api-keys/${id}`);
          live.delete(id);
          revoked.set(id, key);
        }
      };
      const exited = once(child, "exit");
      await Promise.allSettled([1, 2, 3, 4].map(worker));
      expect(await exited).toEqual([null, "SIGKILL"]);
    }

    const emulator = await start();
    const states = new Map((await keysOf(emulator)).map(({ id, state }) => [id, state]));
    expect(live.size).toBeGreaterThanOrEqual(100);
    for (const [id, key] of live) {
      // A revocation that was sent and never answered may have happened.
      const possible = revocationsSent.has(id) ? [200, 401] : [200];
      expect(possible).toContain(await pulselyStatus(emulator.services, key));
    }
    for (const [id, key] of revoked) {
      expect(states.get(id)).toBe("revoked");
      expect(await pulselyStatus(emulator.services, key)).toBe(401);
    }
  });

  test("lets the next one take its data file over, and refuses it while it lives", async () => {
    const { child, services } = await startChild();
    await expect(startEmulator({ dataFile })).rejects.toThrow(`(process ${child.pid})`);
    const { key } = await createPulselyKey(services);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    expect(await pulselyStatus((await start()).services, key)).toBe(200);
  });
});
