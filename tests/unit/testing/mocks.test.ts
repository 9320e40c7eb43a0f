import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { ApiKey, RotatingApiKey, ServiceAccount } from "../../../sdk";
import { apikeysMocks, type ApikeysMocksOptions } from "../../../testing";

const nowMs = () => Date.parse("2027-03-01T12:00:00Z");
const pulsely = { default: { backend: "pulsely", tokenEnv: "PULSELY_TOKEN" } };
const nova = { nova: { backend: "novavms", url: "https://nova.example/api/v1" } };

const mocked = (options: ApikeysMocksOptions) => pulumi.runtime.setMocks(apikeysMocks({ nowMs, ...options }));
const valueOf = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => void output.apply(resolve));
const { resources } = JSON.parse(readFileSync(join(__dirname, "../../../plugin/schema.json"), "utf8")) as {
  resources: Record<string, { properties: object }>;
};
/** What Pulumi's own code generation makes of the schema. */
class PluginResource extends pulumi.CustomResource {
  constructor(kind: string, name: string, args: object) {
    const type = `apikeys:index:${kind}`;
    const absent = Object.keys(resources[type]?.properties ?? {}).map((property) => [property, undefined]);
    super(type, name, { ...(Object.fromEntries(absent) as object), ...args });
  }

  output(name: string): pulumi.Output<unknown> {
    return (this as unknown as Record<string, pulumi.Output<unknown>>)[name]!;
  }
}

describe("A unit test of a program with apikeysMocks", () => {
  test("sees the outputs of a first update: names, ends, and a secret that is one", async () => {
    await mocked({ connections: pulsely });
    const key = new ApiKey("web", { scopes: ["write:alerts", "read:alerts"], expiresIn: "30d" });
    const [secret, name, expiresAt, scopes, service] = await Promise.all([
      valueOf(key.secret),
      valueOf(key.physicalName),
      valueOf(key.expiresAt),
      valueOf(key.scopes),
      valueOf(key.service),
    ]);
    expect(secret).toMatch(/^mock_[0-9a-f]{16}$/);
    expect(name).toMatch(/^web-/);
    expect({ expiresAt, scopes, service }).toEqual({
      expiresAt: "2027-03-31T12:00:00Z",
      scopes: ["read:alerts", "write:alerts"],
      service: "https://api.pulsely.io",
    });
    expect(await pulumi.isSecret(key.secret)).toBe(true);
  });

  test("sees the schedule of a rotating key, and an account whose id its keys take", async () => {
    await mocked({ connections: nova });
    const account = new ServiceAccount("bot", { connection: "nova", role: "viewer" });
    const key = new RotatingApiKey("night", {
      connection: "nova",
      serviceAccountId: account.accountId,
      scopes: ["cameras:read"],
      rotateEvery: "90d",
    });
    expect(await valueOf(account.accountId)).toBe("mock-account-1");
    expect(await valueOf(key.generation)).toBe(1);
    expect(await valueOf(key.nextRotationAt)).toBe("2027-05-30T00:00:00Z");
  });

  test("sees the same through the classes of a generated SDK, whose resources do not say whose they are", async () => {
    await mocked({ connections: nova });
    const account = new PluginResource("ServiceAccount", "bot", { connection: "nova", role: "viewer" });
    const key = new PluginResource("RotatingApiKey", "night", {
      connection: "nova",
      serviceAccountId: account.output("accountId"),
      scopes: ["cameras:read"],
      rotateEvery: "90d",
    });
    const [owner, next, name] = await Promise.all(
      ["serviceAccountId", "nextRotationAt", "physicalName"].map((output) => valueOf(key.output(output))),
    );
    expect([owner, next]).toEqual(["mock-account-1", "2027-05-30T00:00:00Z"]);
    expect(name).toMatch(/^night-/);
    expect(await pulumi.isSecret(key.output("secret"))).toBe(true);
    const slip = { type: "apikeys:index:ApiKey", name: "a", inputs: { scopes: ["read:alrets"] } };
    await expect(apikeysMocks({ connections: pulsely }).newResource(slip)).rejects.toThrow(
      'ApiKey "a": pulsely (connection "default") has no scope "read:alrets"; did you mean "read:alerts"?',
    );
  });

  test.each<[string, () => pulumi.CustomResource, string]>([
    [
      "a scope",
      () => new ApiKey("a", { scopes: ["read:alrets"] }),
      'ApiKey "a": pulsely (connection "default") has no scope "read:alrets"; did you mean "read:alerts"?',
    ],
    [
      "an input",
      () => new ApiKey("b", { scopes: ["read:alerts"], expiresIm: "3d" } as object),
      'did you mean "expiresIn"?',
    ],
    [
      "a duration",
      () => new RotatingApiKey("c", { scopes: ["read:alerts"], rotateEvery: "90" }),
      'RotatingApiKey "c": ',
    ],
    ["a connection", () => new ApiKey("d", { connection: "pulsly" }), 'connection "pulsly" is not configured'],
  ])("tells what a preview would refuse: a slip in %s", async (_what, make, words) => {
    const refusals: string[] = [];
    await mocked({ connections: pulsely, refused: (message) => refusals.push(message) });
    await valueOf(make().id);
    expect(refusals).toEqual([expect.stringContaining(words)]);
  });

  test("fails by itself where nobody asks what is refused", async () => {
    const mocks = apikeysMocks({ connections: pulsely });
    const slip = { type: "pulumi-nodejs:dynamic/apikeys:ApiKey", name: "a", inputs: { scopes: ["read:alrets"] } };
    await expect(mocks.newResource(slip)).rejects.toThrow('ApiKey "a": pulsely (connection "default") has no scope');
  });

  test("mocks the rest of the program as it likes", async () => {
    await mocked({
      connections: pulsely,
      others: { newResource: ({ name }) => ({ id: `bucket-${name}`, state: { size: 7 } }) },
    });
    class Bucket extends pulumi.CustomResource {
      declare readonly size: pulumi.Output<number>;
      constructor(name: string) {
        super("test:index:Bucket", name, { size: undefined });
      }
    }
    const bucket = new Bucket("logs");
    expect([await valueOf(bucket.id), await valueOf(bucket.size)]).toEqual(["bucket-logs", 7]);
  });

  describe("takes its connections", () => {
    const programDir = mkdtempSync(join(tmpdir(), "apikeys-mocks-"));
    afterAll(() => rmSync(programDir, { recursive: true }));
    const serviceOf = async () => valueOf(new ApiKey("x", { scopes: ["read:alerts"] }).service);

    test("from the project file", async () => {
      writeFileSync(
        join(programDir, "Pulumi.yaml"),
        "name: shop\nruntime: nodejs\nconfig:\n  apikeys:connections:\n    value:\n      default: { backend: pulsely, url: https://pulsely.example/v1 }\n",
      );
      await mocked({ programDir });
      expect(await serviceOf()).toBe("https://pulsely.example");
    });

    test("from the config that the test has set", async () => {
      pulumi.runtime.setConfig(
        "apikeys:connections",
        JSON.stringify({ default: { backend: "pulsely", url: "https://other.example/v1" } }),
      );
      try {
        await mocked({ programDir });
        expect(await serviceOf()).toBe("https://other.example");
      } finally {
        pulumi.runtime.setAllConfig({});
      }
    });
  });
});
