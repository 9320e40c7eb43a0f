// What the demo runs on: the emulator, the engine, and a project whose files are all in one temporary directory.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { coloured, shown } from "./terminal.mjs";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const root = process.cwd();

export class Bench {
  #dir = mkdtempSync(join(tmpdir(), "apikeys-demo-"));
  #emulator;
  #emulatorEnded;
  #running;
  #stopped;
  #env;
  // An hour ahead, so that a key that is made today is a whole day old on day 1.
  #startMs = Date.now() + hourMs;

  constructor() {
    // Stopping the demo stops the engine and waits for its end, because it writes until then.
    for (const signal of ["SIGINT", "SIGTERM"])
      process.once(signal, () => {
        this.#stopped = signal;
        this.#running?.kill(signal);
      });
    for (const name of ["home", "tmp", "backend"]) mkdirSync(join(this.#dir, name));
    cpSync(join(root, "scripts/demo.d"), this.#project, {
      recursive: true,
      filter: (source) => !source.endsWith(".mjs"),
    });
    symlinkSync(join(root, "node_modules"), join(this.#project, "node_modules"));
    writeFileSync(join(this.#project, "package.json"), JSON.stringify({ private: true, main: "index.ts" }));
  }

  get #project() {
    return join(this.#dir, "project");
  }

  async start() {
    this.#emulator = spawn(process.execPath, ["dist/cli/main.js", "emulator", "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#emulatorEnded = once(this.#emulator, "exit");
    const [line] = await Promise.race([
      once(createInterface({ input: this.#emulator.stdout }), "line"),
      this.#emulatorEnded.then(() => Promise.reject(new Error("the emulator ended before it was ready"))),
    ]);
    const { url, services } = JSON.parse(line);
    const { novavms, pulsely } = services;
    this.url = url;
    this.services = services;
    this.#env = {
      PATH: process.env.PATH,
      HOME: join(this.#dir, "home"),
      TMPDIR: join(this.#dir, "tmp"),
      PULUMI_HOME: join(this.#dir, "home", ".pulumi"),
      PULUMI_BACKEND_URL: `file://${join(this.#dir, "backend")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "demo",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      NO_COLOR: "1",
      NOVAVMS_ADMIN_TOKEN: novavms.adminToken,
      PULSELY_ADMIN_TOKEN: pulsely.adminToken,
      APIKEYS_CONNECTIONS: JSON.stringify({ novavms: { url: novavms.url }, pulsely: { url: pulsely.url } }),
    };
    // A consumer of the demo calls more often than Pulsely lets one key.
    await this.control("limits", { service: "pulsely", perMinute: null });
  }

  /** Runs `pulumi` out of sight. Rejects where it fails. */
  async pulumi(...args) {
    const { code, stdout, stderr } = await this.#run("pulumi", [...args, "--non-interactive"]);
    if (code !== 0) throw new Error((stderr || stdout).slice(-2000));
    return stdout;
  }

  /** `pulumi up` for everyone to see. */
  up(before = "") {
    return shown(`${before}pulumi up`, () => this.pulumi("up", "--yes", "--skip-preview"));
  }

  /** Runs `apikeys` for everyone to see, whatever it ends with. */
  apikeys(line, input = "") {
    const command = [join(root, "dist/cli/main.js"), ...line.split(" ")];
    const env = coloured ? { NO_COLOR: "", FORCE_COLOR: "1" } : {};
    return shown(`${input && "pbpaste | "}apikeys ${line}`, () => this.#run(process.execPath, command, { input, env }));
  }

  async review() {
    const preview = await shown("pulumi preview --json --show-sames > preview.json", () =>
      this.pulumi("preview", "--json", "--show-sames"),
    );
    writeFileSync(join(this.#project, "preview.json"), preview);
    return this.apikeys("review --preview preview.json --format text");
  }

  async outputs() {
    return JSON.parse(await this.pulumi("stack", "output", "--json", "--show-secrets"));
  }

  /** Turns the clock of the engine and of the services to a day after today. */
  async goToDay(day) {
    const now = new Date(this.#startMs + day * dayMs).toISOString().replace(/\.\d+Z/, "Z");
    await this.control("clock", { now });
    Object.assign(this.#env, { APIKEYS_NOW: now, APIKEYS_NOW_WRITES: "1" });
  }

  /** The emulator's own door: its clock, its keys, its limits. */
  async control(path, body) {
    const send = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const answer = await fetch(`${this.url}/_emulator/${path}`, body && send);
    if (!answer.ok) throw new Error(`the emulator answered ${answer.status} to ${path}`);
    return answer.json();
  }

  async close() {
    this.#emulator?.kill("SIGTERM");
    await this.#emulatorEnded;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #run(file, args, { input = "", env = {} } = {}) {
    if (this.#stopped) throw new Error(`stopped by ${this.#stopped}`);
    return new Promise((resolve) => {
      const options = { cwd: this.#project, env: { ...this.#env, ...env }, maxBuffer: 64 * 1024 * 1024 };
      this.#running = execFile(file, args, options, (error, stdout, stderr) =>
        resolve({ code: error ? (error.code ?? 1) : 0, stdout, stderr }),
      );
      this.#running.stdin.end(input);
    });
  }
}

/** What a service answers to a key. */
export async function status(url, path, secret) {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
  await answer.arrayBuffer();
  return answer.status;
}

/** A consumer that reads its secret anew for every call, and counts what it is answered. */
export function consume(url, path, secretNow) {
  const answers = new Map();
  let calling = true;
  const calls = (async () => {
    while (calling) {
      const code = await status(url, path, secretNow());
      answers.set(code, (answers.get(code) ?? 0) + 1);
      await new Promise((done) => setTimeout(done, 50));
    }
  })();
  return async () => {
    calling = false;
    await calls;
    return answers;
  };
}
