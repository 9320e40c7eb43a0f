import { describe, expect, test } from "@jest/globals";
import { detailedDiff } from "../../../plugin/detailed-diff";

const told = (olds: object, news: object, replaces: string[] = []) =>
  Object.fromEntries(
    [...detailedDiff({ olds: { ...olds }, news: { ...news }, replaces })].map(
      ([path, { kind, replaces: makesNew, inInputs }]) => [
        path,
        `${kind}${makesNew ? ", replaces" : ""}${inInputs ? "" : ", by the record"}`,
      ],
    ),
  );

describe("What a preview lists of a change", () => {
  test.each<[string, object, object, string[], object]>([
    ["nothing, where nothing differs", { labels: { a: "1", b: "2" } }, { labels: { b: "2", a: "1" } }, [], {}],
    [
      "a scope that is gained before the others, and none of those",
      { scopes: ["read:checks", "read:metrics"] },
      { scopes: ["read:alerts", "read:checks", "read:metrics"] },
      ["scopes"],
      { 'scopes["read:alerts"]': "add, replaces" },
    ],
    [
      "one that is gained and one that is lost",
      { scopes: ["b"] },
      { scopes: ["a"] },
      [],
      { 'scopes["a"]': "add", 'scopes["b"]': "delete" },
    ],
    ["scopes that come for the first time", {}, { scopes: ["a"] }, ["scopes"], { scopes: "add, replaces" }],
    [
      "scopes that are not known yet",
      { scopes: ["a"] },
      { scopes: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" },
      ["scopes"],
      { scopes: "update, replaces" },
    ],
    [
      "why a rotating key changes",
      { generation: 1, rotationReason: "first issue" },
      { generation: 2, rotationReason: "due: age 90 d of 90 d", retireAfter: "2027-03-01T00:00:00Z" },
      [],
      { generation: "update", rotationReason: "update", retireAfter: "add" },
    ],
    ["what only the record knows", { a: 1 }, { a: 1 }, ["expiresAt"], { expiresAt: "update, replaces, by the record" }],
    ["an input that is taken away", { description: "x" }, {}, [], { description: "delete" }],
    ["nothing that tells a user nothing", { __provider: "code", origin: "a/b/c/d" }, { origin: "a/b/c/e" }, [], {}],
  ])("is %s", (_what, olds, news, replaces, expected) => {
    expect(told(olds, news, replaces)).toEqual(expected);
  });
});
