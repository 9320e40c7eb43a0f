import { describe, expect, test } from "@jest/globals";
import { condition, evaluate, interpolate, type Scope } from "../engine/support/expression";

const scope: Scope = {
  contexts: { github: { actor: "it's", event: { list: [{ number: 7 }], gone: null } }, env: { ON: "true" }, steps: {} },
  status: { failed: false, cancelled: false },
};
const failed: Scope = { ...scope, status: { failed: true, cancelled: false } };

describe("The expressions of the delivery files, as the test's runner reads them", () => {
  test.each([
    ["github.actor == 'it''s'", true],
    ["github.event.list[0].number", 7],
    ["github.event.gone.deeper != github.actor", true],
    ["!(env.ON == 'true') || 'b' && 'c'", "c"],
    ["env.OFF && 1 || 2", 2],
    ["success() && !cancelled()", true],
    ["true != null", true],
  ])("%s", (text, value) => {
    expect(evaluate(text, scope)).toBe(value);
  });

  test.each([
    "contains('a', 'b')",
    "matrix.os",
    "env.ON == true",
    "env.ON ==",
    "a; b",
    "(env.ON",
    "env.ON env.ON",
    "hashFiles()",
  ])("refuses %s", (text) => {
    expect(() => evaluate(text, scope)).toThrow(/^expression /);
  });

  test("a condition without a status function holds only as long as nothing failed", () => {
    expect([
      condition(undefined, scope),
      condition("env.ON == 'true'", scope),
      condition("${{ always() }}", scope),
    ]).toEqual([true, true, true]);
    expect([
      condition(undefined, failed),
      condition("env.ON == 'true'", failed),
      condition("${{ !cancelled() && env.ON == 'true' }}", failed),
    ]).toEqual([false, false, true]);
  });

  test("texts take values, and nothing where there is none", () => {
    expect(interpolate("a ${{ env.ON }} ${{github.event.gone}}.", scope)).toBe("a true .");
    expect(() => interpolate("${{ github.event }}", scope)).toThrow("is no text");
  });
});
