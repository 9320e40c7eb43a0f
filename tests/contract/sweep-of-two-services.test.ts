/** A sweep over several states, whose connections may lead to different services under one name. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { CommandHost } from "../../cli/command";
import { addSweepCommand } from "../../cli/sweep";
import { stateIn } from "../../provider/engine/engine-state";
import { resourceMark, usualNames } from "../../provider/resources/identity/names";
import { startEmulator, type TestEmulator } from "../../testing/emulator";

let one: TestEmulator;
let other: TestEmulator;
let folder: string;
beforeAll(async () => {
  [one, other] = await Promise.all([startEmulator(), startEmulator()]);
});
afterAll(() => Promise.all([one.close(), other.close()]));
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sweep-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** An export of a stack whose connection `default` leads to this service. */
function stateOf(project: string, identity: string, { services }: TestEmulator) {
  const { url } = services.pulsely;
  const connections = { default: { backend: "pulsely", url, tokenEnv: project, retryBudget: "0s" } };
  const [stack, type] = [`urn:pulumi:dev::${project}`, "pulumi-nodejs:dynamic/apikeys:ApiKey"];
  const package_ = "pulumi:providers:pulumi-nodejs";
  const outputs = { connection: "default", keyId: "key-9", status: "active", origin: `acme/${project}/dev/k` };
  const resources = [
    {
      urn: `${stack}::${package_}::default`,
      type: package_,
      id: identity,
      inputs: { "apikeys:connections": JSON.stringify(connections) },
    },
    { urn: `${stack}::${type}::k`, type, id: "key-9", outputs: { ...outputs, service: new URL(url).origin } },
  ];
  return { deployment: { resources } };
}

async function keyNamed(name: string, { services, keys }: TestEmulator): Promise<string> {
  const { url, adminToken } = services.pulsely;
  const response = await fetch(`${url}/api-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name, scopes: ["read:checks"], environment: "live" }),
  });
  const id = ((await response.json()) as { id: string }).id;
  expect((await keys.list("pulsely")).map((key) => key.id)).toContain(id);
  return id;
}

async function sweep(
  states: readonly object[],
  tokens: Record<string, string>,
): Promise<{ text: string; code: number }> {
  const files = states.map((state, index) => {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, JSON.stringify(state));
    return file;
  });
  const ended = { text: "", code: 0 };
  const host: CommandHost = {
    stdout: (text) => (ended.text += text),
    stderr: (text) => (ended.text += text),
    stdin: () => "",
    stdinBytes: () => Buffer.alloc(0),
    env: tokens,
    exit: (code) => (ended.code = code),
    abort: (code) => {
      throw new Error(`bad flags (${code}): ${ended.text}`);
    },
  };
  const program = new Command("apikeys").configureOutput({ writeOut: host.stdout, writeErr: host.stderr });
  addSweepCommand(program, host);
  const flags = ["--yes", "--lost-state", "--min-age", "0s"];
  await program.parseAsync(["sweep", "--state", ...files, ...flags], { from: "user" });
  return ended;
}

test("A sweep ends a key where it was found, whatever service the state that proves it calls by that name now", async () => {
  const identity = "9b1c1d52-0000-4000-8000-000000000002";
  const states = [stateOf("a", "9b1c1d52-0000-4000-8000-000000000001", one), stateOf("b", identity, other)];
  expect(stateIn(states[1])?.identity).toBe(identity);
  const name = usualNames.provenName("k", resourceMark(identity, "ApiKey", "acme/b/dev/k"));
  const id = await keyNamed(name, one);
  const { text } = await sweep(states, {
    a: one.services.pulsely.adminToken,
    b: other.services.pulsely.adminToken,
  });
  expect(text).toContain(`key ${id} (${name}) on default, asked for by b/dev: revoked`);
  expect((await one.keys.list("pulsely")).find((key) => key.id === id)?.state).toBe("revoked");
});
