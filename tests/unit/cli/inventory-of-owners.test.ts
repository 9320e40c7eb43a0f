/** An inventory where one address serves several owners, each with a credential, and so with a connection, of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Command } from "commander";
import type { CommandHost } from "../../../cli/command";
import { takeInventory } from "../../../cli/inventory";
import { addSweepCommand } from "../../../cli/sweep";
import type { RecordedKey, RecordedStack } from "../../../inventory/recorded";
import { resourceMark, usualNames } from "../../../provider/resources/identity/names";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "owners-"));
  const acme = JSON.stringify(join(__dirname, "../provider/connections/fixtures/acme.js"));
  // The credential names its owner. Every list is noted.
  const lines = [
    `const { sound } = require(${acme});`,
    "exports.backend = { ...sound, name: 'owners', connect: ({ token }) => ({",
    "  ...sound.connect(),",
    "  listKeys: async () => {",
    "    const owner = (await token()).replace('token-of-', '');",
    "    const { listed, keys } = globalThis.ownersService;",
    "    listed.push(owner);",
    "    if (!(owner in keys)) throw new Error('the service refuses this credential');",
    "    return keys[owner].map((name) => ({ id: `${owner}-${name}`, name, status: 'active' }));",
    "  },",
    "  whoAmI: async () => undefined,",
    "  revokeKey: async ({ id }) => {",
    "    globalThis.ownersService.revoked.push(`${id} by ${await token()}`);",
    "    return 'revoked';",
    "  },",
    "}) };",
  ];
  writeFileSync(join(folder, "owners.cjs"), lines.join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const service = "https://keys.example.com";

/** A state whose connections have their credentials in these variables. */
function stateOf(project: string, variables: Readonly<Record<string, string>>, ids: readonly string[]): RecordedStack {
  const backend = join(folder, "owners.cjs");
  const connections = Object.fromEntries(
    Object.entries(variables).map(([name, tokenEnv]) => [name, { backend, url: service, tokenEnv }]),
  );
  const names = Object.keys(variables);
  const keys = ids.map((id, index): RecordedKey => ({
    kind: "key",
    urn: `urn:pulumi:dev::${project}::type::k${index}`,
    resource: `k${index}`,
    type: "ApiKey",
    stack: `${project}/dev`,
    connection: names[index % names.length] ?? "default",
    service,
    id,
    generation: "current",
    status: "active",
    consumers: [],
  }));
  const config = { "apikeys:connections": JSON.stringify(connections) };
  return { stack: `${project}/dev`, identity: project, origin: `acme/${project}/dev`, config, keys };
}

/** An inventory while each owner has these keys, and each variable the credential of this owner. */
async function inventory(
  states: readonly RecordedStack[],
  owners: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, readonly string[]>>,
) {
  const listed: string[] = [];
  (globalThis as { ownersService?: object }).ownersService = { listed, keys };
  const env = Object.fromEntries(Object.entries(owners).map(([variable, owner]) => [variable, `token-of-${owner}`]));
  const { rows, problems } = await takeInventory(states, undefined, { env });
  return { standings: rows.map(({ id, standing, connection }) => `${id} ${standing} ${connection}`), problems, listed };
}

const both = { RED: "red", BLUE: "blue" };

describe("Two connections to one address", () => {
  test("whose credentials are two owners' are both looked at: a leftover of either is found, and no key is called missing", async () => {
    const leftover = usualNames.provenName("k", resourceMark("a", "ApiKey", "acme/a/dev/k1"));
    const state = stateOf("a", { red: "RED", blue: "BLUE" }, ["red-x", "blue-y"]);
    const found = await inventory([state], both, { red: ["x"], blue: ["y", leftover] });
    expect(found).toMatchObject({ problems: [], listed: ["red", "blue"] });
    expect(found.standings).toEqual([`blue-${leftover} unknown blue`, "red-x recorded red", "blue-y recorded blue"]);
  });

  test("of two stacks that call them by one name are told apart by their credentials as well", async () => {
    const states = [stateOf("a", { default: "RED" }, ["red-x"]), stateOf("b", { default: "BLUE" }, ["blue-y"])];
    const found = await inventory(states, both, { red: ["x"], blue: ["y"] });
    expect(found.standings).toEqual(["red-x recorded default", "blue-y recorded default"]);
  });

  test("with one credential are listed once, and what two credentials of one owner list stands there once", async () => {
    const states = [stateOf("a", { one: "RED", two: "RED" }, ["red-x", "red-y"])];
    expect(await inventory(states, { RED: "red" }, { red: ["x", "y"] })).toMatchObject({
      standings: ["red-x recorded one", "red-y recorded one"],
      listed: ["red"],
    });
    const other = [stateOf("a", { one: "RED", two: "ALSO_RED" }, ["red-x", "red-y"])];
    expect((await inventory(other, { RED: "red", ALSO_RED: "red" }, { red: ["x", "y"] })).standings).toEqual([
      "red-x recorded one",
      "red-y recorded one",
    ]);
  });

  test("of which one could not be read: its keys are not called missing", async () => {
    const state = stateOf("a", { red: "RED", blue: "BLUE" }, ["red-x", "blue-y"]);
    const found = await inventory([state], both, { red: [] });
    expect(found.problems).toEqual([expect.stringContaining('connection "blue" could not be read')]);
    // The red owner's list was read, and lacks its key.
    expect(found.standings).toEqual(["red-x missing red"]);
  });

  test("a sweep revokes with the credential that showed the key, whichever of them proves whose it is", async () => {
    const leftover = usualNames.provenName("k", resourceMark("b", "ApiKey", "acme/b/dev/k0"));
    const revoked: string[] = [];
    const keys = { red: ["x"], blue: ["y", leftover] };
    (globalThis as { ownersService?: object }).ownersService = { listed: [], keys, revoked };
    const states = [exported("a", "RED", "red-x"), exported("b", "BLUE", "blue-y")].map((state, index) => {
      const file = join(folder, `${index}.json`);
      writeFileSync(file, JSON.stringify(state));
      return file;
    });
    let told = "";
    const host: CommandHost = {
      stdout: (text) => (told += text),
      stderr: (text) => (told += text),
      stdin: () => "",
      stdinBytes: () => Buffer.alloc(0),
      env: { RED: "token-of-red", BLUE: "token-of-blue" },
      exit: () => undefined,
      abort: (code) => {
        throw new Error(`bad flags (${code}): ${told}`);
      },
    };
    const program = new Command("apikeys");
    addSweepCommand(program, host);
    const flags = ["--yes", "--used", "--lost-state", "--min-age", "0s"];
    await program.parseAsync(["sweep", "--state", ...states, ...flags], { from: "user" });
    expect(told).toContain("asked for by b/dev: revoked");
    expect(revoked).toEqual([`blue-${leftover} by token-of-blue`]);
  });
});

/** An export of a stack with one key, whose connection has its credential in this variable. */
function exported(project: string, tokenEnv: string, keyId: string): object {
  const [stack, type] = [`urn:pulumi:dev::${project}`, "pulumi-nodejs:dynamic/apikeys:ApiKey"];
  const package_ = "pulumi:providers:pulumi-nodejs";
  const connections = { default: { backend: join(folder, "owners.cjs"), url: service, tokenEnv } };
  const outputs = { connection: "default", keyId, status: "active", origin: `acme/${project}/dev/k0`, service };
  return {
    deployment: {
      resources: [
        {
          urn: `${stack}::${package_}::default`,
          type: package_,
          id: project,
          inputs: { "apikeys:connections": JSON.stringify(connections) },
        },
        { urn: `${stack}::${type}::k0`, type, id: keyId, outputs },
      ],
    },
  };
}
