/** The plugin as the engine meets it: over gRPC, against the emulator. */
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { ServiceError } from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { tellWarnings } from "../../provider/resources/context";
import { asSecret, isSecret, unknownValue } from "../../provider/values/wire";
import { plainText } from "../../provider/resource-text";
import { startEmulator, type TestEmulator } from "../../testing/emulator";
import { PluginClient } from "./support/plugin-client";

const key = "urn:pulumi:dev::shop::apikeys:index:ApiKey::ci";
const rotating = "urn:pulumi:dev::shop::apikeys:index:RotatingApiKey::night";
const none = proto.DiffResponse.DiffChanges.DIFF_NONE;
const { PATH } = process.env;
const warnings: string[] = [];
let services: TestEmulator;
let plugin: PluginClient;

beforeAll(async () => {
  services = await startEmulator({});
  const { pulsely } = services.services;
  tellWarnings((message) => void warnings.push(message));
  // No engine is asked for the state.
  process.env.PATH = "";
  process.env.PLUGIN_TEST_TOKEN = pulsely.adminToken;
  const connections = { default: { backend: "pulsely", url: pulsely.url, tokenEnv: "PLUGIN_TEST_TOKEN" } };
  plugin = await PluginClient.open({ connections: JSON.stringify(connections) });
});
afterEach(() => services.faults.clear());
afterAll(async () => {
  process.env.PATH = PATH;
  delete process.env.PLUGIN_TEST_TOKEN;
  plugin.close();
  await services.close();
});

const make = async (urn: string, inputs: object) => plugin.create(urn, (await plugin.check(urn, { ...inputs })).inputs);
const marked = (outs: Readonly<Record<string, unknown>>) =>
  Object.entries(outs)
    .filter(([, value]) => typeof value === "object" && value !== null && isSecret(value))
    .map(([name]) => name);

describe("The plugin", () => {
  test("tells its schema, with the version that runs", async () => {
    const { version, resources } = await plugin.schema();
    expect(version).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
    expect(Object.keys(resources)).toEqual(
      ["ServiceAccount", "ApiKey", "RotatingApiKey"].map((name) => `apikeys:index:${name}`),
    );
  });

  test("refuses a name that is no input, and says which one is meant", async () => {
    const { failures } = await plugin.check(key, { scope: ["read:checks"] });
    expect(failures).toContain('scope: there is no input "scope"; did you mean "scopes"?');
  });

  test("never returns a secret in clear: made, previewed, updated, read, or kept after a failure", async () => {
    const made = await make(key, { scopes: ["read:checks"], labels: { owner: "a" } });
    const { inputs: news } = await plugin.check(key, { scopes: ["read:checks"], labels: { owner: "b" } }, made.inputs);
    const planned = await plugin.update(key, made, news, true);
    const updated = await plugin.update(key, made, news);
    const read = await plugin.read(key, updated);
    for (const { outs } of [made, planned, updated, read]) expect(marked(outs)).toEqual(["secret"]);
    expect(planned.outs).toEqual(updated.outs);

    // A description that the program marked as secret stays so, wherever it stands.
    const { inputs } = await plugin.check(key, { scopes: ["read:checks"], description: asSecret("merger") });
    expect(marked(inputs)).toEqual(["description"]);
    await services.faults.add({
      service: "pulsely",
      method: "POST",
      path: "/api-keys$",
      kind: "drop-after-commit",
      times: 3,
    });
    await services.faults.add({ service: "pulsely", method: "DELETE", kind: "status", status: 403, times: 9 });
    const failed = await plugin.create(key, inputs).then(
      () => undefined,
      (error: unknown) => error as ServiceError,
    );
    const details = Buffer.from(failed?.metadata.get("grpc-status-details-bin")[0] ?? "").toString("latin1");
    expect(failed?.details).toMatch(/cannot create ApiKey "ci"/);
    expect(details).toContain("ErrorResourceInitFailed");
    expect(details).toMatch(/description[\s\S]{0,60}4dabf18193072939515e22adb298388d/);
  });

  test("says that a stack was renamed or copied, which its inputs do not tell, and records the new name", async () => {
    const made = await make(key, { scopes: ["read:checks"] });
    const renamed = key.replace(":dev::", ":prod::");
    const { inputs } = await plugin.check(renamed, { scopes: ["read:checks"] }, made.inputs);
    warnings.length = 0;
    expect((await plugin.diff(renamed, made, inputs)).changes).toBe(proto.DiffResponse.DiffChanges.DIFF_SOME);
    expect(warnings).toEqual([expect.stringContaining("were made by the stack organization/shop/dev")]);
    const updated = await plugin.update(renamed, made, inputs);
    expect(updated.outs).toMatchObject({ origin: "organization/shop/prod/ci" });
    expect((await plugin.diff(renamed, updated, inputs)).changes).toBe(none);
  });

  test("knows in a preview what the issue of a key will not decide", async () => {
    const { inputs } = await plugin.check(key, { scopes: ["read:checks"], labels: { owner: unknownValue } });
    const { id, outs } = await plugin.create(key, inputs, true);
    expect(id).toBe("");
    expect(outs).toMatchObject({
      scopes: ["read:checks"],
      status: "active",
      service: new URL(services.services.pulsely.url).origin,
      keyId: unknownValue,
      secret: asSecret(unknownValue),
      expiresAt: unknownValue,
      labels: { owner: unknownValue },
    });
  });

  test("carries values that are not known yet, secret or not, through check, diff and previews, and sends nothing", async () => {
    const made = await make(key, { scopes: ["read:checks"] });
    const sent = (await services.requests()).length;
    const unknown = { scopes: unknownValue, description: asSecret(unknownValue), keepers: { release: unknownValue } };
    const { inputs, failures } = await plugin.check(key, unknown, made.inputs);
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ ...unknown, description: asSecret(unknownValue) });
    const { replaces } = await plugin.diff(key, made, inputs);
    expect(replaces).toEqual(expect.arrayContaining(["scopes", "keepers"]));
    const { outs } = await plugin.create(key, inputs, true);
    expect(outs).toMatchObject({ scopes: unknownValue, description: asSecret(unknownValue) });

    const turned = await make(rotating, { scopes: ["read:checks"], rotateEvery: "90d" });
    const next = await plugin.check(rotating, { scopes: [unknownValue], rotateEvery: "90d" }, turned.inputs);
    expect(next.failures).toEqual([]);
    const planned = await plugin.update(rotating, turned, next.inputs, true);
    expect(marked(planned.outs)).toContain("secret");
    expect(JSON.stringify(planned.outs)).not.toContain((turned.outs.secret as { value: string }).value);
    expect((await services.requests()).length).toBe(sent + 1);
  });

  test("shows of a due key what it replaces as not known yet, and nothing else", async () => {
    const made = await make(rotating, { scopes: ["read:checks"], rotateEvery: "90d" });
    const changed = await plugin.check(rotating, { scopes: ["read:alerts"], rotateEvery: "90d" }, made.inputs);
    expect((await plugin.diff(rotating, made, changed.inputs)).paths).toContain('scopes["read:alerts"]');
    const { outs } = await plugin.update(rotating, made, changed.inputs, true);
    expect(outs).toMatchObject({
      secret: asSecret(unknownValue),
      keyId: unknownValue,
      scopes: ["read:alerts"],
      connection: "default",
    });
    const longer = await plugin.check(rotating, { scopes: ["read:checks"], rotateEvery: "120d" }, made.inputs);
    const schedule = await plugin.update(rotating, made, longer.inputs, true);
    expect(schedule.outs).toEqual((await plugin.update(rotating, made, longer.inputs)).outs);
    expect(schedule.outs.keyId).toBe(made.outs.keyId);
  });

  test("represents the secret text of an emergency by a hash, as a TypeScript program does", async () => {
    const { inputs } = await plugin.check(rotating, {
      scopes: ["read:checks"],
      rotateEvery: "90d",
      emergency: asSecret("4711"),
    });
    expect(inputs.emergency).toMatch(/^text withheld \([0-9a-f]{8}\)$/);
  });

  test("records which code a dynamic resource would run, so that its keys can go back to one", async () => {
    const made = await make(key, { scopes: ["read:checks"] });
    expect(made.outs.__provider).toBe(plainText("ApiKey"));
    expect(Object.keys(made.inputs)).not.toContain("__provider");
  });

  test("keeps an admin token that stands in the configuration encrypted, however it came there", async () => {
    const check = promisify<proto.CheckRequest, proto.CheckResponse>(plugin.raw.checkConfig.bind(plugin.raw));
    const request = new proto.CheckRequest();
    request.setNews(Struct.fromJavaScript({ tokens: '{"default":"t"}' }));
    expect((await check(request)).getInputs()?.toJavaScript()).toEqual({ tokens: asSecret('{"default":"t"}') });
  });

  test("imports a key as it is, whatever labels its program has, and changes nothing on the service", async () => {
    const urn = "urn:pulumi:dev::shop::apikeys:index:ApiKey::old";
    const { id: keyId } = await make(key, { scopes: ["read:checks"] });
    const imported = await plugin.read(urn, { id: `default/${keyId}`, inputs: {}, outs: {} });
    expect(imported).toMatchObject({
      id: keyId,
      inputs: { connection: "default", scopes: ["read:checks"] },
      outs: { adoptedId: keyId },
    });
    const sent = (await services.requests("pulsely")).length;
    const program = { scopes: ["read:checks"], labels: { owner: "a" } };
    const { inputs } = await plugin.check(urn, program, imported.inputs);
    expect((await plugin.diff(urn, imported, inputs)).changes).toBe(none);
    // The update after the import records it.
    expect(await plugin.diff(urn, imported, inputs)).toMatchObject({ replaces: [], paths: ["labels"] });
    expect((await plugin.update(urn, imported, inputs)).outs).toMatchObject({
      adoptedId: keyId,
      labels: { owner: "a" },
    });
    expect((await services.requests("pulsely")).length).toBe(sent);
    expect(await plugin.read(urn, { id: "default/none", inputs: {}, outs: {} })).toEqual({
      id: "",
      inputs: {},
      outs: {},
    });
    await plugin.delete(urn, imported);
    expect(warnings).toContainEqual(expect.stringContaining(`it is left on the service (id ${keyId})`));
    expect((await services.requests("pulsely")).at(-1)?.method).toBe("GET");
  });

  // The last one: nothing waits in this process any more.
  test("ends every wait when the run is cancelled, and says so", async () => {
    const { inputs } = await plugin.check(key, { scopes: ["read:checks"] });
    await services.faults.add({
      service: "pulsely",
      method: "POST",
      path: "/api-keys$",
      kind: "status",
      status: 429,
      headers: { "retry-after": "50" },
      times: 9,
    });
    const creating = plugin.create(key, inputs).then(
      () => "made",
      (error: unknown) => (error as ServiceError).details,
    );
    while (!(await services.requests("pulsely")).some(({ status }) => status === 429)) await new Promise(setImmediate);
    const cancel = promisify<Empty, Empty>(plugin.raw.cancel.bind(plugin.raw));
    await cancel(new Empty());
    expect(await creating).toMatch(/answered 429.*Tried once, and not again: the run was cancelled\./);
  });
});
