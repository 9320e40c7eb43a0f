import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ResponseShapeError } from "../../../../provider/errors";
import { parseJson } from "../../../../provider/http/answer";

const label = () => "GET /keys";
const nested = (depth: number, [open, close]: readonly [string, string]) => open.repeat(depth) + close.repeat(depth);

describe("the JSON of an answer", () => {
  test("within its bounds is what it says, whatever stands in its texts", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), fc.constantFrom("", "\ufeff"), (value, mark) => {
        const text = JSON.stringify(value);
        expect(parseJson(mark + text, label)).toEqual(JSON.parse(text));
      }),
    );
    const brackets = '[{,\\"'.repeat(200_000);
    expect(parseJson(JSON.stringify({ brackets }), label)).toEqual({ brackets });
  });

  test.each([[["[", "]"]], [['{"a":', "}"]], [['[{"a":', "}]"]]] as const)(
    "is not parsed where it is nested too deep: %j",
    (pair) => {
      for (const depth of [65, 5_000, 2_000_000])
        expect(() => parseJson(nested(depth, pair), label)).toThrow(
          /^GET \/keys answered with JSON that is nested deeper than 64 levels\. Check the connection's url/,
        );
    },
  );

  test("may be nested as deep as the bound, and no list is too long that a service may have", () => {
    expect(parseJson(nested(64, ["[", "]"]), label)).toBeInstanceOf(Array);
    expect(parseJson(`[${"1,".repeat(400_000)}1]`, label)).toHaveLength(400_001);
  });

  test.each([
    ["numbers", `[${"1,".repeat(600_000)}1]`],
    ["empty lists", `[${"[],".repeat(300_000)}[]]`],
    ["empty objects", `{"a":[${"{},".repeat(300_000)}{}]}`],
  ])("is not parsed where it has more values than memory is for: %s", (_what, text) => {
    expect(() => parseJson(text, label)).toThrow(ResponseShapeError);
    expect(() => parseJson(text, label)).toThrow(/JSON of more than 500000 values/);
  });

  test("that is none says nothing of it", () => {
    for (const text of ["{", "sk_live_0123456789", '"open', "]]]]", "}{"])
      expect(parseJson(text, label)).toBeUndefined();
  });
});
