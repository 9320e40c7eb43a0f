import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startEmulator, type RunningEmulator } from "../../emulator";
import { controlOf, keysOf, requestsOf, sender, type Send } from "../unit/emulator/emulator-client";

let emulator: RunningEmulator;
let control: Send;
beforeAll(async () => {
  emulator = await startEmulator();
  control = controlOf(emulator);
});
beforeEach(() => control("POST", "/reset"));
afterAll(() => emulator.close());

const KEY = { name: "reader", scopes: ["read:checks"], environment: "live" };
const order = (fault: Record<string, unknown>) => control("POST", "/faults", { service: "pulsely", ...fault });

/** The bare answer: a broken one must not be mended by a helper. */
function createKey(): Promise<Response> {
  const { url, adminToken } = emulator.services.pulsely;
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  return fetch(`${url}/api-keys`, { method: "POST", headers, body: JSON.stringify(KEY) });
}

describe("an ordered fault", () => {
  test("status: answers in the vendor's envelope, and nothing is done", async () => {
    await order({ kind: "status", status: 503, headers: { "Retry-After": 7 } });
    const response = await createKey();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } });
    expect(await keysOf(emulator)).toEqual([]);
    expect(await requestsOf(emulator)).toMatchObject([{ method: "POST", status: 503, keyId: null, fault: "status" }]);
  });

  test.each<[unknown, string]>([
    [{ error: "rate_limited" }, '{"error":"rate_limited"}'],
    ["slow down", "slow down"],
    [null, "null"],
  ])("status: sends the body %j", async (body, text) => {
    await order({ kind: "status", status: 429, body });
    expect(await (await createKey()).text()).toBe(text);
  });

  test("drop-before: hangs up before anything is done", async () => {
    await order({ kind: "drop-before" });
    await expect(createKey()).rejects.toThrow();
    expect(await keysOf(emulator)).toEqual([]);
    expect(await requestsOf(emulator)).toMatchObject([{ status: null, keyId: null, fault: "drop-before" }]);
  });

  test("drop-after-commit: does the work and hangs up", async () => {
    await order({ kind: "drop-after-commit" });
    await expect(createKey()).rejects.toThrow();
    const [key] = await keysOf(emulator);
    expect(key).toMatchObject({ name: "reader", state: "active" });
    expect(await requestsOf(emulator)).toMatchObject([{ status: null, keyId: key?.id, fault: "drop-after-commit" }]);
  });

  test("truncate: does the work and sends half of the answer", async () => {
    await order({ kind: "truncate" });
    const response = await createKey();
    expect(response.status).toBe(201);
    await expect(response.text()).rejects.toThrow();
    expect(await keysOf(emulator)).toHaveLength(1);
    expect(await requestsOf(emulator)).toMatchObject([{ status: 201, fault: "truncate" }]);
  });

  test("garbage: does the work and answers with something else than JSON", async () => {
    await order({ kind: "garbage" });
    const response = await createKey();
    expect(response.status).toBe(201);
    expect(await response.text()).toMatch(/^<!doctype html>/);
    expect(await keysOf(emulator)).toHaveLength(1);
  });

  test("garbage and truncate: break an answer without body too", async () => {
    const { id } = (await (await createKey()).json()) as { id: string };
    const { url, adminToken } = emulator.services.pulsely;
    const revoke = () =>
      fetch(`${url}/api-keys/${id}`, { method: "DELETE", headers: { authorization: `Bearer ${adminToken}` } });
    await order({ kind: "garbage" });
    expect(await (await revoke()).text()).toMatch(/^<!doctype html>/);
    await order({ kind: "truncate" });
    const truncated = await revoke();
    expect(truncated.status).toBe(200);
    await expect(truncated.text()).rejects.toThrow();
  });

  test("delay: answers as ever, later", async () => {
    await order({ kind: "delay", delayMs: 1 });
    expect((await createKey()).status).toBe(201);
    expect(await requestsOf(emulator)).toMatchObject([{ status: 201, fault: "delay" }]);
  });

  test("delay: an emulator that closes meanwhile never does the work", async () => {
    const other = await startEmulator();
    await controlOf(other)("POST", "/faults", { kind: "delay", delayMs: 3_600_000 });
    const { url, adminToken } = other.services.pulsely;
    const pending = sender(url, adminToken)("GET", "/api-keys");
    const dropped = expect(pending).rejects.toThrow();
    const waiting = async (): Promise<void> => {
      const { body } = await controlOf(other)<{ faults: unknown[] }>("GET", "/faults");
      if (body.faults.length > 0) return waiting();
    };
    await waiting();
    await other.close();
    await dropped;
  });

  test("hits once, unless more times are asked for, and then no more", async () => {
    await order({ kind: "status", times: 2 });
    expect([(await createKey()).status, (await createKey()).status, (await createKey()).status]).toEqual([
      500, 500, 201,
    ]);
  });

  test("hits only the service, method and path that it names", async () => {
    await order({ kind: "status", method: "DELETE" });
    await order({ kind: "status", path: "/api-keys/.+" });
    await order({ kind: "status", service: "novavms" });
    expect((await createKey()).status).toBe(201);
    const { url, adminToken } = emulator.services.novavms;
    expect(await sender(url, adminToken)("GET", "/cameras")).toMatchObject({
      status: 500,
      body: { error: { code: expect.any(String) } },
    });
  });

  test("is listed until it is spent, and can be taken back", async () => {
    const { body } = await order({ kind: "status", path: "/api-keys$", times: 3 });
    expect(body).toEqual({
      faults: [{ kind: "status", service: "pulsely", path: "/api-keys$", times: 3, delayMs: 0 }],
    });
    await createKey();
    expect((await control("GET", "/faults")).body).toMatchObject({ faults: [{ times: 2 }] });
    expect((await control("DELETE", "/faults")).body).toEqual({ faults: [] });
    expect((await createKey()).status).toBe(201);
  });

  test("never hits the control API", async () => {
    await control("POST", "/faults", { kind: "drop-before", times: 9 });
    expect((await control("GET", "/keys")).status).toBe(200);
  });
});
