// 200 keys, made by this package and by dynamic providers in the simplest form: one provider object per resource, and
// fetch. Same emulator, same engine, same calls.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
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
import { join } from "node:path";
import { createInterface } from "node:readline";

const count = 200;
const rounds = 5;

const programs = {
  ours: `
const { ApiKey } = require("pulumi-apikeys");
for (let i = 0; i < ${count}; i += 1) new ApiKey("key-" + i, { scopes: ["read:checks"] });`,
  // As in Pulumi's documentation: a class, an object of it for each resource, and what an immutable key needs.
  naive: `
const pulumi = require("@pulumi/pulumi");
class KeyProvider {
  constructor(name) {
    this.name = name;
  }
  headers() {
    return { authorization: "Bearer " + process.env.PULSELY_ADMIN_TOKEN, "content-type": "application/json" };
  }
  async diff(id, olds, news) {
    return { replaces: JSON.stringify(olds.scopes) === JSON.stringify(news.scopes) ? [] : ["scopes"] };
  }
  async create(inputs) {
    const name = this.name + "-" + Math.random().toString(16).slice(2);
    const response = await fetch(inputs.url + "/api-keys", { method: "POST", headers: this.headers(), body: JSON.stringify({ name, scopes: inputs.scopes, environment: "live" }) });
    if (!response.ok) throw new Error("creating " + name + ": " + response.status);
    const key = await response.json();
    return { id: key.id, outs: { ...inputs, secret: key.key } };
  }
  async read(id, props) {
    const response = await fetch(props.url + "/api-keys/" + id, { headers: this.headers() });
    return response.status === 404 ? {} : { id, props };
  }
  async delete(id, props) {
    const response = await fetch(props.url + "/api-keys/" + id, { method: "DELETE", headers: this.headers() });
    if (!response.ok && response.status !== 404) throw new Error("revoking " + id + ": " + response.status);
  }
}
class NaiveKey extends pulumi.dynamic.Resource {
  constructor(name, args) {
    super(new KeyProvider(name), name, { ...args, secret: undefined }, { additionalSecretOutputs: ["secret"] });
  }
}
for (let i = 0; i < ${count}; i += 1) new NaiveKey("key-" + i, { url: process.env.PULSELY_URL, scopes: ["read:checks"] });`,
  // The least code that makes and deletes a key, and cannot change its scopes: printed, not judged.
  leanest: `
const pulumi = require("@pulumi/pulumi");
class LeanKey extends pulumi.dynamic.Resource {
  constructor(name, args) {
    super({
      async create(inputs) {
        const response = await fetch(inputs.url + "/api-keys", { method: "POST", headers: { authorization: "Bearer " + process.env.PULSELY_ADMIN_TOKEN, "content-type": "application/json" }, body: JSON.stringify({ name: name + "-" + Math.random().toString(16).slice(2), scopes: inputs.scopes, environment: "live" }) });
        const key = await response.json();
        return { id: key.id, outs: { ...inputs, secret: key.key } };
      },
      async delete(id, props) {
        await fetch(props.url + "/api-keys/" + id, { method: "DELETE", headers: { authorization: "Bearer " + process.env.PULSELY_ADMIN_TOKEN } });
      },
    }, name, { ...args, secret: undefined }, { additionalSecretOutputs: ["secret"] });
  }
}
for (let i = 0; i < ${count}; i += 1) new LeanKey("key-" + i, { url: process.env.PULSELY_URL, scopes: ["read:checks"] });`,
};

export async function benchCreate() {
  const emulator = spawn(process.execPath, ["dist/cli/main.js", "emulator", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: emulator.stdout }), "line");
  const { url, adminToken } = JSON.parse(line).services.pulsely;
  const best = {};
  let bytesPerKey = 0;
  let codeBytes = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, program] of Object.entries(programs)) {
        const run = createOnce(program, url, adminToken);
        best[name] = Math.min(best[name] ?? Infinity, run.seconds);
        if (name === "ours") ({ bytesPerKey, codeBytes } = run);
        console.log(
          `round ${round + 1}, ${name}: ${run.seconds.toFixed(1)} s, state ${(run.stateBytes / 1000).toFixed(0)} kB`,
        );
      }
    }
  } finally {
    emulator.kill("SIGTERM");
    await once(emulator, "exit");
  }
  console.log(`beside the leanest naive provider: ${(best.ours / best.leanest).toFixed(2)}`);
  return [
    { claim: `creating ${count} keys, beside a naive dynamic provider`, value: best.ours / best.naive, limit: 0.6 },
    { claim: "state per key, kB", value: bytesPerKey / 1000, limit: 2 },
    { claim: "bytes of __provider", value: codeBytes, limit: 300 },
  ];
}

function createOnce(program, url, token) {
  const dir = mkdtempSync(join(tmpdir(), "apikeys-bench-"));
  try {
    for (const name of ["home", "tmp", "backend"]) mkdirSync(join(dir, name));
    symlinkSync(join(process.cwd(), "node_modules"), join(dir, "node_modules"));
    writeFileSync(join(dir, "package.json"), '{"name":"bench","main":"index.js"}');
    writeFileSync(
      join(dir, "Pulumi.yaml"),
      JSON.stringify({
        name: "bench",
        runtime: { name: "nodejs", options: { typescript: false } },
        config: {
          "apikeys:connections": { value: { default: { backend: "pulsely", url, tokenEnv: "PULSELY_ADMIN_TOKEN" } } },
        },
      }),
    );
    const env = {
      PATH: process.env.PATH,
      HOME: join(dir, "home"),
      TMPDIR: join(dir, "tmp"),
      PULUMI_BACKEND_URL: `file://${join(dir, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "bench",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULSELY_ADMIN_TOKEN: token,
      PULSELY_URL: url,
    };
    const pulumi = (...args) =>
      execFileSync("pulumi", [...args, "--non-interactive"], {
        cwd: dir,
        env,
        maxBuffer: 256 * 1024 * 1024,
        encoding: "utf8",
      });
    writeFileSync(join(dir, "index.js"), "");
    pulumi("stack", "init", "dev");
    pulumi("up", "--yes", "--skip-preview");
    const empty = stateSize(dir);
    writeFileSync(join(dir, "index.js"), program);
    const started = performance.now();
    pulumi("up", "--yes", "--skip-preview");
    const seconds = (performance.now() - started) / 1000;
    const stateBytes = stateSize(dir);
    const { deployment } = JSON.parse(pulumi("stack", "export"));
    const code = deployment.resources.find(({ inputs }) => inputs?.__provider)?.inputs.__provider ?? "";
    pulumi("destroy", "--yes", "--skip-preview");
    return {
      seconds,
      stateBytes,
      bytesPerKey: (stateBytes - empty) / count,
      codeBytes: Buffer.byteLength(typeof code === "string" ? code : JSON.stringify(code)),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Size of the stack's checkpoint in the file backend. */
function stateSize(dir) {
  const stacks = join(dir, "backend", ".pulumi", "stacks", "bench");
  const file = readdirSync(stacks).find((name) => /^dev\.json$/.test(name));
  return statSync(join(stacks, file)).size || readFileSync(join(stacks, file)).length;
}
