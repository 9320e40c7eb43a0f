import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { placeholder, throwAwayPassphrase } from "../../cli/withheld-secrets";
import { story } from "./support/services";
import type { TestStack } from "./support/stack";

const cli = resolve(__dirname, "../../dist/cli/main.js");

/** `apikeys` with the test's clock and nothing else of the environment. */
function apikeys(stack: TestStack, args: string[], input?: string): string {
  return execFileSync(process.execPath, [cli, ...args], {
    cwd: stack.project,
    env: { PATH: process.env.PATH, APIKEYS_NOW: stack.env.APIKEYS_NOW },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["pipe", "pipe", "pipe"],
    ...(input === undefined ? {} : { input }),
  });
}

interface Report {
  readonly digest: string;
  readonly accounts: unknown;
  readonly keys: unknown;
  readonly findings: unknown;
  readonly counts: unknown;
  readonly verdict: unknown;
}

async function report(stack: TestStack): Promise<Report> {
  const { stdout } = await stack.must("preview", "--json", "--show-sames");
  return JSON.parse(
    apikeys(stack, ["review", "--fail-on", "never", "--format", "json", "--project-dir", "."], stdout),
  ) as Report;
}

const keys = (wide: boolean): string => `
const chosen = new pulumi.Config().requireSecret("chosen");
const account = new ServiceAccount("cams", { connection: "novavms", role: "viewer", labels: { owner: "a", purpose: "b" } });
const cams = new ApiKey("cams", { connection: "novavms", serviceAccountId: account.accountId, scopes: ${wide ? '["cameras:read", "events:read"]' : '["cameras:read"]'}, expiresIn: "60d", labels: { owner: "a", purpose: "b" } });
const turning = new RotatingApiKey("turning", { scopes: ["read:metrics"], rotateEvery: "30d", overlap: "7d", labels: { owner: "a", purpose: "b" } });
class Consumer extends pulumi.CustomResource {
  constructor(name, args) {
    super("pulumi-nodejs:dynamic/example:Consumer", name, { ...args, __provider: "exports.handler=()=>({check:async(o,n)=>({inputs:n}),create:async(i)=>({id:'c',outs:i}),update:async(i,o,n)=>({outs:n}),diff:async(i,o,n)=>({}),delete:async()=>{}})" });
  }
}
new Consumer("uses", { token: cams.secret, other: chosen, list: [turning.secret] });
exports.cams = cams.secret; exports.turning = turning.secret; exports.previous = turning.previousSecret; exports.chosen = chosen;`;

describe("A state without secrets", () => {
  test(
    "goes into another backend with another passphrase, holds no key, and a preview against it is reviewed like one against the stack",
    story(async ({ stack }) => {
      stack.env.APIKEYS_NOW = "2027-01-11T09:00:00Z";
      await stack.setSecret("engine-test:chosen", "chosen-canary-5e1f77");
      stack.program(keys(false));
      await stack.up();
      await stack.outputs();
      // A rotation later there are two generations, and after a killed run a pending operation.
      stack.env.APIKEYS_NOW = "2027-02-12T09:00:00Z";
      await stack.up();
      await stack.outputs();
      const exported = (await stack.must("stack", "export")).stdout;

      const copy = apikeys(stack, ["state", "--without-secrets", "--state", "-"], exported);
      const ciphertexts = [...exported.matchAll(/"ciphertext": "([^"]+)"/g)].map(([, each]) => each!);
      expect(ciphertexts.length).toBeGreaterThanOrEqual(8);
      for (const each of ciphertexts) expect(copy).not.toContain(each);

      // What the program asks for now: one more scope.
      stack.program(keys(true));
      const onTheStack = await report(stack);
      expect(onTheStack.counts).not.toMatchObject({ gains: 0 });

      const real = { ...stack.env };
      const config = join(stack.project, "Pulumi.dev.yaml");
      const own = readFileSync(config, "utf8");
      expect(own).toContain("secure:");
      apikeys(stack, ["state", "--without-secrets", "--config", config, "--out", config]);
      writeFileSync(join(stack.dir, "copy.json"), copy);
      mkdirSync(join(stack.dir, "elsewhere"));
      Object.assign(stack.env, {
        PULUMI_BACKEND_URL: `file://${join(stack.dir, "elsewhere")}`,
        PULUMI_CONFIG_PASSPHRASE: throwAwayPassphrase,
      });
      await stack.must("stack", "init", "dev");
      await stack.must("stack", "import", "--file", join(stack.dir, "copy.json"));
      const onTheCopy = await report(stack);
      expect(onTheCopy).toEqual(onTheStack);
      // Without a change of access there is none. Who has a list or an object of secrets shows as changing: what shape a
      // secret has, nobody can tell without opening it.
      stack.program(keys(false));
      const { stdout } = await stack.must("preview", "--json");
      const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string; diffReasons?: string[] }[] };
      expect(steps.filter(({ op }) => op !== "same")).toMatchObject([{ op: "update", diffReasons: ["list"] }]);

      // All that whoever has the copy and its passphrase can read.
      const haul = (await stack.must("stack", "export", "--show-secrets")).stdout;
      expect(haul.split(JSON.stringify(JSON.stringify(placeholder))).length - 1).toBeGreaterThanOrEqual(8);
      const clear = JSON.parse((await stack.must("stack", "output", "--json", "--show-secrets")).stdout) as object;
      expect(new Set(Object.values(clear))).toEqual(new Set([placeholder]));
      expect(haul).not.toContain(real.PULUMI_CONFIG_PASSPHRASE);

      rmSync(join(stack.dir, "elsewhere"), { recursive: true });
      stack.env = real;
      writeFileSync(config, own);
      expect(existsSync(config)).toBe(true);
    }),
    300_000,
  );
});
