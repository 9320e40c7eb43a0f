/** What the commands print of a service's lists: they hold the service's words, and nothing of a secret. */
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CommandHost } from "../../cli/command";
import { addInventoryCommand } from "../../cli/inventory";
import { addSweepCommand } from "../../cli/sweep";
import { echoesOf, windowsIn } from "../support/echoes";
import { type ScriptedServer, startScriptedServer } from "./support/scripted-server";

const admin = "adminTOKENq8Zw71xKpL33vNbT4yHcc";

let server: ScriptedServer;
beforeEach(async () => void (server = await startScriptedServer()));
afterEach(() => server.close());

const honest = {
  id: "key-1",
  name: "export-ab12c0ffee",
  masked: "ply_live_abcdef…wxyz",
  scopes: ["read:checks"],
  environment: "live",
  status: "active",
  created_at: "2026-06-15T12:00:00Z",
  last_used_at: null,
  expires_at: null,
};

/** What a command prints about a service that lists this key. */
async function printed(args: readonly string[], told: Partial<typeof honest>): Promise<{ text: string; code: number }> {
  const body = JSON.stringify({ data: [{ ...honest, ...told }, honest], has_more: false, next_cursor: null });
  server.script({ status: 200, headers: { "content-type": "application/json" }, body });
  const connections = { default: { backend: "pulsely", url: server.url, tokenEnv: "ADMIN", retryBudget: "0s" } };
  const type = "pulumi-nodejs:dynamic/apikeys:ApiKey";
  const [stack, package_] = ["urn:pulumi:dev::p", "pulumi:providers:pulumi-nodejs"];
  const outputs = { connection: "default", keyId: "key-9", status: "active", origin: "acme/p/dev/k" };
  const resources = [
    {
      urn: `${stack}::${package_}::default`,
      type: package_,
      inputs: { "apikeys:connections": JSON.stringify(connections) },
    },
    {
      urn: `${stack}::${type}::k`,
      type,
      id: "key-9",
      outputs: { ...outputs, physicalName: "k-ab12c0ffee", service: server.url },
    },
  ];
  const ended = { text: "", code: 0 };
  const host: CommandHost = {
    stdout: (text) => (ended.text += text),
    stderr: (text) => (ended.text += text),
    stdin: () => JSON.stringify({ deployment: { resources } }),
    stdinBytes: () => Buffer.from(JSON.stringify({ deployment: { resources } })),
    env: { ADMIN: admin, APIKEYS_NOW: "2027-02-01T10:00:00Z" },
    exit: (code) => (ended.code = code),
    abort: (code) => {
      throw new Error(`bad flags (${code}): ${ended.text}`);
    },
  };
  const program = new Command("apikeys").configureOutput({ writeOut: host.stdout, writeErr: host.stderr });
  addInventoryCommand(program, host);
  addSweepCommand(program, host);
  await program.parseAsync([...args, "--state", "-"], { from: "user" });
  return ended;
}

describe.each([
  ["a table", ["inventory"]],
  ["JSON", ["inventory", "--format", "json"]],
  ["CSV", ["inventory", "--format", "csv"]],
  ["a sweep", ["sweep"]],
  ["a sweep's JSON", ["sweep", "--json"]],
] as const)("A service's list as %s", (_form, args) => {
  test.each(Object.entries(echoesOf(admin)))(
    "holds nothing of the admin token that comes back %s",
    async (_how, echo) => {
      for (const told of [{ id: echo }, { name: `${echo}-ab12c0ffee` }, { scopes: [echo] }, { masked: echo }]) {
        const { text } = await printed(args, told);
        expect(windowsIn(text, admin)).toEqual([]);
      }
    },
  );

  test("holds the keys as they are", async () => {
    const { text } = await printed(args, { id: "key-2", name: "k-ab12c0ffee" });
    if (args[0] === "inventory")
      for (const word of ["key-2", "k-ab12c0ffee", "export-ab12c0ffee"]) expect(text).toContain(word);
    expect(text).not.toContain("[redacted]");
  });
});
