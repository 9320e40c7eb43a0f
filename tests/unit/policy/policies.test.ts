import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import type { PolicyResource, StackValidationArgs } from "@pulumi/policy";
import { apikeysPolicies, type ApikeysPolicyOptions } from "../../../policy/index";
import { providerText } from "../../../sdk/resource-text";

const directory = mkdtempSync(join(tmpdir(), "apikeys-policy-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function policyFile(text: string): string {
  const path = join(directory, `${Math.abs(text.length)}-${text.replace(/\W/g, "").slice(0, 40)}.yaml`);
  writeFileSync(path, text);
  return path;
}

const urn = (type: string, name: string): string => `urn:pulumi:prod::shop::${type}::${name}`;

function resource(
  type: string,
  name: string,
  props: Record<string, unknown>,
  more: Partial<PolicyResource> = {},
): PolicyResource {
  return {
    type,
    name,
    urn: urn(type, name),
    props: "__provider" in props ? props : { ...codeOf(type), ...props },
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
    },
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
    ...more,
  };
}

/** What the engine hands to a pack of our resources has their code. */
function codeOf(type: string): Record<string, unknown> {
  const [, name] = type.split("dynamic/apikeys:");
  return name === undefined ? {} : { __provider: providerText(name as "ApiKey") };
}

const good = {
  connection: "default",
  target: { backend: "pulsely", origin: "https://api.pulsely.io" },
  environment: "live",
  scopes: ["read:checks"],
  expiresIn: "90d",
  labels: { owner: "web", purpose: "site" },
  secret: "ply_live_0123456789abcdef",
};
const key = (name: string, props: Record<string, unknown> = {}, more: Partial<PolicyResource> = {}): PolicyResource =>
  resource("pulumi-nodejs:dynamic/apikeys:ApiKey", name, { ...good, ...props }, more);

/** `mandatory SR001 ci`, for every violation. */
async function violations(resources: PolicyResource[], options: ApikeysPolicyOptions = {}): Promise<string[]> {
  const said: string[] = [];
  for (const policy of apikeysPolicies({ nowMs: () => Date.parse("2027-02-01T10:00:00Z"), ...options })) {
    const args: StackValidationArgs = {
      resources,
      getConfig: () => ({}) as never,
      stackTags: new Map(),
      notApplicable: () => {
        throw new Error("not applicable");
      },
    };
    const validate = policy.validateStack;
    await validate(args, (message, about) => {
      said.push(`${policy.enforcementLevel} ${message.slice(0, 5)} ${about?.split("::").at(-1)}`);
      expect(message).not.toContain("ply_live_");
    });
  }
  return said.sort();
}

describe("the policies", () => {
  it("are the rules that need only the new state", () => {
    expect(apikeysPolicies().map(({ name }) => name.slice(0, 5))).toEqual([
      "SR001",
      "SR003",
      "SR004",
      "SR005",
      "SR006",
      "SR007",
      "SR008",
      "SR009",
      "SR010",
      "SR011",
      "SR012",
      "SR015",
      "SR020",
      "SR026",
      "SR027",
    ]);
    expect(new Set(apikeysPolicies().map(({ name }) => name)).size).toBe(15);
    for (const { name, description } of apikeysPolicies())
      expect(`${name} ${description}`).toMatch(/^SR\d{3}-[a-z-]+ .{20,}\.$/);
  });

  it("find nothing in a good stack, secrets in the clear included: a pack is given them so", async () => {
    expect(await violations([key("ci")])).toEqual([]);
  });

  it("say the same as the command", async () => {
    const consumer = (name: string): PolicyResource =>
      resource("aws:lambda/function:Function", name, { token: "x" }, { propertyDependencies: { token: [key("ci")] } });
    expect(
      await violations([
        key("ci", { scopes: ["admin:*"], labels: {}, expiresIn: undefined }),
        consumer("app"),
        consumer("job"),
      ]),
    ).toEqual([
      "advisory SR006 ci",
      "advisory SR007 ci",
      "advisory SR010 ci",
      "mandatory SR001 ci",
      "mandatory SR003 ci",
    ]);
  });

  it("find the same in a key of the plugin as in a dynamic one", async () => {
    const bad = { scopes: ["admin:*"], labels: {}, expiresIn: undefined };
    for (const type of ["ApiKey", "RotatingApiKey"]) {
      const forms = [`pulumi-nodejs:dynamic/apikeys:${type}`, `apikeys:index:${type}`];
      const [dynamic = [], plugin] = await Promise.all(
        forms.map((form) => violations([resource(form, "ci", { ...good, ...bad })])),
      );
      expect(dynamic).toContain("mandatory SR001 ci");
      expect(plugin).toEqual(dynamic);
    }
  });

  it("do not take an end that the service may give for one that the program does not tell yet", async () => {
    const { expiresIn: _life, ...endless } = good;
    const unknownEnd = (props: object): Record<string, unknown> =>
      new Proxy(
        { ...props, expiresAt: undefined },
        {
          get: (object, name) => {
            if (name === "expiresAt") throw new Error("unknown");
            return Reflect.get(object, name) as unknown;
          },
        },
      );
    const seen = (props: object) =>
      violations([resource("apikeys:index:ApiKey", "ci", {}, { props: unknownEnd(props) })]);
    expect([await seen(good), await seen(endless)]).toEqual([[], ["advisory SR006 ci"]]);
    const dynamic = unknownEnd({ ...endless, __provider: providerText("ApiKey") });
    expect(await violations([resource("pulumi-nodejs:dynamic/apikeys:ApiKey", "ci", dynamic)])).toEqual([
      "mandatory SR015 ci",
    ]);
  });

  it("take levels, limits and waivers from the policy file", async () => {
    const text = `rules: { SR001: warn }\nstacks: { prod: { rules: { SR007: block } } }\nwaivers:\n  - { rule: SR003, urn: "${urn("pulumi-nodejs:dynamic/apikeys:ApiKey", "ci")}", reason: r, approver: a, until: 2027-03-01 }\n`;
    expect(
      await violations([key("ci", { scopes: ["admin:*"], labels: {} })], { policyFile: policyFile(text) }),
    ).toEqual(["advisory SR001 ci", "mandatory SR007 ci"]);
  });

  it("split a rule that has two levels into two policies", () => {
    const names = apikeysPolicies({
      policyFile: policyFile("environments: { test: { rules: { SR001: warn } } }\n"),
    }).map(({ name, enforcementLevel }) => `${name} ${enforcementLevel}`);
    expect(names.slice(0, 2)).toEqual([
      "SR001-wildcard-scope-advisory advisory",
      "SR001-wildcard-scope-mandatory mandatory",
    ]);
  });

  it("refuse a policy file with a mistake", () => {
    expect(() => apikeysPolicies({ policyFile: policyFile("rule: {}\n") })).toThrow(/unknown key "rule"/);
  });

  it("know that a value is not known, where the pack's own objects throw", async () => {
    const props = new Proxy(
      { ...good, __provider: providerText("ApiKey") },
      {
        get: (object, name) => {
          if (name === "scopes") throw new Error("unknown");
          return Reflect.get(object, name) as unknown;
        },
      },
    );
    expect(await violations([resource("pulumi-nodejs:dynamic/apikeys:ApiKey", "late", props)])).toEqual([
      "mandatory SR015 late",
    ]);
  });

  it("see deleteBeforeReplace in the options", async () => {
    expect(await violations([key("ci", {}, { opts: { ...key("ci").opts, deleteBeforeReplace: true } })])).toEqual([
      "advisory SR012 ci",
    ]);
  });

  it("count an account's keys by the id that stands in them", async () => {
    const target = { backend: "novavms", origin: "https://novavms.example" };
    const account = resource("pulumi-nodejs:dynamic/apikeys:ServiceAccount", "bot", {
      connection: "novavms",
      target,
      accountId: "id-of-bot",
      labels: good.labels,
    });
    const keys = ["a", "b", "c", "d", "e", "f"].map((name) =>
      key(
        name,
        { target, serviceAccountId: "id-of-bot", environment: undefined, scopes: ["cameras:read"], labels: {} },
        { propertyDependencies: { serviceAccountId: [account] } },
      ),
    );
    expect(await violations([account, ...keys])).toEqual(["advisory SR011 bot"]);
  });
});
