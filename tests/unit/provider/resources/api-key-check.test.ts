import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../provider/backends/definition";
import { type ApiKeyInputs, createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { unknownValue } from "../../../../provider/values/wire";
import { accounts, FakeService, origin } from "../support/fake-service";

/** What a user writes. */
type Program = Readonly<Record<string, unknown>>;
const sound: Program = { scopes: ["read:checks"], origin, __provider: "code" };

async function check(
  program: Program,
  {
    abilities = {},
    olds = {},
    service = new FakeService(abilities),
  }: { readonly abilities?: Partial<Capabilities>; readonly olds?: Program; readonly service?: FakeService } = {},
) {
  const provider = createApiKeyProvider(service.context());
  const { inputs, failures = [] } =
    (await provider.check?.(olds as unknown as ApiKeyInputs, { ...program } as unknown as ApiKeyInputs)) ?? {};
  expect(service.calls).toEqual([]);
  return {
    inputs: inputs as unknown as Program,
    failures: failures.map(({ property, reason }) => [property, reason] as const),
    warnings: service.warnings,
  };
}

async function failuresOf(
  program: Program,
  abilities: Partial<Capabilities> = {},
): Promise<(readonly [string, string])[]> {
  return (await check({ ...sound, ...program }, { abilities })).failures;
}

describe("the preview accepts", () => {
  test("the least that a key needs, and adds the connection, the state it should have, and where it leads", async () => {
    expect(await check(sound)).toEqual({
      inputs: {
        ...sound,
        connection: "default",
        status: "active",
        target: {
          backend: "fake",
          origin: "http://127.0.0.1:4010",
          credential: "environment variable FAKE_TOKEN",
          route: "path /v1",
        },
      },
      failures: [],
      warnings: [],
    });
  });

  test("scopes in any order and repeated, and makes one list of them", async () => {
    expect((await check({ ...sound, scopes: ["write:checks", "read:checks", "write:checks"] })).inputs.scopes).toEqual([
      "read:checks",
      "write:checks",
    ]);
  });

  test("an end in any zone, and makes UTC of it", async () => {
    expect((await check({ ...sound, expiresAt: "2027-02-01T01:00:00.5+01:00" })).inputs.expiresAt).toBe(
      "2027-02-01T00:00:00Z",
    );
  });

  test("an environment where the vendor has several, and takes the first where none is given", async () => {
    const abilities: Partial<Capabilities> = { environments: ["live", "test"] };
    expect((await check({ ...sound, environment: "test" }, { abilities })).inputs.environment).toBe("test");
    expect((await check(sound, { abilities })).inputs.environment).toBe("live");
    expect((await check(sound)).inputs.environment).toBeUndefined();
  });

  test.each([
    ["wildcards with consent", { scopes: ["admin:*"], fullAccess: true }],
    ["no scopes with consent", { scopes: [], fullAccess: true }],
    [
      "free text with every sign but control characters",
      {
        name: 'Nightly export – Zürich 🚀 "A"',
        description: "a/b\\c 'd' <e> 中文",
        labels: { owner: "Team Ä", "any key": "✓" },
      },
    ],
    ["keepers of any plain kind", { keepers: { generation: 3, forced: true, reason: "leak" } }],
    ["a life", { expiresIn: "90d" }],
    ["an exact name", { exactName: true, name: "export" }],
  ])("%s", async (_title, program) => {
    expect(await failuresOf(program)).toEqual([]);
  });
});

describe("values that a preview does not know yet", () => {
  const fields = [
    "scopes",
    "serviceAccountId",
    "name",
    "description",
    "labels",
    "keepers",
    "expiresAt",
    "expiresIn",
    "fullAccess",
    "exactName",
    "environment",
    "secretValue",
  ];
  test.each(fields)("pass, and stay unknown: %s", async (field) => {
    const abilities: Partial<Capabilities> = {
      parent: "serviceAccount",
      serviceAccounts: accounts,
      environments: ["live", "test"],
      secret: { shown: "once", callerChosen: true, form: "token" },
    };
    const { inputs, failures } = await check(
      { ...sound, serviceAccountId: "account-1", [field]: unknownValue },
      { abilities },
    );
    expect(failures).toEqual([]);
    expect(inputs[field]).toBe(unknownValue);
  });

  test("pass inside lists and maps", async () => {
    expect(await failuresOf({ scopes: ["read:checks", unknownValue], labels: { owner: unknownValue } })).toEqual([]);
  });

  test("pass as consents: what needs one is refused once they are known", async () => {
    expect(await failuresOf({ scopes: ["admin:*"], fullAccess: unknownValue })).toEqual([]);
    expect(await failuresOf({ scopes: [], fullAccess: unknownValue })).toEqual([]);
    expect(await failuresOf({ allowOutage: unknownValue }, { maxActiveKeys: 1 })).toEqual([]);
  });

  test("have no length yet", async () => {
    const short: Partial<Capabilities> = { description: "update", limits: { nameLength: 60, descriptionLength: 20 } };
    expect(await failuresOf({ description: unknownValue }, short)).toEqual([]);
  });

  test("pass where even the connection is not known", async () => {
    expect(await failuresOf({ connection: unknownValue, environment: "test" })).toEqual([]);
  });
});

describe("the preview refuses, with the field, the kind of the value and what to do,", () => {
  const named: Partial<Capabilities> = {
    limits: { nameLength: 20, namePattern: "^[a-z0-9-]*$", descriptionLength: 10 },
    description: "update",
  };
  const scopeless: Partial<Capabilities> = { scopes: "none" };
  const chosen: Partial<Capabilities> = {
    secret: { shown: "once", callerChosen: true, significantBytes: 12, form: "token" },
  };
  const expiry = (support: Capabilities["expiry"]["support"]): Partial<Capabilities> => ({
    expiry: { support, update: false, granularityMs: 1_000 },
  });

  const table: readonly (readonly [string, Program, Partial<Capabilities>, readonly (readonly [string, string])[]])[] =
    [
      // names of inputs
      [
        "an input that does not exist",
        { exipresAt: "2027-02-01T00:00:00Z" },
        {},
        [["exipresAt", 'there is no input "exipresAt"; did you mean "expiresAt"?']],
      ],
      ["an input that resembles none", { frobnicate: 1 }, {}, [["frobnicate", 'there is no input "frobnicate"']]],
      ["an input of RotatingApiKey", { rotateEvery: "90d" }, {}, [["rotateEvery", 'there is no input "rotateEvery"']]],

      // connection
      [
        "an unknown connection",
        { connection: "nova" },
        {},
        [
          [
            "connection",
            'connection "nova" is not configured (known connections: default, other). Add it under apikeys:connections in the stack\'s config, or to the environment variable APIKEYS_CONNECTIONS.',
          ],
        ],
      ],
      [
        "a connection that is no name",
        { connection: 5 },
        {},
        [["connection", '"connection" is a number; write the name of a connection, or leave it out for "default"']],
      ],
      [
        "a connection without a name",
        { connection: "" },
        {},
        [
          [
            "connection",
            '"connection" is an empty text; write the name of a connection, or leave it out for "default"',
          ],
        ],
      ],

      // scopes
      [
        "no scopes at all",
        { scopes: undefined },
        {},
        [["scopes", '"scopes" is missing; list what the key may do, for example ["read:checks"]']],
      ],
      [
        "an empty list of scopes",
        { scopes: [] },
        {},
        [
          [
            "scopes",
            '"scopes" is an empty list, which many services read as everything; list the scopes, or set fullAccess: true if everything is meant',
          ],
        ],
      ],
      [
        "scopes that are no list",
        { scopes: "read:checks" },
        {},
        [["scopes", '"scopes" is a text of 11 characters: write a list of scope names']],
      ],
      [
        "a list that holds something else",
        { scopes: ["read:checks", 5] },
        {},
        [["scopes", '"scopes.1" is a number: write text']],
      ],
      [
        "a scope with a slip of the pen",
        { scopes: ["read:cheks"] },
        {},
        [
          [
            "scopes",
            'fake (connection "default") has no scope "read:cheks"; did you mean "read:checks"? (known scopes: admin:*, orders:manage, orders:read, read:alerts, read:checks, write:checks). If the service has it, add it to extraScopes of the connection',
          ],
        ],
      ],
      [
        "a scope of another service",
        { scopes: ["monitors:write"] },
        {},
        [
          [
            "scopes",
            'fake (connection "default") has no scope "monitors:write"; it is a scope of pulseapi: is "connection" missing? (known scopes: admin:*, orders:manage, orders:read, read:alerts, read:checks, write:checks). If the service has it, add it to extraScopes of the connection',
          ],
        ],
      ],
      [
        "a scope with its words swapped",
        { scopes: ["checks:read"] },
        {},
        [
          [
            "scopes",
            'fake (connection "default") has no scope "checks:read"; did you mean "read:checks"? (known scopes: admin:*, orders:manage, orders:read, read:alerts, read:checks, write:checks). If the service has it, add it to extraScopes of the connection',
          ],
        ],
      ],
      [
        "a wildcard",
        { scopes: ["admin:*"] },
        {},
        [
          [
            "scopes",
            '"admin:*" is a wildcard: it gives everything that it covers, now and later; list single scopes, or set fullAccess: true if that is meant',
          ],
        ],
      ],
      [
        "a wildcard with a consent that is none",
        { scopes: ["admin:*"], fullAccess: "yes" },
        {},
        [
          ["fullAccess", '"fullAccess" is a text of 3 characters: write true or false'],
          [
            "scopes",
            '"admin:*" is a wildcard: it gives everything that it covers, now and later; list single scopes, or set fullAccess: true if that is meant',
          ],
        ],
      ],
      [
        "scopes where the service has none",
        { scopes: ["read:checks"] },
        scopeless,
        [
          [
            "scopes",
            'keys of fake have no scopes of their own; leave "scopes" out: a key can do whatever its service account may',
          ],
        ],
      ],
      [
        "scopes where the service keeps them on the account",
        { scopes: ["read:checks"], serviceAccountId: "account-1" },
        { scopes: "account", parent: "serviceAccount", serviceAccounts: { ...accounts, scopes: "update" } },
        [
          [
            "scopes",
            'keys of fake have no scopes of their own; leave "scopes" out: set them on the service account (ServiceAccount.scopes)',
          ],
        ],
      ],

      // the account
      [
        "no account where keys live under one",
        {},
        { parent: "serviceAccount", serviceAccounts: accounts },
        [
          [
            "serviceAccountId",
            '"serviceAccountId" is missing; keys of fake live under a service account: pass the accountId of a ServiceAccount',
          ],
        ],
      ],
      [
        "an empty account",
        { serviceAccountId: "" },
        { parent: "serviceAccount", serviceAccounts: accounts },
        [["serviceAccountId", '"serviceAccountId" is an empty text; pass the accountId of a ServiceAccount']],
      ],
      [
        "an account where there are none",
        { serviceAccountId: "account-1" },
        {},
        [
          [
            "serviceAccountId",
            'fake has no service accounts, its keys belong to the owner of the connection\'s admin credential; leave "serviceAccountId" out, and use one connection per owner',
          ],
        ],
      ],

      // the end
      [
        "both ends",
        { expiresAt: "2027-02-01T00:00:00Z", expiresIn: "90d" },
        {},
        [
          [
            "expiresIn",
            '"expiresAt" and "expiresIn" are both given; give one: a date, or a life that counts from the issue',
          ],
        ],
      ],
      [
        "a date that is none",
        { expiresAt: "next year" },
        {},
        [
          [
            "expiresAt",
            '"expiresAt" is a text of 9 characters, not a time; write RFC 3339 with a zone: 2027-02-01T00:00:00Z',
          ],
        ],
      ],
      [
        "a date that is a number",
        { expiresAt: 1_800_000_000 },
        {},
        [["expiresAt", '"expiresAt" is a number, not a time; write RFC 3339 with a zone: 2027-02-01T00:00:00Z']],
      ],
      [
        "a date without a zone",
        { expiresAt: "2027-02-01T00:00:00" },
        {},
        [
          [
            "expiresAt",
            '"expiresAt" is "2027-02-01T00:00:00", not a time; write RFC 3339 with a zone: 2027-02-01T00:00:00Z',
          ],
        ],
      ],
      [
        "a new date in the past",
        { expiresAt: "2026-06-15T11:59:59Z" },
        {},
        [["expiresAt", '"expiresAt" is in the past (2026-06-15T11:59:59Z); give a later time']],
      ],
      [
        "a life that is none",
        { expiresIn: "3 months" },
        {},
        [
          [
            "expiresIn",
            '"expiresIn" is "3 months", not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w; did you mean "90d"?',
          ],
        ],
      ],
      [
        "a life that is a number",
        { expiresIn: 90 },
        {},
        [
          [
            "expiresIn",
            '"expiresIn" is the number 90, not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w',
          ],
        ],
      ],
      [
        "no life at all",
        { expiresIn: "0d" },
        {},
        [["expiresIn", '"expiresIn" is zero; give the key a life, such as 90d']],
      ],
      [
        "a life where keys cannot end",
        { expiresIn: "90d" },
        expiry("none"),
        [["expiresIn", 'keys of fake cannot expire; leave "expiresIn" out; RotatingApiKey limits their age']],
      ],
      [
        "a date where keys cannot end",
        { expiresAt: "2027-02-01T00:00:00Z" },
        expiry("none"),
        [["expiresAt", 'keys of fake cannot expire; leave "expiresAt" out; RotatingApiKey limits their age']],
      ],
      [
        "a date where the service sets it",
        { expiresAt: "2027-02-01T00:00:00Z" },
        expiry("imposed"),
        [["expiresAt", 'fake sets the end of its keys by itself; leave "expiresAt" out']],
      ],
      [
        "no end where keys must have one",
        {},
        expiry("required"),
        [["expiresIn", 'keys of fake must expire; give "expiresIn", such as 90d']],
      ],

      // names and texts
      [
        "an empty name",
        { name: "" },
        {},
        [["name", '"name" is an empty text; leave it out to use the resource\'s own name']],
      ],
      ["a name that is none", { name: 5 }, {}, [["name", '"name" is a number: write text']]],
      [
        "a control character in a name",
        { name: "line\nbreak" },
        {},
        [["name", '"name" is a text of 10 characters: take the control characters out']],
      ],
      [
        "a name without room for its suffix",
        { name: "a-name-too-long" },
        named,
        [
          [
            "name",
            '"name" has 15 characters, but fake takes 9 (its limit of 20 less the 11 of the suffix); shorten it',
          ],
        ],
      ],
      [
        "an exact name that is too long",
        { name: "a-name-that-is-too-long", exactName: true },
        named,
        [["name", '"name" has 23 characters, but fake takes 20; shorten it']],
      ],
      [
        "a name in a form that the vendor refuses",
        { name: "Export" },
        named,
        [
          [
            "name",
            '"name" does not have the form that fake takes (^[a-z0-9-]*$): the full name would be one like "Export-0123456789"; change it',
          ],
        ],
      ],
      [
        "a name whose suffix the vendor refuses",
        { name: "export" },
        { limits: { nameLength: 40, namePattern: "^[a-z]{2,4}-[0-9a-z]*$" } },
        [
          [
            "name",
            '"name" does not have the form that fake takes (^[a-z]{2,4}-[0-9a-z]*$): the full name would be one like "export-0123456789"; change it',
          ],
        ],
      ],
      [
        "a name whose longer suffix, which proves the state, the vendor refuses",
        { name: "export" },
        { limits: { nameLength: 40, namePattern: "^[a-z]+-[a-f0-9]+$" } },
        [
          [
            "name",
            '"name" does not have the form that fake takes (^[a-z]+-[a-f0-9]+$): the full name would be one like "export-0123abcdefghijklmno"; change it',
          ],
        ],
      ],
      [
        "a control character in a description",
        { description: "bell\u0007" },
        {},
        [["description", '"description" is a text of 5 characters: take the control characters out']],
      ],
      [
        "a description that is too long",
        { description: "twelve chars" },
        named,
        [["description", '"description" has 12 characters, but fake takes 10; shorten it']],
      ],
      [
        "labels that are no map",
        { labels: ["team-a"] },
        {},
        [["labels", '"labels" is a list of 1: write a map of texts, such as { owner: "team-a" }']],
      ],
      ["a label that is no text", { labels: { owner: 5 } }, {}, [["labels", '"labels.owner" is a number: write text']]],
      [
        "a control character in a label",
        { labels: { owner: "a\u0000" } },
        {},
        [["labels", '"labels.owner" is a text of 2 characters: take the control characters out']],
      ],
      [
        "a control character in a label's key",
        { labels: { "own\ner": "team-a" } },
        {},
        [["labels", '"labels" is an object: take the control characters out of its keys']],
      ],
      [
        "keepers that hold a list",
        { keepers: { reasons: ["a"] } },
        {},
        [["keepers", '"keepers.reasons" is a list of 1: write text']],
      ],
      [
        "consents that are none",
        { exactName: "no" },
        {},
        [["exactName", '"exactName" is a text of 2 characters: write true or false']],
      ],

      // what the vendor has not
      [
        "an environment where there is no choice",
        { environment: "test" },
        {},
        [["environment", 'fake gives its callers no choice of environment; leave "environment" out']],
      ],
      [
        "an environment that is none",
        { environment: "staging" },
        { environments: ["live", "test"] },
        [["environment", '"environment" is "staging"; fake knows live and test']],
      ],
      [
        "a chosen secret where the service draws it",
        { secretValue: "hunter2-hunter2" },
        {},
        [["secretValue", 'fake draws its secrets itself; leave "secretValue" out']],
      ],
      [
        "an empty secret",
        { secretValue: "" },
        chosen,
        [["secretValue", '"secretValue" is an empty text; give the secret, or leave it out']],
      ],
      [
        "a chosen secret of which only a part would count",
        { secretValue: "hunter2-hunter2" },
        chosen,
        [["secretValue", '"secretValue" is 15 bytes long, but fake only looks at the first 12; shorten it']],
      ],
      [
        "a replacement with a gap, without consent",
        {},
        { maxActiveKeys: 1 },
        [
          [
            "allowOutage",
            "fake keeps one key per account, so replacing it leaves a gap between the old key's end and the new one's arrival at its users; set allowOutage: true if that is acceptable",
          ],
        ],
      ],
    ];

  test.each(table)("%s", async (_title, program, abilities, expected) => {
    const failures = await failuresOf(program, abilities);
    expect(failures).toEqual(expected);
    expect(JSON.stringify(failures)).not.toContain("hunter2");
  });

  test("everything at once, so that nobody has to come back for the rest", async () => {
    const failures = await failuresOf({ scopes: ["read:cheks", "admin:*"], expiresIn: "soon", name: "", labels: 5 });
    expect(failures.map(([field]) => field).sort()).toEqual(["expiresIn", "labels", "name", "scopes", "scopes"]);
  });
});

describe("a key whose own date has passed", () => {
  const past = "2026-06-01T00:00:00Z";

  test("stays expired with a warning, as long as the date is the same", async () => {
    const { inputs, failures, warnings } = await check(
      { ...sound, expiresAt: past },
      { olds: { ...sound, expiresAt: past, status: "active" } },
    );
    expect(failures).toEqual([]);
    expect(inputs.status).toBe("expired");
    expect(warnings).toEqual([`the key "export" expired at ${past}; it stays so until expiresAt is changed`]);
  });

  test("stays expired although the date is written in another zone", async () => {
    const { inputs, failures } = await check(
      { ...sound, expiresAt: "2026-06-01T02:00:00+02:00" },
      { olds: { ...sound, expiresAt: past } },
    );
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ status: "expired", expiresAt: past });
  });

  test("cannot be given another one in the past", async () => {
    const { failures } = await check(
      { ...sound, expiresAt: "2026-06-02T00:00:00Z" },
      { olds: { ...sound, expiresAt: past } },
    );
    expect(failures).toEqual([["expiresAt", '"expiresAt" is in the past (2026-06-02T00:00:00Z); give a later time']]);
  });

  test("cannot be made anew with it: the engine checks a replacement without the old inputs", async () => {
    expect((await check({ ...sound, expiresAt: past })).failures).toEqual([
      ["expiresAt", `"expiresAt" is in the past (${past}); give a later time`],
    ]);
  });
});
