import { expect, test } from "@jest/globals";
import { fieldsOf, ResponseShapeError } from "../../../../provider/backend";

test("The named fields of an answer come with their kinds, ids as text, and what may be missing as undefined", () => {
  const answer = {
    id: 7,
    label: "a",
    keys: [1],
    scopes: ["r"],
    on: true,
    more: { a: 1 },
    gone: null,
    other: "not asked for",
  };
  const form = {
    ...({ id: "id", label: "text", keys: "list", scopes: "texts", on: "boolean", more: "object" } as const),
    ...({ gone: "text?", never: "number?" } as const),
  };
  const fields = fieldsOf(answer, form);
  const id: string = fields.id;
  const never: number | undefined = fields.never;
  expect(fields).toEqual({ ...answer, id, never, gone: undefined, other: undefined });
});

test.each([
  [undefined, { id: "id" }],
  [null, { id: "id" }],
  ["sk_living_secret", { id: "id" }],
  [[{ id: 1 }], { id: "id" }],
  [{}, { id: "text" }],
  [{ id: "" }, { id: "text" }],
  [{ id: ["sk_living_secret"] }, { id: "text" }],
  [{ id: { secret: "sk_living_secret" } }, { id: "number?" }],
  [{ id: [1] }, { id: "texts" }],
  [Object.create({ id: "inherited" }), { id: "text" }],
  [{ id: 2 ** 53 }, { id: "id" }],
  [{ id: 1.5 }, { id: "id?" }],
] as const)("Another form is an error that names the field and quotes nothing: %j", (answer, form) => {
  const read = () => fieldsOf(answer, form);
  expect(read).toThrow(ResponseShapeError);
  expect(read).toThrow('no usable "id"');
  expect(read).not.toThrow("sk_living_secret");
});
