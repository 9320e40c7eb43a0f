import { describe, expect, test } from "@jest/globals";
import { Fields, InvalidField } from "../../../emulator/http/fields";

const reading = (input: unknown, read: (fields: Fields) => unknown) => () => read(new Fields(input));

describe("the fields of a request", () => {
  test.each([[null], [[]], ["text"], [7]])("cannot be %j", (input) =>
    expect(() => new Fields(input)).toThrow(new InvalidField("body", "must be a JSON object")),
  );

  test("are not read out of broken JSON, and what was sent is not repeated", () => {
    const secret = "sk_live_0123456789";
    expect(() => Fields.parse(`{"key": ${secret}`)).toThrow(/^body is not valid JSON$/);
  });

  test.each<[string, () => unknown, string]>([
    ["a missing text", reading({}, (f) => f.text("name")), "name is required"],
    ["an empty text", reading({ name: "" }, (f) => f.text("name")), "name is required"],
    ["a number for a text", reading({ name: 1 }, (f) => f.text("name")), "name must be a string"],
    ["a long text", reading({ name: "x".repeat(256) }, (f) => f.text("name")), "name must not be longer than 255 char"],
    ["a line break", reading({ name: "a\nb" }, (f) => f.text("name")), "name must not contain control characters"],
    ["another choice", reading({ kind: "c" }, (f) => f.oneOf("kind", ["a", "b"])), "kind must be one of a, b"],
    ["an empty selection", reading({ s: [] }, (f) => f.selection("s", ["a"])), "s must not be empty"],
    ["a strange selection", reading({ s: ["z"] }, (f) => f.selection("s", ["a"])), 's must not hold "z", which is unk'],
    ["a mixed list", reading({ s: ["a", 1] }, (f) => f.textList("s")), "s must be a list of strings"],
    ["a fraction", reading({ n: 1.5 }, (f) => f.integer("n", { min: 1, max: 9 })), "n must be a whole number from 1"],
    ["a text for a truth value", reading({ b: "true" }, (f) => f.bool("b")), "b must be true or false"],
    ["a date without time", reading({ at: "2027-02-01" }, (f) => f.instantMs("at")), "at must be an RFC 3339 time"],
    ["a field that nobody reads", reading({ nmae: 1 }, (f) => f.allowOnly("name")), "nmae is not a known field (name)"],
  ])("refuse %s", (_what, read, message) => expect(read).toThrow(message));

  test("lose repeats and keep their order", () =>
    expect(new Fields({ s: ["b", "a", "b"] }).textList("s")).toEqual(["b", "a"]));

  test("are the object's own, never inherited", () => expect(new Fields({}).has("constructor")).toBe(false));
});
