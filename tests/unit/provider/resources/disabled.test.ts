import { describe, expect, test } from "@jest/globals";
import { dayMs } from "../../../../provider/values/durations";
import { PermissionDeniedError, ServerError } from "../../../../provider/errors";
import { family } from "../support/family";
import { today } from "../support/fake-service";
import { madeKey } from "../support/resources";

const facts = { method: "GET", path: "/accounts/1" };

describe("An account that somebody has disabled", () => {
  test("shows on its keys as well", async () => {
    const { key, rotating, set } = await family();
    set("disabled");
    expect(await key.refresh()).toEqual(["status"]);
    expect(await rotating.refresh()).toEqual(["status"]);
    expect([key.outs.status, rotating.outs.status]).toEqual(["disabled", "disabled"]);
    set("active");
    expect(await key.refresh()).toEqual(["status"]);
    expect(key.outs.status).toBe("active");
  });

  test("is not asked for where its keys tell it, and where no account can be disabled", async () => {
    for (const disabling of ["keys", "none"] as const) {
      const { service, key } = await family({ disabling });
      await key.refresh();
      expect(service.count("getServiceAccount")).toBe(0);
    }
  });

  test("says nothing to a credential that may not read accounts, and what cannot be told is no status", async () => {
    const { service, key } = await family();
    service.fail("getServiceAccount", new PermissionDeniedError({ status: 403, ...facts }));
    expect(await key.refresh()).toEqual([]);
    service.fail("getServiceAccount", new ServerError({ status: 503, ...facts }));
    await key.refresh().catch(() => undefined);
    expect(key.outs.status).toBe("active");
  });

  test("is left so, with a warning at every run, and so are its keys", async () => {
    const { service, account, key, rotating, set, programs } = await family();
    set("disabled");
    for (const resource of [account, key, rotating]) await resource.refresh();
    for (let run = 0; run < 2; run += 1) {
      service.warnings = [];
      expect(await account.up(programs.account)).toMatchObject({ op: "same" });
      expect(await key.up(programs.key)).toMatchObject({ op: "same" });
      expect(await rotating.up(programs.rotating)).toMatchObject({ op: "same" });
      expect(service.warnings).toEqual([
        expect.stringMatching(
          /^the service account "export" is disabled on its service: it is left so.*onDisabled: "replace"$/,
        ),
        expect.stringMatching(/^the key "export" is disabled on its service: it is left so/),
        expect.stringMatching(/^the key "export" is disabled on its service: it is left so/),
      ]);
    }
    expect([service.accounts.size, service.keys.size]).toEqual([1, 2]);
  });

  test("names both ways out where its service can enable it", async () => {
    const { service, key, program } = await madeKey({}, { enable: true });
    service.edit(String(key.outs.keyId), { status: "disabled" });
    await key.refresh();
    await key.up(program);
    expect(service.warnings).toEqual([
      expect.stringMatching(
        /To have it enabled instead, set onDisabled: "enable"; to have it replaced, set onDisabled: "replace"$/,
      ),
    ]);
  });

  test("is replaced, and so are its keys, where the program says so", async () => {
    const { account, key, rotating, set, programs } = await family({}, { onDisabled: "replace" });
    set("disabled");
    for (const resource of [account, key, rotating]) await resource.refresh();
    expect(await account.preview(programs.account)).toMatchObject({ op: "replace", replaces: ["status"] });
    expect(await key.preview(programs.key)).toMatchObject({ op: "replace", replaces: ["status"] });
    expect(await rotating.preview(programs.rotating)).toMatchObject({ op: "update" });
  });

  test("gets no new key when one is due: the rotation waits, says why, and comes when it is enabled", async () => {
    const { service, rotating, set, programs } = await family();
    set("disabled");
    service.nowMs = today + 31 * dayMs;
    // Nobody has refreshed: the update itself finds it.
    await rotating.up(programs.rotating);
    expect(rotating.outs).toMatchObject({ status: "disabled", keyId: "key-3" });
    expect(service.warnings).toEqual([expect.stringContaining("is disabled on its service")]);
    service.warnings = [];
    await rotating.up(programs.rotating);
    expect(service.warnings).toEqual([
      expect.stringContaining("its rotation waits (due: age 31 d of 30 d), until somebody enables it there"),
    ]);
    expect(service.count("createKey")).toBe(2);
    set("active");
    await rotating.up(programs.rotating);
    expect(rotating.outs).toMatchObject({ status: "active", keyId: "key-4", previousKeyId: "key-3" });
  });

  test("gets a new key in an emergency nevertheless, and for scopes that the program changes", async () => {
    const { service, rotating, set, programs } = await family();
    set("disabled");
    await rotating.refresh();
    await rotating.up({ ...programs.rotating, scopes: ["read:alerts"] });
    expect(rotating.outs).toMatchObject({ scopes: ["read:alerts"] });
    await rotating.up({ ...programs.rotating, scopes: ["read:alerts"], emergency: "INC-1" });
    expect(service.count("createKey")).toBe(4);
  });
});

describe("A key that somebody has disabled", () => {
  test("is not replaced when its life is over", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "60d" });
    service.edit(String(key.outs.keyId), { status: "disabled" });
    await key.refresh();
    service.nowMs = today + 61 * dayMs;
    service.warnings = [];
    expect(await key.up(program)).toMatchObject({ op: "same" });
    expect(service.warnings).toEqual([
      'the key "export" is disabled on its service, and its end has passed: it is left so, and would not work if somebody enabled it there. To have it replaced, set onDisabled: "replace"',
    ]);
  });

  test("is revoked with its resource: whoever disabled it could enable it again", async () => {
    const { service, key } = await family();
    service.edit(String(key.outs.keyId), { status: "disabled" });
    await key.destroy();
    expect(service.keys.get("key-2")?.status).toBe("revoked");
  });
});

test("A key that is gone when its successor comes is not promised as the previous one.", async () => {
  const { service, rotating, programs } = await family();
  service.edit(String(rotating.outs.keyId), { status: "revoked" });
  service.nowMs = today + 31 * dayMs;
  await rotating.up(programs.rotating);
  expect(rotating.outs).toMatchObject({ keyId: "key-4", status: "active" });
  expect(rotating.outs).not.toHaveProperty("previousSecret");
});
