import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import {
  account,
  changed,
  consumer,
  created,
  found,
  key,
  previewOf,
  removed,
  review,
  rotatingKey,
  stackUrn,
  unchanged,
  unknown,
  urnOf,
  type Step,
} from "./support/preview-builder";

/** One row: what happens, and every finding of it. Rules that are not named did not fire. */
interface Case {
  readonly title: string;
  readonly steps: readonly Step[];
  readonly finds: readonly string[];
  readonly more?: Parameters<typeof review>[1];
}

const ci = urnOf("ApiKey", "ci");
const inAccount = { propertyDependencies: { serviceAccountId: [urnOf("ServiceAccount", "bot")] } };
const novavms = { target: { backend: "novavms", origin: "https://novavms.example" }, environment: undefined };
const bot = account("bot", novavms);
const botKey = (name: string, inputs = {}) =>
  key(name, { ...novavms, serviceAccountId: "id-of-bot", scopes: ["cameras:read"], labels: {}, ...inputs }, inAccount);

const claiming = (extraScopes: unknown, scope = "x:read", name = "ci") =>
  key(name, { scopes: [scope], target: { backend: "pulsely", origin: "https://api.pulsely.io", extraScopes } });

/** What the last look at the service found. */
const disabledNow = { outputs: { status: "disabled" } };

const cases: Case[] = [
  {
    title: "a key with owner, purpose, life and a narrow scope has no finding",
    steps: [created(key("ci"))],
    finds: [],
  },

  {
    title: "SR001 and SR003: a wildcard that can mint keys",
    steps: [created(key("ci", { scopes: ["admin:*"] }))],
    finds: ["SR001 ci", "SR003 ci"],
  },
  {
    title: "SR001: a wildcard of an open catalogue",
    steps: [created(botKey("ci", { scopes: ["cameras:*"] })), unchanged(bot)],
    finds: ["SR001 ci"],
  },
  {
    title: "SR001: an empty list is everything",
    steps: [created(key("ci", { scopes: [] }))],
    finds: ["SR001 ci", "SR003 ci"],
  },
  {
    title: "SR001 once: what the wildcard covers is not counted again",
    steps: [created(key("ci", { scopes: ["admin:*", "read:checks", "write:checks"] }))],
    finds: ["SR001 ci", "SR003 ci"],
  },

  {
    title: "SR029: a scope that no catalogue knows, as its connection explains it",
    steps: [created(claiming({ "x:read": { level: "read" } })), unchanged(key("other"))],
    finds: ["SR029 ci"],
  },
  {
    title: "SR029 once more, where the explanation changes",
    steps: [
      unchanged(claiming({ "x:read": { level: "read" } }), claiming({ "x:read": { implies: ["read:alerts"] } })),
      unchanged(key("other")),
    ],
    finds: ["SR029 ci"],
  },
  {
    title: "SR030: an account and a key that were there before, and whose id says which",
    steps: [
      created(account("bot", { adopt: { accountId: "root" } })),
      created(key("ci", { adopt: { keyId: "77aa", secret: "[secret]" }, revokeOnDestroy: true })),
    ],
    finds: ["SR019 bot", "SR030 bot", "SR030 ci"],
  },
  {
    title: "SR033: an old key that goes to another resource, which may take the place of the one before",
    steps: [
      unchanged(key("ci")),
      changed("update", consumer("app", []), consumer("app", [ci])),
      created(consumer("spy", [ci])),
    ],
    finds: ["SR010 ci", "SR033 ci", "SR033 ci"],
  },
  {
    title: "SR033 not: the same consumer under another name, and those of a new key",
    steps: [
      unchanged(key("ci")),
      unchanged(consumer("app", [ci]), consumer("app2", [ci])),
      created(key("new")),
      created(consumer("its", [urnOf("ApiKey", "new")])),
    ],
    finds: [],
  },
  {
    title: "SR031: a disabled key that is enabled again, and one that gets a successor for other scopes",
    steps: [
      changed("update", key("ci", { status: "disabled" }, disabledNow), key("ci", { onDisabled: "enable" })),
      changed("replace", key("web", { status: "disabled" }, disabledNow), key("web", { onDisabled: "replace" })),
      changed("update", rotatingKey("night", {}, disabledNow), rotatingKey("night", { generation: 2 })),
      changed("update", account("bot", { status: "disabled" }, disabledNow), account("bot", { onDisabled: "enable" })),
    ],
    finds: ["SR031 bot", "SR031 ci", "SR031 night", "SR031 web"],
  },
  {
    title: "SR031 not: it stays disabled, whatever else of it changes",
    steps: [
      changed(
        "update",
        key("ci", { status: "disabled" }, disabledNow),
        key("ci", { labels: { owner: "b", purpose: "c" } }),
      ),
      unchanged(key("web", { status: "disabled" }, disabledNow), key("web", { onDisabled: "enable" })),
    ],
    finds: [],
  },
  {
    title: "SR030 not: it was taken over before",
    steps: [unchanged(key("ci", { adopt: { keyId: "77aa" }, revokeOnDestroy: true }))],
    finds: [],
  },
  {
    title: "SR029 not: it was explained so before",
    steps: [unchanged(claiming({ "x:read": { level: "read" } }))],
    finds: [],
  },
  {
    title: "SR015: the same scope without an explanation",
    steps: [created(key("ci", { scopes: ["x:read"] })), unchanged(key("other"))],
    finds: ["SR015 ci"],
  },
  {
    title: "SR028: an explanation that calls an administrator's word harmless",
    steps: [
      created(claiming({ "admin:x": { level: "read" } }, "admin:x")),
      unchanged(claiming({ "admin:x": { level: "read" } }, "admin:x", "other")),
    ],
    finds: ["SR028 ci"],
  },

  {
    title: "SR002: write beside read",
    steps: [changed("replace", key("ci"), key("ci", { scopes: ["read:checks", "write:checks"] }))],
    finds: ["SR002 ci"],
  },
  {
    title: "SR002 not: write on something else",
    steps: [changed("replace", key("ci"), key("ci", { scopes: ["read:checks", "write:alerts"] }))],
    finds: [],
  },
  {
    title: "SR002 not: it could write before",
    steps: [unchanged(key("ci", { scopes: ["read:checks", "write:checks"] }))],
    finds: [],
  },
  {
    title: "SR002: a new key raises its account",
    steps: [unchanged(bot), unchanged(botKey("one")), created(botKey("two", { scopes: ["cameras:write"] }))],
    finds: ["SR002 two"],
  },
  {
    title: "SR028: an option that administers",
    steps: [
      changed(
        "replace",
        key("ci", { options: { level: "member", hosts: ["admin.example"] } }),
        key("ci", { options: { level: "admin", hosts: ["admin.example"] } }),
        ["options"],
      ),
    ],
    finds: ["SR028 ci"],
  },
  {
    title: "SR002: a role is raised",
    steps: [
      changed("update", account("bot", { ...novavms, role: "viewer" }), account("bot", { ...novavms, role: "admin" })),
    ],
    finds: ["SR002 bot", "SR028 bot"],
  },
  {
    title: "SR002 and SR013 not: a list that became a wildcard loses nothing",
    steps: [
      changed("replace", botKey("ci", { scopes: ["cameras:read"] }), botKey("ci", { scopes: ["cameras:*"] })),
      unchanged(bot),
      unchanged(consumer("app", [ci])),
    ],
    finds: ["SR001 ci", "SR002 ci", "SR012 ci"],
  },

  {
    title: "SR004: a scope on the list",
    steps: [created(key("ci"))],
    more: { document: { neverGrant: ["read:checks"] } },
    finds: ["SR004 ci"],
  },
  {
    title: "SR004: by pattern",
    steps: [created(key("ci"))],
    more: { document: { neverGrant: ["*:checks"] } },
    finds: ["SR004 ci"],
  },
  {
    title: "SR004: through a wildcard",
    steps: [created(botKey("ci", { scopes: ["cameras:*"] })), unchanged(bot)],
    more: { document: { neverGrant: ["cameras:delete"], rules: { SR001: "info" } } },
    finds: ["SR004 ci", "SR001 ci"],
  },
  {
    title: "SR004: a list of the stack adds to the file's",
    steps: [created(key("ci"))],
    more: { document: { neverGrant: ["write:*"], stacks: { prod: { neverGrant: ["read:checks"] } } } },
    finds: ["SR004 ci"],
  },
  {
    title: "SR004 not: another stack's list",
    steps: [created(key("ci"))],
    more: { document: { stacks: { "prod-eu": { neverGrant: ["read:checks"] } } } },
    finds: [],
  },

  {
    title: "SR005: older than the limit",
    steps: [unchanged(key("ci", {}, { outputs: { createdAt: "2026-11-01T23:00:00Z" } }))],
    finds: ["SR005 ci"],
  },
  {
    title: "SR005 not: 90 days exactly",
    steps: [unchanged(key("ci", {}, { outputs: { createdAt: "2026-11-02T09:00:00Z" } }))],
    finds: [],
  },
  {
    title: "SR005 not: replaced in this run",
    steps: [
      changed(
        "replace",
        key("ci", {}, { outputs: { createdAt: "2026-01-01T00:00:00Z" } }),
        key("ci", { keepers: { a: "2" } }),
      ),
    ],
    finds: [],
  },
  {
    title: "SR005: overdue",
    steps: [unchanged(rotatingKey("ci", {}, { outputs: { nextRotationAt: "2027-01-28T00:00:00Z" } }))],
    finds: ["SR005 ci"],
  },
  {
    title: "SR005 not: due today",
    steps: [unchanged(rotatingKey("ci", {}, { outputs: { nextRotationAt: "2027-02-01T00:00:00Z" } }))],
    finds: [],
  },

  {
    title: "SR006: neither expiry nor rotation",
    steps: [created(key("ci", { expiresIn: undefined }))],
    finds: ["SR006 ci"],
  },
  {
    title: "SR006 not: the service sets an end itself",
    steps: [unchanged(key("ci", { expiresIn: undefined }, { outputs: { expiresAt: "2027-03-01T00:00:00Z" } }))],
    finds: [],
  },
  {
    title: "SR006 not: the last day of the limit",
    steps: [created(key("ci", { expiresIn: undefined, expiresAt: "2027-05-02T23:59:59Z" }))],
    finds: [],
  },
  {
    title: "SR006: a day more",
    steps: [created(key("ci", { expiresIn: undefined, expiresAt: "2027-05-03T00:00:00Z" }))],
    finds: ["SR006 ci"],
  },
  {
    title: "SR006: an hour more than the limit, as a life",
    steps: [created(key("ci", { expiresIn: "2161h" }))],
    finds: ["SR006 ci"],
  },
  {
    title: "SR015: an end that nobody knows yet",
    steps: [created(key("ci", { expiresIn: unknown }))],
    finds: ["SR015 ci"],
  },
  {
    title: "SR006: rotation slower than the limit",
    steps: [created(rotatingKey("ci", { rotateEvery: "120d" }))],
    finds: ["SR006 ci"],
  },
  {
    title: "SR006 not: the environment allows more",
    steps: [created(key("ci", { expiresIn: "120d", environment: "test" }))],
    more: { document: { environments: { test: { maxKeyLife: "200d" } } } },
    finds: [],
  },

  {
    title: "SR007: a key without owner",
    steps: [created(key("ci", { labels: { purpose: "site" } }))],
    finds: ["SR007 ci"],
  },
  { title: "SR007 not: the key's account has them", steps: [unchanged(bot), created(botKey("ci"))], finds: [] },
  {
    title: "SR007: an account without purpose",
    steps: [unchanged(account("bot", { ...novavms, labels: { owner: "x" } })), created(botKey("ci"))],
    finds: ["SR007 bot"],
  },
  {
    title: "SR007 not: labels known only later",
    steps: [created(key("ci", { labels: { owner: unknown, purpose: "[secret]" } }))],
    finds: [],
  },
  {
    title: "SR007: labels of the policy's choice",
    steps: [created(key("ci"))],
    more: { document: { requiredLabels: ["team"] } },
    finds: ["SR007 ci"],
  },

  {
    title: "SR008: a name that does not match",
    steps: [created(key("CI Key"))],
    more: { document: { namePattern: "^[a-z-]+$" } },
    finds: ["SR008 CI Key"],
  },
  { title: "SR008 not: no pattern, no rule", steps: [created(key("CI Key"))], finds: [] },

  {
    title: "SR009: an account with keys of two environments",
    steps: [
      unchanged(bot),
      created(botKey("one", { environment: "live" })),
      created(botKey("two", { environment: "test" })),
    ],
    finds: ["SR009 bot"],
  },
  {
    title: "SR010: two consumers",
    steps: [unchanged(key("ci")), unchanged(consumer("app", [ci])), unchanged(consumer("job", [ci]))],
    finds: ["SR010 ci"],
  },
  {
    title: "SR010 not: a component and its own resource are one consumer",
    steps: [
      unchanged(key("ci")),
      unchanged({
        ...consumer("site", [ci]),
        custom: false,
        urn: "urn:pulumi:prod::shop::my:Site::site",
        type: "my:Site",
      }),
      unchanged(consumer("app", [ci], { parent: "urn:pulumi:prod::shop::my:Site::site" })),
    ],
    finds: [],
  },
  {
    title: "SR011: more keys than the limit",
    steps: [unchanged(bot), ...["a", "b", "c"].map((name) => created(botKey(name)))],
    more: { document: { maxKeysPerAccount: 2 } },
    finds: ["SR011 bot"],
  },
  {
    title: "SR011: a key in its overlap counts twice",
    steps: [
      unchanged(bot),
      unchanged({
        ...rotatingKey(
          "ci",
          { ...novavms, scopes: ["cameras:read"], serviceAccountId: "id-of-bot" },
          { outputs: { previousValidUntil: "2027-02-05T00:00:00Z" } },
        ),
        ...inAccount,
      }),
    ],
    more: { document: { maxKeysPerAccount: 1 } },
    finds: ["SR011 bot"],
  },

  { title: "SR012: exactName", steps: [created(key("ci", { exactName: true }))], finds: ["SR012 ci"] },
  {
    title: "SR012: no overlap, in use",
    steps: [
      unchanged(rotatingKey("ci", { overlap: "0s" })),
      unchanged(consumer("app", [urnOf("RotatingApiKey", "ci")])),
    ],
    finds: ["SR012 ci"],
  },
  { title: "SR012 not: no overlap, not in use", steps: [unchanged(rotatingKey("ci", { overlap: "0s" }))], finds: [] },
  {
    title: "SR012: a rotating key is replaced as a whole",
    steps: [changed("replace", rotatingKey("ci"), rotatingKey("ci", { environment: "test" }), ["environment"])],
    finds: ["SR012 ci"],
  },
  {
    title: "SR012: a consumer that keeps the old key",
    steps: [
      changed("replace", key("ci"), key("ci", { keepers: { a: "1" } }), ["keepers"]),
      unchanged(consumer("app", [ci])),
    ],
    finds: ["SR012 ci"],
  },

  {
    title: "SR013: a scope removed from a key in use",
    steps: [
      changed("replace", key("ci", { scopes: ["read:alerts", "read:checks"] }), key("ci")),
      changed("update", consumer("app", [ci]), consumer("app", [ci])),
    ],
    finds: ["SR013 ci"],
  },
  {
    title: "SR013 not: nobody uses it",
    steps: [changed("replace", key("ci", { scopes: ["read:alerts", "read:checks"] }), key("ci"))],
    finds: [],
  },
  {
    title: "SR013 not: another scope still gives it",
    steps: [
      changed(
        "replace",
        botKey("ci", { scopes: ["cameras:*", "cameras:read"] }),
        botKey("ci", { scopes: ["cameras:*"] }),
      ),
      unchanged(bot),
      changed("update", consumer("app", [ci]), consumer("app", [ci])),
    ],
    finds: ["SR001 ci"],
  },

  {
    title: "SR014: a later end",
    steps: [
      changed(
        "update",
        key("ci", { expiresIn: undefined, expiresAt: "2027-03-01T00:00:00Z" }),
        key("ci", { expiresIn: undefined, expiresAt: "2027-04-01T00:00:00Z" }),
      ),
    ],
    finds: ["SR014 ci"],
  },
  {
    title: "SR014 not: an earlier end",
    steps: [
      changed(
        "update",
        key("ci", { expiresIn: undefined, expiresAt: "2027-04-01T00:00:00Z" }),
        key("ci", { expiresIn: undefined, expiresAt: "2027-03-01T00:00:00Z" }),
      ),
    ],
    finds: [],
  },
  {
    title: "SR014 and SR006: no end any more",
    steps: [changed("replace", key("ci"), key("ci", { expiresIn: undefined }))],
    finds: ["SR006 ci", "SR014 ci"],
  },
  {
    title: "SR014 not: an end that is not known yet is no end removed",
    steps: [changed("replace", key("ci"), key("ci", { expiresIn: unknown }))],
    finds: ["SR015 ci"],
  },
  {
    title: "SR014: a date that is later than the life was",
    steps: [
      changed(
        "replace",
        key("ci", { expiresIn: "30d" }),
        key("ci", { expiresIn: undefined, expiresAt: "2027-04-01T00:00:00Z" }),
      ),
    ],
    finds: ["SR014 ci"],
  },
  {
    title: "SR014: rotation slowed",
    steps: [changed("update", rotatingKey("ci"), rotatingKey("ci", { rotateEvery: "60d" }))],
    finds: ["SR014 ci"],
  },
  {
    title: "SR014: rotation switched off",
    steps: [removed(rotatingKey("ci")), created(key("ci"))],
    finds: ["SR014 ci"],
  },
  {
    title: "SR014 not: a rotating key goes, another purpose comes",
    steps: [removed(rotatingKey("old")), created(key("ci"))],
    finds: [],
  },

  { title: "SR015: scopes not known", steps: [created(key("ci", { scopes: unknown }))], finds: ["SR015 ci"] },
  {
    title: "SR015: one scope not known",
    steps: [created(key("ci", { scopes: ["read:checks", unknown] }))],
    finds: ["SR015 ci"],
  },
  { title: "SR015: secret scopes", steps: [created(key("ci", { scopes: "[secret]" }))], finds: ["SR015 ci"] },
  {
    title: "SR015: not in a closed catalogue",
    steps: [created(key("ci", { scopes: ["read:chekcs"] }))],
    finds: ["SR015 ci"],
  },
  {
    title: "SR015: no scopes where the backend has them",
    steps: [created(key("ci", { scopes: undefined }))],
    finds: ["SR015 ci"],
  },
  {
    title: "SR015: a backend of which nothing is known",
    steps: [created(key("ci", { target: { backend: "./acme.js", origin: "https://acme.example" } }))],
    finds: ["SR015 ci"],
  },
  { title: "SR015: no target", steps: [created(key("ci", { target: undefined }))], finds: ["SR015 ci"] },
  {
    title: "SR015 not: the policy file knows the backend",
    steps: [created(key("ci", { target: { backend: "./acme.js", origin: "https://acme.example" }, scopes: ["read"] }))],
    more: { document: { catalogues: { "./acme.js": { scopes: { read: {}, all: { implies: ["*"] } } } } } },
    finds: [],
  },
  {
    title: "SR015 not: a backend without scopes on its keys, whose account says the access",
    steps: [
      created(account("bot", { target: { backend: "./acme.js", origin: "https://acme.example" }, role: "viewer" })),
      created(
        key(
          "ci",
          {
            target: { backend: "./acme.js", origin: "https://acme.example" },
            scopes: undefined,
            serviceAccountId: unknown,
          },
          inAccount,
        ),
      ),
    ],
    more: { document: { catalogues: { "./acme.js": { scopesOnKeys: false } } } },
    finds: [],
  },

  {
    title: "SR016: a readable secret",
    steps: [unchanged(key("ci", {}, { outputs: { secret: "correct horse battery" } }))],
    finds: ["SR016 ci"],
  },
  {
    title: "SR016: a readable secretValue",
    steps: [created(key("ci", { secretValue: "hunter2" }))],
    finds: ["SR016 ci"],
  },
  {
    title: "SR016: a credential in a description",
    steps: [created(key("ci", { description: "was ply_live_0123456789abcdef" }))],
    finds: ["SR016 ci"],
  },
  {
    title: "SR016: randomness in a label",
    steps: [created(key("ci", { labels: { owner: "web", purpose: "Zx81qWvB7nMk20LpTr55uYhG" } }))],
    finds: ["SR016 ci"],
  },
  {
    title: "SR016 not: the mask that the vendor shows",
    steps: [unchanged(key("ci", {}, { outputs: { hint: "ply_live_4f8a2c…9e1d" } }))],
    finds: [],
  },
  {
    title: "SR016 not: an image digest as keeper",
    steps: [
      created(
        key("ci", { keepers: { image: "sha256:6b09c6f416b90b2e214281e337eb8af72d31422af6febde3a5c670157173c3f0" } }),
      ),
    ],
    finds: [],
  },
  {
    title: "SR016: a credential in the config",
    steps: [created(key("ci"))],
    more: { digest: { config: { "shop:token": "ply_live_0123456789abcdef" } } },
    finds: ["SR016 shop-prod"],
  },
  {
    title: "SR016: a credential in a message",
    steps: [created(key("ci"))],
    more: { digest: { diagnostics: [{ severity: "warning", message: "using ply_live_0123456789abcdef" }] } },
    finds: ["SR016 shop-prod"],
  },

  {
    title: "SR019: protection removed",
    steps: [unchanged(key("ci", {}, { protect: true }), key("ci"))],
    finds: ["SR019 ci"],
  },
  {
    title: "SR019: kept alive on delete",
    steps: [unchanged(key("ci", {}, { retainOnDelete: true }))],
    finds: ["SR019 ci"],
  },
  {
    title: "SR019: removed, and left alive",
    steps: [removed(key("ci", {}, { retainOnDelete: true })), created(key("other"))],
    finds: ["SR019 ci"],
  },

  {
    title: "SR020: no reason",
    steps: [created(key("ci"))],
    more: { document: { waivers: [{ rule: "SR001", urn: ci, approver: "a", until: "2027-03-01" }] } },
    finds: ["SR020 ci"],
  },
  {
    title: "SR020: expired",
    steps: [created(key("ci"))],
    more: { document: { waivers: [{ rule: "SR001", urn: ci, reason: "r", approver: "a", until: "2027-01-31" }] } },
    finds: ["SR020 ci"],
  },
  {
    title: "SR020 not: on its last day",
    steps: [created(key("ci"))],
    more: { document: { waivers: [{ rule: "SR001", urn: ci, reason: "r", approver: "a", until: "2027-02-01" }] } },
    finds: [],
  },
  {
    title: "SR020 not: another stack's",
    steps: [created(key("ci"))],
    more: { document: { waivers: [{ rule: "SR001", urn: urnOf("ApiKey", "ci", "prod-eu") }] } },
    finds: [],
  },

  {
    title: "SR021 once: a connection leads elsewhere, and the engine says same",
    steps: ["a", "b"].map((name) =>
      unchanged(key(name), key(name, { target: { backend: "pulsely", origin: "https://prod.example" } })),
    ),
    finds: ["SR021 shop-prod"],
  },
  {
    title: "SR022: the policy file is edited",
    steps: [created(key("ci"))],
    more: { policyEdit: "changed" },
    finds: ["SR022 shop-prod"],
  },
];

describe("rules", () => {
  it.each(cases.map((each) => [each.title, each] as const))("%s", (_title, { steps, finds, more }) => {
    // Most of these stacks are new; what is said of their servers has tests of its own.
    const isAboutPlaces = finds.some((find) => find.startsWith("SR024"));
    const told = found(review(steps, more)).filter((find) => isAboutPlaces || !find.startsWith("SR024"));
    expect(told.sort()).toEqual([...finds].sort());
  });

  it("says of a problem that was there before that it is not new", () => {
    const report = review([
      unchanged(key("old", { scopes: ["admin:*"] })),
      created(key("new", { scopes: ["admin:*"] })),
    ]);
    const existing = report.findings.map(({ rule, urn, existing: was }) => `${rule} ${urn.split("::").at(-1)} ${was}`);
    expect(existing).toEqual(["SR001 new false", "SR001 old true", "SR003 new false", "SR003 old true"]);
  });

  it("names the place of the source, and the project's own file where there is none", () => {
    const places = [
      created(key("a", { scopes: [] })),
      created({ ...key("b", { scopes: [] }), sourcePosition: "project:///../outside.ts#1,1" }),
    ];
    const report = review(places, { projectPath: "deploy/keys" });
    expect(report.findings.filter(({ rule }) => rule !== "SR024").map(({ location }) => location)).toEqual([
      { file: "deploy/keys/index.ts", line: 10, column: 11 },
      { file: "deploy/outside.ts", line: 1, column: 1 },
      { file: "deploy/keys/index.ts", line: 10, column: 11 },
      { file: "deploy/outside.ts", line: 1, column: 1 },
    ]);
    expect(review(places, { projectPath: "" }).findings[1]?.location).toEqual({ file: "Pulumi.yaml", line: 1 });
  });

  it("waives by rule and resource, and nothing else", () => {
    const waivers = [{ rule: "SR001" as const, urn: ci, reason: "migration", approver: "ann", until: "2027-03-01" }];
    const report = review([unchanged(key("anchor")), created(key("ci", { scopes: ["admin:*"] }))], {
      document: { waivers },
    });
    expect(report.findings.map(({ rule, waived }) => `${rule} ${waived}`)).toEqual(["SR003 false", "SR001 true"]);
    expect(report.exitCode).toBe(5);
  });

  it("cannot waive what nobody can read", () => {
    const waivers = [{ rule: "SR015" as const, urn: ci, reason: "r", approver: "a", until: "2027-03-01" }];
    expect(review([created(key("ci", { scopes: unknown }))], { document: { waivers } }).exitCode).toBe(10);
  });

  it("finds a key's own secret wherever it turns up, by its fingerprint", () => {
    const secret = "a-value-of-no-known-shape-at-all";
    const fingerprint = createHash("sha256").update(secret).digest("hex").slice(0, 16);
    const report = review([
      unchanged(key("ci", {}, { outputs: { fingerprint } })),
      unchanged(consumer("app", [], { inputs: { env: { TOKEN: secret } } })),
    ]);
    expect(found(report)).toEqual(["SR016 app"]);
    expect(JSON.stringify(report)).not.toContain(secret);
  });

  it("takes the level of the stack over that of the environment, and that over the file's", () => {
    const step = [unchanged(key("anchor")), created(key("ci", { exactName: true }))];
    const level = (document: NonNullable<NonNullable<Case["more"]>["document"]>): string | undefined =>
      review(step, { document }).findings[0]?.level;
    expect(level({ rules: { SR012: "info" } })).toBe("info");
    expect(level({ rules: { SR012: "info" }, environments: { live: { rules: { SR012: "block" } } } })).toBe("block");
    expect(
      level({ environments: { live: { rules: { SR012: "block" } } }, stacks: { prod: { rules: { SR012: "info" } } } }),
    ).toBe("info");
  });

  it("reads the stack of the preview, not one whose name begins alike", () => {
    const text = previewOf([unchanged(key("anchor")), created(key("ci"))]).replaceAll(
      "urn:pulumi:prod::",
      "urn:pulumi:prod-eu::",
    );
    expect(
      review([], { preview: text, document: { stacks: { prod: { neverGrant: ["read:checks"] } } } }).findings,
    ).toEqual([]);
    expect(stackUrn).toContain(":prod::");
  });
});
