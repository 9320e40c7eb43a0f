import { execFile } from "node:child_process";
import {
  chmodSync,
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
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { startEmulator, type TestEmulator } from "../../../testing/emulator";
import type { Value } from "./expression";
import { FakeGithub, repositoryName, type PullRequest, type RunRecord } from "./fake-github";
import { bash, runWorkflow, type WorkflowRun } from "./workflow-runner";

const here = resolve(__dirname, "../../..");
const run = promisify(execFile);

export type Files = Readonly<Record<string, string | null>>;

/** What every event says of the repository. */
const repositoryEvent = { repository: { default_branch: "main" } };

/** A pull request's review and the comment that followed it. */
export interface Reviewed {
  readonly review: WorkflowRun;
  readonly comment: WorkflowRun;
}

/**
 * A team with a bare repository, GitHub (the workflow runner and a fake API), the emulator and a state in
 * a folder: everything that the delivery files touch, in one directory, with a scan for secrets at the end.
 */
export class Team {
  readonly artifacts = new Map<string, string>();
  readonly #said: string[] = [];
  readonly #guarded = new Map<string, string>();
  #nextRun = 500;
  #nextPull = 40;
  /** The decision clock of every command, and of the services. */
  now: string | undefined;

  readonly #folder: string;

  private constructor(
    folder: string,
    readonly dir: string,
    readonly services: TestEmulator,
    readonly github: FakeGithub,
  ) {
    this.#folder = folder;
  }

  /**
   * @param folder - where the program stands in the repository; the workflows are told
   * @param withWorkflows - false: the repository has the program alone, as before the set-up
   */
  static async open(files: Files, folder = ".", withWorkflows = true): Promise<Team> {
    const team = new Team(
      folder,
      mkdtempSync(join(tmpdir(), "apikeys-delivery-")),
      await startEmulator(),
      await FakeGithub.start(),
    );
    for (const name of ["state", "home", "author", "tools", "tmp"]) mkdirSync(join(team.dir, name));
    const admin = team.services.services.pulsely.adminToken;
    for (const [what, secret] of Object.entries(team.productionSecrets)) team.#guarded.set(secret, what);
    team.#guarded.set(admin, "the admin token");
    team.github.repository = {
      artifactsOf: (id) =>
        [...team.artifacts.keys()].filter((key) => key.startsWith(`${id}/`)).map((key) => key.slice(`${id}/`.length)),
      tipOf: async (branch) => (await team.#tip(branch)) ?? "",
      isBehind: (commit, tip) =>
        team.#git(team.origin, "merge-base", "--is-ancestor", commit, tip).then(
          () => true,
          () => false,
        ),
    };
    // What `npm ci` does, without a registry.
    writeFileSync(
      join(team.dir, "tools", "npm"),
      `#!/bin/sh\ncase "$*" in ci | "ci --ignore-scripts") test -f package.json && exec ln -s '${here}/node_modules' node_modules ;; esac\necho "npm $*: only ci is known" >&2\nexit 64\n`,
    );
    chmodSync(join(team.dir, "tools", "npm"), 0o755);
    await team.#git(team.dir, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git");
    await team.#git(team.author, "init", "--quiet", "--initial-branch=main", ".");
    await team.#git(team.author, "remote", "add", "origin", team.origin);
    mkdirSync(team.#project, { recursive: true });
    symlinkSync(join(here, "node_modules"), join(team.#project, "node_modules"));
    const workflows = withWorkflows
      ? readdirSync(join(here, "examples/github")).filter((name) => name.endsWith(".yml"))
      : [];
    for (const name of workflows)
      team.#writeAtRoot(
        `.github/workflows/${name}`,
        readFileSync(join(here, "examples/github", name), "utf8").replace("PROJECT_DIR: .", `PROJECT_DIR: ${folder}`),
      );
    team.github.bot = { id: 555, login: "github-actions[bot]" };
    team.#writeAtRoot(".gitignore", "node_modules\n");
    team.write("package.json", JSON.stringify({ name: "shop", private: true, main: "index.js" }));
    team.write("Pulumi.yaml", team.projectFile());
    for (const [name, text] of Object.entries(files)) team.write(name, text);
    return team;
  }

  get author(): string {
    return join(this.dir, "author");
  }

  /** The folder of Pulumi.yaml in the working copy. */
  get #project(): string {
    return join(this.author, this.#folder);
  }

  /** Of whoever sits at a desk. */
  get home(): string {
    return join(this.dir, "home");
  }

  get origin(): string {
    return join(this.dir, "origin.git");
  }

  /** What the environment `production` holds. The repository itself has no secret and no variable. */
  get productionSecrets() {
    return {
      PULUMI_ACCESS_TOKEN: "pul-90aa1b7cdd0e4f55a2c4deploytokencanary",
      PULUMI_CONFIG_PASSPHRASE: "passphrase-canary-of-the-stack",
      PULSELY_ADMIN_TOKEN: this.services.services.pulsely.adminToken,
    } as const;
  }

  /** Pulumi.yaml of the shop; `connection` goes over its only connection. */
  projectFile(connection: object = {}): string {
    const connections = {
      default: {
        backend: "pulsely",
        url: this.services.services.pulsely.url,
        tokenEnv: "PULSELY_ADMIN_TOKEN",
        ...connection,
      },
    };
    // JSON is YAML.
    return `${JSON.stringify({ name: "shop", runtime: { name: "nodejs", options: { typescript: false } }, config: { "apikeys:connections": { value: connections } } }, null, 2)}\n`;
  }

  /** Of the project. */
  write(name: string, content: string | null): void {
    this.#writeAtRoot(join(this.#folder, name), content);
  }

  #writeAtRoot(name: string, content: string | null): void {
    const path = join(this.author, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content === null) rmSync(path, { force: true });
    else writeFileSync(path, content);
  }

  read(name: string): string {
    return readFileSync(join(this.#project, name), "utf8");
  }

  guard(what: string, secret: string): void {
    this.#guarded.set(secret, what);
  }

  /** A command at an author's desk, in the working copy: the stack's state, and no credential of any service. */
  async desk(script: string): Promise<{ readonly code: number; readonly log: string }> {
    const env = {
      ...this.#machine(),
      HOME: join(this.dir, "home"),
      PULUMI_BACKEND_URL: this.variables.PULUMI_BACKEND_URL,
      PULUMI_CONFIG_PASSPHRASE: this.productionSecrets.PULUMI_CONFIG_PASSPHRASE,
    };
    const result = await bash(script, this.#project, {
      ...env,
      PATH: [env.PATH, join(here, "node_modules/.bin")].join(delimiter),
    });
    this.#said.push(result.log);
    return result;
  }

  /** The same in the root of the working copy. */
  async atRoot(script: string, path: readonly string[] = []): Promise<{ readonly code: number; readonly log: string }> {
    return this.desk(`cd '${this.author}'\nPATH='${path.join(delimiter)}':$PATH\n${script}`);
  }

  async must(script: string): Promise<string> {
    const { code, log } = await this.desk(script);
    if (code !== 0) throw new Error(`${script} ended with ${code}:\n${log}`);
    return log;
  }

  /** Commits to the branch, which starts where `main` is unless it is there already. Answers the commit. */
  async commit(branch: string, message: string, files: Files = {}): Promise<string> {
    if (branch !== "main" || (await this.#tip("main")) !== undefined)
      await this.#git(
        this.author,
        "checkout",
        "--quiet",
        ...((await this.#tip(branch)) === undefined ? ["-b", branch, "origin/main"] : [branch]),
      );
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    await this.#git(this.author, "add", "--all");
    await this.#git(this.author, "commit", "--quiet", "--message", message);
    await this.#git(this.author, "push", "--quiet", "origin", branch);
    return this.#git(this.author, "rev-parse", "HEAD");
  }

  /** Opens a pull request from a branch. A fork's has another repository as its head. */
  async open(branch: string, from = repositoryName): Promise<number> {
    const number = (this.#nextPull += 1);
    this.github.pulls.set(number, {
      number,
      head: { sha: "", ref: branch, repo: { full_name: from } },
      base: { ref: "main", repo: { full_name: repositoryName } },
      comments: [],
      merged_at: null,
      merge_commit_sha: null,
    });
    await this.push(number, branch);
    return number;
  }

  /** Brings a pull request to its branch's newest commit, with the merge that GitHub makes for its runs. */
  async push(number: number, branch: string): Promise<void> {
    const sha = (await this.#tip(branch)) ?? "";
    const pull = this.github.pull(number);
    this.github.pulls.set(number, { ...pull, head: { ...pull.head, sha } });
    await this.#git(this.author, "checkout", "--quiet", "--detach", "origin/main");
    await this.#git(this.author, "merge", "--quiet", "--no-ff", "--message", `Merge pull request #${number}`, sha);
    await this.#git(
      this.author,
      "push",
      "--quiet",
      "--force",
      "origin",
      `HEAD:refs/pull/${number}/merge`,
      `${sha}:refs/pull/${number}/head`,
    );
    await this.#git(this.author, "checkout", "--quiet", branch);
  }

  /** Merges and answers the merge commit, which now is `main`. */
  async merge(number: number): Promise<string> {
    const pull = this.github.pull(number);
    await this.#git(this.author, "fetch", "--quiet", "origin", `refs/pull/${number}/merge`);
    const sha = await this.#git(this.author, "rev-parse", "FETCH_HEAD");
    await this.#git(this.author, "checkout", "--quiet", "main");
    await this.#git(this.author, "merge", "--quiet", "--ff-only", sha);
    await this.#git(this.author, "push", "--quiet", "origin", "main");
    Object.assign(pull, { merged_at: "2027-02-01T12:00:00Z", merge_commit_sha: sha });
    return sha;
  }

  /** scope-review.yml on a pull request, then scope-review-comment.yml, as GitHub starts it. */
  async review(number: number, actor = "alice"): Promise<Reviewed> {
    const pull = this.github.pull(number);
    const isFork = pull.head.repo.full_name !== repositoryName;
    const event = { ...repositoryEvent, pull_request: { number } };
    const ref = `refs/pull/${number}/merge`;
    const review = await this.#start(
      "scope-review.yml",
      ref,
      { event, event_name: "pull_request", base_ref: "main", actor, ref },
      { isFork, ref, head: pull.head },
    );
    return { review, comment: await this.comment(review, pull) };
  }

  /** scope-review.yml in the merge queue, on the group's commit. */
  queue(number: number): Promise<WorkflowRun> {
    const event = { ...repositoryEvent, merge_group: { base_ref: "refs/heads/main" } };
    const ref = `refs/pull/${number}/merge`;
    return this.#start(
      "scope-review.yml",
      ref,
      { event, event_name: "merge_group", base_ref: "", actor: "alice", ref },
      { ref, head: { ref: "gh-readonly-queue/main", repo: { full_name: repositoryName } } },
    );
  }

  /** The run that follows a finished review, whatever its artifact says. */
  comment(review: WorkflowRun, { head }: Pick<PullRequest, "head">): Promise<WorkflowRun> {
    const finished = {
      id: review.id,
      event: "pull_request",
      conclusion: review.conclusion,
      head_sha: head.sha,
      head_branch: head.ref,
      head_repository: { full_name: head.repo.full_name, owner: { login: head.repo.full_name.split("/")[0] ?? "" } },
    };
    const event = { ...repositoryEvent, workflow_run: finished };
    return this.#start(
      "scope-review-comment.yml",
      "main",
      { event, event_name: "workflow_run", ref: "refs/heads/main", actor: "alice" },
      { ref: "main" },
    );
  }

  async deploy(digest?: string): Promise<WorkflowRun> {
    const name = digest === undefined ? "push" : "workflow_dispatch";
    return this.#start(
      "deploy.yml",
      "main",
      { event: repositoryEvent, event_name: name, ref: "refs/heads/main", actor: "alice" },
      { ref: "main", inputs: digest === undefined ? {} : { digest } },
    );
  }

  rotate(): Promise<WorkflowRun> {
    return this.#start(
      "rotate.yml",
      "main",
      { event: repositoryEvent, event_name: "schedule", ref: "refs/heads/main", actor: "alice" },
      { ref: "main" },
    );
  }

  drift(): Promise<WorkflowRun> {
    return this.#start(
      "drift.yml",
      "main",
      { event: repositoryEvent, event_name: "schedule", ref: "refs/heads/main", actor: "alice" },
      { ref: "main" },
    );
  }

  /**
   * A pipeline of `.gitlab-ci.yml` on a fresh clone of a commit, by gitlab-ci-local with the shell executor.
   * `variables` are GitLab's predefined ones and the project's own.
   */
  async pipeline(
    sha: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number; readonly log: string; readonly dir: string }> {
    const dir = mkdtempSync(join(this.dir, "pipeline-"));
    // It reads the project's name from the remote, which therefore has to look like one of GitLab.
    const remote = "git@gitlab.example.com:acme/shop.git";
    await this.#git(dir, "init", "--quiet", ".");
    await this.#git(dir, "config", `url.${this.origin}.insteadOf`, remote);
    await this.#git(dir, "remote", "add", "origin", remote);
    await this.#git(dir, "fetch", "--quiet", "origin", sha);
    await this.#git(dir, "checkout", "--quiet", "-B", "checked-out", "FETCH_HEAD");
    const given = Object.entries({ CI_COMMIT_SHA: sha, CI_DEFAULT_BRANCH: "main", ...variables });
    for (const [name] of given.filter(([, value]) => /[\n'"]/.test(value)))
      throw new Error(`${name} cannot be given on the command line`);
    const overridden = given.map(([name]) => name).filter((name) => name.startsWith("CI_"));
    const flags = [
      "--force-shell-executor",
      "--no-color",
      "--ignore-predefined-vars",
      overridden.join(","),
      ...given.flatMap(([name, value]) => ["--variable", `'${name}=${value}'`]),
    ];
    const result = await bash(`gitlab-ci-local ${flags.join(" ")}`, dir, {
      ...this.#machine(),
      PATH: [join(this.dir, "tools"), join(here, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter),
      HOME: join(this.dir, "home"),
    });
    this.#said.push(result.log);
    return { ...result, dir };
  }

  /** Puts what somebody made up in the place of a run's artifact. */
  forgeArtifact(run: { readonly id: number }, name: string, files: Readonly<Record<string, string>>): void {
    const folder = mkdtempSync(join(this.dir, "forged-"));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
    this.artifacts.set(`${run.id}/${name}`, folder);
  }

  /** A finished run that somebody brought about; whatever its artifact says, it is the newest. */
  forgeRun(run: Partial<RunRecord>, name: string, files: Readonly<Record<string, string>>): void {
    const id = (this.#nextRun += 1);
    this.forgeArtifact({ id }, name, files);
    this.github.runs.push({
      id,
      file: "deploy.yml",
      event: "push",
      head_branch: "main",
      head_sha: "0".repeat(40),
      head_repository: { full_name: repositoryName },
      run_started_at: new Date(Date.UTC(2030, 0, 1) + id * 1000).toISOString(),
      ...run,
    });
  }

  /** The files of a finished run's artifact, by name. */
  artifact(run: { readonly id: number }, name: string): Record<string, string> {
    const folder = this.artifacts.get(`${run.id}/${name}`);
    if (folder === undefined) return {};
    return Object.fromEntries(
      filesUnder(folder).map((file) => [file.slice(folder.length + 1), readFileSync(file, "utf8")]),
    );
  }

  /** Where the stack's own state and its locks are. */
  statePath(...parts: string[]): string {
    return join(this.dir, "state", ".pulumi", ...parts);
  }

  /** What the program of a run left in the folder that jobs use for such things. */
  leftBehind(run: { readonly temp: string }, name: string): string {
    const file = join(run.temp, name);
    const found = readFileSync(file, "utf8");
    rmSync(file);
    return found;
  }

  /** The stack's outputs in clear; guarded from now on. */
  async outputs(): Promise<Record<string, string>> {
    const { log } = await bash("pulumi stack output --stack prod --json --show-secrets", this.#project, {
      ...this.#machine(),
      HOME: join(this.dir, "home"),
      PULUMI_BACKEND_URL: this.variables.PULUMI_BACKEND_URL,
      PULUMI_CONFIG_PASSPHRASE: this.productionSecrets.PULUMI_CONFIG_PASSPHRASE,
    });
    const outputs = JSON.parse(log) as Record<string, string>;
    for (const [name, value] of Object.entries(outputs))
      if (value.startsWith("ply_")) this.guard(`the output ${name}`, value);
    return outputs;
  }

  /** The state's files with their times: what a job that only reads leaves as it was. */
  stateFiles(): string[] {
    return filesUnder(join(this.dir, "state")).map((file) => `${file} ${statSync(file).mtimeMs}`);
  }

  /** Moves the decision clock and the services' clock. */
  async goTo(time: string): Promise<void> {
    this.now = time;
    await this.services.clock.set(time);
  }

  /** Which of the guarded values stand in a text, in clear or as base64. */
  foundIn(content: string): string[] {
    for (const token of this.github.issuedTokens) this.#guarded.set(token, "a job's token");
    const forms = (secret: string): string[] => [secret, Buffer.from(secret).toString("base64").replace(/=+$/, "")];
    return [...this.#guarded]
      .filter(([secret]) => forms(secret).some((form) => content.includes(form)))
      .map(([, what]) => what);
  }

  /** No guarded value stands in any log, summary, comment, artifact, state, plan or working copy. */
  scan(): void {
    const texts = new Map<string, string>([["a log or summary", this.#said.join("\n")]]);
    for (const { number, comments } of this.github.pulls.values())
      texts.set(`comments of #${number}`, comments.map(({ body }) => body).join("\n"));
    for (const file of filesUnder(this.dir)) texts.set(file.slice(this.dir.length + 1), readFileSync(file, "latin1"));
    const found = [...texts].flatMap(([place, content]) =>
      this.foundIn(content).map((what) => `${place} holds ${what}`),
    );
    if (found.length > 0) throw new Error(found.join("\n"));
  }

  async close(): Promise<void> {
    await this.services.close();
    await this.github.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Everything that was said, with what differs from run to run taken out. */
  normal(content: string): string {
    return content
      .replaceAll(this.services.url, "https://pulsely.example")
      .replaceAll(this.github.url, "https://api.github.example")
      .replaceAll(this.dir, "/tmp/team")
      .replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:<digest>")
      .replaceAll(/key_[0-9a-f]{16}/g, "key_<id>")
      .replaceAll(/\b(dashboard|exporter)-(?:[0-9a-f]{4}[a-z2-7]{15}|[0-9a-f]{10})\b/g, "$1-<name>")
      .replaceAll(/identity_[0-9a-f-]+/g, "<identity>")
      .replaceAll(/[ \t]+$/gm, "");
  }

  /** Where the real state is. */
  get variables(): { readonly PULUMI_BACKEND_URL: string } {
    return { PULUMI_BACKEND_URL: `file://${join(this.dir, "state")}` };
  }

  #machine(): { readonly PATH: string } & Record<string, string> {
    return {
      PATH: [join(this.dir, "tools"), process.env.PATH ?? ""].join(delimiter),
      // The engine leaves its pipes and compiled programs there.
      TMPDIR: join(this.dir, "tmp"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      CI: "true",
      ...(this.now === undefined ? {} : { APIKEYS_NOW: this.now }),
    };
  }

  async #start(
    name: string,
    ref: string,
    github: Readonly<Record<string, Value>>,
    options: {
      readonly ref: string;
      readonly isFork?: boolean;
      readonly inputs?: Readonly<Record<string, Value>>;
      readonly head?: { readonly ref: string; readonly repo: { readonly full_name: string } };
    },
  ): Promise<WorkflowRun> {
    const sha = (await this.#tip(ref)) ?? "";
    const isFork = options.isFork === true;
    const done = await runWorkflow({
      dir: this.dir,
      source: await this.#git(this.origin, "show", `${sha}:.github/workflows/${name}`),
      github: { repository: repositoryName, sha, ...github },
      inputs: options.inputs ?? {},
      secretsFor: (environment) => (environment === "production" ? this.productionSecrets : {}),
      variables: name.startsWith("scope-review") ? {} : this.variables,
      tokenFor: (permissions) =>
        this.github.issueToken(
          isFork ? Object.fromEntries(Object.keys(permissions).map((permission) => [permission, "read"])) : permissions,
        ),
      machine: {
        ...this.#machine(),
        GITHUB_ACTIONS: "true",
        GITHUB_API_URL: this.github.url,
        GITHUB_GRAPHQL_URL: `${this.github.url}/graphql`,
        GITHUB_REPOSITORY: repositoryName,
        GITHUB_SHA: sha,
      },
      repository: this.origin,
      defaultRef: options.ref,
      artifacts: this.artifacts,
      runId: (this.#nextRun += 1),
      actionRoot: here,
    });
    this.github.runs.push({
      id: done.id,
      file: name,
      event: github.event_name as string,
      head_branch: options.head?.ref ?? "main",
      head_sha: sha,
      head_repository: { full_name: options.head?.repo.full_name ?? repositoryName },
      run_started_at: new Date(Date.UTC(2027, 0, 1) + done.id * 1000).toISOString(),
    });
    this.#said.push(done.log, done.summary);
    return done;
  }

  async #tip(ref: string): Promise<string | undefined> {
    const full = ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
    const found = await this.#git(this.origin, "for-each-ref", "--format=%(objectname)", full);
    return found === "" ? undefined : found;
  }

  async #git(cwd: string, ...args: string[]): Promise<string> {
    const identity = {
      GIT_AUTHOR_NAME: "Alice",
      GIT_AUTHOR_EMAIL: "alice@example.com",
      GIT_COMMITTER_NAME: "Alice",
      GIT_COMMITTER_EMAIL: "alice@example.com",
    };
    const { stdout } = await run("git", args, {
      cwd,
      env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null", ...identity },
    });
    return stdout.trim();
  }
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isSymbolicLink() || !existsSync(path)) return [];
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() && statSync(path).size < 16 * 1024 * 1024 ? [path] : [];
  });
}
