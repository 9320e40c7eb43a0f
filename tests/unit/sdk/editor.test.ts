import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import ts from "typescript";

const file = resolve(__dirname, "program-in-an-editor.ts");
const head = `import { ApiKey, RotatingApiKey, ServiceAccount, type NovavmsRole, type NovavmsScope, type PulselyScope } from "../../../sdk";
declare const days: number; declare const fromConfig: string;
`;

/** One language service for all programs, as an editor has it. */
class Editor {
  #text = "";
  #version = 0;
  readonly #service: ts.LanguageService;

  constructor() {
    const options: ts.CompilerOptions = {
      strict: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.Preserve,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      esModuleInterop: true,
      types: ["node"],
    };
    this.#service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [file],
      getScriptVersion: (name) => (name === file ? String(this.#version) : "0"),
      getScriptSnapshot: (name) => {
        const text = name === file ? this.#text : ts.sys.readFile(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => resolve(__dirname, "../../.."),
      getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
      fileExists: (name) => name === file || ts.sys.fileExists(name),
      readFile: (name) => ts.sys.readFile(name),
      directoryExists: (name) => ts.sys.directoryExists(name),
    });
  }

  /** What is offered where the program says `|`. */
  offers(program: string): string[] {
    const at = head.length + program.indexOf("|");
    this.#write(program.replace("|", ""));
    const { entries = [] } = this.#service.getCompletionsAtPosition(file, at, {}) ?? {};
    return entries.map(({ name }) => name);
  }

  /** What the compiler refuses. */
  problems(program: string): string[] {
    this.#write(program);
    return this.#service
      .getSemanticDiagnostics(file)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
  }

  #write(program: string): void {
    this.#text = head + program;
    this.#version += 1;
  }
}

describe("An editor", () => {
  let editor: Editor;
  beforeAll(() => {
    editor = new Editor();
    editor.problems("");
  }, 120_000);

  test("offers the scopes of one service where the program says which", () => {
    const all = editor.offers('new ApiKey("a", { scopes: ["|"] });');
    expect(all).toEqual(
      expect.arrayContaining(["read:checks", "cameras:read", "dashboards_read", "mail.send", "cluster:monitor"]),
    );
    const pulsely = editor.offers('new ApiKey<PulselyScope>("a", { scopes: ["|"] });');
    expect(pulsely).toEqual(expect.arrayContaining(["read:checks", "write:alerts"]));
    expect(pulsely.filter((name) => !/^(read|write|admin):/.test(name))).toEqual([]);
    const account = 'new ServiceAccount<NovavmsScope, NovavmsRole>("a", { role: "|" });';
    expect(editor.offers(account).sort()).toEqual(["admin", "operator", "viewer"]);
  });

  test.each([
    ['new ApiKey("a", { expiresIn: "|" });', ["24h", "90d"]],
    ['new RotatingApiKey("a", { rotateEvery: "|" });', ["30d", "90d"]],
    ['new RotatingApiKey("a", { rotateEvery: "90d", overlap: "|" });', ["24h", "7d"]],
    ['new RotatingApiKey("a", { rotateEvery: "90d", retire: "|" });', ["afterOverlap", "immediately", "whenUnused"]],
    ['new ApiKey("a", { environment: "|" });', ["live", "test"]],
    ['new ServiceAccount("a", { role: "|" });', ["operator", "viewer"]],
    ['new ApiKey("a", { onDisabled: "|" });', ["ignore", "replace"]],
  ])("completes %s", (program, offered) => {
    expect(editor.offers(program)).toEqual(expect.arrayContaining(offered));
  });

  test("lets templates and words from the config through where any could be right", () => {
    const program =
      'new RotatingApiKey("a", { rotateEvery: `${days}d`, overlap: fromConfig, scopes: [fromConfig] }); new ServiceAccount("b", { role: fromConfig });';
    expect(editor.problems(program)).toEqual([]);
  });

  test("refuses what no service of the program has", () => {
    expect(editor.problems('new ApiKey<PulselyScope>("a", { scopes: ["cameras:read"] });')).toHaveLength(1);
    expect(editor.problems('new ApiKey<PulselyScope>("a", { scopes: ["read:chekcs"] });')).toEqual([
      expect.stringContaining('"read:checks"'),
    ]);
    expect(editor.problems('new RotatingApiKey("a", { rotateEvery: "90d", retire: "whenunused" });')).toHaveLength(1);
    expect(editor.problems('new ServiceAccount<NovavmsScope, NovavmsRole>("a", { role: "veiwer" });')).toHaveLength(1);
  });
});
