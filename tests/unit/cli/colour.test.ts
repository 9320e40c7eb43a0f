import { expect, test } from "@jest/globals";
import { hasColours, painted } from "../../../cli/colour";
import { printable } from "../../../cli/printable";

test.each([
  ["a terminal", { isTTY: true }, {}, true],
  ["a pipe", {}, {}, false],
  ["a terminal that knows none", { isTTY: true }, { TERM: "dumb" }, false],
  ["a terminal whose user wants none", { isTTY: true }, { NO_COLOR: "1" }, false],
  ["a terminal with an empty NO_COLOR", { isTTY: true }, { NO_COLOR: "" }, true],
  ["a pipe whose user wants some", {}, { FORCE_COLOR: "1" }, true],
  ["a terminal whose user forces none", { isTTY: true }, { FORCE_COLOR: "0" }, false],
  ["both wishes", {}, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
])("%s has colours as it should", (_what, stream, env, expected) => {
  expect(hasColours(stream, env)).toBe(expected);
});

test("Lines have their own styles, and what stands in them cannot set one", () => {
  const text = printable("KEY  DUE\nweb \u001b[32m expired\n\nok");
  expect(painted(text, ["bold", "red", "red"])).toBe(
    "\u001b[1mKEY  DUE\u001b[22m\n\u001b[31mweb \\u001b[32m expired\u001b[39m\n\nok",
  );
});
