import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { TestEmulator } from "../../testing/emulator";
import { story, storyOn } from "./support/services";
import type { Face, TestStack } from "./support/stack";

const cli = resolve(__dirname, "../../dist/cli/main.js");

interface Ended {
  readonly code: number;
  readonly text: string;
}

/** One deployment as deploy.yml does it: preview, review, pack, update. */
class Deployment {
  #count = 0;

  readonly #stack: TestStack;
  readonly #services: TestEmulator;

  constructor(stack: TestStack, services: TestEmulator) {
    this.#stack = stack;
    this.#services = services;
  }

  /** Environment of the update alone: what a program reads there differs from what it read in the preview. */
  async deploy(world: Record<string, string> = {}, flags: readonly string[] = []): Promise<Ended> {
    const approved = await this.approve(flags);
    if (approved.code !== 0) return approved;
    Object.assign(this.#stack.env, world);
    const run = await this.#stack.pulumi("up", "--yes", "--skip-preview", "--policy-pack", approved.text);
    for (const name of Object.keys(world)) Reflect.deleteProperty(this.#stack.env, name);
    return run;
  }

  /** The path of the pack's executable, made from a fresh preview; the digest is what its own review says, unless flags say otherwise. */
  async approve(flags: readonly string[] = []): Promise<Ended> {
    this.#count += 1;
    const stack = this.#stack;
    const [preview, report, out] = ["preview.json", "report.json", "pack"].map((name) =>
      join(stack.dir, `${this.#count}-${name}`),
    ) as [string, string, string];
    writeFileSync(preview, (await stack.must("preview", "--json", "--show-sames")).stdout);
    await this.#apikeys("review", "--preview", preview, "--fail-on", "never", "--out", `json=${report}`);
    const { digest } = JSON.parse(readFileSync(report, "utf8")) as { digest: string };
    const how = flags.length > 0 ? flags : ["--digest", digest];
    const approved = await this.#apikeys("approve-pack", "--json", "--report", report, "--out", out, ...how);
    if (approved.code !== 0) return approved;
    const made = JSON.parse(approved.text) as { run: string; digest: string };
    expect(made.digest).toBe(digest);
    return { code: 0, text: made.run };
  }

  async living(): Promise<string[]> {
    const keys = await this.#services.keys.list();
    return keys.filter(({ state }) => state === "active").map(({ name }) => name.slice(0, name.lastIndexOf("-")));
  }

  #apikeys(...args: string[]): Promise<Ended> {
    return new Promise((done) => {
      execFile(
        process.execPath,
        [cli, ...args],
        { cwd: this.#stack.project, env: this.#stack.env },
        (error, out, err) => {
          done({ code: error ? Number(error.code) : 0, text: error ? `${out}${err}` : out });
        },
      );
    });
  }
}

describe.each<Face>(["dynamic", "plugin"])("The pack of an approval, of %s resources,", (face) => {
  test(
    "lets the approved pass, account, keys and a rotation at night, and refuses another account that only the update shows",
    storyOn(face, async ({ stack, services }) => {
      const deployment = new Deployment(stack, services);
      const program = (...more: string[]): void => {
        stack.program(`const admin = new ServiceAccount("admin", { connection: "novavms", role: "admin" });
const low = new ServiceAccount("low", { connection: "novavms", role: "viewer" });
const nova = { connection: "novavms", scopes: ["cameras:read"], expiresIn: "30d" };
new ApiKey("good", { ...nova, serviceAccountId: low.accountId });
const night = new RotatingApiKey("night", { scopes: ["read:checks"], rotateEvery: "30d", overlap: "7d" });
exports.s = night.secret;
${more.join("\n")}`);
      };
      stack.env.APIKEYS_NOW = "2027-01-01T04:00:00Z";
      stack.env.APIKEYS_NOW_WRITES = "1";
      program();
      expect(await deployment.deploy()).toMatchObject({ code: 0 });
      await stack.outputs();
      const before = await deployment.living();

      // The account is new, so in the preview every function of its id looks the same.
      program(`const fresh = new ServiceAccount("fresh", { connection: "novavms", role: "viewer" });
const ids = pulumi.all([fresh.accountId, admin.accountId]);
new ApiKey("k7", { ...nova, serviceAccountId: ids.apply(([, id]) => id) });`);
      const both = await deployment.approve();
      // Linked to two accounts: nobody can review that.
      expect(both.code).toBe(10);
      const adminId = (await stack.record("admin")).accountId as string;
      program(`const fresh = new ServiceAccount("fresh", { connection: "novavms", role: "viewer" });
new ApiKey("k7", { ...nova, serviceAccountId: fresh.accountId.apply(() => ${JSON.stringify(adminId)}) });`);
      const stolen = await deployment.deploy();
      expect(stolen.code).not.toBe(0);
      expect(stolen.text).toMatch(/\[mandatory\][^]*k7" was not approved as it is: its account is not "fresh"/);
      expect(await deployment.living()).toEqual(before);

      // The plain pass-through of the same new account is what was approved.
      program(`const other = new ServiceAccount("other", { connection: "novavms", role: "viewer" });
new ApiKey("k8", { ...nova, serviceAccountId: other.accountId });`);
      const passed = await deployment.deploy();
      expect(passed).toMatchObject({ code: 0 });
      expect(await deployment.living()).toEqual(expect.arrayContaining([...before, "k8"]));

      // Nights: a rotation, and the retirement of the old key, with nothing approved.
      for (const day of ["2027-02-01", "2027-02-09"]) {
        stack.env.APIKEYS_NOW = `${day}T04:00:00Z`;
        expect(await deployment.deploy({}, ["--expect-no-access-change"])).toMatchObject({ code: 0 });
      }
      expect((await stack.record("night")).generation).toBe(2);
      await stack.outputs();
      program(`new ApiKey("rider", { scopes: ["read:checks"], expiresIn: "30d" });`);
      expect(await deployment.approve(["--expect-no-access-change"])).toMatchObject({ code: 7 });
      expect(await deployment.approve(["--digest", `sha256:${"0".repeat(64)}`])).toMatchObject({ code: 11 });
    }),
    300_000,
  );
});

describe("The pack of an approval, of resources of the plugin,", () => {
  test(
    "refuses a provider that the program makes only in the update, or that only then says where its code comes from",
    storyOn("plugin", async ({ stack, services }) => {
      const deployment = new Deployment(stack, services);
      stack.program(`const late = process.env.LATE ? JSON.parse(process.env.LATE) : {};
const config = { connections: new pulumi.Config("apikeys").require("connections") };
const mine = new pulumi.ProviderResource("apikeys", "mine", config, late.mine ?? {});
const own = late.own ? new pulumi.ProviderResource("apikeys", "own", config) : undefined;
const good = { scopes: ["read:checks"], expiresIn: "30d" };
new ApiKey("k", good, own ? { provider: own } : {});
new ApiKey("m", good, { provider: mine });`);
      const pack = (await deployment.approve()).text;
      const forms: readonly [unknown, RegExp][] = [
        [{ own: true }, /ApiKey k" was not approved as it is: it is run by another provider than in the preview/],
        [
          { mine: { pluginDownloadURL: "https://evil.example" } },
          /ApiKey m" was not approved as it is: it is run by a provider that says itself where its code comes from/,
        ],
        [
          { mine: { version: "0.0.1" } },
          /ApiKey m" was not approved as it is: it is run by another release of the plugin than in the preview/,
        ],
      ];
      for (const [late, sentence] of forms) {
        stack.env.LATE = JSON.stringify(late);
        const refused = await stack.pulumi("up", "--yes", "--skip-preview", "--policy-pack", pack);
        expect([refused.code === 0, refused.text]).toEqual([false, expect.stringMatching(sentence)]);
      }
      Reflect.deleteProperty(stack.env, "LATE");
      expect(await stack.pulumi("up", "--yes", "--skip-preview", "--policy-pack", pack)).toMatchObject({ code: 0 });
      expect((await deployment.living()).sort()).toEqual(["k", "m"]);
      stack.guard("no secret of this stack is known to the test");
    }),
    300_000,
  );
});

describe("The pack of an approval", () => {
  test(
    "refuses whatever the program makes of itself in the update, and makes nothing of it",
    story(async ({ stack, services }) => {
      const deployment = new Deployment(stack, services);
      stack.program(`const value = (given) => process.env.LATE ? JSON.parse(process.env.LATE)[given[0]] ?? given[1] : given[1];
const late = (...given) => value(given);
new ApiKey("k", {
  scopes: late("scopes", ["read:checks"]),
  environment: late("environment", "live"),
  connection: late("connection", "default"),
  expiresIn: late("expiresIn", "30d"),
});
if (late("more", false)) new ApiKey("more", { scopes: ["read:checks"], expiresIn: "30d" });
const text = late("runs", 'exports.handler = () => ({ check: async (olds, news) => ({ inputs: news }), create: async () => ({ id: "x", outs: {} }) });');
new pulumi.CustomResource("pulumi-nodejs:dynamic:Resource", "metric", { __provider: text, ...late("with", {}) });
if (late("disguise", false)) new pulumi.CustomResource("pulumi-nodejs:dynamic:Resource", "extra", {
  __provider: 'exports.handler=()=>require("pulumi-apikeys/runtime").ApiKey', origin: "organization/engine-test/dev/extra",
  scopes: ["admin:*"], fullAccess: true, expiresIn: "7d" });
`);
      const runtime = 'exports.handler=()=>require("pulumi-api" + "keys/runtime").ApiKey';
      const forms: readonly [unknown, RegExp][] = [
        [
          { connection: "novavms", environment: undefined, expiresIn: "365d", scopes: ["cameras:read"] },
          /ApiKey k" was not approved as it is: another value of "connection", .*"expiresIn", "scopes", "target"/,
        ],
        [{ more: true }, /ApiKey more" was not approved as it is: the report does not have it/],
        [
          {
            runs: runtime,
            with: { origin: "organization/engine-test/dev/metric", scopes: ["admin:*"], fullAccess: true },
          },
          /metric" was not approved as it is: it runs other code than in the preview/,
        ],
        [{ disguise: true }, /extra" was not approved as it is: it runs the code of our ApiKey under another type/],
      ];
      const pack = (await deployment.approve()).text;
      for (const [late, sentence] of forms) {
        stack.env.LATE = JSON.stringify(late);
        const refused = await stack.pulumi("up", "--yes", "--skip-preview", "--policy-pack", pack);
        expect(refused.code).not.toBe(0);
        expect(refused.text).toMatch(sentence);
        expect((await deployment.living()).filter((name) => name !== "k")).toEqual([]);
      }
      Reflect.deleteProperty(stack.env, "LATE");
      expect(await stack.pulumi("up", "--yes", "--skip-preview", "--policy-pack", pack)).toMatchObject({ code: 0 });
      stack.guard("no secret of this stack is known to the test");
    }),
    300_000,
  );
});
