import { describe, expect, test } from "@jest/globals";
import { dayMs } from "../../../../provider/values/durations";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { OneResource } from "../../../../testing/one-resource";
import { FakeService, today } from "../support/fake-service";
import { accountProgram, idOf, keyProgram, madeAccount, madeKey, succeeded } from "../support/resources";

/** What the engine makes of `ignoreChanges`: the old inputs of those names stand among the new ones, and no others. */
function ignoring(resource: OneResource, program: object, ...names: readonly string[]): object {
  const olds = resource.state?.inputs ?? {};
  const kept = Object.entries(olds).filter(([name]) => names.includes("*") || names.includes(name));
  return { ...(names.includes("*") ? {} : program), ...Object.fromEntries(kept) };
}

const rotating = { ...keyProgram, rotateEvery: "30d", overlap: "5d" };

async function madeRotating(program: object = {}) {
  const service = new FakeService();
  const key = new OneResource(createRotatingApiKeyProvider(service.context()));
  const whole = { ...rotating, ...program };
  succeeded(await key.up(whole));
  return { service, key, program: whole };
}

describe("ignoreChanges on what this package adds", () => {
  test.each([[["*"]], [["status"]], [["target"]]])("stops nothing: %p of an ApiKey", async (names) => {
    const { key, program } = await madeKey();
    expect(await key.up(ignoring(key, program, ...names))).toMatchObject({ op: "same" });
  });

  test.each([[["*"]], [["status"]], [["generation"]], [["issuedOn", "rotationReason"]]])(
    "stops nothing: %p of a RotatingApiKey",
    async (names) => {
      const { key, program } = await madeRotating();
      expect(await key.up(ignoring(key, program, ...names))).toMatchObject({ op: "same" });
    },
  );

  test("stops nothing of a ServiceAccount either", async () => {
    const { account } = await madeAccount(
      {},
      { parent: "serviceAccount", serviceAccounts: { description: "update" } as never },
    );
    expect(await account.up(ignoring(account, accountProgram, "*"))).toMatchObject({ op: "same" });
  });

  test("is no way for a program to write such an input by itself", async () => {
    const { key, program } = await madeKey();
    const step = await key.up({ ...program, status: "disabled" });
    expect(step.failures).toEqual([{ property: "status", reason: 'there is no input "status"' }]);
  });
});

describe("a frozen resource", () => {
  test("is not replaced because somebody revoked the key", async () => {
    const { service, key, program } = await madeKey();
    service.edit(idOf(key), { status: "revoked" });
    await key.refresh();
    expect(await key.up(ignoring(key, program, "status"))).toMatchObject({ op: "same" });
    expect(await key.up(ignoring(key, program, "*"))).toMatchObject({ op: "same" });
    expect(await key.up(program)).toMatchObject({ op: "replace" });
  });

  test("is not replaced because its time is over", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "30d" });
    service.nowMs = today + 31 * dayMs;
    expect(await key.up(ignoring(key, program, "*"))).toMatchObject({ op: "same" });
    expect(await key.up(ignoring(key, program, "status"))).toMatchObject({ op: "same" });
    expect(await key.up(program)).toMatchObject({ op: "replace" });
  });

  test("is left alone where its end was moved on the service", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "30d" });
    service.edit(idOf(key), { expiresAt: "2027-01-01T00:00:00Z" });
    await key.refresh();
    expect(await key.up(ignoring(key, program, "*"))).toMatchObject({ op: "same" });
    expect(await key.up(program)).toMatchObject({ op: "replace" });
  });

  test.each([["*"], ["generation"], ["rotationReason"]])("does not rotate when its time has come: %s", async (name) => {
    const { service, key, program } = await madeRotating();
    service.nowMs = today + 40 * dayMs;
    expect(await key.up(ignoring(key, program, name))).toMatchObject({ op: "same" });
    expect(service.keys.size).toBe(1);
    await key.up(program);
    expect(key.outs).toMatchObject({ generation: 2 });
  });

  test("rotates by its schedule where only its status is ignored, and leaves a broken key alone", async () => {
    const { service, key, program } = await madeRotating();
    service.edit(String(key.outs.keyId), { status: "revoked" });
    await key.refresh();
    expect(await key.up(ignoring(key, program, "status"))).toMatchObject({ op: "same" });
    service.edit(String(key.outs.keyId), { status: "active" });
    await key.refresh();
    service.nowMs = today + 40 * dayMs;
    await key.up(ignoring(key, program, "status"));
    expect(key.outs).toMatchObject({ generation: 2, status: "active" });
  });

  test("takes a change that the program makes nevertheless", async () => {
    const { service, key, program } = await madeRotating();
    service.nowMs = today + 40 * dayMs;
    await key.up(ignoring(key, { ...program, scopes: ["read:alerts"] }, "generation", "issuedOn", "rotationReason"));
    expect(key.outs).toMatchObject({ generation: 2, scopes: ["read:alerts"] });
  });
});
