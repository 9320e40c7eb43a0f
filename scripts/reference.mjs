// Writes docs/reference/: the API from the TSDoc of the package's exports, the command line from its own help. Needs a
// build.
//
//   node scripts/reference.mjs           writes
//   node scripts/reference.mjs --check   changes nothing; exit code 1 names what is not current
import { mkdtempSync, readdirSync, readFileSync, rmSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(repository);
const load = createRequire(import.meta.url);
const { Command } = load("commander");
const folder = join("docs", "reference");

/**
 * The entries that a program, a backend, a contract test and a policy pack import; only the engine imports
 * `pulumi-apikeys/runtime`.
 */
const entries = ["sdk/index.ts", "provider/backend.ts", "testing/index.ts", "policy/index.ts"];

/** Options of the Markdown plugin. */
const markdown = {
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: false,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  tableColumnSettings: { hideSources: true, hideModifiers: true, hideOverrides: true, hideInherited: true },
};

const files = new Map();
for (const [name, text] of await api()) files.set(name, text);
files.set("cli.md", commandLine());
files.set("README.md", contents());
mkdirSync(folder, { recursive: true });
const present = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  // messages.mjs writes it.
  .filter((name) => name !== "messages.md");

if (process.argv.includes("--check")) {
  const stale = [...new Set([...files.keys(), ...present])].filter((name) => {
    return !files.has(name) || !present.includes(name) || readFileSync(join(folder, name), "utf8") !== files.get(name);
  });
  for (const name of stale) console.error(`${folder}/${name} is not current. Run: node scripts/reference.mjs`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const name of present) rmSync(join(folder, name));
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  console.log(`${folder}: ${files.size} files`);
}

async function api() {
  const out = mkdtempSync(join(tmpdir(), "apikeys-reference-"));
  try {
    const application = await Application.bootstrapWithPlugins({
      plugin: ["typedoc-plugin-markdown"],
      // Without these, typedoc writes to docs/ and empties it first.
      outputs: [{ name: "markdown", path: out }],
      out,
      entryPoints: entries,
      tsconfig: "tsconfig.build.json",
      readme: "none",
      name: "pulumi-apikeys",
      disableSources: true,
      excludeInternal: true,
      excludeExternals: true,
      excludePrivate: true,
      githubPages: false,
      logLevel: "Error",
      router: "module",
      ...markdown,
    });
    const project = await application.convert();
    if (!project || application.logger.hasErrors()) throw new Error("typedoc could not read the sources");
    await application.generateOutputs(project);
    if (application.logger.hasErrors()) throw new Error("typedoc could not write the reference");
    return readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".md") && entry.name !== "README.md")
      .map((entry) => [
        entry.name,
        // All pages are in one folder, wherever their sources are.
        readFileSync(join(entry.parentPath, entry.name), "utf8").replaceAll(/\]\((?:\.\.\/|\w+\/)+(\w+\.md)/g, "]($1"),
      ]);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function commandLine() {
  const program = new Command("apikeys");
  const modules = readdirSync("dist/cli").filter((name) => name.endsWith(".js") && name !== "main.js");
  for (const name of modules.sort())
    for (const [exported, add] of Object.entries(load(resolve("dist/cli", name))))
      if (/^add\w+Command$/.test(exported)) add(program);
  const commands = [...program.commands].sort((a, b) => (a.name() < b.name() ? -1 : 1));
  return [
    "# Command line",
    "`apikeys --help` and `apikeys COMMAND --help` say the same. Every command exits with 2 if its flags are wrong, and with 1 because of a bug of its own.",
    ...commands.flatMap((command) => page(command, "apikeys", 2)),
    "",
  ].join("\n\n");
}

function page(command, parent, depth) {
  const help = command.createHelp();
  const name = `${parent} ${command.name()}`;
  const about = help.commandDescription(command);
  const rows = (title, pairs) =>
    pairs.length === 0
      ? []
      : [
          [`| ${title} | |`, "| --- | --- |", ...pairs.map(([term, text]) => `| ${code(term)} | ${cell(text)} |`)].join(
            "\n",
          ),
        ];
  return [
    `${"#".repeat(depth)} ${name}`,
    ...(about === "" ? [] : [prose(about)]),
    code(`${parent} ${command.name()} ${command.usage()}`.trim()),
    ...rows(
      "argument",
      help
        .visibleArguments(command)
        .map((argument) => [help.argumentTerm(argument), help.argumentDescription(argument)]),
    ),
    ...rows(
      "option",
      help.visibleOptions(command).map((option) => [help.optionTerm(option), help.optionDescription(option)]),
    ),
    ...afterHelp(command),
    ...command.commands.flatMap((sub) => page(sub, name, depth + 1)),
  ];
}

/** The text from `addHelpText("after", …)`: exit codes and examples. */
function afterHelp(command) {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 120 });
  command.outputHelp();
  const own = command.helpInformation().trimEnd();
  const added = text.slice(text.indexOf(own) + own.length).trim();
  return added === "" ? [] : ["```text\n" + added + "\n```"];
}

function code(text) {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function cell(text) {
  return prose(text)
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ");
}

/** Help is plain text: characters that would be markup are shown as they are. */
function prose(text) {
  return text
    .replaceAll("<", "&lt;")
    .replaceAll("*", "\\*")
    .replaceAll(/(^|\s)_/g, "$1\\_");
}

function contents() {
  const titles = {
    "cli.md": "`apikeys`: the command line",
    "sdk.md": "`pulumi-apikeys`: what a program imports",
    "backend.md": "`pulumi-apikeys/backend`: what a backend is written with",
    "testing.md": "`pulumi-apikeys/testing`: the contract suite, and the emulator in a test",
    "policy.md": "`pulumi-apikeys/policy`: the policy pack",
  };
  const pages = Object.entries(titles).map(([name, title]) => `- [${title}](${name})`);
  return [
    "# Reference",
    "Generated by `node scripts/reference.mjs` from the sources; do not edit.",
    pages.join("\n"),
    "",
  ].join("\n\n");
}
