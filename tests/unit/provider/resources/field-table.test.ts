import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decideFields, type FieldTable, sameValue } from "../../../../provider/resources/field-table";
import { FakeService } from "../support/fake-service";

interface Inputs {
  readonly scopes: string;
  readonly name: string;
  readonly labels: string;
  readonly fullAccess: string;
}

const table: FieldTable<Inputs> = {
  scopes: "replace",
  labels: "update",
  fullAccess: "keep",
  name: ({ capabilities }) => (capabilities.rename ? "update" : "replace"),
};

describe("the field table", () => {
  test.each([
    [["scopes"], { replaces: ["scopes"], updates: [] }],
    [["labels", "fullAccess"], { replaces: [], updates: ["labels"] }],
    [["fullAccess"], { replaces: [], updates: [] }],
    [["name"], { replaces: ["name"], updates: [] }],
    [[], { replaces: [], updates: [] }],
  ] satisfies [(keyof Inputs)[], object][])("decides about %j", (changed, decision) => {
    expect(decideFields(table, changed, new FakeService().connection())).toEqual(decision);
  });

  test("asks the service's abilities where they decide", () => {
    expect(decideFields(table, ["name"], new FakeService({ rename: true }).connection())).toEqual({
      replaces: [],
      updates: ["name"],
    });
  });
});

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
