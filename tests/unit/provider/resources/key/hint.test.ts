import { describe, expect, test } from "@jest/globals";
import { fitsHint } from "../../../../../provider/resources/identity/adopted";

describe("What a service shows of a secret", () => {
  test.each([
    ["ply_live_2032…9f1a", "ply_live_2032abcdef9f1a", true],
    ["ply_live_2032…9f1a", "ply_live_2032abcdef9f1b", false],
    ["ply_live_2032…9f1a", "ply_live_20329f1a", false],
    ["sk_****1234", "sk_abcd1234", true],
    ["...1234", "abcd1234", true],
    ["nvms_ab12", "nvms_ab12cdef", true],
    ["12345678", "abcd12345678", true],
    ["12345678", "12345679abcd", false],
    [undefined, "anything", true],
    ["a form (that) is not known", "anything", true],
  ])("%s fits %s: %s", (hint, secret, fits) => expect(fitsHint(hint, secret)).toBe(fits));
});
