import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readReport } from "../../../review/read-report";
import { safeJson } from "../../../review/render/json";
import { tonedText } from "../../../review/render/text";
import {
  account,
  changed,
  consumer,
  created,
  found,
  key,
  review,
  rotatingKey,
  type State,
  unchanged,
} from "./support/preview-builder";
import { everyFormat, unsafeParts } from "./support/report-checks";

/** Texts of options, claims and ids that only one service has: nobody checks their letters before a review shows them. */
const pieces = fc.constantFrom(
  ...[
    "a",
    "|",
    "\\|",
    "`",
    "``",
    "<script>",
    "<!--",
    "-->",
    "::error::x",
    "##[command]",
    "@org/team",
    "#12",
    "\n",
    "\r",
  ],
  ...["\u001b[31m", "\u202e", "\u200b", "\u2066", "https://evil.example", "[x](y)", "![x](y)", "</details>", "/close"],
  ...[
    "=",
    "[",
    "]",
    '"',
    "\\",
    "__proto__",
    "constructor",
    "(empty list)",
    "⟨sha256:00⟩",
    "]]>",
    "&lt;",
    "%0A::error::x",
  ],
);
const text = fc.array(pieces, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
const value = fc.oneof(
  text,
  fc.array(text, { maxLength: 2 }),
  fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true }),
);
const options = fc.dictionary(text, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
const claims = fc.dictionary(
  text,
  fc.record({ level: fc.constantFrom("read", "admin"), implies: fc.array(text, { maxLength: 2 }) }),
  {
    minKeys: 1,
    maxKeys: 2,
    noNullPrototype: true,
  },
);
const given = fc.record({
  make: fc.constantFrom(key, rotatingKey, account),
  isNew: fc.boolean(),
  options,
  claims,
  adopted: text,
  route: text,
});

describe("A report of words that nobody has checked", () => {
  it("acts in no format, and is read back as it is", () => {
    fc.assert(
      fc.property(given, ({ make, isNew, options: asked, claims: extraScopes, adopted, route }) => {
        const target = { backend: "pulsely", origin: "https://api.pulsely.io", extraScopes, route };
        const adopt = make === account ? { accountId: adopted } : { keyId: adopted };
        const scopes = [...Object.keys(extraScopes), "read:checks"];
        const after: State = make("ci", { options: asked, adopt, target, scopes });
        const report = review([isNew ? created(after) : changed("replace", make("ci"), after, ["options"])]);
        for (const { format, text: shown } of everyFormat(report))
          expect([format, ...unsafeParts(format, shown)]).toEqual([format]);
        // Each line is painted as one: a line more, and words would choose the colours of others.
        const { text: plain, tones } = tonedText(report);
        expect(plain.split("\n")).toHaveLength(tones.length + 1);
        // A name that JSON readers refuse for good is the one that no report can carry.
        const carried = !Object.hasOwn(extraScopes, "__proto__");
        if (carried) expect(readReport(safeJson(report))).toHaveProperty("report");
      }),
      { numRuns: 200 },
    );
  });
});

describe("Properties with the names of what every object has", () => {
  const names = ["constructor", "toString", "hasOwnProperty", "valueOf", "__proto__"];

  it.each(names)("of somebody else's resource are read like any other: %s", (name) => {
    const holder = consumer("deploy", []);
    const inputs = JSON.parse(`{"${name}": "sk_live_0123456789abcdefghijklmn"}`) as State["inputs"];
    const report = review([unchanged(key("ci")), created({ ...holder, inputs })]);
    expect(report.exitCode).not.toBe(10);
    expect(found(report)).toEqual([]);
  });

  it.each(["other", ...names])("hide nothing that a key shows in clear: %s", (name) => {
    const shown = key("ci");
    const outputs = JSON.parse(`{"${name}": "sk_live_0123456789abcdefghijklmn"}`) as State["inputs"];
    const old = { ...shown, outputs: { ...shown.outputs, ...outputs } };
    // What the record shows is in the old state alone.
    if (name === "__proto__") Object.defineProperty(old.outputs, name, { value: outputs, enumerable: true });
    const report = review([unchanged(old, shown)]);
    expect(found(report).join()).toContain("SR016");
  });
});
