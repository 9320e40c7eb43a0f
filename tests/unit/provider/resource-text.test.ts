import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { fingerprintOf } from "../../../provider/fingerprint";
import { earlierText, providerText } from "../../../provider/resource-text";

const classes = ["ServiceAccount", "ApiKey", "RotatingApiKey"] as const;
/** States hold these texts: a changed one is a diff for every resource of every user. */
const fingerprints = {
  ServiceAccount: "3d02cf50340e5df4",
  ApiKey: "b6b02e8971d00498",
  RotatingApiKey: "9c84d3761d036d8e",
};
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Promise<never>>>;

/** What the engine gets from a text in a folder without the package. */
function loadedFrom(text: string, require = createRequire(join(tmpdir(), "nothing-here", "index.js"))): Methods {
  const exports: { handler?: () => Methods } = {};
  // The engine runs it so.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  (new Function("exports", "require", text) as (exports: object, require: unknown) => void)(exports, require);
  return exports.handler?.() ?? {};
}

describe("The text that the engine runs for a resource", () => {
  test.each(classes)("is the same for ever: %s", (name) => {
    expect(earlierText(name)).toBe(`exports.handler=()=>require("pulumi-apikeys/runtime").${name}`);
    expect(fingerprintOf(providerText(name))).toBe(fingerprints[name]);
    expect(providerText(name).length).toBeLessThan(480);
  });

  test.each(classes)("runs the code of the package: %s", (name) => {
    const methods = { check: () => Promise.reject(new Error("never")) };
    const require = (path: string) => (path === "pulumi-apikeys/runtime" ? { [name]: methods } : undefined);
    expect(loadedFrom(providerText(name), require as never)).toBe(methods);
  });

  test("says what to install, and which key still lives, where the package is not installed", async () => {
    const { delete: remove, check } = loadedFrom(providerText("RotatingApiKey"));
    const props = {
      keyId: "key_2",
      previousKeyId: "key_1",
      physicalName: "exporter-abc",
      service: "https://api.example.com",
      secret: "canary",
    };
    const error = await remove?.("rotating-1", props).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain(
      `. Run: npm install pulumi-apikeys (in ${process.cwd()}). Still alive: key_2,key_1`,
    );
    expect((error as Error).stack).toBe("");
    await expect(check?.({}, { scopes: ["a"] })).rejects.toThrow(/\)$/);
  });

  test("hides no other fault of the package", () => {
    const require = () => {
      throw new TypeError("broken");
    };
    expect(() => loadedFrom(providerText("ApiKey"), require as never)).toThrow("broken");
  });
});
