import { describe, expect, test } from "@jest/globals";
import { createApiKeyProvider } from "../../../../../provider/resources/api-key/resource";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../../provider/resources/service-account/resource";
import { unknownValue } from "../../../../../provider/values/wire";
import { rememberSecrets } from "../../../../../provider/secrets/known-secrets";
import { withheldOptions } from "../../../../../provider/values/withheld-options";
import { EngineDouble } from "../../../../../testing/engine-double";
import { OneResource } from "../../../../../testing/one-resource";
import { FakeService, origin } from "../../support/fake-service";

const keyOptions = {
  project: { type: "text", required: true, pattern: "proj_[a-z]+", description: "the project that the key works in" },
  region: { type: "text", values: ["north", "south"], default: "north", description: "where the key works" },
  uses: { type: "wholeNumber", min: 1, max: 100, description: "how often it may be used" },
  superuser: { type: "boolean", description: "whether every door opens" },
  hosts: { type: "textList", description: "from where it may be used" },
  order: { type: "textList", ordered: true, description: "which host is asked first" },
  notes: { type: "textMap", change: "update", harmless: true, description: "remarks for people" },
} as const;

function serviceWith() {
  const service = new FakeService();
  service.declared = { keyOptions };
  return service;
}

const program = { origin, __provider: "code", scopes: ["read:checks"] };
const given = { project: "proj_a" };

function key(service = serviceWith()) {
  return { service, resource: new OneResource(createApiKeyProvider(service.context())) };
}

describe("A vendor's own inputs of a key", () => {
  test.each([
    [
      "none of them",
      undefined,
      "options.project",
      '"options.project" is missing; fake needs it: the project that the key works in',
    ],
    [
      "an unknown one",
      { ...given, projct: "a" },
      "options.projct",
      'there is no option "projct"; did you mean "project"? (keys of fake have project, region',
    ],
    [
      "an unknown value",
      { ...given, region: "nort" },
      "options.region",
      '"options.region" is a text of 4 characters; did you mean "north"? it takes north, south',
    ],
    ["another form", { project: "alpha" }, "options.project", "it takes texts of the form proj_[a-z]+"],
    ["no whole number", { ...given, uses: 1.5 }, "options.uses", '"options.uses" is a number; it takes a whole number'],
    ["too great a number", { ...given, uses: 101 }, "options.uses", "it is at most 100"],
    ["a text for a flag", { ...given, superuser: "yes" }, "options.superuser", "it takes true or false"],
    ["a text for a list", { ...given, hosts: "a" }, "options.hosts", "it takes a list of texts"],
    ["numbers in a map", { ...given, notes: { a: 1 } }, "options.notes", "it takes a map of texts"],
    ["an empty text", { ...given, project: "" }, "options.project", "leave it out, or give a text"],
    ["no map", ["proj_a"], "options", '"options" is a list of 1; write a map of what fake takes'],
    ["something secret", withheldOptions, "options", '"options" holds a secret; options are shown in previews'],
  ])("are judged by their declaration: %s", async (_what, options, property, words) => {
    const { resource } = key();
    const { failures } = await resource.preview({ ...program, options });
    expect(failures.map((failure) => failure.property)).toContain(property);
    expect(failures.find((failure) => failure.property === property)?.reason).toContain(words);
  });

  test("may hold no secret that the process knows, and the refusal does not show it", async () => {
    const secret = "0123456789abcdefSECRET";
    rememberSecrets(secret);
    const { failures } = await key().resource.preview({ ...program, options: { ...given, hosts: [secret] } });
    expect(failures.map(({ reason }) => reason)).toEqual([expect.stringContaining("it holds a secret")]);
    expect(JSON.stringify(failures)).not.toContain(secret);
  });

  test("may be unknown in a preview, all of them or one", async () => {
    const { resource } = key();
    expect((await resource.preview({ ...program, options: unknownValue })).failures).toEqual([]);
    expect(
      (await resource.preview({ ...program, options: { project: unknownValue, region: "south" } })).failures,
    ).toEqual([]);
  });

  test("are sent and recorded with their defaults", async () => {
    const { service, resource } = key();
    await resource.up({ ...program, options: { ...given, hosts: ["b", "a", "b"], order: ["b", "a"] } });
    const sent = service.calls.find(([method]) => method === "createKey")?.[1];
    expect(sent).toMatchObject({
      options: { project: "proj_a", region: "north", hosts: ["a", "b"], order: ["b", "a"] },
    });
    expect(resource.outs.options).toEqual({
      project: "proj_a",
      region: "north",
      hosts: ["a", "b"],
      order: ["b", "a"],
    });
    expect(await resource.refresh()).toEqual([]);
  });

  test("are another value where the backend changes a default, so that a preview shows it", async () => {
    const { service, resource } = key();
    await resource.up({ ...program, options: given });
    service.declared = { keyOptions: { ...keyOptions, region: { ...keyOptions.region, default: "south" } } };
    const later = key(service).resource;
    later.state = resource.state;
    expect((await later.up({ ...program, options: given })).op).toBe("replace");
    expect(later.outs.options).toEqual({ ...given, region: "south" });
  });

  test("change nothing where only a default is written out, or an order that does not count", async () => {
    const { resource } = key();
    await resource.up({ ...program, options: { ...given, hosts: ["a", "b"] } });
    const again = { ...program, options: { ...given, region: "north", hosts: ["b", "a"] } };
    expect((await resource.up(again)).op).toBe("same");
  });

  test.each([
    ["another project", { project: "proj_b" }],
    ["another order", { ...given, order: ["a", "b"] }],
    ["one more", { ...given, superuser: true }],
  ])("make another key where they give it other powers: %s", async (_what, options) => {
    const { service, resource } = key();
    await resource.up({ ...program, options: { ...given, order: ["b", "a"] } });
    expect(await resource.up({ ...program, options })).toMatchObject({ op: "replace", replaces: ["options"] });
    expect(service.count("createKey")).toBe(2);
    expect((await resource.up({ ...program, options })).op).toBe("same");
  });

  test("change in place where they are harmless, and can be taken away", async () => {
    const { service, resource } = key();
    await resource.up({ ...program, options: given });
    const noted = { ...program, options: { ...given, notes: { why: "audit" } } };
    expect((await resource.up(noted)).op).toBe("update");
    expect(service.keys.get("key-1")?.options).toMatchObject({ notes: { why: "audit" } });
    expect((await resource.up(noted)).op).toBe("same");
    expect((await resource.up({ ...program, options: given })).op).toBe("update");
    expect(service.keys.get("key-1")?.options).toMatchObject({ notes: null });
    expect(service.count("createKey")).toBe(1);
  });

  test("that a service acknowledges and ignores fail the change", async () => {
    const { service, resource } = key();
    await resource.up({ ...program, options: { ...given, notes: { why: "audit" } } });
    service.ignores = ["options"];
    await expect(resource.up({ ...program, options: { ...given, notes: { why: "other" } } })).rejects.toThrow(
      'its option "notes" did not change',
    );
  });

  test("drift where somebody changes them on the service, and the next update brings back the program's", async () => {
    const { service, resource } = key();
    const options = { ...given, hosts: ["a"] };
    await resource.up({ ...program, options });
    service.edit("key-1", { options: { project: "proj_a", region: "north", hosts: ["a", "b"] } });
    expect(await resource.refresh()).toEqual(["options"]);
    expect(resource.outs).toMatchObject({ options: { ...given, hosts: ["a", "b"] }, agreedOptions: options });
    expect(await resource.refresh()).toEqual([]);
    expect((await resource.up({ ...program, options })).op).toBe("replace");
    expect(resource.outs.agreedOptions).toBeUndefined();
  });

  test("that somebody takes away drift, and none that the service never gave is no drift", async () => {
    const { service, resource } = key();
    service.imposedOptions = { uses: null };
    const options = { ...given, hosts: ["a"], uses: 3 };
    await resource.up({ ...program, options, acceptLess: true });
    expect(await resource.refresh()).toEqual([]);
    service.edit("key-1", { options: { ...options, hosts: null, uses: null } });
    expect(await resource.refresh()).toEqual(["options"]);
    expect(resource.outs.options).toEqual({ ...given, region: "north", uses: 3 });
  });

  test("that somebody changes and changes back are no drift", async () => {
    const { service, resource } = key();
    const options = { ...given, hosts: ["a"] };
    await resource.up({ ...program, options });
    service.edit("key-1", { options: { ...options, hosts: [] } });
    await resource.refresh();
    service.edit("key-1", { options });
    await resource.refresh();
    expect(resource.outs.options).toEqual({ ...options, region: "north" });
    expect((await resource.up({ ...program, options })).op).toBe("same");
  });

  test("that the service does not tell are no drift", async () => {
    const { service, resource } = key();
    await resource.up({ ...program, options: given });
    service.edit("key-1", { options: undefined });
    expect(await resource.refresh()).toEqual([]);
  });

  test("that the service gives other than asked fail with the key kept, and warn where the program accepts that", async () => {
    const { service, resource } = key();
    service.imposedOptions = { region: "south" };
    const words = 'the key "export" was given the option "region" as "south" instead of "north", which was asked for';
    const run = async (options: object) => {
      const engine = new EngineDouble(createApiKeyProvider(service.context()), {});
      await engine.up({ ...program, ...options });
      return { engine, told: engine.thrown.map((error) => (error as { reasons?: string[] }).reasons?.join() ?? "") };
    };
    const { engine, told } = await run({ options: given });
    expect(told).toEqual([expect.stringContaining(`${words}. The key key-1 is kept in the state.`)]);
    expect(engine.state?.id).toBe("key-1");
    // Somebody gives it what was asked for: it is whole again.
    service.edit("key-1", { options: { ...given, region: "north" } });
    await engine.refresh();
    service.warnings = [];
    await engine.up({ ...program, options: given });
    expect([engine.thrown, service.warnings]).toEqual([[], []]);
    expect(resource.state).toBeUndefined();
  });

  test.each([
    ["a smaller number than the most", { quota: 50 }, { quota: 10 }, "less"],
    ["a larger one", { quota: 50 }, { quota: 60 }, "more"],
    ["none of what was asked for", { quota: 50 }, { quota: null }, "less"],
    ["a longer pause, which is stricter", { pause: 5 }, { pause: 9 }, "less"],
    ["a shorter pause", { pause: 5 }, { pause: 1 }, "more"],
    ["true for false", { sudo: false }, { sudo: true }, "more"],
    ["false for true", { sudo: true }, { sudo: false }, "less"],
    ["a later word", { tier: "free" }, { tier: "paid" }, "more"],
    ["an earlier word", { tier: "paid" }, { tier: "free" }, "less"],
    ["a word that nobody knows", { tier: "free" }, { tier: "gold" }, "less"],
    ["one more of a list", { hosts: ["a"] }, { hosts: ["a", "b"] }, "more"],
    ["others of a list", { hosts: ["a"] }, { hosts: ["b", "c"] }, "less"],
    ["another remark", { note: "x" }, { note: "y" }, "words"],
  ] as const)(
    "given as %s fail where that is less, and only warn where it is more",
    async (_what, asked, gave, kind) => {
      const service = new FakeService();
      service.declared = {
        keyOptions: {
          quota: { type: "wholeNumber", wider: "up", description: "how much" },
          pause: { type: "wholeNumber", wider: "down", description: "how long it has to wait" },
          sudo: { type: "boolean", wider: "up", description: "whether every door opens" },
          tier: { type: "text", values: ["free", "paid"], wider: "up", description: "which doors there are" },
          hosts: { type: "textList", wider: "up", description: "from where" },
          note: { type: "text", harmless: true, description: "a remark" },
        },
      };
      service.imposedOptions = gave;
      const { resource } = key(service);
      const whole = { ...program, options: asked };
      if (kind === "less") await expect(resource.up(whole)).rejects.toThrow();
      else await resource.up(whole);
      const { resource: willing } = key(service);
      service.warnings = [];
      await willing.up({ ...whole, acceptLess: true });
      expect(service.warnings).toEqual([expect.stringContaining("which was asked for")]);
      expect((await willing.up({ ...whole, acceptLess: true })).op).toBe("same");
      expect(service.warnings).toHaveLength(2);
    },
  );

  test("that were given with consent are told at every run, and are no drift", async () => {
    const { service, resource } = key();
    service.imposedOptions = { region: "south", uses: 7 };
    const program_ = { ...program, acceptLess: true };
    await resource.up({ ...program_, options: given });
    const words = 'the key "export" was given the option "region" as "south" instead of "north", which was asked for';
    expect(service.warnings).toEqual([words]);
    expect(resource.outs.serverOptions).toEqual({ region: "south", uses: 7 });
    expect(await resource.refresh()).toEqual([]);
    expect((await resource.up({ ...program_, options: given })).op).toBe("same");
    expect(service.warnings).toEqual([words, words]);
    service.edit("key-1", { options: { ...given, region: "south", uses: 8 } });
    expect(await resource.refresh()).toEqual(["options"]);
  });

  test("change nothing of a record that has none", async () => {
    const { resource } = key(new FakeService());
    await resource.up(program);
    expect(Object.keys(resource.outs).filter((name) => /options/i.test(name))).toEqual([]);
    expect((await resource.preview({ ...program, options: given })).failures).toEqual([
      {
        property: "options.project",
        reason: 'there is no option "project" (keys of fake have no options; leave it out)',
      },
    ]);
  });
});

describe("A vendor's own inputs of a rotating key", () => {
  const rotating = { ...program, rotateEvery: "30d" };
  const open = () => {
    const service = serviceWith();
    return { service, resource: new OneResource(createRotatingApiKeyProvider(service.context())) };
  };

  test("rotate it where they give other powers, and change in place where they are harmless", async () => {
    const { service, resource } = open();
    await resource.up({ ...rotating, options: given });
    const noted = { ...rotating, options: { ...given, notes: { why: "audit" } } };
    expect((await resource.up(noted)).op).toBe("update");
    expect(resource.outs).toMatchObject({ generation: 1, options: noted.options });
    expect(service.keys.get("key-1")?.options).toMatchObject({ notes: { why: "audit" } });
    const moved = { ...rotating, options: { project: "proj_b", notes: { why: "move" } } };
    expect((await resource.up(moved)).op).toBe("update");
    expect(resource.outs).toMatchObject({
      generation: 2,
      options: moved.options,
      previousKeyId: "key-1",
      rotationReason: "options changed: project",
    });
    expect(service.keys.get("key-2")?.options).toMatchObject(moved.options);
    expect((await resource.up(moved)).op).toBe("same");
    expect(await resource.refresh()).toEqual([]);
  });

  test("drift, and the next update makes a successor", async () => {
    const { service, resource } = open();
    await resource.up({ ...rotating, options: given });
    service.edit("key-1", { options: { ...given, superuser: true } });
    await resource.refresh();
    expect(resource.outs.options).toEqual({ ...given, region: "north", superuser: true });
    await resource.up({ ...rotating, options: given });
    expect(resource.outs).toMatchObject({ generation: 2, options: given });
    expect(resource.outs.agreedOptions).toBeUndefined();
    expect((await resource.up({ ...rotating, options: given })).op).toBe("same");
  });
});

describe("A vendor's own inputs of an account", () => {
  const accountOptions = {
    team: { type: "text", description: "whose it is" },
    region: { type: "text", default: "north", change: "update", description: "where its keys work" },
  } as const;
  const accounts = {
    name: "update",
    description: "none",
    role: "none",
    scopes: "none",
    disabling: "none",
    id: "own",
    enable: false,
    uniqueNames: false,
    listTellsAll: false,
  } as const;
  const account = { origin, __provider: "code" };

  test("are sent, told back, changed in place or by another account, and drift", async () => {
    const service = new FakeService({ serviceAccounts: accounts });
    service.declared = { accountOptions };
    const resource = new OneResource(createServiceAccountProvider(service.context()));
    const options = { team: "red" };
    await resource.up({ ...account, options });
    expect([...service.accounts.values()]).toMatchObject([{ options: { team: "red", region: "north" } }]);
    expect(await resource.refresh()).toEqual([]);
    expect((await resource.up({ ...account, options: { ...options, region: "south" } })).op).toBe("update");
    expect([...service.accounts.values()]).toMatchObject([{ options: { team: "red", region: "south" } }]);
    const [id = "", told] = [...service.accounts.entries()][0] ?? [];
    service.accounts.set(id, { ...told!, options: { team: "red", region: "east" } });
    expect(await resource.refresh()).toEqual(["options"]);
    expect((await resource.up({ ...account, options })).op).toBe("update");
    expect([...service.accounts.values()]).toMatchObject([{ options: { team: "red", region: "north" } }]);
    expect(await resource.up({ ...account, options: { team: "blue" } })).toMatchObject({ op: "replace" });
  });
});
