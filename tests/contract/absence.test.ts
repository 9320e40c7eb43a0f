import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createConnections } from "../../provider/connections/connections";
import { observeKey, revokeKey } from "../../provider/resources/key/key-on-service";
import { startEmulator, type TestEmulator } from "../../testing/emulator";

/** A connection with just these settings. */
function open(settings: Record<string, unknown>, token: string) {
  const config = JSON.stringify({ it: { ...settings, tokenEnv: "TOKEN" } });
  return createConnections(
    { get: (key) => (key === "apikeys:connections" ? config : undefined) },
    { TOKEN: token },
  ).openForWrite("it");
}

describe("A key that the service does not show", () => {
  let emulator: TestEmulator;
  beforeAll(async () => (emulator = await startEmulator()));
  afterAll(() => emulator.close());

  test("is not called gone by a credential of another organisation, which sees strangers only", async () => {
    const { url, adminToken, otherOrganisationToken } = emulator.services.novavms;
    const settings = { backend: "novavms", url, allowUndocumentedEndpoints: true };
    const ours = open(settings, adminToken);
    const theirs = open(settings, otherOrganisationToken);
    const account = (await ours.client.createServiceAccount?.({ name: "exporter-ab12000001", role: "viewer" }))!;
    const key = await ours.client.createKey({
      name: "exporter-ab12000002",
      serviceAccountId: account.id,
      scopes: ["cameras:read"],
    });
    await theirs.client.createServiceAccount?.({ name: "stranger-ffff000001", role: "viewer" });
    const ref = { id: key.id, name: key.name, serviceAccountId: account.id };
    await expect(observeKey(theirs, ref, Date.now())).rejects.toThrow(
      /cannot be told whether account .* is gone.*belongs to the right organisation/,
    );
    await expect(revokeKey(theirs, ref)).rejects.toThrow(/cannot be told/);
    expect((await ours.client.getKey(ref))?.status).toBe("active");

    // Our own credential sees others of this stack, so what its list lacks is gone.
    await ours.client.createServiceAccount?.({ name: "other-ab12000003", role: "viewer" });
    await ours.client.deleteServiceAccount?.(account.id);
    expect(await observeKey(ours, ref, Date.now())).toEqual({ status: "missing" });
    await revokeKey(ours, ref);
  });

  test("is not called gone by a wrong path on the right host", async () => {
    const { url, adminToken } = emulator.services.pulsely;
    const right = open({ backend: "pulsely", url }, adminToken);
    const wrong = open({ backend: "pulsely", url: url.replace(/v1$/, "v2") }, adminToken);
    const key = await right.client.createKey({
      name: "dashboard-ab12000001",
      scopes: ["read:checks"],
      environment: "live",
    });
    const ref = { id: key.id, name: key.name };
    await expect(observeKey(wrong, ref, Date.now())).rejects.toThrow(/answered 404/);
    await expect(revokeKey(wrong, ref)).rejects.toThrow(/answered 404/);
    expect((await right.client.getKey(ref))?.status).toBe("active");
  });
});
