import { describe, expect, test } from "@jest/globals";
import { asImported } from "../../../plugin/imported-inputs";

const record = { adoptedId: "k", keyId: "k", scopes: ["read:checks"], connection: "default", rotateEvery: "90d" };

describe("What a program says of an imported key", () => {
  test("is how it is, where it stands in the record alone", () => {
    const inputs = { scopes: ["read:checks"], rotateEvery: "30d", labels: { owner: "a" }, onDisabled: "replace" };
    expect(asImported(record, inputs)).toEqual({
      ...record,
      rotateEvery: "30d",
      labels: { owner: "a" },
      onDisabled: "replace",
    });
  });

  test("stays a difference, where the next update would make another key for it or change this one", () => {
    const inputs = { scopes: ["read:alerts"], keepers: { build: "1" }, expiresIn: "30d", description: "x", name: "y" };
    expect(asImported(record, { ...inputs, emergency: "z", exactName: true })).toEqual(record);
  });
});
