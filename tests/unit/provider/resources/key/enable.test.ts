import { describe, expect, test } from "@jest/globals";
import { dayMs } from "../../../../../provider/values/durations";
import { family } from "../../support/family";
import { today } from "../../support/fake-service";
import { madeKey } from "../../support/resources";

const consent = { onDisabled: "enable" };
const canEnable = { enable: true };

describe("A service that cannot enable again", () => {
  test("is told so in the preview, for keys and accounts", async () => {
    const { account, key, rotating, programs } = await family();
    for (const [resource, program] of [
      [account, programs.account],
      [key, programs.key],
      [rotating, programs.rotating],
    ] as const) {
      const step = await resource.preview({ ...program, ...consent });
      expect(step).toMatchObject({ op: "refused", failures: [{ property: "onDisabled" }] });
      expect(JSON.stringify(step)).toMatch(/fake cannot enable a disabled (key|service account) again; write/);
    }
  });

  test("but enables the key's account, says that the consent belongs there", async () => {
    const { key, programs } = await family(canEnable);
    const step = await key.preview({ ...programs.key, ...consent });
    expect(JSON.stringify(step)).toContain("only its account: set onDisabled");
  });
});

describe("A disabled account", () => {
  test("is enabled in place, shown in the preview with the reason, and keeps its keys and their secrets", async () => {
    const { service, account, key, set, programs } = await family(canEnable);
    const secret = key.outs.secret;
    set("disabled");
    for (const resource of [account, key]) await resource.refresh();
    const program = { ...programs.account, ...consent };
    service.warnings = [];
    expect(await account.preview(program)).toMatchObject({ op: "update" });
    expect(service.warnings).toEqual([
      'the service account "export" is disabled on its service: the update enables it again in place, because the program says onDisabled: "enable"',
    ]);
    expect(service.count("enableServiceAccount")).toBe(0);
    expect(await account.up(program)).toMatchObject({ op: "update" });
    expect(account.outs.status).toBe("active");
    expect(await account.up(program)).toMatchObject({ op: "same" });
    await key.refresh();
    expect(key.outs).toMatchObject({ status: "active", secret });
    expect([service.count("enableServiceAccount"), service.count("createKey")]).toEqual([1, 2]);
  });

  test("that somebody has enabled by now gets no second request, and one that is gone is not made", async () => {
    const { service, account, set, programs } = await family(canEnable, {}, {});
    const program = { ...programs.account, ...consent };
    set("disabled");
    await account.refresh();
    set("active");
    expect(await account.up(program)).toMatchObject({ op: "update" });
    expect(service.count("enableServiceAccount")).toBe(0);
    set("disabled");
    await account.refresh();
    service.accounts.clear();
    await expect(account.up(program)).rejects.toThrow(/is gone now.*run "pulumi up" again/);
    expect(service.count("enableServiceAccount")).toBe(0);
    // Nobody has to refresh first.
    const { accountId } = account.outs;
    expect(await account.up(program)).toMatchObject({ op: "replace", replaces: ["status"] });
    expect(account.outs.status).toBe("active");
    expect(account.outs.accountId).not.toBe(accountId);
  });

  test("that its service only says to have enabled stays disabled, and the next run tries again", async () => {
    const { service, account, set, programs } = await family(canEnable);
    const program = { ...programs.account, ...consent };
    set("disabled");
    await account.refresh();
    service.ignoresEnabling = true;
    await expect(account.up(program)).rejects.toThrow(
      "acknowledged that account account-1 is enabled, but it is disabled",
    );
    expect(account.outs.status).toBe("disabled");
    service.ignoresEnabling = false;
    expect(await account.up(program)).toMatchObject({ op: "update" });
    expect(account.outs.status).toBe("active");
  });
});

describe("A disabled key", () => {
  test("is enabled in place with the secret it had, by the consent alone, and again in every later run", async () => {
    const { service, key, program } = await madeKey({}, canEnable);
    const { keyId, secret } = key.outs;
    service.edit(String(keyId), { status: "disabled" });
    await key.refresh();
    // Without the consent it is left so, and the record says so alone: the inputs differ by nothing.
    expect(await key.up(program)).toMatchObject({ op: "same" });
    const consenting = { ...program, ...consent };
    expect(await key.preview(consenting)).toMatchObject({ op: "update", replaces: [] });
    expect(await key.up(consenting)).toMatchObject({ op: "update" });
    expect(key.outs).toMatchObject({ status: "active", keyId, secret });
    expect(service.count("createKey")).toBe(1);
    expect(await key.up(consenting)).toMatchObject({ op: "same" });
  });

  test.each(["revoked", "missing"] as const)(
    "that is found %s is not brought back: it is recorded, and the next update replaces it without a refresh",
    async (status) => {
      const { service, key, program } = await madeKey(consent, canEnable);
      const { keyId } = key.outs;
      service.edit(String(keyId), { status: "disabled" });
      await key.refresh();
      if (status === "missing") service.keys.delete(String(keyId));
      else service.edit(String(keyId), { status });
      await expect(key.up(program)).rejects.toThrow(
        new RegExp(`is ${status} now, and only a disabled key is enabled again: .*run "pulumi up" again`),
      );
      expect(key.outs).toMatchObject({ status, keyId });
      expect(service.count("enableKey")).toBe(0);
      expect(await key.preview(program)).toMatchObject({ op: "replace", replaces: ["status"] });
      await key.up(program);
      expect(key.outs.status).toBe("active");
      expect(key.outs.keyId).not.toBe(keyId);
      expect(await key.up(program)).toMatchObject({ op: "same" });
    },
  );

  test("of a disabled account says whose turn it is", async () => {
    const { service, key, set, programs } = await family(canEnable, {}, canEnable);
    service.edit(String(key.outs.keyId), { status: "disabled" });
    set("disabled");
    await key.refresh();
    await expect(key.up({ ...programs.key, ...consent })).rejects.toThrow(
      'its account may be disabled as well: set onDisabled: "enable" on the ServiceAccount',
    );
    expect(key.outs.status).toBe("disabled");
  });

  test("whose life is over or whose scopes change is replaced as ever, and not enabled", async () => {
    const { service, key, program } = await madeKey({ ...consent, expiresIn: "60d" }, canEnable);
    service.edit(String(key.outs.keyId), { status: "disabled" });
    await key.refresh();
    expect(await key.preview({ ...program, scopes: ["read:alerts"] })).toMatchObject({
      op: "replace",
      replaces: ["scopes"],
    });
    service.nowMs = today + 61 * dayMs;
    expect(await key.up(program)).toMatchObject({ op: "replace" });
    expect(service.count("enableKey")).toBe(0);
  });
});

describe("A disabled rotating key", () => {
  const able = () => family(canEnable, {}, canEnable);

  test("is enabled in place, and no new key comes of it", async () => {
    const { service, rotating, programs } = await able();
    const { keyId, secret, generation } = rotating.outs;
    service.edit(String(keyId), { status: "disabled" });
    await rotating.refresh();
    const program = { ...programs.rotating, ...consent };
    service.warnings = [];
    expect(await rotating.preview(program)).toMatchObject({ op: "update" });
    expect(service.warnings).toEqual([
      expect.stringContaining('the key "export" is disabled on its service: the update enables it again'),
    ]);
    await rotating.up(program);
    expect(rotating.outs).toMatchObject({ status: "active", keyId, secret, generation });
    expect(await rotating.up(program)).toMatchObject({ op: "same" });
    expect([service.count("enableKey"), service.count("createKey")]).toEqual([1, 2]);
  });

  test("that is due as well is enabled first, and its successor has its overlap", async () => {
    const { service, rotating, programs } = await able();
    const { keyId } = rotating.outs;
    service.edit(String(keyId), { status: "disabled" });
    await rotating.refresh();
    service.nowMs = today + 31 * dayMs;
    await rotating.up({ ...programs.rotating, ...consent });
    expect(rotating.outs).toMatchObject({ status: "active", generation: 2, previousKeyId: keyId });
    expect(service.keys.get(String(keyId))?.status).toBe("active");
    expect(await rotating.up({ ...programs.rotating, ...consent })).toMatchObject({ op: "same" });
  });

  test.each([
    ["revoked", "revoked on the service"],
    ["missing", "gone from the service"],
  ] as const)("that is found %s gets its successor in this very update", async (status, reason) => {
    const { service, rotating, programs } = await able();
    const { keyId } = rotating.outs;
    service.edit(String(keyId), { status: "disabled" });
    await rotating.refresh();
    if (status === "missing") service.keys.delete(String(keyId));
    else service.edit(String(keyId), { status });
    const program = { ...programs.rotating, ...consent };
    expect(await rotating.up(program)).toMatchObject({ op: "update" });
    expect(rotating.outs).toMatchObject({ status: "active", generation: 2, rotationReason: reason });
    expect(rotating.outs).not.toHaveProperty("previousKeyId");
    expect(rotating.outs.keyId).not.toBe(keyId);
    expect(service.count("enableKey")).toBe(0);
    expect(await rotating.up(program)).toMatchObject({ op: "same" });
  });

  test("whose end has passed is not enabled, and its successor comes by the clock, with no refresh in between", async () => {
    const { service, rotating, programs } = await able();
    const program = { ...programs.rotating, ...consent, expiresIn: "40d" };
    await rotating.up(program);
    const { keyId, generation } = rotating.outs;
    service.edit(String(keyId), { status: "disabled" });
    await rotating.refresh();
    service.nowMs = today + 41 * dayMs;
    service.warnings = [];
    expect(await rotating.preview(program)).toMatchObject({ op: "update" });
    expect(service.warnings.join()).not.toContain("enables it again");
    expect(await rotating.up(program)).toMatchObject({ op: "update" });
    expect(rotating.outs).toMatchObject({ status: "active", generation: Number(generation) + 1 });
    expect(rotating.outs.rotationReason).toBe("due: age 41 d of 30 d");
    expect(rotating.outs.keyId).not.toBe(keyId);
    expect(await rotating.up(program)).toMatchObject({ op: "same" });
    expect(service.count("enableKey")).toBe(0);
  });

  test("is never enabled by an update that no preview has shown, nor in an emergency", async () => {
    const { service, rotating, programs } = await able();
    const program = { ...programs.rotating, ...consent };
    await rotating.up(program);
    const { keyId } = rotating.outs;
    // Disabled behind the back of the state, and due: the update itself finds it.
    service.edit(String(keyId), { status: "disabled" });
    service.nowMs = today + 31 * dayMs;
    service.warnings = [];
    await rotating.up(program);
    expect(rotating.outs).toMatchObject({ status: "disabled", keyId });
    expect(service.warnings).toContainEqual(expect.stringContaining("the next update enables it again"));
    await rotating.up({ ...program, emergency: "INC-1" });
    expect(service.count("enableKey")).toBe(0);
    expect(service.keys.get(String(keyId))?.status).toBe("revoked");
    expect(rotating.outs).toMatchObject({ status: "active" });
  });
});
