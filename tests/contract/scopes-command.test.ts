/** `apikeys scopes`: what a user puts into extraScopes when a service has more than its catalogue. */
import { Command } from "commander";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CommandHost } from "../../cli/command";
import { addScopesCommand } from "../../cli/scopes";
import { createConnections } from "../../provider/connections/connections";
import { type ScriptedServer, startScriptedServer } from "./support/scripted-server";

const account = "0123456789abcdef0123456789abcdef";
const groups = [
  { id: "a1", name: "DNS Write", scopes: ["com.cloudflare.api.account.zone"] },
  { id: "b2", name: "Quantum Vault Read", scopes: ["com.cloudflare.api.account"] },
  { id: "c3", name: "Quantum \u001b[31mAdmin\u202e", scopes: ["com.cloudflare.api.account"] },
];

let server: ScriptedServer;
beforeEach(async () => void (server = await startScriptedServer()));
afterEach(() => server.close());

async function scopes(connection: Readonly<Record<string, unknown>>, ...flags: string[]) {
  const ended = { text: "", problem: "", code: 0 };
  const inputs = { "apikeys:connections": JSON.stringify({ default: { tokenEnv: "ADMIN", ...connection } }) };
  const type = "pulumi:providers:pulumi-nodejs";
  const resources = [{ urn: `urn:pulumi:dev::p::${type}::default`, type, inputs }];
  const host: CommandHost = {
    stdout: (text) => (ended.text += text),
    stderr: (text) => (ended.problem += text),
    stdin: () => JSON.stringify({ deployment: { resources } }),
    stdinBytes: () => Buffer.from(""),
    env: { ADMIN: "adminTOKENq8Zw71xKpL33vNbT4yHcc" },
    exit: (code) => (ended.code = code),
    abort: (code) => {
      throw new Error(`bad flags (${code})`);
    },
  };
  const program = new Command("apikeys");
  addScopesCommand(program, host);
  await program.parseAsync(["scopes", "--state", "-", ...flags], { from: "user" });
  return ended;
}

const cloudflare = () => ({ backend: "cloudflare", url: server.url, account });
const listing = () =>
  server.script({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ success: true, errors: [], messages: [], result: groups }),
  });

test("A service that lists its scopes is asked, and what its catalogue lacks comes as the connection takes it.", async () => {
  listing();
  const { text, code } = await scopes(cloudflare(), "--format", "extra-scopes");
  const { extraScopes } = JSON.parse(text) as { extraScopes: Record<string, unknown> };
  expect(code).toBe(0);
  expect(extraScopes).toMatchObject({ "Quantum Vault Read": { level: "read" } });
  const { "Quantum Vault Read": vault } = extraScopes;
  const taken = { default: { ...cloudflare(), tokenEnv: "ADMIN", extraScopes: { "Quantum Vault Read": vault } } };
  const get = () => JSON.stringify(taken);
  expect(createConnections({ get }, {}).describe("default").catalogue?.extra).toEqual({ "Quantum Vault Read": vault });
});

test("A table names each scope with its level, and no terminal acts on a service's words.", async () => {
  listing();
  const { text } = await scopes(cloudflare());
  expect(text).toMatch(/^SCOPE +LEVEL +KNOWN FROM\n/);
  expect(text).toMatch(/\nQuantum Vault Read +read +service\n/);
  expect(text).not.toMatch(/[\u001b\u202e]/);
});

test("A service that lists none has those of its catalogue and of the connection, and is not asked.", async () => {
  const pulsely = { backend: "pulsely", url: server.url, extraScopes: { "reports:export": { level: "read" } } };
  const { text, code } = await scopes(pulsely, "--format", "json");
  const told = (JSON.parse(text) as { scopes: { name: string }[] }).scopes;
  expect(code).toBe(0);
  expect(told).toContainEqual({ name: "admin:*", level: "admin", from: "catalogue" });
  expect(told).toContainEqual({ name: "reports:export", level: "read", from: "extraScopes" });
  expect(server.requests).toEqual([]);
});

test("A connection that does not exist, and a service that refuses, say so with their exit codes.", async () => {
  expect(await scopes(cloudflare(), "--connection", "other")).toMatchObject({
    code: 2,
    problem: expect.stringContaining('connection "other" is not configured'),
  });
  server.script({ status: 403, headers: {}, body: "" });
  expect(await scopes(cloudflare())).toMatchObject({ code: 10, text: "" });
});
