import { describe, expect, test } from "@jest/globals";
import { readState } from "../../../../provider/engine/engine-state";

const exported = (...resources: readonly object[]) => JSON.stringify({ version: 3, deployment: { resources } });
const provider = { type: "pulumi:providers:pulumi-nodejs", id: "346acc1c-5691-45e1-ab04-4a7c8f69c1c8" };

describe("what a stack's export tells", () => {
  test("the state's identity is the id that the engine drew for its dynamic provider", () => {
    expect(readState(exported({ type: "pulumi:pulumi:Stack" }, provider))?.identity).toBe(provider.id);
  });

  test("several providers make one identity, in whatever order they stand", () => {
    const other = { ...provider, id: "00000000-5691-45e1-ab04-4a7c8f69c1c8" };
    expect(readState(exported(provider, other))?.identity).toBe(readState(exported(other, provider))?.identity);
    expect(readState(exported(provider, other))?.identity).not.toBe(readState(exported(provider))?.identity);
  });

  test("the name of every generation of our resources, and of nothing else", () => {
    const rotating = {
      type: "pulumi-nodejs:dynamic/apikeys:RotatingApiKey",
      id: "rotating-0123456789abcdef",
      outputs: {
        keyId: "k3",
        physicalName: "n3",
        previousKeyId: "k2",
        previousKey: { keyId: "k2", physicalName: "n2" },
        pendingRevocations: [{ keyId: "k1", physicalName: "n1" }],
        strayKeys: [{ keyId: "k0", physicalName: "n0" }],
        lostCreates: ["n4"],
        secret: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x:y" },
      },
    };
    const going = { type: "apikeys:index:ApiKey", id: "k9", delete: true, outputs: { physicalName: "n9" } };
    const stranger = { type: "aws:iam/accessKey:AccessKey", id: "k8", outputs: { physicalName: "n8" } };
    const state = readState(exported(provider, rotating, going, stranger));
    expect([...(state?.names ?? [])].sort()).toEqual(["n0", "n1", "n2", "n3", "n4", "n9"]);
  });

  test.each([
    ["nothing", ""],
    ["half a document", '{"deployment":{"resources":['],
    ["no provider yet", exported({ type: "pulumi:pulumi:Stack" })],
    ["odd forms", JSON.stringify({ deployment: { resources: [null, 7, "x", { type: 3 }, { type: provider.type }] } })],
    ["no deployment", "{}"],
  ])("%s proves nothing", (_what, text) => {
    expect(readState(text)).toBeUndefined();
  });
});
