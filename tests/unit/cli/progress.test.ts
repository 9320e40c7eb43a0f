import { describe, expect, test } from "@jest/globals";
import { progressOf, statusLine } from "../../../cli/progress";

describe("how far a command is", () => {
  const written: string[] = [];
  const terminal = {
    isTTY: true,
    columns: 40,
    write: (text: string | Uint8Array) => {
      written.push(String(text));
      return true;
    },
  };

  test("is one line at a terminal, as wide as that, which a service's words cannot leave", () => {
    written.length = 0;
    statusLine(terminal, { TERM: "xterm" })?.(`keys of\n\u001b[2J\r${"x".repeat(80)}`);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^\r\u001b\[Kkeys of \\u001b\[2J/);
    expect(written[0]).toHaveLength(4 + 39);
  });

  test("takes 80 columns where the terminal does not know its width", () => {
    written.length = 0;
    statusLine({ ...terminal, columns: 0 }, { TERM: "xterm" })?.("x".repeat(200));
    expect(written[0]).toHaveLength(4 + 79);
  });

  test.each([
    ["a pipe", { ...terminal, isTTY: false }, {}],
    ["CI", terminal, { CI: "true" }],
    ["a terminal that cannot go back", terminal, { TERM: "dumb" }],
  ])("is not written to %s", (_what, stream, env) => {
    expect(statusLine(stream as never, env)).toBeUndefined();
  });

  test("is told ten times a second, and is gone at the end", () => {
    const told: string[] = [];
    let nowMs = 0;
    const progress = progressOf({ status: (words) => void told.push(words) }, () => nowMs);
    for (; nowMs < 1_000; nowMs += 10) progress.tell(`at ${nowMs}`);
    progress.end();
    expect(told).toHaveLength(11);
    expect(told.at(-1)).toBe("");
  });

  test("leaves a short command's output alone", () => {
    const told: string[] = [];
    progressOf({ status: (words) => void told.push(words) }).end();
    expect(told).toEqual([]);
  });
});
