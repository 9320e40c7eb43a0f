import { expect, test } from "@jest/globals";
import { defined } from "../../../../provider/values/defined";

test("what is undefined is left out, and nothing else", () => {
  expect(Object.entries(defined({ a: undefined, b: null, c: "", d: 0, e: false }))).toEqual([
    ["b", null],
    ["c", ""],
    ["d", 0],
    ["e", false],
  ]);
});
