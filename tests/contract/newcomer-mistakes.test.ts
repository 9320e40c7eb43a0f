/** What people get wrong in their first hour, and the answer, which names the fix each time. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createConnections } from "../../provider/connections/connections";
import { withExplainedErrors } from "../../provider/explain";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { createContext } from "../../provider/resources/context";
import type { Lifecycle } from "../../provider/resources/lifecycle";
import { createRotatingApiKeyProvider } from "../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../provider/resources/service-account/resource";
import { startEmulator, type TestEmulator } from "../../testing";
import { apikeys } from "../unit/review/support/command-line";

type Kind = "ApiKey" | "RotatingApiKey" | "ServiceAccount";
type Program = Readonly<Record<string, unknown>>;

const scratch = mkdtempSync(join(tmpdir(), "apikeys-mistakes-"));
let emulator: TestEmulator;
let env: Record<string, string>;
/** Nothing listens there. */
let nobody: number;

beforeAll(async () => {
  emulator = await startEmulator({ port: 0 });
  const { pulsely, novavms } = emulator.services;
  env = { PULSELY_ADMIN_TOKEN: pulsely.adminToken, NOVAVMS_ADMIN_TOKEN: novavms.adminToken };
  nobody = await freePort();
});
afterAll(async () => {
  await emulator.close();
  rmSync(scratch, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", () => listening()));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

const connections = (): Record<string, Program> => ({
  default: { backend: "pulsely", url: emulator.services.pulsely.url, tokenEnv: "PULSELY_ADMIN_TOKEN" },
  nova: {
    backend: "novavms",
    url: emulator.services.novavms.url,
    tokenEnv: "NOVAVMS_ADMIN_TOKEN",
    allowUndocumentedEndpoints: true,
  },
});

/** What `pulumi up` says of one resource: what a preview refuses, or else how its create fails. */
async function said(kind: Kind, program: Program, change: (all: Record<string, Program>) => unknown = () => undefined) {
  const all = connections();
  change(all);
  const make = {
    ApiKey: createApiKeyProvider,
    RotatingApiKey: createRotatingApiKeyProvider,
    ServiceAccount: createServiceAccountProvider,
  }[kind] as (context: ReturnType<typeof createContext>) => Lifecycle<object, object>;
  const config = { get: (key: string) => (key === "apikeys:connections" ? JSON.stringify(all) : undefined) };
  const context = createContext(createConnections(config, env, { programDir: scratch }));
  const methods = withExplainedErrors(kind, () => make({ ...context, warn: () => undefined }));
  const given = { origin: "org/project/dev/web", __provider: "code", ...program };
  const { inputs = {}, failures = [] } = await methods.check({}, given);
  if (failures.length > 0) return failures.map(({ reason }) => reason).join("\n");
  try {
    await methods.create(inputs);
    return "it worked";
  } catch (error) {
    return (error as Error).message;
  }
}

const checks = { scopes: ["read:checks"] };

describe("A newcomer who", () => {
  const inPrograms: readonly (readonly [string, Kind, Program, string | RegExp])[] = [
    [
      "mistypes a scope",
      "ApiKey",
      { scopes: ["read:chekcs"] },
      /^pulsely \(connection "default"\) has no scope "read:chekcs"; did you mean "read:checks"\? \(known scopes: /,
    ],
    [
      "forgets the connection of a scope",
      "ApiKey",
      { scopes: ["cameras:read"] },
      /has no scope "cameras:read"; it is a scope of novavms: is "connection" missing\?/,
    ],
    [
      "writes a singular for a plural",
      "ApiKey",
      { scope: ["read:checks"] },
      'there is no input "scope"; did you mean "scopes"?\n"scopes" is missing; list what the key may do, for example ["read:checks"]',
    ],
    [
      "mistypes a role",
      "ServiceAccount",
      { connection: "nova", role: "veiwer" },
      'novavms has no role "veiwer"; did you mean "viewer"? (roles: viewer, operator, admin)',
    ],
    [
      "counts in years",
      "ApiKey",
      { connection: "nova", serviceAccountId: "a", scopes: ["cameras:read"], expiresIn: "1y" },
      '"expiresIn" is "1y", not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w; did you mean "365d"?',
    ],
    [
      "gives an age as a number",
      "RotatingApiKey",
      { ...checks, rotateEvery: 90 },
      '"rotateEvery" is the number 90, not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w',
    ],
    [
      "writes a date without a time",
      "ApiKey",
      { connection: "nova", serviceAccountId: "a", scopes: ["cameras:read"], expiresAt: "2036-12-24" },
      '"expiresAt" is "2036-12-24", not a time; write RFC 3339 with a zone: 2036-12-24T00:00:00Z',
    ],
    [
      "mistypes a retire mode",
      "RotatingApiKey",
      { ...checks, rotateEvery: "90d", retire: "whenunused" },
      '"retire" is "whenunused"; write one of afterOverlap, whenUnused, immediately; did you mean "whenUnused"?',
    ],
    [
      "invents an environment",
      "ApiKey",
      { ...checks, environment: "prod" },
      '"environment" is "prod"; pulsely knows live and test',
    ],
    [
      "lets the overlap outlast the age",
      "RotatingApiKey",
      { ...checks, rotateEvery: "7d", overlap: "14d" },
      /^"overlap" \(14d\) is not shorter than rotateEvery \(7d\): .* shorten it/,
    ],
    [
      "asks for everything in passing",
      "ApiKey",
      { scopes: ["admin:*"] },
      /^"admin:\*" is a wildcard: .* list single scopes, or set fullAccess: true if that is meant$/,
    ],
    [
      "asks for nothing",
      "ApiKey",
      { scopes: [] },
      /^"scopes" is an empty list, .* list the scopes, or set fullAccess: true if everything is meant$/,
    ],
    [
      "gives one scope without a list",
      "ApiKey",
      { scopes: "read:checks" },
      '"scopes" is a text of 11 characters: write a list of scope names',
    ],
    [
      "forgets the account of a key",
      "ApiKey",
      { connection: "nova", scopes: ["cameras:read"] },
      '"serviceAccountId" is missing; keys of novavms live under a service account: pass the accountId of a ServiceAccount',
    ],
    [
      "makes an account where there are none",
      "ServiceAccount",
      {},
      /^pulsely has no service accounts: .* Remove this ServiceAccount, leave serviceAccountId out of the keys, and use one connection per owner$/,
    ],
    [
      "gives a key two ends",
      "ApiKey",
      {
        connection: "nova",
        serviceAccountId: "a",
        scopes: ["cameras:read"],
        expiresIn: "30d",
        expiresAt: "2036-12-24T00:00:00Z",
      },
      '"expiresAt" and "expiresIn" are both given; give one: a date, or a life that counts from the issue',
    ],
    [
      "mistypes a connection",
      "ApiKey",
      { ...checks, connection: "nvoa" },
      'connection "nvoa" is not configured; did you mean "nova"? (known connections: default, nova). Add it under apikeys:connections in the stack\'s config, or to the environment variable APIKEYS_CONNECTIONS.',
    ],
    [
      "writes a scope in capitals",
      "ApiKey",
      { scopes: ["READ:CHECKS"] },
      /has no scope "READ:CHECKS"; did you mean "read:checks"\?/,
    ],
    [
      "writes two scopes into one text",
      "ApiKey",
      { scopes: ["read:checks, read:alerts"] },
      /has no scope "read:checks, read:alerts"; did you mean \["read:checks","read:alerts"\], one text for each\?/,
    ],
    [
      "names an account instead of giving its id",
      "ApiKey",
      { connection: "nova", scopes: ["cameras:read"], serviceAccountId: "recorder" },
      /answered 404: .* Check "serviceAccountId": it is the accountId of a ServiceAccount, not its name\.$/,
    ],
  ];
  test.each(inPrograms)("%s", async (_what, kind, program, answer) => {
    expect(await said(kind, program)).toEqual(typeof answer === "string" ? answer : expect.stringMatching(answer));
  });

  const inConnections: readonly (readonly [string, (all: Record<string, Program>) => unknown, string | RegExp])[] = [
    [
      "mistypes a backend",
      (all) => (all.default = { ...all.default, backend: "pulsly" }),
      /^connection "default": there is no backend "pulsly"\. Did you mean "pulsely"\? Use a built-in one \(.*\), an installed package, or a path relative to the program\.$/,
    ],
    [
      "mistypes a field of a connection",
      (all) => (all.default = { ...all.default, tokenenv: "X" }),
      /Did you mean "tokenEnv"\?$/,
    ],
    [
      "writes the token into the config",
      (all) => (all.default = { ...all.default, token: "ply_live_x" }),
      /^connection "default": "token" holds a text, and a credential does not belong in the config, .* say where it is with tokenEnv, tokenFile or tokenCommand, or keep it encrypted/,
    ],
    [
      "changes one field in a stack's config",
      (all) => (all.default = { url: "http://127.0.0.1:4010/pulsely/v1" }),
      /the field "backend" is nothing; name a built-in backend, .* A stack's apikeys:connections replaces the project's as a whole: repeat there what the project has, or change single fields with APIKEYS_CONNECTIONS\.$/,
    ],
    [
      "counts a timeout in seconds",
      (all) => (all.default = { ...all.default, timeout: 10 }),
      'connection "default": the field "timeout" is a number; write a duration as text, such as 10s, 15m or 90d (config apikeys:connections.default.timeout, or APIKEYS_CONNECTIONS).',
    ],
    [
      "forgets to set the token",
      (all) => (all.default = { ...all.default, tokenEnv: "NOT_SET" }),
      'cannot create ApiKey "web" on connection "default": the environment variable NOT_SET is not set (config apikeys:connections.default.tokenEnv names it); set it to the service\'s admin token.',
    ],
    [
      "uses the token of another service",
      (all) => (all.default = { ...all.default, tokenEnv: "NOVAVMS_ADMIN_TOKEN" }),
      /^cannot create ApiKey "web" on connection "default": POST \/api-keys answered 401.*The admin credential was not accepted: check that it is current and belongs to this service\.$/,
    ],
    [
      "forgets the version in the url",
      (all) => (all.default = { ...all.default, url: emulator.services.pulsely.url.replace(/\/v1$/, "") }),
      /^cannot create ApiKey "web" on connection "default": POST \/api-keys answered 404.* The connection's url has the path "\/pulsely", and the vendor's own ends in "\/v1": check the url\.$/,
    ],
    [
      "has not started the emulator",
      (all) => (all.default = { ...all.default, url: `http://127.0.0.1:${nobody}/pulsely/v1`, retryBudget: "0s" }),
      /^cannot create ApiKey "web" on connection "default": .*ECONNREFUSED.* Is it running\? `apikeys emulator` starts the embedded services\./,
    ],
    [
      "sends the token in clear",
      (all) => (all.default = { ...all.default, url: "http://pulsely.example/v1" }),
      /"url" is plain http beyond this machine, so the admin token would travel unencrypted; use https, or set allowPlainHttp: true\.$/,
    ],
    [
      "leaves the scheme out of the url",
      (all) => (all.default = { ...all.default, url: "localhost:4010/pulsely/v1" }),
      'connection "default": "url" is not an http or https address; write all of it, such as https://api.example.com/v1 (config apikeys:connections.default.url).',
    ],
    [
      "gives the address of the keys as the url",
      (all) => (all.default = { ...all.default, url: `${emulator.services.pulsely.url}/api-keys` }),
      /answered 405: .* The connection's url has the path "\/pulsely\/v1\/api-keys", and the vendor's own ends in "\/v1": check the url\.$/,
    ],
    [
      "writes a variable as a shell reads it",
      (all) => (all.default = { ...all.default, tokenEnv: "$PULSELY_ADMIN_TOKEN" }),
      /the environment variable \$PULSELY_ADMIN_TOKEN is not set .*; write the name alone, without the dollar sign\.$/,
    ],
    [
      "names a file of the token that is not there",
      (all) => (all.default = { ...all.default, tokenEnv: undefined, tokenFile: "/nowhere/token" }),
      /the file \/nowhere\/token \(.*tokenFile\) cannot be read \(ENOENT\); check the path, and who may read it\.$/,
    ],
    [
      "has not installed the program that gets the token",
      (all) => (all.default = { ...all.default, tokenEnv: undefined, tokenCommand: ["no-such-program"] }),
      /the command "no-such-program" \(.*tokenCommand\) failed \(ENOENT\); install it, or write its whole path\.$/,
    ],
    [
      "calls the backend a provider",
      (all) => (all.default = { provider: "pulsely", url: all.default?.url, tokenEnv: "PULSELY_ADMIN_TOKEN" }),
      'connection "default": the field "backend" is nothing, and "provider" names a backend; call that field "backend" (config apikeys:connections.default.provider, or APIKEYS_CONNECTIONS).',
    ],
  ];
  test.each(inConnections)("%s", async (_what, change, answer) => {
    const text = await said("ApiKey", checks, change);
    expect(text).toEqual(typeof answer === "string" ? answer : expect.stringMatching(answer));
    // One subject once.
    expect(text.split('connection "default"')).toHaveLength(2);
  });

  test("takes a connection of the project away with the stack's own config", async () => {
    const before = process.cwd();
    writeFileSync(
      join(scratch, "Pulumi.yaml"),
      "name: p\nruntime: nodejs\nconfig:\n  apikeys:connections:\n    value: { default: {}, nova: {} }\n",
    );
    process.chdir(scratch);
    try {
      const text = await said("ApiKey", { ...checks, connection: "nova" }, (all) => delete all.nova);
      expect(text).toMatch(
        /^connection "nova" is not configured .* A stack's apikeys:connections replaces the project's/,
      );
    } finally {
      process.chdir(before);
    }
  });

  test.each([
    [["review", "preview.json"], "--preview <file>"],
    [["due", "dev"], "--stack <name>"],
  ])("gives %j without the flag", async (args, flag) => {
    const { code, stderr } = await apikeys(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: too many arguments.*\\nGive its input with a flag: .*${flag}`));
  });

  test("asks what is due without the engine, outside of a project, or with a slip in a flag", async () => {
    const lost = await apikeys(["due"], { env: { PATH: scratch } });
    expect(lost).toMatchObject({
      code: 10,
      stderr: "apikeys due: `pulumi` is not on PATH. Install it, or give the state with --state.\n",
    });
    writeFileSync(
      join(scratch, "pulumi"),
      "#!/bin/sh\necho 'error: no Pulumi.yaml project file found; use `pulumi new` to make one' >&2; exit 255\n",
      {
        mode: 0o755,
      },
    );
    const outside = await apikeys(["due"], { env: { PATH: `${scratch}:/bin:/usr/bin` } });
    expect(outside.code).toBe(10);
    expect(outside.stderr).toBe(
      "apikeys due: `pulumi stack export` failed (exit code 255): error: no Pulumi.yaml project file found; use `pulumi new` to make one. Run it in the folder of Pulumi.yaml, or give the state with --state.\n",
    );
  });
});
