import { afterEach, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { processHost } from "../../../cli/command";
import { printable } from "../../../cli/printable";

afterEach(() => void jest.restoreAllMocks());

describe("What a command prints", () => {
  test.each([
    ["colours", "\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
    ["the colours of eight-bit terminals", "\u009b31mred", "\\u009b31mred"],
    [
      "a link that leads elsewhere",
      "\u001b]8;;https://evil.example\u0007here",
      "\\u001b]8;;https://evil.example\\u0007here",
    ],
    ["a change of direction", "gpj.\u202etxt", "gpj.\\u202etxt"],
    ["a return over the line", "all is well\rUNKNOWN", "all is well\\u000dUNKNOWN"],
    ["a step back", "a\bb\u007f", "a\\u0008b\\u007f"],
    ["what nobody sees", "a\u200bb\ufeffc\u{e0041}", "a\\u200bb\\ufeffc\\udb40\\udc41"],
  ])("holds no %s", (_what, text, safe) => {
    expect(printable(text)).toBe(safe);
  });

  test.each(["two\nlines\r\n\tand a tab", "エクスポート für 👩‍👩‍👧 й", '{"name":"a\\u001bb"}'])(
    "is left as it is: %j",
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  test("says the same in JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(JSON.parse(printable(JSON.stringify({ name }, null, 2)))).toEqual({ name });
      }),
    );
  });

  test("leaves every command through there, its errors as well", () => {
    const written: string[] = [];
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, "write").mockImplementation((text) => written.push(String(text)) > 0);
    processHost.stdout("\u001b[2J");
    processHost.stderr("\u001b[2J");
    expect(written).toEqual(["\\u001b[2J", "\\u001b[2J"]);
  });
});
