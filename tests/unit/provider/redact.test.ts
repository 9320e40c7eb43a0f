import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { kindOf, redact } from "../../../provider/redact";

describe("vendor text made safe to print", () => {
  test.each([
    ["sk_live_0123456789abcdef is taken", "[redacted] is taken"],
    ["key ply_test_abcdef0123", "key [redacted]"],
    ["ZENKEY_eyJpZCI6IjEyMyJ9 is not valid", "[redacted] is not valid"],
    ["token 57|abcdefghijklmnopqrstuvwxyz0123456789ABCD", "token [redacted]"],
    ["sent Authorization: Bearer abc.def-ghi", "sent Authorization: [redacted]"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl expired", "jwt [redacted] expired"],
    ["hash $2b$12$abcdefghijklmnopqrstuvwxyz0123456789", "hash [redacted]"],
  ])("%s becomes %s, although the value was never seen", (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  test("loses the given secrets, plain and as JSON or a URL would write them", () => {
    const secret = 'p"a ss/w\\ö';
    const text = `plain ${secret}, JSON ${JSON.stringify(secret)}, URL ${encodeURIComponent(secret)}`;
    expect(redact(text, [secret, ""])).toBe('plain [redacted], JSON "[redacted]", URL [redacted]');
  });

  test("loses a secret that begins as another one does", () => {
    expect(redact("the key is canary-5f21-more", ["canary-5f21", "canary-5f21-more"])).toBe("the key is [redacted]");
  });

  test("never holds a given secret, wherever it stands", () => {
    const secret = fc.string({ minLength: 12 }).filter((text) => !"[redacted]".includes(text));
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), (before, value, after) => {
        expect(redact(`${before}${value}${after}`, [value])).not.toContain(value);
      }),
    );
  });

  test("is one line without control characters, cut at 300 characters", () => {
    expect(redact("first\r\nsecond\u001b[31m red\u202e drawkcab\u0000 ")).toBe("first second [31m red  drawkcab");
    const long = redact("x".repeat(1000));
    expect(long).toHaveLength(301);
    expect(long.endsWith("…")).toBe(true);
  });

  test("survives text that no URL can hold", () => {
    expect(redact("a lone \ud800 surrogate", ["\ud800"])).toBe("a lone [redacted] surrogate");
  });
});

test.each([
  [undefined, "nothing"],
  [null, "null"],
  ["", "an empty text"],
  ["x", "a text of 1 character"],
  ["hunter2", "a text of 7 characters"],
  [[], "an empty list"],
  [["hunter2", "b"], "a list of 2"],
  [{ password: "hunter2" }, "an object"],
  [7, "a number"],
  [true, "a boolean"],
  [() => 1, "a function"],
])("the kind of %p is told as %s, and never its value", (value, kind) => {
  expect(kindOf(value)).toBe(kind);
});
