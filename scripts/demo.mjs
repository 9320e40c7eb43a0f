// The story that ./scripts/demo tells. All its files are in one temporary directory: the project, the stack's state,
// the engine's home and its own temporary files. Nothing is left at the end, not even after Ctrl-C.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = process.cwd();
const dir = mkdtempSync(join(tmpdir(), "apikeys-demo-"));
const say = (text = "") => console.log(text);
const step = (text) => say(`\n▸ ${text}`);
const mask = (secret) => `${secret.slice(0, 8)}…${secret.slice(-2)}`;

// Stopping the demo stops the engine and waits for its end, because it writes until then.
let engine;
let stopped;
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    stopped = signal;
    engine?.kill(signal);
  });

const emulator = spawn(process.execPath, ["dist/cli/main.js", "emulator", "--port", "0"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = once(emulator, "exit");

async function main() {
  step("Starting the embedded Pulsely, NovaVMS and PulseAPI");
  const [line] = await Promise.race([
    once(createInterface({ input: emulator.stdout }), "line"),
    ended.then(() => Promise.reject(new Error("the emulator ended before it was ready"))),
  ]);
  const { url, services } = JSON.parse(line);
  say(`  ${url}`);

  for (const name of ["home", "tmp", "backend"]) mkdirSync(join(dir, name));
  const project = join(dir, "project");
  cpSync(join(root, "examples/quickstart"), join(project, "examples/quickstart"), {
    recursive: true,
    filter: (source) => !source.includes("node_modules"),
  });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "Pulumi.yaml"), readFileSync(join(root, "Pulumi.yaml")));
  const env = {
    PATH: process.env.PATH,
    HOME: join(dir, "home"),
    TMPDIR: join(dir, "tmp"),
    PULUMI_HOME: join(dir, "home", ".pulumi"),
    PULUMI_BACKEND_URL: `file://${join(dir, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "demo",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    NO_COLOR: "1",
    NOVAVMS_ADMIN_TOKEN: services.novavms.adminToken,
    PULSELY_ADMIN_TOKEN: services.pulsely.adminToken,
    APIKEYS_CONNECTIONS: JSON.stringify({
      default: { url: services.novavms.url },
      pulsely: { url: services.pulsely.url },
    }),
  };
  const pulumi = async (...args) => {
    expect(!stopped, `stopped by ${stopped}`);
    const call = run("pulumi", [...args, "--non-interactive"], { cwd: project, env, maxBuffer: 64 * 1024 * 1024 });
    engine = call.child;
    return (await call).stdout;
  };
  const outputs = async () => JSON.parse(await pulumi("stack", "output", "--json", "--show-secrets"));
  const cameras = async (key) =>
    (await fetch(`${services.novavms.url}/cameras`, { headers: { authorization: `Bearer ${key}` } })).status;
  const events = async (key) =>
    (await fetch(`${services.novavms.url}/events`, { headers: { authorization: `Bearer ${key}` } })).status;

  step("pulumi up: a NovaVMS service account with a key, and a Pulsely key");
  await pulumi("stack", "init", "demo");
  await pulumi("up", "--yes", "--skip-preview");
  const before = await outputs();
  say(`  exporter's key  ${before.exporterKeyId}  secret ${mask(before.exporterSecret)} (encrypted in the state)`);
  say(`  dashboard's key ${before.dashboardKeyHint}`);

  step("The key works, and no further than its scopes");
  const works = await cameras(before.exporterSecret);
  const beyond = await events(before.exporterSecret);
  say(`  GET /cameras → ${works}    GET /events → ${beyond}`);
  expect(works === 200 && beyond === 403, "the new key does not do what its scopes say");

  step("The scopes change: cameras:read → cameras:read, events:read. What the preview says:");
  await pulumi("config", "set", "--path", "exporterScopes[0]", "cameras:read");
  await pulumi("config", "set", "--path", "exporterScopes[1]", "events:read");
  const preview = await pulumi("preview", "--diff");
  for (const text of preview.split("\n").filter((text) => /replace\)|scopes|\[\d\]|^\s+\]/.test(text)))
    say(`  ${text.trimEnd()}`);

  step("pulumi up: the new key is made before the old one is revoked");
  await pulumi("up", "--yes", "--skip-preview");
  const after = await outputs();
  say(`  exporter's key  ${after.exporterKeyId}  secret ${mask(after.exporterSecret)}`);
  const fresh = await events(after.exporterSecret);
  const old = await cameras(before.exporterSecret);
  say(`  new key: GET /events → ${fresh}    old key: GET /cameras → ${old}`);
  expect(fresh === 200 && old === 401, "the keys are not as they should be after the replacement");

  step("pulumi destroy: nothing is left");
  await pulumi("destroy", "--yes", "--skip-preview");
  const gone = await cameras(after.exporterSecret);
  const { keys } = await (await fetch(`${url}/_emulator/keys`)).json();
  const living = keys.filter(({ state, name }) => state === "active" && /^(exporter|dashboard)-key-/.test(name));
  say(`  the last key: GET /cameras → ${gone}    living keys of ours: ${living.length}`);
  expect(gone === 401 && living.length === 0, "destroy left a key behind");
}

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

try {
  await main();
  say("\nDone.");
} catch (error) {
  console.error(`\nThe demo failed: ${error.stderr || error.stdout || error.message}`);
  process.exitCode = 1;
} finally {
  emulator.kill("SIGTERM");
  await ended;
  rmSync(dir, { recursive: true, force: true });
}
