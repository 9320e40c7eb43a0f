/** Commands that ask a service, before the first `pulumi up` has recorded a connection in the state. */
import { Command } from "commander";
import { expect, test } from "@jest/globals";
import { addInventoryCommand } from "../../../cli/inventory";
import { addScopesCommand } from "../../../cli/scopes";

const type = "pulumi:pulumi:Stack";
const newState = JSON.stringify({
  deployment: { resources: [{ urn: `urn:pulumi:dev::shop::${type}::shop-dev`, type }] },
});

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, state = newState) {
  const ended = { text: "", problem: "", code: 0 };
  const program = new Command("apikeys");
  for (const add of [addInventoryCommand, addScopesCommand])
    add(program, {
      stdout: (text) => (ended.text += text),
      stderr: (text) => (ended.problem += text),
      stdin: () => state,
      stdinBytes: () => Buffer.from(state),
      env,
      exit: (code) => (ended.code = code),
      abort: (code) => {
        throw new Error(`bad flags (${code})`);
      },
    });
  await program.parseAsync([...args, "--state", "-"], { from: "user" });
  return ended;
}

const hint = /has no connections yet.*`pulumi up`.*APIKEYS_CONNECTIONS/;

test("An inventory says that it asked no service, and what to do.", async () => {
  const { text, problem, code } = await run(["inventory"]);
  expect({ text, code }).toEqual({ text: "No keys and no accounts.\n", code: 0 });
  expect(problem).toMatch(/no service was asked.*--connection.*APIKEYS_CONNECTIONS/);
});

test("A connection that only the config has is not taken for one that nobody configured.", async () => {
  const inventory = await run(["inventory", "--connection", "default"]);
  expect(inventory.code).toBe(10);
  expect(inventory.problem).toMatch(hint);
  const scopes = await run(["scopes"]);
  expect(scopes.code).toBe(2);
  expect(scopes.problem).toMatch(hint);
});

test("A state without any resource has no name to tell.", async () => {
  const { problem } = await run(["scopes"], {}, JSON.stringify({ deployment: {} }));
  expect(problem).toMatch(/^apikeys scopes: the state has no connections yet\./);
});

test("Connections of the environment are enough.", async () => {
  const APIKEYS_CONNECTIONS = JSON.stringify({ default: { backend: "pulsely", tokenEnv: "ADMIN" } });
  expect(await run(["scopes"], { APIKEYS_CONNECTIONS })).toMatchObject({ code: 0, problem: "" });
});
