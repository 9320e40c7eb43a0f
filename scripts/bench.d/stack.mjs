// A stack in a directory of its own, on a file backend.
import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { pluginSdk } from "./plugin-sdk.mjs";

/** The classes of this package, as a program of this face gets them. */
export const classesOf = (face) => `"use strict";
const pulumi = require("@pulumi/pulumi");
const { ApiKey, RotatingApiKey, ServiceAccount } = require(${JSON.stringify(face === "plugin" ? pluginSdk() : "pulumi-apikeys")});
`;

export class Stack {
  constructor(services, env = {}) {
    this.dir = mkdtempSync(join(tmpdir(), "apikeys-bench-"));
    for (const name of ["home", "tmp", "backend"]) mkdirSync(join(this.dir, name));
    symlinkSync(resolve("node_modules"), join(this.dir, "node_modules"));
    writeFileSync(join(this.dir, "package.json"), '{"name":"bench","main":"index.js"}');
    const project = {
      name: "bench",
      runtime: { name: "nodejs", options: { typescript: false } },
      config: { "apikeys:connections": { value: services.connections() } },
      plugins: { providers: [{ name: "apikeys", path: resolve("dist/plugin") }] },
    };
    writeFileSync(join(this.dir, "Pulumi.yaml"), JSON.stringify(project));
    this.env = {
      PATH: process.env.PATH,
      HOME: join(this.dir, "home"),
      TMPDIR: join(this.dir, "tmp"),
      PULUMI_BACKEND_URL: `file://${join(this.dir, "backend")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "bench",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...services.environment(),
      ...env,
    };
    this.program("");
    this.pulumi("stack", "init", "dev");
  }

  program(text) {
    writeFileSync(join(this.dir, "index.js"), text);
  }

  pulumi(...args) {
    return execFileSync("pulumi", [...args, "--non-interactive"], {
      ...this.#options(),
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** An update at the same time as others. */
  async upBeside() {
    await promisify(execFile)("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive"], this.#options());
  }

  /** A command that has to fail: seconds, and what it says. */
  failing(...args) {
    const startedMs = performance.now();
    try {
      this.pulumi(...args);
    } catch ({ stdout, stderr }) {
      return { seconds: (performance.now() - startedMs) / 1000, words: `${stdout}${stderr}` };
    }
    throw new Error(`pulumi ${args.join(" ")} did not fail`);
  }

  #options() {
    return { cwd: this.dir, env: this.env, maxBuffer: 1024 * 1024 * 1024, encoding: "utf8" };
  }

  /** Seconds that a command takes. */
  timed(...args) {
    const startedMs = performance.now();
    this.pulumi(...args);
    return (performance.now() - startedMs) / 1000;
  }

  up() {
    return this.timed("up", "--yes", "--skip-preview");
  }

  /** The bytes of the stack's checkpoint in the file backend. */
  stateBytes() {
    return statSync(this.checkpoint()).size;
  }

  /** The resources as the checkpoint has them. */
  resources() {
    return JSON.parse(readFileSync(this.checkpoint(), "utf8")).checkpoint.latest?.resources ?? [];
  }

  /** Its path, also where checkpoints are compressed. */
  checkpoint() {
    const plain = join(this.dir, "backend", ".pulumi", "stacks", "bench", "dev.json");
    return existsSync(plain) ? plain : `${plain}.gz`;
  }

  discard() {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
