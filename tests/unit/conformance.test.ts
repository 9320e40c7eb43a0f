/** The table of docs/languages.md: which story is told on which form. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = resolve(__dirname, "../..");
const engineDir = join(root, "tests/engine");
const columns = ["dynamic", "plugin", "languages"] as const;
type Form = (typeof columns)[number];

/** What tells each story: a file of `tests/engine`, and the start of a title in it. */
const proofs: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  "a key is issued with one request, costs none while nothing changes, and is replaced before the old one goes": [
    ["api-key-life", "is made with one request, costs none while nothing changes"],
    ["languages", "keys are made, another scope is another key"],
  ],
  "a failed delete stays in the state and is repeated": [["api-key-life", "a delete that fails stays in the state"]],
  "drift after a refresh; a key that cannot be read stays": [["api-key-life", "a key revoked, expired, re-scoped"]],
  "`--target-replace`, a saved plan": [["api-key-life", "--target-replace with equal inputs"]],
  "ends and lives of keys": [["api-key-life", "a date that the program never changed"]],
  "a key that is given less than it asked for": [["api-key-life", "that is given less than it asked for"]],
  "rotation with overlap, emergency, repair": [
    ["rotation", "shows what is due and why in a preview"],
    ["languages", "keys are made, another scope is another key"],
  ],
  "a failed retire is repeated": [["rotation", "keeps the new key when the retire fails"]],
  "answers that are lost: found by the mark, revoked, made again": [
    ["unclear-answers", "leaves exactly one living key"],
    ["unclear-answers", "fails with the marker named"],
    ["unclear-answers", "keeps a key that was made but could not be revoked"],
  ],
  "a connection that leads elsewhere, another connection, tokens from everywhere": [
    ["connections", "that leads elsewhere refuses"],
    ["connections", "of another name replaces the key"],
  ],
  "`ignoreChanges`; a secret text of an emergency": [["left-alone", "ignoreChanges freezes a resource"]],
  "one service is down, an account is gone": [["one-service-down", "stops no rotation elsewhere"]],
  "the policy pack; the pack of an approval": [
    ["policy-pack", "stops a preview by the levels"],
    ["approved-pack", "lets the approved pass"],
  ],
  "the pack of an approval refuses a provider that only the update makes": [
    ["approved-pack", "refuses a provider that the program makes only in the update"],
  ],
  "the engine's verbose logs": [["verbose-logs", "hold keys from the level"]],
  "a move from one form to the other, and back": [
    ["both-faces", "keeps every key, secret and schedule, there and back"],
  ],
  "a key that existed before: `pulumi import`, the option `import`": [
    ["import", "are imported without being touched"],
    ["languages", "keys are made, another scope is another key"],
  ],
  "a key that existed before: `adopt`": [["import", "are taken over by the input adopt"]],
  "a saved plan of a rotation on every night; no consumer is planned as replaced": [
    ["both-faces", "knows what an update leaves alone"],
  ],
  "a saved plan is refused on the day on which a key is due": [["saved-plan", "is refused by the engine on the day"]],
  "a consumer that fails goes on with the previous key": [["rotation-consumer", "a consumer whose own update fails"]],
  "13 days of six rotating keys go as in the simulations, through a move": [
    ["rotation-days", "days of six keys on the real engine"],
  ],
  "the key that the connection runs on: not ended, `selfRotate`": [
    ["api-key-life", "the key that the connection itself runs on is not ended"],
  ],
};

const rows = readFileSync(join(root, "docs/languages.md"), "utf8")
  .split("| story | dynamic | plugin | Python, Go, YAML |\n")[1]!
  .split("\n")
  .slice(1)
  .filter((line, index, lines) => lines.slice(0, index + 1).every((each) => each.startsWith("|")))
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );

/** The forms on which a file tells the story of a title. */
function formsOf(file: string, title: string): readonly Form[] {
  const path = join(engineDir, `${file}.test.ts`);
  const source = existsSync(path) ? readFileSync(path, "utf8") : "";
  const [, after] = source.split(title);
  if (after === undefined) return [];
  if (file === "languages") return ["languages"];
  // Whichever comes first after the title tells it.
  const [, told = ""] = /\b(storyOn\(face|storyOn\("plugin"|story\(async)/.exec(after) ?? [];
  const before = source.slice(0, source.indexOf(title));
  const group = before.slice(before.lastIndexOf("describe"));
  // The story of a move changes the form itself.
  if (told === "story(async")
    return /write\("plugin"\)|face = "plugin"/.test(after) ? ["dynamic", "plugin"] : ["dynamic"];
  if (told === 'storyOn("plugin"') return ["plugin"];
  return told !== "" && group.startsWith('describe.each<Face>(["dynamic", "plugin"])') ? ["dynamic", "plugin"] : [];
}

describe("The table of the two forms", () => {
  test.each(rows.map((row) => [row[0] ?? "", row] as const))("says where this story is told: %s", (story, row) => {
    const told = (proofs[story] ?? []).map(([file, title]) => formsOf(file, title));
    expect(told.filter((forms) => forms.length === 0)).toEqual([]);
    const claimed = columns.filter((_column, index) => row[index + 1] === "yes");
    const inLanguages = told.filter((forms) => forms.includes("languages"));
    const inForms = told.filter((forms) => !forms.includes("languages"));
    const isTold = (form: Form) =>
      form === "languages" ? inLanguages.length > 0 : inForms.every((forms) => forms.includes(form));
    expect(columns.filter(isTold)).toEqual(claimed);
  });

  test("has every story that is told on the plugin", () => {
    expect(rows.map(([story]) => story).sort()).toEqual(Object.keys(proofs).sort());
    const files = readdirSync(engineDir).filter((name) => name.endsWith(".test.ts"));
    const told = files.flatMap((name) => {
      const source = readFileSync(join(engineDir, name), "utf8");
      return [...source.matchAll(/"((?:[^"\\]|\\.)*)",\s*storyOn\(/g)].map(([, title]) => title ?? "");
    });
    const proven = Object.values(proofs).flatMap((all) => all.map(([, title]) => title));
    expect(told.length).toBeGreaterThan(15);
    expect(told.filter((title) => !proven.some((start) => title.startsWith(start)))).toEqual([]);
  });
});
