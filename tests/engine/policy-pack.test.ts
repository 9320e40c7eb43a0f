import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { storyOn } from "./support/services";
import type { Face, TestStack } from "./support/stack";

const policies = `
maxKeyLife: 30d
rules:
  SR007: block
stacks:
  dev:
    rules: { SR006: info }
`;

/**
 * A pack in the form of an executable, which every engine starts; the directory form needs a language
 * host of the engine's own version.
 */
function writePack(stack: TestStack): string {
  const folder = join(stack.dir, "pack");
  mkdirSync(folder);
  const modules = join(stack.project, "node_modules");
  const files: Record<string, string> = {
    "PulumiPolicy.yaml": "runtime: nodejs\nversion: 0.0.1\n",
    "package.json": JSON.stringify({ name: "pack", version: "0.0.1", main: "index.js" }),
    "apikeys-review.yaml": policies,
    // As in a project of a user's own: by the names of the packages.
    "index.js": `const use = require("node:module").createRequire("${modules}/index.js");
const { PolicyPack } = use("@pulumi/policy");
const { apikeysPolicies } = use("pulumi-apikeys/policy");
new PolicyPack("apikeys", { policies: apikeysPolicies({ policyFile: __dirname + "/apikeys-review.yaml" }) });
`,
    run: `#!/bin/sh\ncd "${folder}" && exec node "${modules}/@pulumi/pulumi/cmd/run-policy-pack" "$1" .\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  chmodSync(join(folder, "run"), 0o755);
  return join(folder, "run");
}

describe.each<Face>(["dynamic", "plugin"])("The policy pack, of %s resources,", (face) => {
  test(
    "stops a preview by the levels of the policy file, warns by the others, and lets a good stack pass",
    storyOn(face, async ({ stack }) => {
      const pack = writePack(stack);
      const labels = `labels: { owner: "web", purpose: "site" }`;
      stack.program(`new ApiKey("wide", { scopes: ["admin:*"], fullAccess: true, expiresIn: "7d", ${labels} });
new ApiKey("nobodys", { scopes: ["read:checks"], expiresIn: "7d" });
new ApiKey("lasting", { scopes: ["read:checks"], expiresIn: "60d", ${labels} });`);
      const stopped = await stack.pulumi("preview", "--policy-pack", pack);
      expect(stopped.code).not.toBe(0);
      expect(stopped.text).toMatch(/\[mandatory\].*SR001-wildcard-scope[^]*?wide/);
      expect(stopped.text).toMatch(/\[mandatory\].*SR003-scope-that-can-mint-keys/);
      expect(stopped.text).toMatch(/\[mandatory\].*SR007-owner-or-purpose-missing[^]*?nobodys/);
      expect(stopped.text).toMatch(/\[advisory\].*SR006-[^]*?lasting/);
      expect(stopped.text).toContain('grants the wildcard "admin:*"');

      stack.program(
        `const k = new ApiKey("good", { scopes: ["read:checks"], expiresIn: "7d", ${labels} }); exports.s = k.secret;`,
      );
      await stack.up("--policy-pack", pack);
      await stack.outputs();
      const again = await stack.must("preview", "--policy-pack", pack);
      expect(again.text).not.toMatch(/SR\d{3}/);
    }),
    180_000,
  );
});
