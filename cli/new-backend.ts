import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { exitCodes } from "../review/exit-code";
import { vendorNamed } from "../provider/vendors";
import { codeOf, processHost, runs, usageFailure, writeOutput, type CommandHost } from "./command";

interface NewBackendOptions {
  readonly dir: string;
}

/** `apikeys new-backend NAME`: writes a first version of a backend, its test, and a stub of the service. */
export function addNewBackendCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("new-backend <name>")
    .description(
      "Writes a backend for a service of your own: a file that works against a stub, and its test. Then make it your service's, call by call.",
    )
    .option("--dir <folder>", "where the files go", "backends");
  runs(command, host, (options: NewBackendOptions, [name = ""]) => write(name, options, host));
}

function write(name: string, { dir }: NewBackendOptions, host: CommandHost): number {
  assertName(name);
  const files = ["acme.js", "acme.test.mjs", "acme.stub.mjs", "jsconfig.json"].map((template) => ({
    template,
    path: join(dir, template.replace("acme", name)),
  }));
  // Another backend in that folder already has its own.
  const isShared = (path: string) => path.endsWith("jsconfig.json") && existsSync(path);
  const wanted = files.filter(({ path }) => !isShared(path));
  const taken = wanted.find(({ path }) => existsSync(path));
  if (taken) throw usageFailure(`${taken.path} exists already, and nothing was written. Choose another name or --dir.`);
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw usageFailure(`--dir ${dir} cannot be made (${codeOf(error)}).`);
  }
  for (const { template, path } of wanted) writeOutput(path, filled(template, name), "The file");
  host.stdout(`${wanted.map(({ path }) => path).join("\n")}\n\n${nextSteps(name, dir)}`);
  return exitCodes.fine;
}

function assertName(name: string): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    throw usageFailure(
      "The name of a backend is 1 to 40 small letters, digits and single hyphens, and begins with a letter, such as acme.",
    );
  if (vendorNamed(name))
    throw usageFailure(`"${name}" is a built-in backend: name it in a connection, or choose another name.`);
}

/** The template with the service's name instead of Acme's. */
function filled(template: string, name: string): string {
  const words = name.split("-").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  const [first = "", ...rest] = words;
  const variable = first.toLowerCase() + rest.join("");
  const packageDir = dirname(require.resolve("pulumi-apikeys/package.json"));
  return readFileSync(join(packageDir, "templates", "backend", template), "utf8")
    .replaceAll(/\bexports\.acme\b/g, `exports.${variable}`)
    .replaceAll(/\bbackend\.acme\b/g, `backend.${variable}`)
    .replaceAll("acme", name)
    .replaceAll("Acme", words.join(" "));
}

function nextSteps(name: string, dir: string): string {
  const file = join(dir, name);
  return `Try it:               node --test ${file}.test.mjs
Use it in a stack:    apikeys:connections: { default: { backend: ./${file}.js, url: https://…, tokenEnv: … } }
Make it yours:        change one call of ${file}.js, then its answer in ${file}.stub.mjs, and run the test again.
                      Finally, point the test at the real service, and delete the stub.
Have it reviewed:     catalogues: { ${name}: { scopes: … } } in apikeys-review.yaml: the review runs no code of a pull request.
`;
}
