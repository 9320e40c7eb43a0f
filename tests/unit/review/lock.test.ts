import { describe, expect, it } from "@jest/globals";
import { lockText } from "../../../review/lock";
import { lockDifferences } from "../../../review/lock-differences";
import { defaultPolicy } from "../../../review/policy";
import { lockPreview } from "../../../review/review-preview";
import {
  account,
  changed,
  created,
  key,
  previewOf,
  review,
  rotatingKey,
  unchanged,
  unknown,
  urnOf,
  type Step,
} from "./support/preview-builder";

const lockOf = (steps: readonly Step[]): ReturnType<typeof lockPreview> =>
  lockPreview({ preview: previewOf(steps), policy: defaultPolicy, projectPath: "", allowEmpty: false });
const linked = { propertyDependencies: { serviceAccountId: [urnOf("ServiceAccount", "bot")] } };
const program = [
  account("bot", { role: "viewer" }),
  key("ci", { scopes: ["read:checks", "read:alerts"], serviceAccountId: unknown }, linked),
  rotatingKey("night", { environment: "test" }),
];

describe("the lock file", () => {
  it("holds the vendor's own inputs, one text for each value", () => {
    const options = { hosts: ["b", "a"], depot: "north", superuser: false };
    const { lock } = lockOf([created(key("ci", { options })), created(account("bot", { options: { group: "ops" } }))]);
    expect(lock?.keys).toMatchObject([
      { options: ["depot=north", "hosts=a", "hosts=b", 'hosts=(in this order) ["b","a"]', "superuser=false"] },
    ]);
    expect(lock?.accounts).toMatchObject([{ options: ["group=ops"] }]);
  });

  it("holds accounts, scopes, owners, expiry and connections, and neither ids nor secrets", () => {
    const { lock, problems } = lockOf(program.map(created));
    expect(problems).toEqual([]);
    expect(lock).toEqual({
      lockVersion: 1,
      revision: 2,
      project: "shop",
      stack: "prod",
      connections: [{ name: "default", backend: "pulsely", origin: "https://api.pulsely.io" }],
      accounts: [
        {
          resource: "pulumi-nodejs:dynamic/apikeys:ServiceAccount::bot",
          connection: "default",
          owner: "web",
          purpose: "site",
          role: "viewer",
        },
      ],
      keys: [
        {
          resource: "pulumi-nodejs:dynamic/apikeys:ApiKey::ci",
          account: "pulumi-nodejs:dynamic/apikeys:ServiceAccount::bot",
          connection: "default",
          owner: "web",
          purpose: "site",
          environment: "live",
          scopes: ["read:alerts", "read:checks"],
          expiry: { expiresIn: "90d" },
        },
        {
          resource: "pulumi-nodejs:dynamic/apikeys:RotatingApiKey::night",
          connection: "default",
          owner: "web",
          purpose: "site",
          environment: "test",
          scopes: ["read:checks"],
          expiry: { rotateEvery: "30d", overlap: "7d" },
        },
      ],
    });
    expect(lockText(lock)).not.toMatch(/id-of|secret|generation/);
  });

  it("is the same for an empty backend and for a stack that has it all", () => {
    const fork = lockText(lockOf(program.map(created)).lock);
    const deployed = program.map((state) =>
      state.inputs.serviceAccountId === unknown
        ? { ...state, inputs: { ...state.inputs, serviceAccountId: "id-of-bot" } }
        : state,
    );
    const real = lockOf(deployed.map((state) => unchanged(state)).reverse()).lock;
    expect(lockText(real)).toBe(fork);
    expect(lockDifferences(JSON.stringify(JSON.parse(fork)), real)).toEqual([]);
  });

  it("says what differs", () => {
    const text = lockText(lockOf(program.map(created)).lock);
    const [bot, , night] = program;
    if (!bot || !night) throw new Error("the program lost a resource");
    const next = lockOf([
      created(bot),
      changed("replace", night, rotatingKey("night", { environment: "test", scopes: ["read:checks", "write:checks"] })),
      created(key("new")),
    ]).lock;
    expect(lockDifferences(text, next)).toEqual([
      "`pulumi-nodejs:dynamic/apikeys:ApiKey::ci` is not in the program any more",
      "`pulumi-nodejs:dynamic/apikeys:ApiKey::new` is missing in the file",
      "`pulumi-nodejs:dynamic/apikeys:RotatingApiKey::night`: `scopes` `read:checks` in the file, `read:checks write:checks` in the program",
    ]);
  });

  it("goes on to be compared by what it says where 0.1 has written it", () => {
    const retained = { retainOnDelete: true, deletedWith: urnOf("ServiceAccount", "bot") };
    const target = { backend: "pulsely", origin: "https://api.pulsely.io", credential: "environment variable TOKEN" };
    const long = "x".repeat(200);
    const rotates = { rotateBefore: "1d", jitter: "1h", maxOverlap: "14d" };
    const now = lockOf([
      created(account("bot", { role: long, target })),
      created(rotatingKey("night", { ...rotates, target }, retained)),
    ]).lock;
    const { revision: _revision, ...rest } = now;
    const [bot, night] = [rest.accounts[0]!, rest.keys[0]!];
    const { retainOnDelete: _retained, deletedWith: _with, ...said } = night;
    const earlier = {
      ...rest,
      connections: [{ name: "default", backend: "pulsely", origin: "https://api.pulsely.io" }],
      accounts: [{ ...bot, role: `${"x".repeat(119)}…` }],
      keys: [{ ...said, expiry: { rotateEvery: "30d", overlap: "7d" } }],
    };
    expect(lockDifferences(JSON.stringify(earlier), now)).toEqual([]);
    expect(lockDifferences(lockText(now), now)).toEqual([]);
    // The same text as a file of today says that none of it was there.
    expect(lockDifferences(JSON.stringify({ ...earlier, revision: 2 }), now)).toHaveLength(3);
    const other = { ...earlier, keys: [{ ...earlier.keys[0], expiry: { rotateEvery: "30d", overlap: "9d" } }] };
    expect(lockDifferences(JSON.stringify(other), now)).toHaveLength(1);
    expect(lockDifferences(JSON.stringify({ ...earlier, revision: 3 }), now)).toEqual([
      "the file is not a lock file of this version",
    ]);
  });

  describe("where a replacement leaves the old key alive", () => {
    const retained = { retainOnDelete: true };
    const old = key("ci", { keepers: { month: "1" } }, retained);
    const next = key("ci", { keepers: { month: "2" } }, retained);
    const replaced = [changed("replace", old, next, ["keepers"])];
    const before = lockText(lockOf([unchanged(old)]).lock);

    it("is out of date, although all that will be is the same", () => {
      expect(lockDifferences(before, lockOf(replaced).lock)).toEqual([
        expect.stringMatching(
          /^`.*ApiKey::ci`: `leavesAlive` absent in the file, `the old key, [0-9a-f]{16}` in the program$/,
        ),
      ]);
      expect(review(replaced, { lock: before }).exitCode).toBe(11);
      const { revision: _revision, ...of01 } = JSON.parse(before) as Record<string, unknown>;
      expect(lockDifferences(JSON.stringify(of01), lockOf(replaced).lock)).toHaveLength(1);
    });

    it("sees the same of a key that another resource takes along, and of an account", () => {
      const taken = { deletedWith: urnOf("ServiceAccount", "bot") };
      const bot = account("bot", { role: "viewer" }, retained);
      for (const [from, to] of [
        [key("ci", {}, taken), key("ci", { keepers: { month: "2" } }, taken)],
        [key("ci", {}, retained), key("ci", { keepers: { month: "2" } })],
        [bot, account("bot", { role: "viewer", description: "x" }, retained)],
      ] as const) {
        const file = lockText(lockOf([unchanged(from)]).lock);
        const differences = lockDifferences(file, lockOf([changed("replace", from, to)]).lock);
        expect(differences.join()).toContain("`leavesAlive`");
      }
    });

    it("is done with once it has been approved: the file holds afterwards, and not for the next old key", () => {
      const approved = lockText(lockOf(replaced).lock);
      expect(lockDifferences(approved, lockOf(replaced).lock)).toEqual([]);
      const after = { ...next, id: "id-of-the-next" };
      expect(lockDifferences(approved, lockOf([unchanged(after)]).lock)).toEqual([]);
      const again = [changed("replace", after, key("ci", { keepers: { month: "3" } }, retained), ["keepers"])];
      expect(lockDifferences(approved, lockOf(again).lock)).toHaveLength(1);
      expect(approved).not.toContain("id-of-ci");
    });

    it("says nothing of a replacement that revokes", () => {
      const plain = key("ci");
      const file = lockText(lockOf([unchanged(plain)]).lock);
      expect(
        lockDifferences(file, lockOf([changed("replace", plain, key("ci", { keepers: { m: "2" } }))]).lock),
      ).toEqual([]);
    });
  });

  it("is not written from what cannot be read", () => {
    expect(lockOf([created(key("ci", { scopes: unknown }))]).problems).toEqual([
      "key `ci`: its scopes are not known before the update",
    ]);
    expect(
      lockPreview({ preview: "{}", policy: defaultPolicy, projectPath: "", allowEmpty: false }).problems,
    ).toHaveLength(1);
  });

  it("is missing where the file is empty", () => {
    expect(lockDifferences("", lockOf(program.map(created)).lock)).toEqual(["the file is missing or empty"]);
  });

  it.each([["not JSON"], ["{}"]])("is out of date where the file is %p", (text) => {
    expect(lockDifferences(text, lockOf(program.map(created)).lock)).toEqual([
      "the file is not a lock file of this version",
    ]);
  });

  it("stops a review that does not agree with it", () => {
    const lock = lockText(lockOf([created(key("ci"))]).lock);
    expect(review([created(key("ci"))], { lock })).toMatchObject({ exitCode: 0, lock: { current: true } });
    expect(review([created(key("ci", { scopes: ["admin:*"] }))], { lock })).toMatchObject({
      exitCode: 11,
      verdict: "blocked",
      lock: { current: false },
    });
  });
});

describe("a lock file that says two things", () => {
  const { lock } = lockOf(program.map(created));
  const text = lockText(lock);
  const [first] = lock.keys;
  const edited = (edit: (file: Record<string, unknown[]>) => void): string => {
    const file = JSON.parse(text) as Record<string, unknown[]>;
    edit(file);
    return JSON.stringify(file, null, 2);
  };

  it.each(["before", "after"])(
    "is out of date where a second entry of one resource stands %s the right one",
    (where) => {
      const harmless = { ...first, scopes: ["read:alerts"] };
      const twice = edited(({ keys = [] }) => {
        keys.splice(where === "before" ? 0 : keys.length, 0, harmless);
      });
      const again = edited(({ keys = [] }) => void keys.push({ ...first }));
      const words = "`pulumi-nodejs:dynamic/apikeys:ApiKey::ci` stands in the file more than once";
      for (const file of [twice, again]) expect(lockDifferences(file, lock)).toContain(words);
    },
  );

  it("is out of date where it has something that no lock file has", () => {
    const file = edited((value) => void (value.approved = ["read:checks"]));
    expect(lockDifferences(file, lock)).toEqual(["`approved` in the file, which no lock file has"]);
  });

  it.each([
    ["a name that stands there twice", '"scopes": [', '"scopes": ["read:alerts"],\n      "scopes": ['],
    ["a scope that is spelt with escapes", "read:checks", "\\u0072ead:checks"],
  ])("is out of date with %s", (_what, from, to) => {
    expect(text).toContain(from);
    expect(lockDifferences(text.replace(from, to), lock)).toEqual([
      "the file is not as `apikeys lock --write` writes it: it has a name twice, or a text or a number in another spelling",
    ]);
  });

  it("may have another order and other white space", () => {
    const file = edited((value) => void value.keys?.reverse());
    expect(lockDifferences(file.replaceAll("\n", "\r\n\t"), lock)).toEqual([]);
  });
});
