// Type-checks the .mjs files, leniently: an import or an export that does not exist, a call of a function that has moved.
// They import dist/, which is read here as the source that it is built from, so that it needs no build.
import { dirname, join, resolve, sep } from "node:path";
import process from "node:process";
import ts from "typescript";

const root = resolve(import.meta.dirname, "..");
const { options, fileNames } = ts.parseJsonConfigFileContent(
  {
    extends: "./tsconfig.json",
    compilerOptions: { allowJs: true, checkJs: true, noEmit: true, strict: false, lib: ["es2024", "dom"] },
    include: ["**/*.mjs"],
    // Examples and templates are written as users write, and each is run by a test.
    exclude: ["dist", "**/node_modules", "examples", "templates", "eslint.config.mjs"],
  },
  ts.sys,
  root,
);

const host = ts.createCompilerHost(options);
host.resolveModuleNameLiterals = (names, file, ...[redirected, , source]) =>
  names.map((name) =>
    ts.resolveModuleName(
      sourceOf(name.text, file),
      file,
      options,
      host,
      undefined,
      redirected,
      ts.getModeForUsageLocation(source, name, options),
    ),
  );

function sourceOf(name, file) {
  const built = join(root, "dist") + sep;
  const target = name.startsWith(".") ? join(dirname(file), name) : name;
  return target.startsWith(built) ? join(root, target.slice(built.length)) : name;
}

const program = ts.createProgram(fileNames, options, host);
const problems = program
  .getSourceFiles()
  .filter(({ fileName }) => fileName.endsWith(".mjs") && !fileName.includes("/node_modules/"))
  .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
process.stderr.write(ts.formatDiagnostics(problems, host));
process.exitCode = problems.length > 0 ? 1 : 0;
