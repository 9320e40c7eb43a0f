import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { fingerprintOf } from "../../../provider/values/fingerprint";
import { earlierTexts, providerText } from "../../../provider/resource-text";

const classes = ["ServiceAccount", "ApiKey", "RotatingApiKey"] as const;
/** States hold these texts, in this order: today's, that of 0.1, and one between the two. A changed one is a diff for every resource of every user. */
const fingerprints = {
  ServiceAccount: ["2266da60c6978b04", "f7c44f1b883225a1", "3d02cf50340e5df4"],
  ApiKey: ["4095929cf16a1cdc", "97f6e93d5c953d1f", "b6b02e8971d00498"],
  RotatingApiKey: ["0e80891d8ba5d407", "5594fc0fd16f3dc0", "9c84d3761d036d8e"],
};
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** What the engine gets from a text in a folder without the package. */
function loadedFrom(text: string, require = createRequire(join(tmpdir(), "nothing-here", "index.js"))): Methods {
  const exports: { handler?: () => Methods } = {};
  // The engine runs it so.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  (new Function("exports", "require", text) as (exports: object, require: unknown) => void)(exports, require);
  return exports.handler?.() ?? {};
}

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("The text that the engine runs for a resource", () => {
  test.each(classes)("is the same for ever: %s", (name) => {
    expect(earlierTexts(name)[0]).toBe(`exports.handler=()=>require("pulumi-apikeys/runtime").${name}`);
    expect([providerText(name), ...earlierTexts(name)].map(fingerprintOf)).toEqual(fingerprints[name]);
  });

  test.each(classes)(
    "is short, because a state holds it twice for each resource, and escapes each double quote: %s",
    (name) => {
      expect(JSON.stringify(providerText(name)).length).toBeLessThanOrEqual(310);
    },
  );

  test.each(classes)("runs the code of the package: %s", (name) => {
    const methods = { check: () => Promise.reject(new Error("never")) };
    const require = (path: string) => (path === "pulumi-apikeys/runtime" ? { [name]: methods } : undefined);
    expect(loadedFrom(providerText(name), require as never)).toBe(methods);
  });

  test.each([
    ["RotatingApiKey", { keyId: "key_2", previousKeyId: "key_1" }, "key_2,key_1"],
    ["RotatingApiKey", { keyId: "key_2" }, "key_2"],
    ["ApiKey", { keyId: "key_1" }, "key_1"],
    ["ServiceAccount", { accountId: "sa_1" }, "sa_1"],
  ] as const)(
    "says what to install, and what still lives, where the package is not installed: %s",
    async (name, ids, told) => {
      const methods = loadedFrom(providerText(name));
      const props = { ...ids, physicalName: "exporter-abc", service: "https://api.example.com", secret: "canary" };
      for (const method of ["read", "delete"]) {
        const error = thrownBy(() => methods[method]?.("id-1", props));
        // The host prints both: the error as a text, and its trace.
        expect(String(error)).toBe(`Error: ${error.message}`);
        expect(error.message).toContain(
          `Still alive: ${told}. Run: npm install pulumi-apikeys. Error: Cannot find module 'pulumi-apikeys/runtime'`,
        );
        expect(error.message).not.toContain("\n");
        expect(error.stack).toBe("");
      }
      // Nothing is made, changed or recorded without a check before it.
      expect(thrownBy(() => methods.check?.({}, { scopes: ["a"] })).message).toMatch(
        /^Run: npm install pulumi-apikeys\. /,
      );
      // What the engine's host waits for is the object itself.
      expect(await Promise.resolve(methods)).toBe(methods);
      expect(methods).not.toHaveProperty("configure");
    },
  );

  test("hides no other fault of the package", () => {
    const require = () => {
      throw new TypeError("broken");
    };
    expect(() => loadedFrom(providerText("ApiKey"), require as never)).toThrow("broken");
  });
});
