import { describe, expect, test } from "@jest/globals";
import { runtime } from "@pulumi/pulumi";
import { asSecret, isUnknown, plainSecret, unknownValue } from "../../../../provider/values/wire";

describe("the engine's form of values", () => {
  test("is the one that the SDK itself writes", () => {
    expect(asSecret("s3cr3t")).toEqual({ [runtime.specialSigKey]: runtime.specialSecretSig, value: "s3cr3t" });
    expect(unknownValue).toBe(runtime.unknownValue);
  });

  test("of a secret reads back as the text", () => {
    expect(plainSecret(asSecret("s3cr3t"))).toBe("s3cr3t");
    expect(plainSecret("s3cr3t")).toBe("s3cr3t");
    for (const other of [undefined, null, 5, { value: 5 }, {}]) expect(plainSecret(other)).toBeUndefined();
  });
});

test.each([
  [unknownValue, true],
  [["read:checks", unknownValue], true],
  [{ owner: { name: unknownValue } }, true],
  [["read:checks"], false],
  [{}, false],
  [null, false],
  [undefined, false],
])("%j is unknown: %s", (value, expected) => {
  expect(isUnknown(value)).toBe(expected);
});
