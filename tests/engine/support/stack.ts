import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

const repository = resolve(__dirname, "../../..");

/** How a program reaches the lifecycle: as dynamic resources, or through the plugin. */
export type Face = "dynamic" | "plugin";

/** What Pulumi's own code generation makes of the schema, in a few lines. */
const pluginClasses = (
  plugin: string,
) => `((schema) => Object.fromEntries(Object.entries(schema.resources).map(([type, spec]) => [type.split(":")[2],
  class extends pulumi.CustomResource {
    constructor(name, args, options) {
      const absent = Object.fromEntries(Object.keys(spec.properties).map((property) => [property, undefined]));
      super(type, name, { ...absent, ...args }, pulumi.mergeOptions({ aliases: spec.aliases }, options));
    }
  }])))(JSON.parse(require("node:fs").readFileSync(${JSON.stringify(join(plugin, "schema.json"))}, "utf8")))`;

/** How one engine command ended. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for messages. */
  readonly text: string;
}

/** One step of `pulumi preview --json`. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly replaceReasons?: string[];
  readonly diffReasons?: string[];
  readonly detailedDiff?: Record<string, { kind: string; inputDiff?: boolean }>;
  readonly newState?: { inputs?: Record<string, unknown>; sourcePosition?: string };
  readonly oldState?: { inputs?: Record<string, unknown> };
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly delete?: boolean;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly stackTrace?: readonly unknown[];
}

/**
 * A Pulumi project in a directory of its own, with its own HOME, TMPDIR and file backend: nothing of
 * this machine's is read or left behind. Everything the engine says is kept for the canary scan.
 */
export class TestStack {
  readonly dir = mkdtempSync(join(tmpdir(), "apikeys-engine-"));
  /** Where `pulumi` runs. */
  readonly project: string;
  readonly #transcript: string[] = [];
  readonly #secrets = new Set<string>();
  /** The folder of the plugin, as the package that the program finds brings it along. */
  readonly #plugin: string;
  env: NodeJS.ProcessEnv;
  /** Of programs that are written from now on. */
  face: Face = "dynamic";

  private constructor(
    env: Readonly<Record<string, string>>,
    {
      example,
      modules = join(repository, "node_modules"),
    }: { readonly example?: string; readonly modules?: string | undefined } = {},
  ) {
    const root = join(this.dir, "project");
    this.#plugin = join(modules, "pulumi-apikeys", "dist", "plugin");
    for (const name of ["project", "home", "backend", "tmp"]) mkdirSync(join(this.dir, name));
    symlinkSync(modules, join(root, "node_modules"));
    this.project = example === undefined ? root : copyExample(example, root);
    if (example === undefined)
      this.write("package.json", JSON.stringify({ name: "engine-test", private: true, main: "index.js" }));
    for (const value of Object.values(env)) this.#secrets.add(value);
    this.env = {
      PATH: process.env.PATH,
      HOME: join(this.dir, "home"),
      // The engine leaves its pipes and compiled programs there.
      TMPDIR: join(this.dir, "tmp"),
      PULUMI_HOME: join(this.dir, "home", ".pulumi"),
      // Without metadata files, as the documentation advises: a kill can tear them, and the engine then refuses the state.
      PULUMI_BACKEND_URL: `file://${join(this.dir, "backend")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "engine tests",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      NO_COLOR: "1",
      ...env,
    };
  }

  /**
   * A stack `dev` with these connections and environment variables. The variables' values count as secrets.
   *
   * @param options.modules - the packages that the program finds; default: the repository's
   */
  static async open(options: {
    readonly connections: object;
    readonly env?: Readonly<Record<string, string>>;
    readonly modules?: string;
  }): Promise<TestStack> {
    const stack = new TestStack(options.env ?? {}, { modules: options.modules });
    stack.connections(options.connections);
    stack.program("");
    await stack.must("stack", "init", "dev");
    return stack;
  }

  /**
   * A copy of all examples, in which `pulumi` runs where the named one says. No stack yet. The variables'
   * values count as secrets; `connections` go over the example's own, field by field.
   */
  static ofExample(
    name: string,
    options: { readonly connections: object; readonly env: Readonly<Record<string, string>> },
  ): TestStack {
    const stack = new TestStack(options.env, { example: name });
    stack.env.APIKEYS_CONNECTIONS = JSON.stringify(options.connections);
    // The types of all examples are checked once, by scripts/lint.
    stack.env.PULUMI_NODEJS_TRANSPILE_ONLY = "true";
    return stack;
  }

  /** Writes the project's config of connections, and where the engine finds the plugin. */
  connections(connections: object): void {
    const project = {
      name: "engine-test",
      runtime: { name: "nodejs", options: { typescript: false } },
      main: ".",
      config: { "apikeys:connections": { value: connections } },
      plugins: { providers: [{ name: "apikeys", path: this.#plugin }] },
    };
    // JSON is YAML.
    this.write("Pulumi.yaml", JSON.stringify(project));
  }

  /** Replaces the program. The package's exports and `pulumi` are in scope; through the plugin, classes that are made from its schema. */
  program(body: string): void {
    const classes = this.face === "plugin" ? pluginClasses(this.#plugin) : 'require("pulumi-apikeys")';
    this.write(
      "index.js",
      `"use strict";\nconst pulumi = require("@pulumi/pulumi");\nconst apikeys = ${classes};\nconst { ApiKey, ServiceAccount, RotatingApiKey } = apikeys;\n${body}\n`,
    );
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.project, name), text);
  }

  /** What was printed by something else than this class: part of the transcript. */
  keep(...printed: string[]): void {
    this.#transcript.push(...printed);
  }

  /** Puts the rest of the checkout beside the examples, for the commands of a README that lead there. */
  linkCheckout(): void {
    const root = join(this.dir, "project");
    for (const name of readdirSync(repository))
      if (!name.startsWith(".") && !existsSync(join(root, name))) symlinkSync(join(repository, name), join(root, name));
  }

  /** A value that must turn up nowhere. */
  guard(...secrets: string[]): void {
    for (const secret of secrets) this.#secrets.add(secret);
  }

  pulumi(...args: string[]): Promise<Run> {
    return this.#execute([...args, "--non-interactive"], true);
  }

  async must(...args: string[]): Promise<Run> {
    const run = await this.pulumi(...args);
    if (run.code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${run.code}:\n${run.text}`);
    return run;
  }

  /** Runs what may print secrets: it is no part of the transcript. */
  aside(...args: string[]): Promise<Run> {
    return this.#execute([...args, "--non-interactive"], false);
  }

  /** Sets an encrypted config value. The command line is not part of the transcript: it holds the value. */
  async setSecret(key: string, value: string): Promise<void> {
    this.guard(value);
    const run = await this.#execute(["config", "set", "--path", "--secret", key, value, "--non-interactive"], false);
    if (run.code !== 0) throw new Error(`pulumi config set ${key} ended with ${run.code}`);
  }

  up(...flags: string[]): Promise<Run> {
    return this.must("up", "--yes", "--skip-preview", ...flags);
  }

  async failingUp(...flags: string[]): Promise<Run> {
    const run = await this.pulumi("up", "--yes", "--skip-preview", ...flags);
    if (run.code === 0) throw new Error(`pulumi up succeeded:\n${run.text}`);
    return run;
  }

  refresh(...flags: string[]): Promise<Run> {
    return this.must("refresh", "--yes", "--skip-preview", ...flags);
  }

  /** The preview's steps for resources of this package, without those that stay the same. */
  async preview(...flags: string[]): Promise<Step[]> {
    const { stdout } = await this.must("preview", "--json", ...flags);
    const { steps } = JSON.parse(stdout) as { steps: Step[] };
    return steps.filter(({ op, urn }) => op !== "same" && urn.includes("apikeys:"));
  }

  async state(): Promise<StateResource[]> {
    const { stdout } = await this.must("stack", "export");
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: StateResource[] } };
    return (deployment.resources ?? []).filter(({ type }) => type.includes("apikeys:"));
  }

  /** The stack's outputs in clear. Not part of the transcript; every value of `secretNames` is guarded from now on. */
  async outputs(): Promise<Record<string, string>> {
    const clear = await this.#execute(["stack", "output", "--json", "--show-secrets", "--non-interactive"], false);
    const masked = await this.must("stack", "output", "--json");
    const values = JSON.parse(clear.stdout) as Record<string, string>;
    const shown = JSON.parse(masked.stdout) as Record<string, string>;
    for (const [name, value] of Object.entries(values)) if (shown[name] === "[secret]") this.guard(...textsIn(value));
    return values;
  }

  /** The recorded outputs of one resource in clear, also after an update that failed. Not part of the transcript; its secrets are guarded. */
  async record(name: string): Promise<Record<string, unknown>> {
    const { stdout } = await this.#execute(["stack", "export", "--show-secrets", "--non-interactive"], false);
    const { deployment } = JSON.parse(stdout) as { deployment: { resources: StateResource[] } };
    const resource = deployment.resources.find(({ urn, delete: going }) => urn.endsWith(`::${name}`) && going !== true);
    const outputs = { ...resource?.outputs };
    for (const [field, value] of Object.entries(outputs)) {
      if (typeof value !== "object" || value === null || !("plaintext" in value)) continue;
      outputs[field] = JSON.parse(String(value.plaintext));
      this.guard(String(outputs[field]));
    }
    return outputs;
  }

  /** Destroys the stack, proves that no guarded value stands anywhere, and removes the directory. */
  async close(): Promise<void> {
    await this.must("destroy", "--yes", "--skip-preview");
    this.scan();
    this.discard();
  }

  discard(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The canary scan: state, backups, history, plans, event logs, and all that was printed. */
  scan(): void {
    const texts = new Map<string, string>([["what the engine printed", this.#transcript.join("\n")]]);
    for (const file of filesUnder(this.dir)) texts.set(file.slice(this.dir.length + 1), readFileSync(file, "latin1"));
    const found: string[] = [];
    for (const secret of this.#secrets) {
      if (secret.length < 8) continue;
      for (const form of [
        secret,
        Buffer.from(secret).toString("base64").replace(/=+$/, ""),
        encodeURIComponent(secret),
      ]) {
        for (const [place, text] of texts)
          if (text.includes(form)) found.push(`${place} holds a secret of ${secret.length} characters`);
      }
    }
    if (this.#secrets.size === 0) throw new Error("the canary scan knows no secret: guard() some");
    if (found.length > 0) throw new Error([...new Set(found)].join("\n"));
  }

  #execute(args: string[], keep: boolean): Promise<Run> {
    return new Promise((done) => {
      execFile(
        "pulumi",
        args,
        { cwd: this.project, env: this.env, maxBuffer: 256 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const code = error ? (typeof error.code === "number" ? error.code : 255) : 0;
          if (keep) this.#transcript.push(`$ pulumi ${args.join(" ")}`, stdout, stderr);
          done({ code, stdout, stderr, text: `${stdout}\n${stderr}` });
        },
      );
    });
  }
}

/** The example's own project, or the repository's, whose `main` is the quick start; without what a developer's own stacks left there. */
function copyExample(name: string, root: string): string {
  const isOurs = (file: string) => !/^(node_modules|venv|sdk|Pulumi\..+\.yaml)$/.test(basename(file));
  cpSync(join(repository, "examples"), join(root, "examples"), { recursive: true, filter: isOurs });
  cpSync(join(repository, "Pulumi.yaml"), join(root, "Pulumi.yaml"));
  const own = join(root, "examples", name);
  return existsSync(join(own, "Pulumi.yaml")) ? own : root;
}

/** Every text in a value that may be a list or a map. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isSymbolicLink()) return [];
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() && statSync(path).size < 64 * 1024 * 1024 ? [path] : [];
  });
}
