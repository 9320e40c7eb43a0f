import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readPreview } from "../../../review/preview";
import { maxPreviewBytes, previewText } from "../../../review/preview-text";
import { created, key, previewOf } from "./support/preview-builder";

const steps = [created(key("ci", { labels: { note: 'brackets } { ] [ \\ " , in a string' } })), created(key("ü"))];
const digest = previewOf(steps);
const stream = [
  { sequence: 1, resourcePreEvent: { metadata: { ...steps[0], old: null, new: steps[0]?.newState } } },
  { sequence: 2, summaryEvent: { resourceChanges: { create: 1 }, result: "succeeded" } },
]
  .map((event) => `${JSON.stringify(event)}\n`)
  .join("");
/** As the engine prints them: a digest indented, an event a line. */
const printed = [`${JSON.stringify(JSON.parse(digest), null, 4)}\n`, stream];

const encodings: Readonly<Record<string, (text: string) => Uint8Array>> = {
  "UTF-8": (text) => Buffer.from(text),
  "UTF-8 with a mark": (text) => Buffer.from(`\ufeff${text}`),
  "UTF-16LE": (text) => Buffer.from(text, "utf16le"),
  "UTF-16LE with a mark": (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  "UTF-16BE": (text) => Buffer.from(text, "utf16le").swap16(),
  "UTF-16BE with a mark": (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
};

/** Lines that policy packs and the engine print; no braces, and a first character that any encoding tells. */
const lines = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "Installing policy pack acme/limits 0.3.1…",
        "Update plan written to 'plan.json'",
        "[info] 3 policies (mandatory)",
        'said "hello \\',
        "",
      ),
      fc.string({ unit: "binary" }).map((text) => `- ${text.replace(/[{}\ud800-\udfff]/g, "")}.`),
    ),
    { maxLength: 4 },
  )
  .map((list) => list.map((line) => `${line}\n`).join(""));

describe("text around the JSON of a preview", () => {
  it("is passed over, whatever the encoding and the line ends", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...printed, `${digest}\n`),
        fc.tuple(lines, lines),
        fc.constantFrom(...Object.keys(encodings)),
        fc.constantFrom("\n", "\r\n"),
        (preview, [before, after], encoding, lineEnd) => {
          const text = `${before}${preview}${after}`.replaceAll("\n", lineEnd);
          const read = readPreview(encodings[encoding]?.(text) ?? "");
          expect(read.problems).toEqual([]);
          expect(read).toEqual(readPreview(preview));
        },
      ),
    );
  });

  /** What somebody writes who wants another preview to be read than the engine's own. */
  const piece = fc.constantFrom(
    ...["{", "}", "[", "]", '"', ",", ":", "\\", "\n", " "],
    "\ufeff",
    '{"steps":[],"changeSummary":{}}\n',
    '{"steps":[],"changeSummary":{},"x":',
    '{"steps":[],"changeSummary":{},"config":{"x":',
    '{"steps":[{"op":"same","urn":"u","newState":{"urn":"u","type":"t","inputs":{"x":',
    '{"events":[',
    '{"sequence":0,"x":',
    '{"sequence":1,"x":"',
    '{"sequence":3,"summaryEvent":{"resourceChanges":{},"result":"succeeded"}}\n',
    "}",
    "}}",
    "}}}]}",
    "]}",
    '"}',
    "// ",
    "/* ",
    " */",
  );
  /** Openings with what closes them. */
  const around = fc.constantFrom(
    ['{"steps":[],"changeSummary":{},"x":', "}"],
    ['{"steps":[],"changeSummary":{},"config":{"x":', "}}"],
    ['{"steps":[{"op":"same","urn":"u","newState":{"urn":"u","type":"t","inputs":{"x":', '}}}],"changeSummary":{}}'],
    ['{"events":[', "]}"],
    ['{"sequence":1,"x":', "}"],
    ["[", "]"],
  );
  const injected = fc.oneof(
    fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join("")),
    fc.string(),
  );

  it("never makes another preview of it: the same is read, or it is refused", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...printed),
        around,
        fc.tuple(injected, injected),
        fc.boolean(),
        (preview, pair, [a, b], wraps) => {
          const [before, after] = wraps ? [`${a}${pair[0] ?? ""}`, `${pair[1] ?? ""}${b}`] : [a, b];
          const read = readPreview(`${before}${preview}${after}`);
          if (read.problems.length === 0) expect(read).toEqual(readPreview(preview));
          else expect(read.problems.join("\n")).not.toContain("steps");
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each(['{"steps":[],"changeSummary":{},"x":', '{"steps":[],"changeSummary":{},"config":{"x":'])(
    "cannot be closed around it: %s",
    (opening) => {
      const closing = opening.includes("config") ? "}}" : "}";
      expect(() => JSON.parse(`${opening}${printed[0] ?? ""}${closing}`) as unknown).not.toThrow();
      expect(readPreview(`${opening}${printed[0] ?? ""}${closing}`).problems).toHaveLength(1);
    },
  );

  it("a preview that is cut anywhere is refused", () => {
    fc.assert(
      fc.property(fc.constantFrom(...printed), fc.double({ min: 0, max: 1, noNaN: true }), (preview, share) => {
        const whole = preview.trimEnd();
        expect(readPreview(whole.slice(0, Math.floor(share * (whole.length - 1)))).problems).not.toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a preview that is meant to exhaust the review", () => {
  const size = maxPreviewBytes;
  /** So many levels, with the object around them. */
  const nested = (levels: number, [open, inside, close] = ["[", "", "]"]): string =>
    `{"x":${open?.repeat(levels - 1)}${inside}${close?.repeat(levels - 1)}}`;

  it("may be as deep as the limit", () => {
    expect(readPreview(nested(200)).problems.join()).toContain("not a preview");
    expect(readPreview(nested(201)).problems.join()).not.toContain("not a preview");
  });

  it.each<[string, () => string | Uint8Array, RegExp]>([
    ["is too large", () => new Uint8Array(size + 1), /more than 32 MB/],
    ["is too large a text", () => " ".repeat(size + 1), /more than 32 MB/],
    ["is nested", () => `{"steps":${"[".repeat(size - 20)}`, /more than 200 levels deep/],
    ["is nested in objects", () => '{"a":'.repeat(size / 5), /more than 200 levels deep/],
    ["has millions of values", () => `{"steps":[${"0,".repeat(size / 2 - 20)}0]}`, /more than 4000000 values/],
    ["has millions of lists", () => `{"steps":[${"[],".repeat(size / 3 - 20)}[]]}`, /more than 4000000 values/],
    ["is well-formed and nested", () => nested(201), /more than 200 levels deep/],
    ["is well-formed with objects", () => nested(201, ['{"a":', "0", "}"]), /more than 200 levels deep/],
    ["has just too many values", () => `{"steps":[${"0,".repeat(4_000_000)}0]}`, /more than 4000000 values/],
    ["has millions of objects", () => "{}".repeat(size / 2), /more than 200000 JSON objects/],
    ["has millions of objects in lines", () => "{}\n".repeat(size / 3), /more than 200000 JSON objects/],
    ["is one string", () => `{"${"x".repeat(size - 10)}`, /never ends/],
    ["is one string of quotes", () => `{"${'\\"'.repeat(size / 2 - 10)}`, /never ends/],
    ["is one string of backslashes", () => `{"${"\\".repeat(size - 10)}`, /never ends/],
    ["has braces that only close", () => "}".repeat(size), /a brace that belongs to no JSON object/],
    ["is nothing but space", () => " ".repeat(size), /is empty/],
  ])("is refused where it %s", (_what, make, words) => {
    const { problems, steps: read } = readPreview(make());
    expect(problems.join("\n")).toMatch(words);
    expect(read).toEqual([]);
  });

  it("may be as large as the limit", () => {
    const text = `{"steps":[],"changeSummary":{},"x":"${"x".repeat(size - 38)}"}`;
    expect(text).toHaveLength(size);
    expect(previewText(text)).toEqual({ objects: [{ text, line: 1 }] });
  });
});
