import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { builtInBackends } from "../backends";
import { defineBackend } from "../backends/define-backend";
import type { Backend } from "../backends/definition";
import { ConfigError } from "../errors";
import { redact } from "../secrets/redact";
import { nearestWord } from "../scopes";
import { asThrown } from "../thrown";

/**
 * The backend that a connection names: built in, an installed package, or a file beside the program. A broken file
 * throws a {@link ConfigError} that names the file and the wrong field.
 */
export function loadBackend(connection: string, spec: string, programDir: string): Backend {
  const builtIn = Object.hasOwn(builtInBackends, spec) ? builtInBackends[spec] : undefined;
  if (builtIn) return builtIn();
  const isPath = spec.startsWith(".") || isAbsolute(spec);
  const load = createRequire(join(programDir, "package.json"));
  let file: string;
  try {
    file = load.resolve(isPath ? resolve(programDir, spec) : spec);
  } catch {
    if (isPath)
      throw new ConfigError(
        `connection "${connection}": there is no file ${resolve(programDir, spec)}: the path of a backend counts from the folder of Pulumi.yaml.`,
      );
    const near = nearestWord(spec, Object.keys(builtInBackends));
    const hint = near ? ` Did you mean "${near}"?` : "";
    throw new ConfigError(
      `connection "${connection}": there is no backend "${spec}".${hint} Use a built-in one (${Object.keys(builtInBackends).sort().join(", ")}), an installed package, or a path relative to the program.`,
    );
  }
  return usable(connection, spec, () => withOwnName(defineBackend(findBackend(load(file)))));
}

/**
 * The scope review identifies a backend by its name. A backend with the name of a built-in one would be judged by the
 * wrong catalogue, and so would a name that only looks like one.
 */
function withOwnName(backend: Backend): Backend {
  const { name } = backend;
  if (!/^[\x21-\x7e]{1,100}$/.test(name))
    throw new ConfigError(
      'Its "name" has characters other than ASCII letters, digits and signs; give it a plain name.',
    );
  if (Object.keys(builtInBackends).includes(name.toLowerCase()))
    throw new ConfigError(
      `Its "name" is "${name}", which is a built-in backend; give it a name of its own, such as "my-${name.toLowerCase()}".`,
    );
  return backend;
}

/** Names the file in every error that comes from it. */
function usable(connection: string, spec: string, run: () => Backend): Backend {
  try {
    return run();
  } catch (error) {
    const place = `connection "${connection}": the backend file ${spec}`;
    const thrown = asThrown(error);
    if (thrown instanceof ConfigError) throw new ConfigError(`${place} is not usable. ${thrown.message}`);
    throw new ConfigError(
      `${place} cannot be loaded (${redact(thrown.name)}: ${redact(thrown.message)}${lineOf(thrown)}).`,
    );
  }
}

/** The line of a syntax error: Node puts `<file>:<line>` before the stack. */
function lineOf({ name, stack = "" }: Error): string {
  const [, line] = (name === "SyntaxError" && /^[^\n]*:(\d+)\n/.exec(stack)) || [];
  return line === undefined ? "" : `, line ${line}`;
}

function isBackend(value: unknown): value is Backend {
  return typeof value === "object" && value !== null && "connect" in value && "capabilities" in value;
}

/** The one exported backend, for every kind of export. */
function findBackend(module: unknown): Backend {
  const values = (value: unknown): unknown[] =>
    typeof value === "object" && value !== null ? Object.values(value) : [];
  const inner = isBackend(module) ? [] : values((module as { readonly default?: unknown } | null)?.default);
  const backends = [...new Set<unknown>([module, ...(isBackend(module) ? [] : values(module)), ...inner])].filter(
    isBackend,
  );
  const [backend] = backends;
  if (backends.length === 1 && backend) return backend;
  throw new ConfigError(
    `It exports ${backends.length === 0 ? "no backend" : `${backends.length} backends`}; export exactly one, made with defineBackend (from pulumi-apikeys/backend).`,
  );
}
