import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { sameValue } from "../../../../../provider/resources/fields/field";

describe("two values are the same", () => {
  test.each([
    [{ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, true],
    [[1, 2], [2, 1], false],
    [[1], [1, undefined], true],
    [{ a: undefined }, {}, true],
    [{ a: null }, {}, false],
    [[], {}, false],
    ["1", 1, false],
    [NaN, NaN, true],
    [null, null, true],
    [null, {}, false],
  ])("%j and %j: %s", (a, b, expected) => {
    expect(sameValue(a, b)).toBe(expected);
    expect(sameValue(b, a)).toBe(expected);
  });

  test("as their copies are", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(sameValue(value, structuredClone(value))).toBe(true)));
  });
});
