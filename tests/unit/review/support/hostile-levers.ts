import { providerText } from "../../../../provider/resource-text";
import {
  account,
  changed,
  consumer,
  created,
  key,
  removed,
  rotatingKey,
  unchanged,
  unknown,
  urnOf,
  type State,
  type Step,
} from "./preview-builder";

/**
 * What a hostile pull request can pull: each lever turns the preview of an untouched stack into one that gives
 * somebody more than before. The author is assumed to have read the source of the review.
 */
export interface Lever {
  readonly kind: string;
  /** What the report has to name, in a gain or a finding. Left out: it need only refuse, or show a change of access. */
  readonly names?: string;
  /** Nobody can know what it gives, so nothing but a refusal is an answer. */
  readonly refused?: true;
  /** The lock file says what a key may do, and not who has it. */
  readonly isUnlocked?: true;
  readonly pull: (preview: HostilePreview) => void;
}

export interface HostilePreview {
  readonly steps: Map<string, Step>;
  /** Corrections of the change summary that follows from the steps. */
  readonly summary: Record<string, number>;
  /** Steps that come twice. */
  readonly extra: Step[];
}

const novavms = {
  target: { backend: "novavms", origin: "https://novavms.example" },
  connection: "nova",
  environment: undefined,
};
const hub = {
  target: { backend: "jupyterhub", origin: "https://hub.example" },
  connection: "hub",
  environment: undefined,
};
const keystone = {
  target: { backend: "keystone", origin: "https://keystone.example" },
  connection: "stone",
  environment: undefined,
};
const low = account("low", { ...novavms, role: "viewer" });
const admin = account("admins", { ...novavms, role: "operator" });
const linked = (...names: string[]) => ({
  propertyDependencies: { serviceAccountId: names.map((name) => urnOf("ServiceAccount", name)) },
});
const k = key("k", { ...novavms, serviceAccountId: "id-of-low", scopes: ["cameras:read"] }, linked("low"));
const p = key("p", { target: { ...pulselyTarget(), credential: "environment variable PULSELY_TOKEN" } });
const r = rotatingKey("r");
const h = key("h", { ...hub, scopes: ["read:users"] });
const z = key("z", { ...keystone, scopes: ["reader"] });
const metric = code("metric", "exports.handler=()=>({})");
const hiddenCode = code("opaque", "[secret]");

function pulselyTarget() {
  return { backend: "pulsely", origin: "https://api.pulsely.io" };
}

function code(name: string, text: unknown, type = "pulumi-nodejs:dynamic/acme:Metric"): State {
  return {
    urn: `urn:pulumi:prod::shop::${type}::${name}`,
    type,
    custom: true,
    id: name,
    inputs: { __provider: text },
    outputs: { __provider: text },
    propertyDependencies: {},
  };
}

/** The stack as it is: every kind of thing that a lever can be pulled on. */
export function untouched(): HostilePreview {
  const states = [low, admin, k, p, r, h, z, metric, consumer("app", [k.urn])];
  return { steps: new Map(states.map((state) => [state.urn, unchanged(state)])), summary: {}, extra: [] };
}

const with_ = (state: State, inputs: Record<string, unknown>, more: Record<string, unknown> = {}): State => ({
  ...state,
  ...more,
  inputs: Object.fromEntries(Object.entries({ ...state.inputs, ...inputs }).filter(([, value]) => value !== undefined)),
});
const retyped = (state: State, type: string): State => ({ ...state, type, urn: state.urn.replace(state.type, type) });
const set = (step: Step) => (preview: HostilePreview) => void preview.steps.set(step.urn, step);
const replace = (before: State, after: State, reasons: readonly string[] = []) =>
  set(changed("replace", before, after, reasons));
/** The engine says nothing of it at all: the inputs differ under `same`. */
const silent = (before: State, after: State) => set(unchanged(before, after));

const greedy = key("metric-key", { scopes: ["admin:*"], fullAccess: true });
const spelt = [
  'exports.handler=()=>require("pulumi-api"+"keys/runtime").ApiKey',
  'exports.handler=()=>require("pulumi\\x2dapikeys/runtime").ApiKey',
  'exports.handler=()=>require("./node_modules/pulumi-apikeys/dist/provider/runtime.js").ApiKey',
  'exports.handler=()=>require(atob("cHVsdW1pLWFwaWtleXMvcnVudGltZQ==")).ApiKey',
  'exports.handler=()=>process.mainModule.require("pulumi-apikeys/runtime").ApiKey',
  'exports.handler=()=>eval("req"+"uire")(["pulumi-apikeys","runtime"].join("/")).ApiKey',
];
const foreign = "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::mine::1";
const foreignTypes = ["pulumi-nodejs:dynamic:Resource", "pulumi-nodejs:dynamic/acme:Gauge"];

export const levers: readonly Lever[] = [
  // Who runs what.
  ...foreignTypes.map((type): Lever => ({ kind: `our code under ${type}`, pull: set(created(retyped(greedy, type))) })),
  ...spelt.flatMap((text): Lever[] => [
    { kind: `our code, spelt ${text}`, names: "SR023", pull: set(created(code("gauge", text))) },
    { kind: `our type with ${text}`, pull: set(created(with_(greedy, { __provider: text }))) },
  ]),
  { kind: "our type with secret code", refused: true, pull: set(created(with_(greedy, { __provider: "[secret]" }))) },
  { kind: "our type with code that is not known", pull: set(created(with_(greedy, { __provider: unknown }))) },
  { kind: "our type without code", refused: true, pull: set(created(with_(greedy, { __provider: undefined }))) },
  {
    kind: "the code of another of our classes",
    pull: set(created(with_(greedy, { __provider: providerText("RotatingApiKey") }))),
  },
  { kind: "secret code", names: "SR023", pull: silent(hiddenCode, hiddenCode) },
  { kind: "code that changes", names: "SR023", pull: set(changed("update", metric, code("metric", spelt[0]))) },
  {
    kind: "code that changes below an unchanged resource",
    names: "SR023",
    pull: silent(metric, code("metric", spelt[0])),
  },
  {
    kind: "a Python resource",
    names: "SR023",
    pull: set(created(code("gauge", undefined, "pulumi-python:dynamic:Resource"))),
  },
  {
    kind: "a key that becomes code",
    pull: set(changed("update", p, with_(retyped(p, "pulumi-nodejs:dynamic/acme:Metric"), { __provider: spelt[0] }))),
  },
  { kind: "code that becomes a key", pull: replace(metric, with_(retyped(metric, greedy.type), greedy.inputs)) },
  {
    kind: "a key that becomes an account",
    pull: replace(p, with_(retyped(p, low.type), { __provider: providerText("ServiceAccount") })),
  },
  {
    kind: "a provider of the program's own",
    pull: set(created({ ...greedy, provider: "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::mine::1" })),
  },
  ...(["default::mine", "default_1_0_0"] as const).map((name): Lever => {
    const provider = `urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::${name}`;
    return {
      kind: `a provider of the program's own, called ${name}`,
      refused: true,
      pull: ({ steps }) => {
        const own = { urn: provider, type: "pulumi:providers:pulumi-nodejs", custom: true, inputs: {} };
        steps.set(provider, created({ ...own, inputs: { __internal: { pluginDownloadURL: "https://evil.example" } } }));
        steps.set(p.urn, unchanged(p, { ...p, provider: `${provider}::1` }));
      },
    };
  }),
  { kind: "code that another provider runs", names: "SR023", pull: silent(metric, { ...metric, provider: foreign }) },
  { kind: "a type that is not known", pull: set(created(retyped(greedy, "pulumi-nodejs:dynamic/apikeys:MasterKey"))) },
  // Whose key it is.
  {
    kind: "another account's id under the old link",
    names: "SR027",
    pull: replace(k, with_(k, { serviceAccountId: "id-of-admins" }), ["serviceAccountId"]),
  },
  {
    kind: "a stranger's id under the old link",
    names: "SR027",
    pull: replace(k, with_(k, { serviceAccountId: "548b4aaf" }), ["serviceAccountId"]),
  },
  {
    kind: "a stranger's id without a link",
    pull: replace(k, with_(k, { serviceAccountId: "548b4aaf" }, { propertyDependencies: {} })),
  },
  {
    kind: "another account's id below an unchanged key",
    pull: silent(k, with_(k, { serviceAccountId: "id-of-admins" }, linked("admins"))),
  },
  {
    kind: "a new key under another account's id",
    names: "SR027",
    pull: set(created(with_(key("k2", {}, linked("low")), { ...k.inputs, serviceAccountId: "id-of-admins" }))),
  },
  {
    kind: "an account that is secret, before and after",
    refused: true,
    pull: silent(with_(k, { serviceAccountId: "[secret]" }), with_(k, { serviceAccountId: "[secret]" })),
  },
  {
    kind: "an account that is not known, of a settled one",
    refused: true,
    pull: replace(k, with_(k, { serviceAccountId: unknown }), ["serviceAccountId"]),
  },
  {
    kind: "an account that is not known, of two",
    refused: true,
    pull: replace(k, with_(k, { serviceAccountId: unknown }, linked("low", "admins"))),
  },
  {
    kind: "an account that is not known, of none",
    refused: true,
    pull: replace(k, with_(k, { serviceAccountId: unknown }, { propertyDependencies: {} })),
  },
  {
    kind: "an account that is not known, of a stranger",
    refused: true,
    pull: replace(k, with_(k, { serviceAccountId: unknown }, { propertyDependencies: { serviceAccountId: [p.urn] } })),
  },
  {
    kind: "an account that the update makes",
    pull: ({ steps }) => {
      const fresh = account("fresh", { ...novavms, role: "viewer" });
      steps.set(fresh.urn, created(fresh));
      set(created(with_(key("k7", {}, linked("fresh")), { ...k.inputs, serviceAccountId: unknown })))({
        steps,
        summary: {},
        extra: [],
      });
    },
  },
  {
    kind: "the account that the update makes anew",
    pull: (preview) => {
      replace(low, with_(low, { name: "other" }), ["name"])(preview);
      replace(k, with_(k, { serviceAccountId: unknown }), ["serviceAccountId"])(preview);
    },
  },
  // Who has it.
  {
    kind: "one more resource that uses a key",
    names: "SR033",
    isUnlocked: true,
    pull: ({ steps }) => {
      const spy = consumer("spy", [k.urn]);
      steps.set(k.urn, unchanged(k)).set(spy.urn, created(spy));
    },
  },
  {
    kind: "an unchanged resource that uses another key as well",
    names: "SR033",
    isUnlocked: true,
    pull: ({ steps }) => {
      const [before, after] = [consumer("app", [k.urn]), consumer("app", [k.urn, p.urn])];
      steps.set(p.urn, unchanged(p)).set(after.urn, unchanged(before, after));
    },
  },
  {
    kind: "a key under the name of another, by aliases",
    names: "SR033",
    pull: ({ steps }) => {
      steps.set(p.urn, unchanged(k, { ...k, urn: p.urn }));
      steps.set(k.urn, unchanged(p, { ...p, urn: k.urn }));
    },
  },
  // What it may do.
  ...(["admin:*", "write:checks"] as const).flatMap((scope): Lever[] => [
    {
      kind: `${scope} by a replacement`,
      names: scope,
      pull: replace(p, with_(p, { scopes: ["read:checks", scope] }), ["scopes"]),
    },
    {
      kind: `${scope} below an unchanged key`,
      names: scope,
      pull: silent(p, with_(p, { scopes: ["read:checks", scope] })),
    },
    {
      kind: `${scope} by a rotation`,
      names: scope,
      pull: set(changed("update", r, with_(r, { scopes: ["read:checks", scope], generation: 2 }))),
    },
  ]),
  {
    kind: "scopes that are secret, before and after",
    refused: true,
    pull: silent(with_(p, { scopes: "[secret]" }), with_(p, { scopes: "[secret]" })),
  },
  { kind: "scopes that are not known", refused: true, pull: replace(p, with_(p, { scopes: unknown })) },
  {
    kind: "one scope that is not known",
    refused: true,
    pull: replace(p, with_(p, { scopes: ["read:checks", unknown] })),
  },
  { kind: "an empty list", names: "*", pull: replace(p, with_(p, { scopes: [] })) },
  { kind: "a scope that no catalogue knows", pull: replace(p, with_(p, { scopes: ["read:chеcks"] })) },
  ...["tokens!user=root", "inherit!user=root", "self!user=root"].map((scope): Lever => ({
    kind: scope,
    names: "SR003",
    pull: replace(h, with_(h, { scopes: [scope] })),
  })),
  {
    kind: "a role's name as a scope",
    names: "scope=role=admin",
    pull: replace(z, with_(z, { scopes: ["reader", "role=admin"] })),
  },
  { kind: "a role that can do everything", names: "SR003", pull: replace(z, with_(z, { scopes: ["admin"] })) },
  ...["api_keys:create", "service-accounts:write", "tokens:issue"].map((scope): Lever => ({
    kind: `${scope} of an open catalogue`,
    names: "SR003",
    pull: set(created(with_(k, { scopes: [scope] }, { urn: urnOf("ApiKey", "minter") }))),
  })),
  {
    kind: "admin:all of an open catalogue",
    names: "SR028",
    pull: set(created(with_(k, { scopes: ["admin:all"] }, { urn: urnOf("ApiKey", "boss") }))),
  },
  {
    kind: "a wildcard of an open catalogue",
    names: "SR001",
    pull: set(created(with_(k, { scopes: ["cameras:*"] }, { urn: urnOf("ApiKey", "all") }))),
  },
  { kind: "an account's role", names: "role=admin", pull: set(changed("update", low, with_(low, { role: "admin" }))) },
  {
    kind: "a new account with a role",
    names: "SR028",
    pull: set(created(account("boss", { ...novavms, role: "admin" }))),
  },
  {
    kind: "a role that is secret, before and after",
    refused: true,
    pull: silent(with_(low, { role: "[secret]" }), with_(low, { role: "[secret]" })),
  },
  // Where, and for how long.
  {
    kind: "a connection to another host",
    names: "SR024",
    pull: set(created(key("eu", { connection: "eu", target: { backend: "pulsely", origin: "https://evil.example" } }))),
  },
  {
    kind: "a host that looks like another",
    names: "U+0430",
    pull: set(created(key("eu", { target: { backend: "pulsely", origin: "https://xn--pi-7kc.pulsely.io" } }))),
  },
  {
    kind: "another backend",
    names: "SR024",
    pull: set(
      created(key("eu", { target: { backend: "pulseapi", origin: "https://api.pulsely.io" }, scopes: ["team:read"] })),
    ),
  },
  { kind: "another connection to the same host", names: "SR024", pull: set(created(key("eu", { connection: "eu" }))) },
  {
    kind: "another host below an unchanged key",
    names: "SR021",
    pull: silent(p, with_(p, { target: { backend: "pulsely", origin: "https://evil.example" } })),
  },
  {
    kind: "another variable as the token",
    names: "SR024",
    pull: silent(
      p,
      with_(p, { target: { ...pulselyTarget(), credential: "environment variable AWS_SECRET_ACCESS_KEY" } }),
    ),
  },
  {
    kind: "a server that is secret",
    refused: true,
    pull: silent(p, with_(p, { target: { backend: "pulsely", origin: "[secret]" } })),
  },
  { kind: "no server at all", pull: set(created(with_(greedy, { target: undefined }))) },
  { kind: "a connection that is secret", refused: true, pull: silent(p, with_(p, { connection: "[secret]" })) },
  {
    kind: "an environment that is secret",
    refused: true,
    pull: silent(with_(p, { environment: "[secret]" }), with_(p, { environment: "[secret]" })),
  },
  { kind: "another environment", pull: replace(p, with_(p, { environment: "test" }), ["environment"]) },
  { kind: "no end", pull: set(changed("update", p, with_(p, { expiresIn: undefined }))) },
  { kind: "a later end", pull: set(changed("update", p, with_(p, { expiresIn: "9000d" }))) },
  {
    kind: "an end that is not known",
    refused: true,
    pull: set(changed("update", p, with_(p, { expiresIn: unknown }))),
  },
  { kind: "no rotation", pull: set(changed("update", r, with_(r, { rotateEvery: "9000d" }))) },
  { kind: "an overlap without end", pull: set(changed("update", r, with_(r, { overlap: "900d" }))) },
  {
    kind: "a key that is taken for deleted with another",
    names: "SR019",
    pull: ({ steps }) => {
      steps.set(p.urn, removed({ ...p, deletedWith: metric.urn }));
      steps.set(metric.urn, removed(metric));
    },
  },
  { kind: "a key that is removed and kept alive", names: "SR019", pull: set(removed({ ...p, retainOnDelete: true })) },
  // What the preview leaves out.
  {
    kind: "a step that is counted and not there",
    refused: true,
    pull: ({ summary }) => void (summary.create = (summary.create ?? 0) + 1),
  },
  {
    kind: "an update that is counted as nothing",
    pull: (preview) => {
      set(changed("update", r, with_(r, { description: "x" })))(preview);
      preview.summary.update = -1;
    },
  },
  {
    kind: "a new key without its state",
    pull: ({ steps }) => void steps.set(greedy.urn, { op: "create", urn: greedy.urn }),
  },
  {
    kind: "an unchanged key without its new state",
    pull: ({ steps }) => void steps.set(p.urn, { op: "same", urn: p.urn, oldState: p }),
  },
  {
    kind: "two plans for one resource",
    refused: true,
    pull: ({ extra }) => void extra.push(changed("update", p, with_(p, { scopes: ["admin:*"] }))),
  },
  {
    kind: "a new key, and the same key unchanged",
    refused: true,
    pull: ({ extra }) => void extra.push(created(with_(p, { scopes: ["admin:*"] }))),
  },
  {
    kind: "a state of another resource",
    pull: ({ steps }) =>
      void steps.set(greedy.urn, { ...created(with_(greedy, { scopes: ["read:checks"] })), newState: key("other") }),
  },
  {
    kind: "a state of another type",
    pull: ({ steps }) =>
      void steps.set(greedy.urn, { ...created(greedy), newState: { ...greedy, type: "aws:s3/bucket:Bucket" } }),
  },
  {
    kind: "an operation that is not known",
    pull: ({ steps }) => void steps.set(greedy.urn, { ...created(greedy), op: "conjure" }),
  },
];
