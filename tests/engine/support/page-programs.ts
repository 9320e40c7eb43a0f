import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const repository = resolve(__dirname, "../../..");

/** The programs of a page in docs/: each TypeScript block that begins with its file's name. */
export function programsOf(page: string): Readonly<Record<string, string>> {
  const text = readFileSync(join(repository, "docs", page), "utf8");
  const blocks = [...text.matchAll(/```ts\n\/\/ ([\w.-]+)\n(.*?)```/gs)];
  return Object.fromEntries(blocks.map(([, name = "", program = ""]) => [name, program]));
}

/** Links packages of the checkout, and this package itself, into `<dir>/node_modules`. */
export function linkPackages(dir: string, names: readonly string[]): void {
  const targets = names.map((name) => [name, join(repository, "node_modules", name)] as const);
  for (const [name, target] of [...targets, ["pulumi-apikeys", repository] as const]) {
    const place = join(dir, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(target, place);
  }
}

/**
 * Writes programs and compiles them in place, as strictly as this repository's own.
 *
 * @param others - further sources, by their paths
 * @returns what the compiler says; nothing where all is right
 */
export function compile(
  dir: string,
  programs: Readonly<Record<string, string>>,
  others: readonly string[] = [],
): string[] {
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(dir, name), text);
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    skipLibCheck: true,
    types: ["node"],
    rootDir: dir,
  };
  const sources = Object.keys(programs).map((name) => join(dir, name));
  const program = ts.createProgram([...sources, ...others], options);
  const said = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
  program.emit();
  return said;
}
