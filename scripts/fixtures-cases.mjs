// The cases that a review must get right. `before` is applied, then `after` is previewed; `derive` makes a case from a
// captured one.

/** The clock of every preview and every review. */
export const reviewedAt = "2027-02-01T10:00:00Z";

const labels = 'labels: { owner: "web-team", purpose: "status page" }';
const account = `const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer", labels: { owner: "video-team", purpose: "nightly export" } });\n`;
const onAccount = (name, scopes, more = "") =>
  `const ${camel(name)} = new ApiKey("${name}", { connection: "novavms", serviceAccountId: account.accountId, scopes: ${JSON.stringify(scopes)}, expiresIn: "90d"${more} });\n`;
const key = (name, scopes, more = "", options = "") =>
  `const ${camel(name)} = new ApiKey("${name}", { scopes: ${JSON.stringify(scopes)}, expiresIn: "90d", ${labels}${more} }${options});\n`;
const rotating = (name, scopes, more = "") =>
  `const ${camel(name)} = new RotatingApiKey("${name}", { scopes: ${JSON.stringify(scopes)}, rotateEvery: "30d", overlap: "7d", ${labels}${more} });\n`;
const uses = (name, of, options = "") =>
  `const ${camel(name)} = new Consumer("${name}", { value: ${of}.secret }${options});\n`;
/** Depends on the other one: otherwise the engine's order would vary from run to run. */
const usesNext = (name, of, after) => uses(name, of, `, { dependsOn: ${after} }`);
const camel = (name) => name.replace(/-(.)/g, (_all, letter) => letter.toUpperCase());

const bidi = "\\u202e",
  zeroWidth = "\\u200b";
const nasty = [
  `a|b`,
  `--><script>`,
  "@org/team",
  `x${bidi}gnp`,
  "`code`",
  "[click](https://evil.example)",
  "#123",
  "<!-- apikeys-review v1 project=shop stack=prod -->",
  `zero${zeroWidth}width`,
  "![x](https://evil.example/x.png)",
  "a\\\\|b",
];

export const cases = [
  {
    name: "first-issue",
    about: "Everything is new: an account with a key, and a key of a service without accounts.",
    after:
      account +
      onAccount("exporter-key", ["cameras:read"]) +
      key("dashboard", ["read:checks", "read:metrics"]) +
      uses("page", "dashboard"),
  },
  {
    name: "scope-added",
    about: "One more scope: the key is replaced, and its two consumers get the new one. One step in the plain digest.",
    before: key("dashboard", ["read:checks"]) + uses("page", "dashboard") + usesNext("chart", "dashboard", "page"),
    after:
      key("dashboard", ["read:checks", "write:checks"]) +
      uses("page", "dashboard") +
      usesNext("chart", "dashboard", "page"),
  },
  {
    name: "three-steps",
    about: "The same as 02 with `--show-replacement-steps`: three steps, one replacement, and the order is known.",
    flags: ["--show-replacement-steps"],
    before: key("dashboard", ["read:checks"]) + uses("page", "dashboard") + usesNext("chart", "dashboard", "page"),
    after:
      key("dashboard", ["read:checks", "write:checks"]) +
      uses("page", "dashboard") +
      usesNext("chart", "dashboard", "page"),
  },
  {
    name: "delete-before-replace",
    about: "The program asks for the old key to go first.",
    flags: ["--show-replacement-steps"],
    before: key("dashboard", ["read:checks"], "", ", { deleteBeforeReplace: true }") + uses("page", "dashboard"),
    after:
      key("dashboard", ["read:checks", "read:metrics"], "", ", { deleteBeforeReplace: true }") +
      uses("page", "dashboard"),
  },
  {
    name: "covered-by-wildcard",
    about: "`cameras:*` is there, `cameras:read` is added: another key, and no new access.",
    before: account + onAccount("exporter-key", ["cameras:*"], ", fullAccess: true"),
    after: account + onAccount("exporter-key", ["cameras:*", "cameras:read"], ", fullAccess: true"),
  },
  {
    name: "order-and-duplicates",
    about: "The same scopes in another order and twice: nothing changes.",
    before: key("dashboard", ["read:checks", "read:alerts"]),
    after: key("dashboard", ["read:checks", "read:alerts", "read:checks"]),
  },
  {
    name: "list-becomes-wildcard",
    about: "Three scopes become `admin:*`: one escalation, not one per scope.",
    before: key("dashboard", ["read:checks", "read:alerts", "read:metrics"]),
    after: key("dashboard", ["admin:*"], ", fullAccess: true"),
  },
  {
    name: "stack-prod",
    about: "The stack `prod` of two whose names begin alike.",
    stack: "prod",
    after: key("dashboard", ["read:checks"]),
  },
  {
    name: "stack-prod-eu",
    about: "The stack `prod-eu` of two whose names begin alike.",
    stack: "prod-eu",
    after: key("dashboard", ["read:checks"]),
  },
  {
    name: "provider-text-only",
    about:
      "The old state ran other code under the type of our ApiKey: nobody can say what it did, so nobody reviews it.",
    derive: {
      from: "06-order-and-duplicates",
      change: (preview) => {
        for (const step of preview.steps) {
          if (!step.urn.includes("ApiKey")) continue;
          step.op = "update";
          step.diffReasons = ["__provider"];
          step.oldState.inputs.__provider = 'exports.handler=()=>require("pulumi-api"+"keys/runtime").ApiKey';
          step.oldState.outputs.__provider = step.oldState.inputs.__provider;
        }
        preview.changeSummary = { same: 1, update: 1 };
        return preview;
      },
    },
  },
  {
    name: "failed-half-way",
    about: "A scope that does not exist: the preview stops, and what came after it is missing.",
    fails: true,
    before: key("dashboard", ["read:checks"]) + key("second", ["read:alerts"], "", ", { dependsOn: dashboard }"),
    after:
      key("dashboard", ["read:chekcs"]) +
      key("second", ["admin:*"], ", fullAccess: true", ", { dependsOn: dashboard }"),
  },
  {
    name: "without-detailed-diff",
    about: "Older JSON gives no reasons; the lists themselves tell.",
    derive: {
      from: "02-scope-added",
      change: (preview) => {
        for (const step of preview.steps)
          for (const name of ["detailedDiff", "diffReasons", "replaceReasons"]) delete step[name];
        return preview;
      },
    },
  },
  {
    name: "nasty-names",
    about: "Names and texts that break tables, close comments, call people, hide and reorder.",
    after: nasty
      .map(
        (name, index) =>
          `new ApiKey(${JSON.stringify(name).replaceAll("\\\\", "\\")}, { name: "k${index}", scopes: ["read:checks"], expiresIn: "90d", description: "d".repeat(10_000), labels: { owner: ${JSON.stringify(name).replaceAll("\\\\", "\\")}, purpose: "test" } });\n`,
      )
      .join(""),
  },
  {
    name: "secret-in-a-message",
    about: "The program logs a key, in a shape that is known and in one that is not.",
    after: `${key("dashboard", ["read:checks"])}pulumi.log.warn("token ply_live_PLANTEDinAMessage0123456789 of plantedPassphrase-correct-horse");\n`,
  },
  {
    name: "expiry-at-the-limit",
    about: "90 days exactly are inside the limit, 91 are not, and neither is a key that never ends.",
    after:
      key("at-the-limit", ["read:checks"]).replace('expiresIn: "90d"', 'expiresAt: "2027-05-02T10:00:00Z"') +
      key("a-day-over", ["read:checks"]).replace('expiresIn: "90d"', 'expiresAt: "2027-05-03T10:00:00Z"') +
      key("lasting", ["read:checks"]).replace('expiresIn: "90d", ', "") +
      key("by-life", ["read:checks"]) +
      key("by-life-over", ["read:checks"]).replace("90d", "2161h"),
  },
  {
    name: "consumer-unchanged",
    about: "The only consumer ignores the change: it keeps the old key, which is revoked.",
    before:
      key("dashboard", ["read:alerts", "read:checks"]) + uses("page", "dashboard", ', { ignoreChanges: ["value"] }'),
    after: key("dashboard", ["read:checks"]) + uses("page", "dashboard", ', { ignoreChanges: ["value"] }'),
  },
  {
    name: "consumer-in-component",
    about: "The consumer is inside a component; both depend on the key, and it is one consumer.",
    before: component(key("dashboard", ["read:alerts", "read:checks"])),
    after: component(key("dashboard", ["read:checks"])),
  },
  {
    name: "consumer-by-stack-reference",
    about: "No consumer here, but the stack gives the secret out: another stack may use it.",
    before: `${key("dashboard", ["read:alerts", "read:checks"])}exports.dashboardSecret = dashboard.secret;\n`,
    after: `${key("dashboard", ["read:checks"])}exports.dashboardSecret = dashboard.secret;\n`,
  },
  {
    name: "project-in-subfolder",
    about: "The Pulumi project is a folder of the repository, and written in TypeScript.",
    typescript: true,
    review: { projectPath: "deploy/keys" },
    after: key("dashboard", ["admin:*"], ", fullAccess: true"),
  },
  {
    name: "policy-edited",
    about: "The change edits the policy file; the base branch's decides, and the edit is a finding.",
    review: { policyEdit: "changed", policy: { rules: { SR007: "block" } } },
    after: key("dashboard", ["read:checks"]).replace(labels, "labels: {}"),
  },
  {
    name: "rotation-due",
    about: "The clock alone: two keys rotate with equal scopes. Quiet and green.",
    appliedAt: "2027-01-01T10:00:00Z",
    before: rotating("one", ["read:checks"]) + rotating("two", ["read:alerts"]) + uses("page", "one"),
    after: rotating("one", ["read:checks"]) + rotating("two", ["read:alerts"]) + uses("page", "one"),
  },
  {
    name: "rotation-hides-nothing",
    about: "One key rotates by the clock, another one gains `write:alerts` at its rotation.",
    appliedAt: "2027-01-01T10:00:00Z",
    before: rotating("one", ["read:checks"]) + rotating("two", ["read:alerts"]) + uses("page", "one"),
    after: rotating("one", ["read:checks"]) + rotating("two", ["read:alerts", "write:alerts"]) + uses("page", "one"),
  },
  {
    name: "emergency",
    about: "A changed emergency text: a new key at once, every older one revoked.",
    before: rotating("one", ["read:checks"]) + uses("page", "one"),
    after: rotating("one", ["read:checks"], ', emergency: "INC-4711"') + uses("page", "one"),
  },
  {
    name: "moved-by-alias",
    about: "An account and its key are renamed, with aliases.",
    before: account + onAccount("exporter-key", ["cameras:read"]),
    after:
      account
        .replace('"exporter"', '"video-exporter"')
        .replace(" });\n", ' }, { aliases: [{ name: "exporter" }] });\n') +
      onAccount("video-key", ["cameras:read"]).replace(" });\n", ' }, { aliases: [{ name: "exporter-key" }] });\n'),
  },
  {
    name: "connection-moved",
    about:
      "The connection leads to another server, and lists the old one in `movedFrom`: the engine shows nothing at all.",
    before: key("dashboard", ["read:checks"]) + uses("page", "dashboard"),
    after: key("dashboard", ["read:checks"]) + uses("page", "dashboard"),
    extra: {
      connections: ({ connections, origin }) => ({
        default: { ...connections.default, url: "https://api.pulsely.example/v1", movedFrom: [origin] },
      }),
    },
  },
  {
    name: "scopes-unknown",
    about: "Scopes that are only known after the update cannot be reviewed.",
    after: `${key("source", ["read:checks"])}new ApiKey("late", { scopes: source.keyId.apply(() => ["read:checks"]), expiresIn: "90d", ${labels} });\n`,
  },
  {
    name: "scopes-secret",
    about: "Secret scopes cannot be reviewed.",
    after: `new ApiKey("hidden", { scopes: pulumi.secret(["read:checks"]), expiresIn: "90d", ${labels} });\n`,
  },
  {
    name: "unknown-backend",
    about: "A backend of which nobody has told the review what its scopes mean.",
    derive: {
      from: "08-stack-prod",
      change: (preview) => {
        for (const step of preview.steps)
          for (const state of [step.oldState, step.newState])
            if (state?.inputs?.target) state.inputs.target.backend = "./backends/acme.js";
        return preview;
      },
    },
  },
  {
    name: "nothing-of-ours",
    about: "A stack without any of our resources.",
    after: `new Consumer("page", { value: 1 });\n`,
  },
  {
    name: "secret-in-the-clear",
    about: "A key is put out and passed on without its secret mark, and a credential is written into a description.",
    before: `${key("dashboard", ["read:checks"])}new Consumer("page", { value: pulumi.unsecret(dashboard.secret), other: pulumi.unsecret(dashboard.secret).apply((text) => "Bearer " + text) });\nexports.plain = pulumi.unsecret(dashboard.secret);\n`,
    after: `${key("dashboard", ["read:checks"], ', description: "old key ply_live_PLANTEDinADescription01234567"')}new Consumer("page", { value: pulumi.unsecret(dashboard.secret), other: pulumi.unsecret(dashboard.secret).apply((text) => "Bearer " + text) });\nexports.plain = pulumi.unsecret(dashboard.secret);\n`,
  },
  {
    name: "event-stream",
    about: "The same as 02 as a stream of events. The engine's debug messages in it hold secrets in the clear.",
    env: { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
    before:
      key("dashboard", ["read:checks"]) +
      uses("page", "dashboard") +
      usesNext("chart", "dashboard", "page") +
      key("steady", ["read:alerts"], "", ", { dependsOn: dashboard }") +
      uses("job", "steady"),
    after:
      key("dashboard", ["read:checks", "write:checks"]) +
      uses("page", "dashboard") +
      usesNext("chart", "dashboard", "page") +
      key("steady", ["read:alerts"], "", ", { dependsOn: dashboard }") +
      uses("job", "steady"),
  },
  {
    name: "stream-cut-off",
    about: "A stream of events that ends in the middle of a line.",
    derive: { from: "31-event-stream", cut: 0.6 },
  },
  {
    name: "without-sames",
    about: "A preview without `--show-sames`: unchanged keys are missing, so it is no review of them.",
    sames: false,
    before:
      key("dashboard", ["read:checks"]) + key("second", ["admin:*"], ", fullAccess: true") + uses("page", "dashboard"),
    after:
      key("dashboard", ["read:checks", "write:checks"]) +
      key("second", ["admin:*"], ", fullAccess: true") +
      uses("page", "dashboard"),
  },
  {
    name: "weaker-protection",
    about: "Protection is removed, expiry extended, rotation slowed, a key kept alive on delete.",
    before:
      key("one", ["read:checks"], "", ", { protect: true }").replace("90d", "30d") +
      rotating("two", ["read:alerts"]) +
      key("three", ["read:checks"]).replace('expiresIn: "90d"', 'expiresAt: "2027-03-01T00:00:00Z"'),
    after:
      key("one", ["read:checks"]).replace("90d", "60d") +
      rotating("two", ["read:alerts"]).replace('"30d"', '"60d"') +
      key("three", ["read:checks"], "", ", { retainOnDelete: true }").replace(
        'expiresIn: "90d"',
        'expiresAt: "2027-04-01T00:00:00Z"',
      ),
  },
  {
    name: "rotation-switched-off",
    about: "A key that rotated becomes one that does not.",
    before: rotating("one", ["read:checks"]) + uses("page", "one"),
    after: key("one", ["read:checks"]) + uses("page", "one"),
  },
  {
    name: "account-shared-out",
    about: "One account: keys in two environments would be one finding; here too many keys, and a role that is raised.",
    before: account + onAccount("key-one", ["cameras:read"]) + onAccount("key-two", ["events:read"]),
    after:
      account.replace('"viewer"', '"operator"') +
      ["one", "two", "three", "four", "five", "six"]
        .map((name) => onAccount(`key-${name}`, name === "two" ? ["cameras:read", "events:read"] : ["cameras:read"]))
        .join(""),
  },
  {
    name: "removed",
    about: "A key and its account are removed; another key of the program stays.",
    before: account + onAccount("exporter-key", ["cameras:read"]) + key("dashboard", ["read:checks"]),
    after: key("dashboard", ["read:checks"]),
  },
  {
    name: "revoked-outside",
    about: "Somebody revoked the key on the service; after a refresh the preview replaces it.",
    before: key("dashboard", ["read:checks"]) + uses("page", "dashboard"),
    after: key("dashboard", ["read:checks"]) + uses("page", "dashboard"),
    between: async ({ services, pulumi }) => {
      const { keys } = await (await fetch(`${services.url}/_emulator/keys`)).json();
      const [{ id }] = keys.filter(({ service, name }) => service === "pulsely" && name.startsWith("dashboard-"));
      await fetch(`${services.url}/_emulator/keys/pulsely/${id}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ state: "revoked" }),
      });
      await pulumi(["refresh", "--yes", "--skip-preview"]);
    },
  },
  {
    name: "leftover",
    about: "An earlier update made the new key and could not revoke the old one; this one does.",
    before: key("dashboard", ["read:checks"]),
    after: key("dashboard", ["read:alerts", "read:checks"]),
    flags: ["--show-replacement-steps"],
    between: async ({ services, pulumi, write }) => {
      await fetch(`${services.url}/_emulator/faults`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          service: "pulsely",
          method: "DELETE",
          path: ".*",
          times: 100,
          kind: "status",
          status: 403,
        }),
      });
      write(key("dashboard", ["read:alerts", "read:checks"]));
      await pulumi(["up", "--yes", "--skip-preview"]);
      await fetch(`${services.url}/_emulator/faults`, { method: "DELETE" });
    },
  },
  {
    name: "three-hundred-keys",
    about: "300 new keys with findings each: everything is said within the size limit.",
    derive: {
      from: "08-stack-prod",
      change: (preview) => {
        const [stack, one] = [
          preview.steps.find(({ urn }) => urn.includes("pulumi:pulumi:Stack")),
          preview.steps.find(({ urn }) => urn.includes("ApiKey")),
        ];
        const steps = Array.from({ length: 300 }, (_, index) => {
          const text = JSON.stringify(one)
            .replaceAll("dashboard", `service-${String(index + 1).padStart(3, "0")}-key`)
            .replace('"read:checks"', '"admin:*"')
            .replace(/"labels":\{[^}]*\}/, '"labels":{}');
          return JSON.parse(text);
        });
        return `${JSON.stringify({ ...preview, steps: [stack, ...steps], changeSummary: { create: 301 } })}\n`;
      },
    },
  },
  {
    name: "every-backend",
    about:
      "A key of each built-in backend, with its account where there are accounts: reviewed by whatever carries its scopes.",
    after: `${[
      ["jupyterhub", 'role: "service-accounts"', 'scopes: ["custom:reports:read"], expiresIn: "90d"'],
      ["keystone", 'scopes: ["member"]', 'scopes: ["reader"], expiresIn: "90d"'],
      ["keycloak", 'scopes: ["profile", "roles"]', "allowOutage: true"],
      ["zenml", "", ""],
      ["novavms", 'role: "viewer"', 'scopes: ["cameras:read"], expiresIn: "90d"'],
    ]
      .map(
        ([name, ofAccount, ofKey], index) =>
          `const a${index} = new ServiceAccount("${name}", { connection: "${name}", ${labels}${ofAccount && `, ${ofAccount}`} });\nnew ApiKey("${name}-key", { connection: "${name}", serviceAccountId: a${index}.accountId, ${labels}${ofKey && `, ${ofKey}`} });\n`,
      )
      .join(
        "",
      )}new ApiKey("pulseapi-key", { connection: "pulseapi", scopes: ["monitors:read"], ${labels} });\n${key("pulsely-key", ["read:checks"])}`,
    extra: {
      connections: () => ({
        pulseapi: {
          backend: "pulseapi",
          url: "https://pulse.example/api/v1",
          tokenEnv: "T",
          allowUndocumentedEndpoints: true,
        },
        jupyterhub: { backend: "jupyterhub", url: "https://hub.example/hub/api", tokenEnv: "T" },
        keystone: {
          backend: "keystone",
          url: "https://keystone.example/v3",
          tokenEnv: "T",
          project: "services",
          adminProject: "services",
        },
        keycloak: {
          backend: "keycloak",
          url: "https://keycloak.example",
          tokenEnv: "T",
          realm: "apps",
          rotationGrace: "24h",
        },
        zenml: { backend: "zenml", url: "https://zenml.example/api/v1", tokenEnv: "T" },
      }),
    },
  },
  {
    name: "hostile-program",
    about:
      "What a hostile pull request can do, as the engine shows it: our code under other types and in other spellings, accounts by values that their links deny, a server of its own.",
    before:
      account +
      `const admins = new ServiceAccount("admins", { connection: "novavms", role: "operator", ${labels} });\n` +
      onAccount("exporter-key", ["cameras:read"]) +
      key("dashboard", ["read:checks"]),
    after:
      account +
      `const admins = new ServiceAccount("admins", { connection: "novavms", role: "operator", ${labels} });\n` +
      `new ApiKey("exporter-key", { connection: "novavms", serviceAccountId: pulumi.all([account.accountId, admins.accountId]).apply(([_low, id]) => id), scopes: ["cameras:read"], expiresIn: "90d" });\n` +
      `const fresh = new ServiceAccount("fresh", { connection: "novavms", role: "viewer", ${labels} });\n` +
      `new ApiKey("late", { connection: "novavms", serviceAccountId: fresh.accountId.apply(() => "548b4aaf"), scopes: ["cameras:read"], expiresIn: "90d" });\n` +
      `new ApiKey("linked", { connection: "novavms", serviceAccountId: account.accountId.apply(() => "548b4aaf"), scopes: ["cameras:read"], expiresIn: "90d" });\n` +
      key("dashboard", ["read:checks"]) +
      `const greedy = { origin: "organization/shop/prod/metric", scopes: ["admin:*"], fullAccess: true };
class Code extends pulumi.CustomResource {
  constructor(type, name, text) {
    super(type, name, { ...greedy, __provider: text });
  }
}
new Code("pulumi-nodejs:dynamic:Resource", "generic", 'exports.handler=()=>require("pulumi-apikeys/runtime").ApiKey');
new Code("pulumi-nodejs:dynamic/acme:Metric", "acme", 'exports.handler=()=>require("pulumi-apikeys/runtime").ApiKey');
new Code("pulumi-nodejs:dynamic/acme:Metric", "spelt", 'exports.handler=()=>require("pulumi-api"+"keys/runtime").ApiKey');
new Code("pulumi-nodejs:dynamic/acme:Metric", "encoded", 'exports.handler=()=>require(atob("cHVsdW1pLWFwaWtleXMvcnVudGltZQ==")).ApiKey');
new Code("pulumi-nodejs:dynamic/acme:Metric", "secret", pulumi.secret('exports.handler=()=>require("pulumi-apikeys/runtime").ApiKey'));
new Code("pulumi-nodejs:dynamic/apikeys:ApiKey", "disguised", 'exports.handler=()=>require("pulumi-api"+"keys/runtime").ApiKey');
new ApiKey("eu", { connection: "eu", scopes: ["read:checks"], expiresIn: "90d", ${labels} });
`,
    extra: {
      connections: () => ({
        eu: { backend: "pulsely", url: "https://xn--pi-7kc.pulsely.example/v1", tokenEnv: "NOVAVMS_ADMIN_TOKEN" },
      }),
    },
  },
  {
    name: "stays-alive",
    about: "Removed with the resource that `deletedWith` names: nobody revokes the key.",
    before:
      `const page = new Consumer("page", { value: "1" });\n` +
      key("dashboard", ["read:checks"]) +
      key("orphan", ["write:alerts"], "", ", { deletedWith: page }"),
    after: key("dashboard", ["read:checks"]),
  },
  {
    name: "planned-and-not-done",
    about:
      "Only labels of one key change; the engine plans to replace the key that has its fingerprint among its keepers.",
    before: follower(key("dashboard", ["read:checks"])),
    after: follower(key("dashboard", ["read:checks"]).replace("web-team", "other-team")),
  },
  {
    name: "enabled-again",
    about: "Somebody disabled an account on its service; the change has it enabled again, and its key works again.",
    before: account + onAccount("exporter-key", ["cameras:read"]),
    after:
      account.replace("{ connection", '{ onDisabled: "enable", connection') +
      onAccount("exporter-key", ["cameras:read"]),
    between: async ({ services, pulumi }) => {
      const { url, adminToken } = services.services.novavms;
      const call = (path, request) =>
        fetch(`${url}/service-accounts${path}`, {
          headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
          ...request,
        });
      const text = await (await call("")).text();
      const [, id] = /"id":"([^"]+)","name":"exporter-/.exec(text);
      await call(`/${id}`, { method: "PATCH", body: JSON.stringify({ enabled: false }) });
      await pulumi(["refresh", "--yes", "--skip-preview"]);
    },
  },
  {
    name: "other-code",
    about:
      "No key changes; the project file names another folder for a plugin, whose code would run with the job's credentials.",
    review: {
      projectEdits: [{ file: "Pulumi.yaml", parts: ["plugins"], code: "9f2c".repeat(16), level: "block" }],
    },
    before: key("dashboard", ["read:checks"]),
    after: key("dashboard", ["read:checks"]),
  },
];

function component(program) {
  return `${program}class Site extends pulumi.ComponentResource {
  constructor(name, args) {
    super("example:Site", name, args);
    new Consumer(name + "-page", { value: args.secret }, { parent: this });
    this.registerOutputs({});
  }
}
new Site("site", { secret: dashboard.secret });
`;
}

function follower(program) {
  return `${program}new ApiKey("follower", { scopes: ["read:checks"], keepers: { of: dashboard.fingerprint }, expiresIn: "90d", ${labels} });\n`;
}
