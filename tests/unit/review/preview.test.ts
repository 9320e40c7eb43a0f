import { describe, expect, it } from "@jest/globals";
import { readPreview } from "../../../review/preview";
import { resourceChanges } from "../../../review/stack-change";
import { consumer, created, key, previewOf, removed, unchanged, type Step } from "./support/preview-builder";

const problemsOf = (text: string | Uint8Array): readonly string[] => readPreview(text).problems;
const state = key("ci");
const step = (op: string, more: Partial<Step> = {}): Step => ({
  op,
  urn: state.urn,
  oldState: state,
  newState: state,
  ...more,
});
const marked = { ...state, delete: true };
const leftover = { ...state, id: "older", delete: true };

describe("reading a preview", () => {
  it("knows nothing of an imported resource from before, whatever the step says", () => {
    const imported = { ...unchanged(state), op: "import" };
    expect(resourceChanges(readPreview(previewOf([imported])))[1]).toMatchObject({ op: "create", before: undefined });
  });

  it("is not done where a step is of another stack, or of no resource", () => {
    const other = { ...state, urn: state.urn.replace("urn:pulumi:prod:", "urn:pulumi:dev:") };
    const nameless = { ...consumer("app", []), urn: "app" };
    for (const each of [other, nameless])
      expect(problemsOf(previewOf([unchanged(state), unchanged(each)]))).toEqual([
        "The preview has steps of more than one stack or project, or of something that is no resource.",
      ]);
  });

  it("is not done with a resource that stands in it as it is in the state, whatever the program says (`--target`)", () => {
    const left: Step = { op: "same", urn: state.urn, oldState: state, newState: state };
    expect(problemsOf(previewOf([left]))).toEqual([
      "A resource stands in the preview as it is in the state, whatever the program says of it: review `pulumi preview --json --show-sames` without `--target` and `--exclude`.",
    ]);
    expect(problemsOf(previewOf([unchanged(state)]))).toEqual([]);
  });

  it.each([
    ["nothing", "", "The preview is empty"],
    ["text", "error: no stack selected", "The preview holds no JSON, only text: `pulumi preview` failed"],
    ["other JSON", '{"name":"x"}', "The JSON is not a preview"],
    ["an empty list", "[]", "The preview holds no JSON, only text"],
    ["a list", `[${previewOf([])}]`, "The JSON object in line 1 of the preview is part of something else"],
    ["a cut list", `${previewOf([])},\n`, "The JSON object in line 1 of the preview is part of something else"],
    [
      "two previews",
      `${previewOf([])}\n\n${previewOf([])}`,
      "The preview holds 2 JSON objects, which begin in lines 1, 3;",
    ],
    ["another object before it", `{"level":"info"}\n${previewOf([])}`, "The preview holds 2 JSON objects"],
    [
      "a brace in the text around it",
      `see {docs\n${previewOf([])}`,
      "The preview's JSON begins in line 1 and never ends",
    ],
    [
      "a closing brace in the text around it",
      `${previewOf([])}\n\ndone }`,
      "Line 3 of the preview has a brace that belongs to no JSON object",
    ],
    ["braces in the text around it", `${previewOf([])}\nsee {docs}`, "The preview holds 2 JSON objects"],
    ["JSON that is not", '{"steps": [}', "The preview's JSON begins in line 1 and never ends"],
    [
      "a name that stands there twice",
      previewOf([]).replace('"steps":', '"steps":[],"steps":'),
      "The preview's JSON, which begins in line 1, is not well-formed",
    ],
    [
      "the same deep inside",
      previewOf([unchanged(state)]).replace('"scopes":', '"scopes":[":"],"scopes":'),
      "is not well-formed",
    ],
    ["JSON of somebody's own", '\n{"steps": yes}', "The preview's JSON, which begins in line 2, is not well-formed"],
    [
      "a preview within another object",
      `{"steps":[],"changeSummary":{},"x":\n${previewOf([]).replace(/}$/, "\n}")}}`,
      "holds a whole preview itself",
    ],
    ["bytes that are no text", Buffer.from([0x7b, 0xff, 0x7d]), "The preview is neither UTF-8 nor UTF-16 text"],
    ["nothing but a byte order mark", "\ufeff", "The preview is empty"],
    [
      "what is nested too deep",
      `{"steps":${"[".repeat(300)}${"]".repeat(300)}}`,
      "is nested more than 200 levels deep",
    ],
    ["a cut digest", previewOf([created(state)]).slice(0, -40), "The preview's JSON begins in line 1 and never ends"],
    [
      "a step of another form",
      '{"steps":[{"op":1,"urn":"x"}],"changeSummary":{}}',
      "The preview has an unknown form at `steps.0.op`.",
    ],
    [
      "an error",
      previewOf([], { diagnostics: [{ severity: "error", message: "sk_live_0123456789abcdef" }] }),
      "The preview reported 1 error(s); its text stands in the preview itself, under `diagnostics`, and not here",
    ],
    ["no summary", JSON.stringify({ steps: [] }), "The preview has no change summary"],
    ["missing sames", previewOf([], { changeSummary: { same: 5 } }), "4 unchanged resource(s) are left out"],
    [
      "a refresh",
      JSON.stringify({ steps: [step("refresh")], changeSummary: { same: 2 } }),
      "These are the steps of a refresh",
    ],
    [
      "a cut stream",
      '{"sequence":1,"preludeEvent":{"config":{}}}\n{"sequence":2,"summ',
      "1 line(s) of the event stream are cut",
    ],
    [
      "a stream with a hole",
      '{"sequence":1,"preludeEvent":{"config":{}}}\n{"sequence":3,"summaryEvent":{"resourceChanges":{}}}',
      "The numbers of the stream's events have a gap or a repeat",
    ],
    [
      "two streams",
      '{"sequence":1,"summaryEvent":{"resourceChanges":{}}}\n'.repeat(2),
      "The numbers of the stream's events have a gap or a repeat",
    ],
    [
      "an event around an event",
      '{"sequence":1,"x":{"sequence":1,"summaryEvent":{"resourceChanges":{}}}\n}',
      "1 line(s) of the event stream are cut or not JSON",
    ],
  ] as [string, string | Uint8Array, string][])("says what is wrong with %s", (_what, text, problem) => {
    const problems = problemsOf(text);
    expect(problems.join("\n")).toContain(problem);
    expect(problems.join("\n")).not.toContain("sk_live");
  });

  it("never repeats what it could not read", () => {
    expect(
      JSON.stringify(
        problemsOf(
          '{"steps":[{"op":"sk_live_0123456789abcdef","urn":["sk_live_0123456789abcdef"],"changeSummary":{}}]}',
        ),
      ),
    ).not.toContain("sk_live");
    expect(JSON.stringify(problemsOf('{"steps": sk_live_0123456789abcdef'))).not.toContain("sk_live");
  });

  it("reads a list of events in one document, a byte order mark, and Windows line ends", () => {
    const events = [
      { sequence: 1, resourcePreEvent: { metadata: { op: "create", urn: state.urn, old: null, new: state } } },
      { sequence: 2, summaryEvent: { resourceChanges: { create: 1 }, result: "succeeded" } },
    ];
    for (const text of [
      JSON.stringify({ events }),
      `\ufeff${events.map((event) => JSON.stringify(event)).join("\r\n")}\r\n`,
    ]) {
      expect(readPreview(text)).toMatchObject({
        form: "events",
        stack: "prod",
        project: "shop",
        problems: [],
        steps: [{ op: "create" }],
      });
    }
    expect(readPreview(`\ufeff${previewOf([])}`)).toMatchObject({ form: "digest", problems: [] });
  });
});

describe("changes of a resource", () => {
  it("start from what a refresh has found, not from what was recorded", () => {
    const drifted = key("ci", { scopes: ["read:alerts", "read:checks"] });
    const steps = [step("update", { newState: drifted }), step("replace", { oldState: drifted })];
    const change = resourceChanges(readPreview(previewOf(steps)))[1];
    expect(change?.before?.inputs.scopes).toEqual(["read:alerts", "read:checks"]);
    expect(change?.after?.inputs.scopes).toEqual(["read:checks"]);
  });

  it.each<[string, Step[], object]>([
    ["one step for a replacement", [step("replace")], { op: "replace", order: "unknown" }],
    [
      "three steps, new first",
      [step("create-replacement"), step("replace"), step("delete-replaced", { oldState: marked, newState: undefined })],
      { op: "replace", order: "create-before-delete", leftovers: [] },
    ],
    [
      "three steps, old first",
      [step("delete-replaced", { newState: undefined }), step("replace"), step("create-replacement")],
      { op: "replace", order: "delete-before-create" },
    ],
    [
      "nothing, and a leftover",
      [step("same"), step("delete-replaced", { oldState: leftover, newState: undefined })],
      { op: "same", leftovers: [{ pendingDelete: true }] },
    ],
    [
      "a replacement, and a leftover",
      [
        step("create-replacement"),
        step("replace"),
        step("delete-replaced", { oldState: marked }),
        step("delete-replaced", { oldState: leftover }),
      ],
      { op: "replace", leftovers: [{ pendingDelete: true }] },
    ],
    ["a delete", [step("delete", { newState: undefined })], { op: "delete" }],
    ["a create", [step("create", { oldState: undefined })], { op: "create" }],
    ["a refresh that finds nothing new", [step("refresh"), step("same")], { op: "same" }],
    [
      "a refresh that finds it gone",
      [step("delete", { newState: undefined }), step("create", { oldState: undefined })],
      { op: "replace", order: "delete-before-create" },
    ],
    ["a refresh that finds drift", [step("update"), step("replace")], { op: "replace" }],
  ])("%s", (_what, steps, expected) => {
    expect(resourceChanges(readPreview(previewOf(steps)))[1]).toMatchObject({ urn: state.urn, ...expected });
  });

  it("keeps resources apart", () => {
    const ops = resourceChanges(
      readPreview(previewOf([created(key("a")), removed(key("b")), unchanged(consumer("c", []))])),
    ).map(({ op }) => op);
    expect(ops).toEqual(["same", "create", "delete", "same"]);
  });
});
