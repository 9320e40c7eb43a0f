import { describe, expect, it } from "@jest/globals";
import { renderText, tonedText } from "../../../review/render/text";
import { changed, created, key, review, unchanged, urnOf } from "./support/preview-builder";

const many = Array.from({ length: 1_000 }, (_, index) => `key-${String(index).padStart(3, "0")}`);
const widened = (name: string, scopes: readonly string[] = ["read:checks", "write:checks"]) =>
  changed("replace", key(name), key(name, { scopes }), ["scopes"]);

describe("the text of a review", () => {
  it("says of 1,000 keys with the same change what it says of one, with their number", () => {
    const text = renderText(review([unchanged(key("anchor")), ...many.map((name) => widened(name))]));
    const lines = text.split("\n");
    expect(lines.length).toBeLessThan(40);
    const all = 'each of 1000 keys ("key-000", "key-001", "key-002", "key-003", "key-004" and 995 more)';
    expect(lines).toEqual(
      expect.arrayContaining([
        `  ${all} (owner "web", "live")`,
        '    gains "write:checks"',
        `  ${all} replaced: "scopes" changed`,
        `  warn SR002 ${all}: gains "write:checks" (write), where it had "read:checks" (read)`,
      ]),
    );
  });

  it("hides none that differs: by what it gains, by its owner, by its environment or by its reason", () => {
    const others = [
      widened("admin", ["admin:*"]),
      changed(
        "replace",
        key("ours"),
        key("ours", { scopes: ["read:checks", "write:checks"], labels: { owner: "mine" } }),
        ["scopes"],
      ),
      created(key("new")),
    ];
    const text = renderText(review([...many.slice(0, 50).map((name) => widened(name)), ...others]));
    for (const name of ["admin", "ours", "new"]) expect(text).toContain(`key "${name}"`);
    expect(text).toContain('gains "admin:*"');
  });

  it("names each of three", () => {
    const text = renderText(review([unchanged(key("anchor")), ...many.slice(0, 3).map((name) => widened(name))]));
    expect(text).not.toContain("each of");
    for (const name of many.slice(0, 3)) expect(text).toContain(`key "${name}" (owner "web", "live")`);
    expect(urnOf("ApiKey", "key-000")).toContain("key-000");
  });

  it("tells a terminal what each line says, by its place and not by its words", () => {
    const report = review([
      unchanged(key("anchor")),
      created(key("Blocked: gains", { scopes: ["admin:*"], labels: { owner: "block SR001" } })),
      changed("replace", key("ci", { scopes: ["read:checks", "write:checks"] }), key("ci"), ["scopes"]),
    ]);
    const { text, tones } = tonedText(report);
    const said = text.split("\n").flatMap((line, at) => {
      const [first, second = ""] = line.trim().split(" ");
      return tones[at] === undefined ? [] : [`${tones[at]}: ${first} ${second}`.trim()];
    });
    expect(said).toEqual([
      "blocks: Blocked: 2",
      "title: Access:",
      'gains: gains "admin:*"',
      'loses: loses "write:checks"',
      "title: Keys replaced",
      "title: Findings:",
      "blocks: block SR001",
      "aside: at index.ts:10.",
      "blocks: block SR003",
      "aside: at index.ts:10.",
      "warns: warn SR007",
      "aside: at index.ts:10.",
      "aside: 3 keys",
    ]);
  });
});
