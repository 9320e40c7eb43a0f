/** Every command of docs/runbooks.md, run after what it is for has really happened. */
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { Fleet, type Wish } from "./support/fleet";

const repository = resolve(__dirname, "../..");

/** The commands of the page, in the order of the page. */
const commands = [...readFileSync(join(repository, "docs/runbooks.md"), "utf8").matchAll(/^```sh\n([^]*?)^```/gm)]
  .flatMap(([, block = ""]) => block.split("\n"))
  .map((line) => line.replace(/\s+#.*$/, "").trim())
  .filter((line) => line !== "");

interface Printed {
  readonly code: number;
  readonly text: string;
}

/** Runs commands of the page as its reader would, in the stack's project. */
class Reader {
  readonly #left = new Set(commands);
  readonly #env: NodeJS.ProcessEnv;
  readonly #cwd: string;

  constructor({ stack }: Fleet) {
    const bin = join(stack.dir, "bin");
    mkdirSync(bin);
    const script = (name: string, text: string): void => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    script("apikeys", `exec "${process.execPath}" "${join(repository, "dist/cli/main.js")}" "$@"`);
    script("pbpaste", 'printf %s "$CLIPBOARD"');
    this.#env = { ...stack.env, PATH: `${bin}:${stack.env.PATH}` };
    this.#cwd = stack.project;
  }

  /** The command as the page has it; `more` goes after it, and `<…>` of the page is replaced. */
  async run(
    command: string,
    {
      more = "",
      env = {},
      cwd = this.#cwd,
      urn = "",
    }: { more?: string; env?: NodeJS.ProcessEnv; cwd?: string; urn?: string } = {},
  ): Promise<Printed> {
    expect(commands).toContain(command);
    this.#left.delete(command);
    const filled = command.replace("<project>", "engine-test").replace("<stack>", "dev").replace("urn:…", urn);
    return this.say(`${filled} ${more}`, { env, cwd });
  }

  /** A command that the page tells in its text. */
  say(
    command: string,
    { env = {}, cwd = this.#cwd }: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ): Promise<Printed> {
    return new Promise((done) => {
      const options = { cwd, env: { ...this.#env, PULUMI_SKIP_CONFIRMATIONS: "true", ...env }, maxBuffer: 2 ** 26 };
      execFile("/bin/bash", ["-c", command], options, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : 255) : 0;
        done({ code, text: stdout + stderr });
      });
    });
  }

  left(): readonly string[] {
    return [...this.#left];
  }
}

test("every command of the runbooks does what the page says, after a kill, a leak, a lost or older state, a torn file, a full disk and an outage", async () => {
  const fleet = await Fleet.open();
  const { stack } = fleet;
  const states = join(stack.dir, "backend", ".pulumi", "stacks", "engine-test");
  const book = new Reader(fleet);
  const env = { APIKEYS_NOW: "2027-01-01T00:00:00Z", APIKEYS_NOW_WRITES: "1" };
  const run = (command: string, more = "") => book.run(command, { more, env });
  const fine = async (command: string, more: NodeJS.ProcessEnv = {}): Promise<void> => {
    const { code, text } = await book.say(command, { env: { ...env, ...more } });
    expect([command, code, text]).toEqual([command, 0, expect.anything()]);
  };
  const unknown = async () => (await book.say("apikeys inventory", { env })).text.match(/^UNKNOWN.*$/gm) ?? [];
  try {
    // A run was killed.
    const wish: Wish = { keys: ["p2", "p3", "a2"], wide: false, now: env.APIKEYS_NOW };
    fleet.write(wish);
    const wreck = await fleet.killed(
      { method: "POST", path: /api-keys$/, count: 3 },
      { point: "K2", victim: "tree", afterMs: 0 },
    );
    expect(wreck.missed ? wreck.output : "").toBe("");
    expect((await run("pulumi cancel --yes")).code).toBe(0);
    const repair = await run("pulumi up --yes", "--skip-preview");
    expect([repair.code, repair.text]).toEqual([
      0,
      expect.stringMatching(/was left by an interrupted run and never used/),
    ]);
    wreck.clear();
    expect(await fleet.broken()).toEqual([]);
    await fine("pulumi refresh --yes --clear-pending-creates");

    // A key leaked.
    const { p3 = "" } = await stack.outputs();
    const leak = await book.run("pbpaste | apikeys identify --ask", { env: { ...env, CLIPBOARD: p3 } });
    expect([leak.code, leak.text]).toEqual([
      7,
      expect.stringMatching(/resource: +ApiKey "p3"[^]*on the service: +active/),
    ]);
    expect(leak.text).not.toContain(p3);

    // An owner leaves, and somebody asks who may do what.
    expect((await run("apikeys inventory --all-stacks --format csv > keys.csv")).code).toBe(0);
    expect(readFileSync(join(stack.project, "keys.csv"), "utf8")).toMatch(/^[^\n]*\bowner\b/);
    expect((await run("apikeys inventory --all-stacks --format json > inventory.json")).code).toBe(0);
    await run("apikeys report --all-stacks --inventory inventory.json --html report.html");
    expect(readFileSync(join(stack.project, "report.html"), "utf8")).toContain("<!doctype html>");

    // An older state was restored: what was issued since is in use, and stays.
    await fine("pulumi stack export --file old-export.json");
    fleet.write({ ...wish, wide: true });
    await fleet.recover();
    const inUse = await stack.outputs();
    expect(await fleet.broken()).toEqual([]);
    await fine("pulumi stack import --file old-export.json");
    const before = await run("apikeys inventory");
    expect([before.code, before.text.match(/^UNKNOWN/gm)]).toEqual([7, ["UNKNOWN", "UNKNOWN", "UNKNOWN"]]);
    expect((await run("pulumi refresh --yes")).code).toBe(0);
    const up = await run("pulumi up --yes");
    expect([up.code, up.text]).toEqual([
      0,
      expect.stringMatching(/is in no state, but was used at .*: it is left alone/),
    ]);
    for (const [name, secret] of Object.entries(inUse))
      expect([name, await fleet.answerTo(name, secret)]).toEqual([name, 200]);

    // A stack was copied: its resources leave the copy, and the original's keys live on when it is destroyed.
    await fine("pulumi stack export --file original.json");
    const original = readFileSync(join(stack.project, "original.json"), "utf8");
    writeFileSync(join(stack.project, "copy.json"), original.replaceAll("urn:pulumi:dev::", "urn:pulumi:copy::"));
    await fine("pulumi stack init copy && pulumi stack import --stack copy --file copy.json");
    const copied = original.replaceAll("urn:pulumi:dev::", "urn:pulumi:copy::");
    const { deployment } = JSON.parse(copied) as { deployment: { resources: { urn: string; type: string }[] } };
    const urns = deployment.resources.filter(({ type }) => type.includes("dynamic/apikeys:")).map(({ urn }) => urn);
    expect(urns.length).toBeGreaterThan(2);
    for (const urn of urns.reverse()) {
      const left = await book.run("pulumi state delete 'urn:…' --yes", { more: "--stack copy", env, urn });
      expect([left.code, left.text]).toEqual([0, expect.anything()]);
    }
    await fine(
      "pulumi destroy --yes --skip-preview --stack copy && pulumi stack rm copy --yes && pulumi stack select dev",
    );
    for (const [name, secret] of Object.entries(inUse))
      expect([name, await fleet.answerTo(name, secret)]).toEqual([name, 200]);

    // Keys that nobody knows.
    expect((await run("apikeys sweep")).text.match(/left alone: it was used/g)).toHaveLength(3);
    await run("apikeys sweep --yes", "--min-age 0s");
    expect(await unknown()).toHaveLength(3);
    await run("apikeys sweep --yes", "--min-age 0s --used");
    expect(await unknown()).toEqual([]);
    expect(await fleet.broken()).toEqual([]);

    // The state's file is torn.
    const url = { PULUMI_BACKEND_URL: `file://${join(stack.dir, "backend")}` };
    await fine("pulumi up --yes --skip-preview");
    const attributes = join(states, "dev.json.attrs");
    writeFileSync(attributes, "");
    const torn = await book.say("pulumi stack export --stack dev", { env: url });
    expect([torn.code === 0, torn.text]).toEqual([false, expect.stringContaining("failed to load checkpoint: EOF")]);
    await book.run("rm .pulumi/stacks/<project>/<stack>.json.attrs", { cwd: join(stack.dir, "backend") });
    await fine("pulumi stack export --stack dev --file newest-export.json", url);

    // The disk of the state was full: the file and its backup are cut.
    for (const name of readdirSync(states).filter((each) => /^dev\.json(\.bak)?$/.test(each)))
      truncateSync(join(states, name), 4_096);
    const cut = await book.say("pulumi up --yes --skip-preview", { env });
    expect([cut.code === 0, cut.text]).toEqual([false, expect.stringContaining("failed to load checkpoint")]);
    await fine("pulumi stack import --file newest-export.json");
    await fine("pulumi up --yes --skip-preview");
    expect(await fleet.broken()).toEqual([]);

    // The state is lost.
    await fine("pulumi stack export --file old-export.json");
    for (const name of readdirSync(states)) rmSync(join(states, name));
    const lost = await run("apikeys inventory --state old-export.json");
    expect([lost.code, lost.text]).toEqual([0, expect.stringMatching(/^recorded/m)]);
    expect((await run("apikeys sweep --state old-export.json --lost-state")).code).toBe(0);
    await fine("pulumi stack init dev && pulumi stack import --file old-export.json");
    await fine("pulumi up --yes --skip-preview");
    expect(await fleet.broken()).toEqual([]);

    // A service is down while keys on two services are due.
    fleet.write({ keys: ["pr2", "ar2"], wide: false, now: env.APIKEYS_NOW });
    await fleet.recover();
    const generations = async () =>
      (await stack.state())
        .filter(({ type }) => /RotatingApiKey$/.test(type))
        .map(({ urn, outputs }) => [urn.split("::").at(-1), outputs?.generation])
        .sort();
    const later = { ...env, APIKEYS_NOW: "2027-02-02T00:00:00Z" };
    await fleet.setClock(later.APIKEYS_NOW);
    await fleet.services.faults.add({ service: "pulseapi", path: ".*", kind: "status", status: 503, times: 10_000 });
    const down = await book.run("pulumi up --yes --refresh --continue-on-error", {
      more: "--skip-preview",
      env: later,
    });
    expect(down.text).toMatch(/the connection "pulseapi" could not be read, .* stands, unproven/);
    await fleet.services.faults.clear();
    expect(await generations()).toEqual([
      ["ar2", 1],
      ["pr2", 2],
    ]);
    const back = await book.run("pulumi up --yes", { more: "--skip-preview", env: later });
    expect([back.code, await generations()]).toEqual([
      0,
      [
        ["ar2", 2],
        ["pr2", 2],
      ],
    ]);
    expect(await fleet.broken()).toEqual([]);

    expect(book.left()).toEqual([]);
    expect(existsSync(attributes)).toBe(false);
    await fleet.close();
  } finally {
    await fleet.discard();
  }
}, 420_000);
