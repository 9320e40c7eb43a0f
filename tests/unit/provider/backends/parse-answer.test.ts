import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { parseAnswer } from "../../../../provider/backends/parse-answer";
import { ResponseShapeError } from "../../../../provider/errors";

const schema = z.object({ data: z.array(z.object({ id: z.string().min(1), expires_at: z.string().nullish() })) });

describe("a vendor's answer", () => {
  test("in its documented form is told, with or without fields that nobody asked for", () => {
    expect(parseAnswer("GET", "/keys", schema, { data: [{ id: "1", owner: "x" }], total: 1 })).toEqual({
      data: [{ id: "1" }],
    });
  });

  test.each([
    [undefined, "the body is nothing"],
    [[], "the body is an empty list"],
    [{}, 'the field "data" is nothing'],
    [{ data: { id: "canary" } }, 'the field "data" is an object'],
    [{ data: [{ id: "1" }, { id: 57 }] }, 'the field "data.1.id" is a number'],
    [{ data: [{ id: "" }] }, 'the field "data.0.id" is an empty text'],
    [{ data: [{ id: "1", expires_at: ["canary"] }] }, 'the field "data.0.expires_at" is a list of 1'],
  ])("in any other form names the field and the kind of its value, and quotes nothing: %j", (body, problem) => {
    const parse = () => parseAnswer("GET", "/keys", schema, body);
    expect(parse).toThrow(ResponseShapeError);
    expect(parse).toThrow(
      `GET /keys was answered in an unexpected form: ${problem}. Check the connection's url and the service's version.`,
    );
  });
});
