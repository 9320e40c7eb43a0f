import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { examplesDir, runExample, startParcels } from "./support/example-bench";
import { TestStack } from "./support/stack";

const run = promisify(execFile);
const example = join(examplesDir, "own-backend");
const working = readFileSync(join(example, "backends", "parcels.js"), "utf8");

/** The working backend with one thing changed; fails where there is nothing to change any more. */
function but(from: string | RegExp, to: string): string {
  const changed = working.replace(from, to);
  if (changed === working) throw new Error(`the example's backend has no ${String(from)}`);
  return changed;
}

/** Broken backend files: what is wrong, the file, and what the preview says beside the file's name. */
const broken: readonly (readonly [title: string, file: string, words: RegExp])[] = [
  ["lacks a method", but("async revokeKey", "async revoke"), /the method "revokeKey" is missing/],
  [
    "lacks a method that only accounts need",
    but("async listServiceAccounts", "async accounts"),
    /the method "listServiceAccounts" is missing/,
  ],
  [
    "returns no methods",
    but("return {\n      async createKey", "void {\n      async createKey"),
    /"connect" returned nothing/,
  ],
  [
    "has a capability of a wrong value",
    but('absence: "status"', 'absence: "gone"'),
    /"capabilities\.absence" is wrong/,
  ],
  [
    "leaves out a capability that no answer can be assumed for",
    but('    absence: "status",\n', ""),
    /"capabilities\.absence" is missing/,
  ],
  ["misspells a capability", but("granularityMs", "granularity"), /"capabilities\.expiry(\.granularityMs)?" is wrong/],
  ["has scopes and no catalogue", but(/ {2}catalogue: .*\n/, ""), /"catalogue" is missing/],
  [
    "lists its scopes",
    but(
      '{ "parcels.read": {}, "parcels.write": { implies: ["parcels.read"] }, "labels.print": {} }',
      '["parcels.read"]',
    ),
    /"catalogue\.scopes" is wrong/,
  ],
  [
    "has a scope of an unknown level",
    but('"labels.print": {}', '"labels.print": { level: "print" }'),
    /"catalogue\.scopes\.labels\.print\.level" is wrong/,
  ],
  [
    "has a scope that implies one that does not exist",
    but('implies: ["parcels.read"]', 'implies: ["parcels.raed"]'),
    /"catalogue\.scopes\.parcels\.write\.implies" is wrong.*parcels\.raed/,
  ],
  [
    "has an open catalogue that is no regular expression",
    but("catalogue: { scopes", 'catalogue: { open: { pattern: "(", example: "a" }, scopes'),
    /"catalogue\.open\.pattern" is wrong/,
  ],
  [
    "cannot be parsed",
    but("exports.parcels = defineBackend({", "exports.parcels = defineBackend(;"),
    /cannot be loaded \(SyntaxError: Unexpected token ';', line 15/,
  ],
  [
    "throws while it loads",
    but("exports.parcels =", 'throw new Error("no licence");\nexports.parcels ='),
    /cannot be loaded \(Error: no licence/,
  ],
  [
    "needs a package that is not there",
    but("exports.parcels =", 'require("parcels-client");\nexports.parcels ='),
    /cannot be loaded \(Error: Cannot find module 'parcels-client'/,
  ],
  ["exports nothing", but("exports.parcels =", "void"), /exports no backend/],
  ["exports two", `${working}\nexports.second = { ...exports.parcels };`, /exports 2 backends/],
];

describe("A backend of one's own", () => {
  test("keeps the whole contract under node's own test runner, and its JavaScript is checked against the published types", async () => {
    const { stdout } = await run("node", ["--test", "--test-reporter=tap"], {
      cwd: example,
      env: { PATH: process.env.PATH },
    });
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(30);
    expect(stdout).toMatch(/^# fail 0$/m);
    const compiler = join(dirname(examplesDir), "node_modules", "typescript", "bin", "tsc");
    await run(process.execPath, [compiler, "-p", join(example, "backends", "jsconfig.json")]);
  }, 120_000);

  test("runs by the commands of its README: keys work, another scope is another key, made before the old one goes", async () => {
    let old: Record<string, string>;
    await runExample("own-backend", [
      async ({ parcels }, outputs) => {
        old = outputs;
        expect(await enter(parcels!.url, "GET /parcels", outputs.scannerSecret!)).toBe(200);
        expect(await enter(parcels!.url, "POST /parcels", outputs.scannerSecret!)).toBe(403);
        expect(Date.parse(outputs.scannerExpiresAt!)).toBeGreaterThan(Date.now() + 29 * 24 * 60 * 60 * 1000);
      },
      async ({ parcels }, outputs) => {
        expect(Number(outputs.scannerKeyId)).toBeGreaterThan(Number(old.scannerKeyId));
        expect(await enter(parcels!.url, "POST /parcels", outputs.scannerSecret!)).toBe(200);
        // parcels.write lets its holder read as well.
        expect(await enter(parcels!.url, "GET /parcels", outputs.scannerSecret!)).toBe(200);
        expect(await enter(parcels!.url, "GET /parcels", old.scannerSecret!)).toBe(401);
      },
    ]);
  }, 120_000);

  test("that is broken fails the preview with the file's name and the field, before there is a token or a service; in TypeScript it works", async () => {
    const parcels = await startParcels();
    const nowhere = "http://127.0.0.1:9";
    const connections = broken.map(
      (_row, index) =>
        [
          `broken-${index}`,
          { backend: `./backends/broken-${index}.js`, url: nowhere, tokenEnv: "PARCELS_ADMIN_TOKEN" },
        ] as const,
    );
    const typed = { backend: "./backends/parcels.ts", url: parcels.url, tokenEnv: "PARCELS_ADMIN_TOKEN" };
    const stack = await TestStack.open({
      connections: { ...Object.fromEntries(connections), typed },
      env: { PARCELS_ADMIN_TOKEN: parcels.adminToken },
    });
    const program = (connection: string) =>
      `const account = new ServiceAccount("a", { connection: "${connection}" }); const key = new ApiKey("k", { connection: "${connection}", serviceAccountId: account.accountId, scopes: ["parcels.read"] }); exports.secret = key.secret;`;
    try {
      mkdirSync(join(stack.project, "backends"));
      stack.write("backends/parcels.ts", asTypeScript(working));
      stack.program(program("typed"));
      await stack.up();
      expect(await enter(parcels.url, "GET /parcels", (await stack.outputs()).secret!)).toBe(200);

      const full = stack.env;
      const { PARCELS_ADMIN_TOKEN: _token, ...bare } = full;
      stack.env = bare;
      for (const [index, [title, file, words]] of broken.entries()) {
        stack.write(`backends/broken-${index}.js`, file);
        stack.program(program(`broken-${index}`));
        const preview = await stack.pulumi("preview");
        if (preview.code === 0) throw new Error(`the preview took a backend that ${title}`);
        expect(preview.text).toContain(`connection "broken-${index}"`);
        expect(preview.text).toContain(`./backends/broken-${index}.js`);
        expect(preview.text).toMatch(words);
      }
      stack.env = full;
      await stack.close();
    } finally {
      stack.discard();
      await parcels.close();
    }
  }, 180_000);
});

function asTypeScript(source: string): string {
  return source
    .replace(/^const (\{.*\}) = require\((".*")\);$/m, "import $1 from $2;\nconst typed: boolean = true;\nvoid typed;")
    .replace("exports.parcels =", "export const parcels =");
}

/** The status at one of the service's doors. */
async function enter(url: string, door: string, secret: string): Promise<number> {
  const [method = "", path = ""] = door.split(" ");
  return (await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${secret}` } })).status;
}
