import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../provider/backends/definition";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { unknownValue } from "../../../../provider/values/wire";
import { EngineDouble } from "../../../../testing/engine-double";
import { accounts, FakeService, today } from "../support/fake-service";
import { accountProgram, keyProgram, type Program } from "../support/resources";

const dayMs = 86_400_000;

async function made(program: Program = {}, abilities: Partial<Capabilities> = {}) {
  const service = new FakeService(abilities);
  const key = new EngineDouble(createApiKeyProvider(service.context()), {});
  const whole = { ...keyProgram, ...program };
  expect((await key.up(whole)).failures).toEqual([]);
  return { service, key, program: whole };
}

const underAccounts: Partial<Capabilities> = { parent: "serviceAccount", serviceAccounts: accounts };

describe("A replacement says why", () => {
  const changes: readonly (readonly [string, Program, Program, Partial<Capabilities>?])[] = [
    ["scopes changed: +write:checks -read:checks", {}, { scopes: ["write:checks"] }],
    ["keepers changed: build", { keepers: { build: "1", site: "a" } }, { keepers: { build: "2", site: "a" } }],
    ["name changed", {}, { name: "import" }],
    ["expiresIn changed: 30d => 60d", { expiresIn: "30d" }, { expiresIn: "60d" }],
    [
      "scopes changed: +write:checks; keepers changed: build",
      {},
      { keepers: { build: "2" }, scopes: ["read:checks", "write:checks"] },
    ],
    ["serviceAccountId changed", { serviceAccountId: "account-a" }, { serviceAccountId: "account-b" }, underAccounts],
    [
      "environment changed: live => test",
      { environment: "live" },
      { environment: "test" },
      { environments: ["live", "test"] },
    ],
    [
      "secretValue changed",
      { secretValue: "the first chosen secret" },
      { secretValue: "the second chosen secret" },
      { secret: { shown: "once", callerChosen: true, form: "token" } },
    ],
  ];
  test.each(changes)("%s", async (reason, before, after, abilities = {}) => {
    const { key, program } = await made(before, abilities);
    expect(key.outs.replacementReason).toBeUndefined();
    const next = { ...program, ...after };
    expect(await key.up(next)).toMatchObject({ op: "replace", failures: [] });
    expect(key.outs.replacementReason).toBe(reason);
    // It stays in the record as long as the key, and makes no difference.
    expect(await key.refresh()).toMatchObject({ listed: [] });
    expect(await key.up(next)).toMatchObject({ op: "same" });
    expect(await key.up({ ...next, labels: { owner: "web" } })).toMatchObject({ op: "update", failures: [] });
    expect(key.outs.replacementReason).toBe(reason);
  });

  test("a preview lists it among the inputs, before anything is made", async () => {
    const { key, program } = await made();
    const preview = await key.preview({ ...program, scopes: ["read:checks", "write:checks"] });
    expect(preview).toMatchObject({
      listed: ["replacementReason", "scopes"],
      inputs: { replacementReason: "scopes changed: +write:checks" },
    });
  });

  test("what a refresh has found is the reason, and so is what the program changes next", async () => {
    const { service, key, program } = await made();
    service.edit(key.state!.id, { status: "revoked" });
    await key.refresh();
    expect(await key.up(program)).toMatchObject({ op: "replace", listed: ["replacementReason", "status"] });
    expect(key.outs.replacementReason).toBe("revoked on the service");
    await key.up({ ...program, scopes: ["write:checks"] });
    expect(key.outs.replacementReason).toBe("scopes changed: +write:checks -read:checks");
  });

  test("what only the record knows is told in words as well: its time is over", async () => {
    const { service, key, program } = await made({ expiresIn: "30d" });
    service.nowMs = today + 32 * dayMs;
    service.warnings.length = 0;
    expect(await key.up(program)).toMatchObject({ op: "replace", replaces: ["expiresAt"] });
    expect(key.outs.replacementReason).toBe("expired 2 d ago");
    expect(service.warnings).toEqual(['the key "export" is replaced: expired 2 d ago']);
  });

  test("a saved plan is not held to words about values that it does not know", async () => {
    const { key, program } = await made();
    const preview = await key.preview({ ...program, scopes: unknownValue });
    expect(preview).toMatchObject({ op: "replace", inputs: { replacementReason: unknownValue } });
  });

  test("a key that is replaced on the command line has no reason of an earlier one", async () => {
    const { key, program } = await made();
    const changed = { ...program, scopes: ["write:checks"] };
    await key.up(changed);
    await key.up(changed);
    await key.targetReplace(changed);
    expect(key.outs.replacementReason).toBeUndefined();
  });
});

describe("An account that is replaced says why", () => {
  const made = async (program: Program = {}) => {
    const service = new FakeService({ serviceAccounts: { ...accounts, role: "replace" } });
    const account = new EngineDouble(createServiceAccountProvider(service.context()), {});
    const whole = { ...accountProgram, role: "viewer", ...program };
    expect((await account.up(whole)).failures).toEqual([]);
    return { service, account, program: whole };
  };

  test("among the inputs that a preview lists, and in its record as long as the account", async () => {
    const { account, program } = await made();
    expect(account.outs).not.toHaveProperty("replacementReason");
    const next = { ...program, role: "operator" };
    expect(await account.preview(next)).toMatchObject({
      op: "replace",
      listed: ["replacementReason", "role"],
      inputs: { replacementReason: "role changed: viewer => operator" },
    });
    expect(await account.up(next)).toMatchObject({ op: "replace", failures: [] });
    expect(account.outs.replacementReason).toBe("role changed: viewer => operator");
    expect(await account.refresh()).toMatchObject({ listed: [] });
    expect(await account.up(next)).toMatchObject({ op: "same" });
    expect(await account.up({ ...next, labels: { owner: "web" } })).toMatchObject({ op: "update", failures: [] });
    expect(account.outs.replacementReason).toBe("role changed: viewer => operator");
  });

  test("also where it was deleted on the service", async () => {
    const { service, account, program } = await made();
    service.accounts.clear();
    await account.refresh();
    expect(await account.up(program)).toMatchObject({ op: "replace", listed: ["replacementReason", "status"] });
    expect(account.outs.replacementReason).toBe("gone from the service");
  });

  test("and not at all for an account that an earlier version made", async () => {
    const { account, program } = await made();
    expect(account.state?.inputs).not.toHaveProperty("replacementReason");
    expect(await account.up(program)).toMatchObject({ op: "same", listed: [] });
  });
});
