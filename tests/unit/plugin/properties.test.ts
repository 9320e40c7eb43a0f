import { describe, expect, test } from "@jest/globals";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { received, sent } from "../../../plugin/properties";
import { asSecret, unknownValue } from "../../../provider/values/wire";

const arrived = (properties: object) =>
  received(Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]));

describe("Properties on their way between the engine and the lifecycle", () => {
  test("arrive in clear, with the names of what is secret or holds a secret", () => {
    const { values, secrets } = arrived({
      name: "ci",
      secret: asSecret("s-1"),
      adopt: { keyId: "k", secret: asSecret("s-2") },
      scopes: asSecret(["a", "b"]),
      later: asSecret(unknownValue),
    });
    expect(values).toEqual({
      name: "ci",
      secret: "s-1",
      adopt: { keyId: "k", secret: "s-2" },
      scopes: ["a", "b"],
      later: unknownValue,
    });
    expect([...secrets].sort()).toEqual(["later", "scopes", "secret"]);
  });

  test.each([
    ["all of it", asSecret({ keyId: "k", secret: "s" })],
    ["the id", { keyId: asSecret("k"), secret: asSecret("s") }],
  ])("take over a key of which the program hides %s, and hide all of it", (_what, adopt) => {
    const { values, secrets } = arrived({ adopt });
    expect(sent(values, secrets).toJavaScript()).toMatchObject({ adopt: asSecret({ keyId: "k" }) });
  });

  test("show which key is taken over, for a review to read, and hide its secret, marked or not", () => {
    for (const secret of ["s", asSecret("s"), asSecret(unknownValue)]) {
      const { values, secrets } = arrived({ adopt: { keyId: "k", secret } });
      const hidden = typeof secret === "string" ? asSecret(secret) : secret;
      expect(sent(values, secrets).toJavaScript()).toEqual({ adopt: { keyId: "k", secret: hidden } });
    }
    expect(sent({ adopt: { keyId: "k" } }).toJavaScript()).toEqual({ adopt: { keyId: "k" } });
  });

  test("are absent where another language says null", () => {
    expect(arrived({ name: null, labels: {} }).values).toEqual({ labels: {} });
    expect(received(undefined)).toEqual({ values: {}, secrets: new Set() });
  });

  test("leave with every secret marked once, whatever has become of its mark", () => {
    const leaving = sent(
      { secret: asSecret("s"), scopes: ["a"], none: undefined, inner: { none: undefined } },
      new Set(["secret", "scopes", "none"]),
    );
    expect(leaving.toJavaScript()).toEqual({ secret: asSecret("s"), scopes: asSecret(["a"]), inner: {} });
  });
});
