import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { lockText } from "../../../review/lock";
import { defaultPolicy } from "../../../review/policy";
import { readReport } from "../../../review/read-report";
import { lockPreview } from "../../../review/review-preview";
import {
  account,
  changed,
  created,
  found,
  key,
  previewOf,
  removed,
  review,
  rotatingKey,
  unchanged,
  unknown,
  type State,
  type Step,
} from "./support/preview-builder";

/** What changes access without a word that a naive reader looks for: each has to be told by everything that compares. */

const nova = {
  connection: "nova",
  target: { backend: "novavms", origin: "https://novavms.example" },
  environment: undefined,
};
const low = account("low", { ...nova, role: "viewer" });
const linked = { propertyDependencies: { serviceAccountId: [low.urn] } };
const camera = key("camera", { ...nova, scopes: ["cameras:read"], serviceAccountId: "id-of-low" }, linked);
const linkTo = (owner: State) => ({ propertyDependencies: { serviceAccountId: [owner.urn] } });
const web = key("web");
const night = rotatingKey("night", { rotateBefore: "1d", jitter: "1h", maxOverlap: "14d" });
const providerUrn = (type: string, name: string): string => `urn:pulumi:prod::shop::${type}::${name}`;
const pluginKey = asPlugin(key("plugged"), "apikeys:index:ApiKey");
const mine = providerState("pulumi:providers:apikeys", "mine");
const stack: readonly State[] = [low, camera, web, night, mine, pluginKey];

function asPlugin(state: State, type: string, provider = "default_1_0_0"): State {
  const { __provider: _code, ...inputs } = state.inputs;
  const urn = state.urn.replace(state.type, type);
  return { ...state, type, urn, inputs, provider: `${providerUrn("pulumi:providers:apikeys", provider)}::1` };
}

function providerState(type: string, name: string, inputs: Record<string, unknown> = {}): State {
  return { urn: providerUrn(type, name), type, custom: true, id: "1", inputs, propertyDependencies: {} };
}

const but = (state: State, inputs: Record<string, unknown>, more: Record<string, unknown> = {}): State => ({
  ...state,
  ...more,
  inputs: Object.fromEntries(Object.entries({ ...state.inputs, ...inputs }).filter(([, value]) => value !== undefined)),
});

/** How a review, the gate of a rotation, `verify` and `lock --check` answer to the second of two previews. */
function answers(before: readonly State[], steps: readonly Step[]) {
  const base = previewOf(before.map((state) => unchanged(state)));
  const byUrn = new Map(before.map((state) => [state.urn, unchanged(state)]));
  for (const step of steps) byUrn.set(step.urn, step);
  const preview = previewOf([...byUrn.values()]);
  const lock = lockText(lockPreview({ preview: base, policy: defaultPolicy, projectPath: "", allowEmpty: false }).lock);
  expect(review([], { preview: base, lock, failOn: "never" }).exitCode).toBe(0);
  const report = review([], { preview });
  return {
    refused: report.exitCode === 10,
    changed: report.accessChanged,
    sameDigest: report.digest === review([], { preview: base }).digest,
    gate: review([], { preview, failOn: "never", expectNoAccessChange: true }).exitCode,
    lock: review([], { preview, failOn: "never", lock }).exitCode,
  };
}
const refused = { refused: true, sameDigest: false, gate: 10, lock: 10 };
const told = { refused: false, changed: true, sameDigest: false, gate: 7, lock: 11 };

/** The engine says nothing of it: the states differ under `same`. */
const silently = (before: State, after: State): Step => unchanged(before, after);
const imported = (before: State, id: string): Step => ({
  ...changed("replace", before, before),
  newState: { ...before, id, outputs: before.inputs },
});

describe("a resource of the plugin's package", () => {
  const wellKnown = new Set(["ServiceAccount", "ApiKey", "RotatingApiKey"]);
  const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/);
  const types = fc
    .tuple(
      fc.constantFrom("apikeys", "Apikeys", "APIKEYS"),
      fc.oneof(
        fc.constant("index"),
        word,
        word.map((name) => `index/${name}`),
      ),
      fc.oneof(fc.constantFrom(...wellKnown), word),
    )
    .map(([name, module, type]) => ({ name, module, type }))
    .filter(({ name, module, type }) => !(name === "apikeys" && module === "index" && wellKnown.has(type)));

  it("has one of three types, or is not reviewable", () => {
    fc.assert(
      fc.property(types, ({ name, module, type }) => {
        const stranger = asPlugin(key("greedy", { scopes: ["admin:*"] }), `${name}:${module}:${type}`);
        expect(answers(stack, [created(stranger)])).toMatchObject(refused);
      }),
    );
  });

  it.each([
    ["GitHub", "default_1_0_0_github_/api.github.com/evil"],
    ["GitLab", "default_gitlab_/gitlab.com/evil"],
    ["a server", "default_1_0_0_https_/evil.example"],
    ["a provider that is not in the preview", "elsewhere"],
  ])("is not reviewable where its plugin comes from %s", (_where, provider) => {
    expect(
      answers(stack, [silently(pluginKey, asPlugin(key("plugged"), "apikeys:index:ApiKey", provider))]),
    ).toMatchObject(refused);
  });

  it.each(["pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"])(
    "is not reviewable where its provider says by `%s` which program it is",
    (property) => {
      const explicit = asPlugin(key("plugged"), "apikeys:index:ApiKey", "mine");
      const other = providerState(mine.type, "mine", { [property]: "https://evil.example" });
      expect(answers([...stack.slice(0, -1), explicit], [silently(mine, other)])).toMatchObject(refused);
    },
  );
});

it.each([
  ["has the URN of the engine's", "pulumi:providers:pulumi-nodejs"],
  ["hides below a component", "acme:index:Team$pulumi:providers:pulumi-nodejs"],
])("a provider of the program's own that %s runs none of our code", (_how, type) => {
  const provider = { ...providerState("pulumi:providers:pulumi-nodejs", "default"), urn: providerUrn(type, "default") };
  const moved = { ...web, provider: `${provider.urn}::1` };
  expect(answers(stack, [created(provider), silently(web, moved)])).toMatchObject(refused);
});

describe("an input", () => {
  const wrongForms: readonly unknown[] = [{}, [], ["live"], { value: "live" }, ["[secret]"], [unknown], ""];
  const decisive = [
    "connection",
    "environment",
    "role",
    "fullAccess",
    "exactName",
    "status",
    "expiresAt",
    "expiresIn",
    "onDisabled",
    "acceptLess",
    "selfRotate",
  ];
  const ofRotation = ["rotateEvery", "rotateBefore", "overlap", "maxOverlap", "retire", "jitter", "generation"];
  const cases = fc.tuple(fc.constantFrom(...decisive, ...ofRotation, "target"), fc.constantFrom(...wrongForms));

  it("that decides about access, place or life and has another form is not reviewable", () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(low, camera, web, night), ([property, value], state) => {
        expect(answers(stack, [silently(state, but(state, { [property]: value }))])).toMatchObject(refused);
      }),
    );
  });

  it.each([
    ["impersonate", { accountId: "root" }],
    ["grant", { groups: ["admin"] }],
    ["scope", "admin:*"],
  ])("that this version does not know (%s) is not reviewable", (property, value) => {
    for (const state of [low, web, night])
      expect(answers(stack, [silently(state, but(state, { [property]: value }))])).toMatchObject(refused);
  });

  it.each<[string, unknown]>([
    ["a field of a later version", { backend: "pulsely", origin: "https://api.pulsely.io", path: "/admin" }],
    ["no server", { backend: "pulsely" }],
    ["nothing", undefined],
    ["null", null],
  ])("`target` with %s is not reviewable", (_what, target) => {
    expect(answers(stack, [silently(web, but(web, { target }))])).toMatchObject(refused);
  });

  it("that gives a key scopes where the account has them is not reviewable", () => {
    const hidden = key("hidden", { connection: "kc", target: { backend: "keycloak", origin: "https://kc.example" } });
    expect(answers(stack, [created(hidden)])).toMatchObject(refused);
  });
});

describe("a change of access that no grant shows", () => {
  const aliveSteps: readonly (readonly [string, State, Record<string, unknown>])[] = [low, camera, web, night].flatMap(
    (state) => [
      [
        `retainOnDelete of ${state.type.split(":").at(-1) ?? ""} ${state.inputs.connection as string}`,
        state,
        { retainOnDelete: true },
      ],
      [
        `deletedWith of ${state.type.split(":").at(-1) ?? ""} ${state.inputs.connection as string}`,
        state,
        { deletedWith: mine.urn },
      ],
    ],
  );
  it.each(aliveSteps)("is told: %s under `same`", (_what, state, more) => {
    expect(answers(stack, [silently(state, but(state, {}, more))])).toMatchObject(told);
  });

  it.each([
    ["rotateBefore", undefined],
    ["rotateBefore", "30d"],
    ["jitter", "20d"],
    ["maxOverlap", "300d"],
    ["overlap", "300d"],
  ])("is told: %s becomes %s", (property, value) => {
    expect(answers(stack, [changed("update", night, but(night, { [property]: value }))])).toMatchObject(told);
  });

  it.each([low, camera, web, night])("is told: an update would bring back what somebody disables: $type", (state) => {
    const revived = but(state, { onDisabled: "replace" });
    expect(answers(stack, [silently(state, revived)])).toMatchObject(told);
    expect(answers(stack, [silently(state, but(state, { onDisabled: "ignore" }))])).toMatchObject({ changed: false });
    expect(answers(stack, [silently(state, but(state, { onDisabled: unknown }))])).toMatchObject({ gate: 10 });
  });

  it.each([low, camera, web, night])("is told: what is disabled would be enabled again: $type", (state) => {
    const disabled = but(state, {}, { outputs: { ...state.outputs, status: "disabled" } });
    const enabling = but(state, { onDisabled: "enable" });
    expect(answers(stack, [silently(state, enabling)])).toMatchObject(told);
    // Long approved, and still no routine once it gives access back.
    const approved = but(disabled, { onDisabled: "enable" });
    const before = stack.map((each) => (each === state ? approved : each));
    // The lock file is about the future, and has the consent already.
    expect(answers(before, [changed("update", approved, enabling)])).toMatchObject({ ...told, lock: 0 });
    expect(answers(before, [unchanged(approved, enabling)])).toMatchObject({ changed: false });
  });

  it("is blocked where it gives back what somebody disabled, which counts as gained", () => {
    const disabled = but(web, {}, { outputs: { ...web.outputs, status: "disabled" } });
    const report = review([], {
      preview: previewOf([changed("update", disabled, but(web, { onDisabled: "enable" }))]),
    });
    expect(found(report)).toEqual(["SR031 web"]);
    expect(report).toMatchObject({ exitCode: 5, accessChanged: true, accounts: [{ gains: ["read:checks"] }] });
  });

  it("is blocked where an account is enabled again: its keys opened nothing either, and gain all that they open", () => {
    const disabled = but(low, {}, { outputs: { ...low.outputs, status: "disabled" } });
    const other = account("other", { ...nova, role: "viewer" });
    const moved = but(camera, { serviceAccountId: "id-of-other" }, linkTo(other));
    const enabled = changed("update", disabled, but(low, { onDisabled: "enable" }));
    const away = changed("replace", camera, moved, ["serviceAccountId"]);
    for (const steps of [
      [enabled, unchanged(camera)],
      [unchanged(disabled), away],
      [removed(disabled), away],
    ]) {
      const report = review([...steps, unchanged(other)]);
      expect(report).toMatchObject({ exitCode: 5, accessChanged: true });
      expect(report.keys).toMatchObject([{ name: "camera", gains: ["cameras:read"], loses: [] }]);
      expect(found(report)).toContain("SR031 camera");
      expect(readReport(JSON.stringify(report))).toEqual({ report });
    }
    const quiet = review([unchanged(disabled), unchanged(camera), unchanged(other)]);
    expect([quiet.exitCode, quiet.accessChanged]).toEqual([0, false]);
  });

  it("does not call enabled what stays over, because its end has passed", () => {
    const over = but(web, {
      status: "expired",
      expiresAt: "2027-01-20T00:00:00Z",
      expiresIn: undefined,
      onDisabled: "enable",
    });
    const disabled = but(over, { onDisabled: undefined }, { outputs: { ...web.outputs, status: "disabled" } });
    const report = review([changed("update", disabled, over)]);
    expect(found(report)).not.toContain("SR031 web");
    expect(report.keys).toMatchObject([{ gains: [], loses: [] }]);
  });

  it("is told in a note where a refresh found what the program asks for now, because somebody gave it on the service", () => {
    const wide = but(web, { scopes: ["read:checks", "write:checks"] });
    const found: Step = { op: "update", urn: web.urn, oldState: web, newState: wide };
    const text = JSON.parse(previewOf([found, unchanged(wide)])) as { changeSummary: Record<string, number> };
    delete text.changeSummary.update;
    const report = review([], { preview: JSON.stringify(text) });
    expect([report.unreviewed, report.accessChanged]).toEqual([[], false]);
    expect(report.notes).toEqual([
      expect.stringMatching(/^The refresh in this preview found `web` other than recorded/),
    ]);
    expect(review([unchanged(web)]).notes).toEqual([]);
  });

  it.each(["status", "adoptedId", "expiresAt", "serverScopes", "fingerprint", "nextRotationAt"])(
    "is not reviewable where the program has the record of %s masked",
    (output) => {
      for (const state of [low, web, night]) {
        const masked = but(state, {}, { outputs: { ...state.outputs, [output]: "[secret]" } });
        const report = review([unchanged(masked)]);
        expect([report.exitCode, report.unreviewed.map(({ reason }) => reason)]).toEqual([
          10,
          [`its \`${output}\` is secret`],
        ]);
      }
    },
  );

  it("stays alive for all that a review can know where what it took over is masked", () => {
    const adopted = but(web, {}, { outputs: { ...web.outputs, adoptedId: "[secret]" } });
    expect(review([removed(adopted)]).keys).toMatchObject([{ op: "delete", loses: [] }]);
  });

  it("is told where an account is no longer protected, and its keys with it", () => {
    expect(found(review([unchanged(but(low, {}, { protect: true }), low)]))).toEqual(["SR019 low"]);
  });

  it.each([low, camera, web, night])("is told: less than it asks for would be accepted: $type", (state) => {
    const accepting = but(state, { acceptLess: true });
    expect(answers(stack, [silently(state, accepting)])).toMatchObject(told);
    expect(answers(stack, [silently(state, but(state, { acceptLess: false }))])).toMatchObject({ changed: false });
    expect(answers(stack, [silently(state, but(state, { acceptLess: unknown }))])).toMatchObject({ gate: 10 });
  });

  it.each([low, camera, web, night])("is told: the connection's own key may be ended: $type", (state) => {
    const consenting = but(state, { selfRotate: true });
    expect(answers(stack, [silently(state, consenting)])).toMatchObject(told);
    expect(answers(stack, [silently(state, but(state, { selfRotate: false }))])).toMatchObject({ changed: false });
    expect(answers(stack, [silently(state, but(state, { selfRotate: unknown }))])).toMatchObject({ gate: 10 });
  });

  it("is told: another account takes the place of the one in the state, by import or by read", () => {
    expect(answers([low], [imported(low, "root")])).toMatchObject(told);
    expect(
      answers([low], [{ op: "read", urn: low.urn, oldState: low, newState: { ...low, id: "root" } }]),
    ).toMatchObject(told);
  });

  it("is not reviewable: a program reads by get what another state owns, through a connection that no input names", () => {
    const { target: _target, ...inputs } = web.inputs;
    expect(answers([low], [{ op: "read", urn: web.urn, newState: { ...web, inputs } }])).toMatchObject(refused);
  });

  it("is not reviewable: a key that exists already takes the place of another", () => {
    expect(answers(stack, [imported(web, "known-to-others")])).toMatchObject(refused);
  });

  it.each([
    [undefined, "path /staging/v1"],
    ["path /staging/v1", "path /production/v1"],
    ["path /staging/v1", undefined],
    ["path /v1, dialect 0a1b2c3d", "path /v1, dialect 4e5f6a7b"],
  ])("is told: on the same host the requests go to another service: %s, then %s", (before, after) => {
    const on = (route: string | undefined): State =>
      but(web, {
        target: {
          ...(web.inputs.target as object),
          credential: "environment variable TOKEN",
          ...(route === undefined ? {} : { route }),
        },
      });
    const rest = stack.filter(({ urn }) => urn !== web.urn);
    expect(answers([...rest, on(before)], [silently(on(before), on(after))])).toMatchObject(told);
  });

  it.each([
    [{ "x:read": { level: "read" } }, { "x:read": { level: "write" } }],
    [{ "x:read": { level: "read" } }, { "x:read": { level: "read", implies: ["read:alerts"] } }],
    [{ "x:read": { level: "read", implies: ["read:alerts"] } }, { "x:read": { level: "read" } }],
  ])("is told: what the connection says of a scope changes from %j to %j", (before, after) => {
    const claiming = (extraScopes: unknown): State =>
      but(web, { scopes: ["x:read"], target: { ...(web.inputs.target as object), extraScopes } });
    const rest = stack.filter(({ urn }) => urn !== web.urn);
    expect(answers([...rest, claiming(before)], [silently(claiming(before), claiming(after))])).toMatchObject(told);
    expect(answers([...rest, claiming(before)], [])).toMatchObject({ refused: false, changed: false, gate: 0 });
  });

  it.each([{ "x:read": { level: "none" } }, { "x:read": { mintsKeys: false } }, { "x:read": "read" }, ["x:read"], {}])(
    "is not reviewable: a claim of another form: %j",
    (extraScopes) => {
      const after = but(web, { target: { ...(web.inputs.target as object), extraScopes } });
      expect(answers(stack, [silently(web, after)])).toMatchObject(refused);
    },
  );

  it("is told: a command brings the credential that was in the encrypted config", () => {
    const from = (credential: string): State => but(web, { target: { ...(web.inputs.target as object), credential } });
    const before = from("encrypted config");
    const rest = stack.filter(({ urn }) => urn !== web.urn);
    expect(answers([...rest, before], [silently(before, from("command curl (0a1b2c3d)"))])).toMatchObject(told);
  });

  it("holds up no night after an upgrade: a state of 0.1 does not say where its credential comes from", () => {
    const target = { ...(web.inputs.target as object), credential: "environment variable TOKEN", route: "path /x/v1" };
    expect(answers(stack, [silently(web, but(web, { target }))])).toMatchObject({
      refused: false,
      changed: false,
      gate: 0,
    });
  });

  it("is told: a replacement whose old key would stay, though its keepers may turn out the same", () => {
    const kept = but(web, { keepers: { status: "active" } }, { retainOnDelete: true });
    const after = but(kept, { keepers: { status: unknown } }, { propertyDependencies: { keepers: [night.urn] } });
    const steps = [
      changed("update", night, but(night, { description: "x" })),
      changed("replace", kept, after, ["keepers"]),
    ];
    const base = stack.filter(({ urn }) => urn !== web.urn);
    expect(answers([...base, kept], steps)).toMatchObject(told);
  });

  it("is told: a key moves to another account that an import puts in the place of its own", () => {
    const moved = changed("replace", camera, but(camera, { serviceAccountId: "root" }), ["serviceAccountId"]);
    expect(answers([low, camera], [imported(low, "root"), moved])).toMatchObject(told);
  });

  const places: readonly (readonly [string, (text: string) => State])[] = [
    ["a scope", (text) => but(camera, { scopes: [`cameras:${text}`] })],
    ["a role", (text) => but(low, { role: text })],
    ["an option", (text) => but(web, { options: { project: text } })],
    ["a connection", (text) => but(web, { connection: text })],
    [
      "a server's path",
      (text) => but(web, { target: { backend: "pulsely", origin: `https://api.pulsely.io/${text}` } }),
    ],
  ];
  it.each(places)("is told: %s that differs where a report cuts it", (_what, stateOf) => {
    const word = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(fc.integer({ min: 80, max: 400 }), word, word, (length, end, other) => {
        fc.pre(end !== other);
        const [before, after] = [end, other].map((text) => stateOf("a".repeat(length) + text)) as [State, State];
        const rest = stack.filter(({ urn }) => urn !== before.urn);
        expect(answers([...rest, before], [silently(before, after)])).toMatchObject(told);
      }),
      { numRuns: 20 },
    );
  });
});

describe("What was there before and is taken over", () => {
  const adopting = (state: State): Record<string, string> =>
    state === low ? { accountId: "root" } : { keyId: "77aa" };
  const all = [low, camera, web, night];
  const adoptedOf = (state: State, revokeOnDestroy?: boolean): State => ({
    ...but(state, { adopt: adopting(state), revokeOnDestroy }),
    outputs: { ...state.outputs, adoptedId: state === low ? "id-of-low" : state.outputs?.keyId },
  });

  it.each(all)("is no new one, and neither is another: $type", (state) => {
    const digestOf = (adopt: unknown): string | null => review([created(but(state, { adopt }))]).digest;
    const plain = review([created(state)]);
    const taken = review([created(but(state, { adopt: adopting(state) }))]);
    const another = digestOf(state === low ? { accountId: "other" } : { keyId: "other" });
    expect(new Set([plain.digest, taken.digest, another]).size).toBe(3);
    if (state !== low) expect(taken.keys[0]?.reason).toContain("77aa");
    const lockOf = (step: Step): string =>
      lockText(
        lockPreview({ preview: previewOf([step]), policy: defaultPolicy, projectPath: "", allowEmpty: false }).lock,
      );
    expect(lockOf(created(but(state, { adopt: adopting(state) })))).not.toBe(lockOf(created(state)));
  });

  it.each(all)("is told under `same`: $type", (state) => {
    expect(answers(stack, [silently(state, but(state, { adopt: adopting(state) }))])).toMatchObject(told);
  });

  it.each([unknown, "[secret]", "77aa", {}, [], ["77aa"], { keyId: unknown }, { keyId: "[secret]" }, { keyId: "" }])(
    "is not reviewable where nobody can read what it is: %j",
    (adopt) => {
      for (const state of all) expect(answers(stack, [silently(state, but(state, { adopt }))])).toMatchObject(refused);
    },
  );

  it("is not reviewable where it is two things, or more than this version knows", () => {
    for (const adopt of [
      { keyId: "a", accountId: "b" },
      { keyId: "a", scopes: ["*"] },
    ])
      expect(answers(stack, [silently(web, but(web, { adopt }))])).toMatchObject(refused);
  });

  it.each([unknown, "true", {}])("is not reviewable where its end cannot be read: %j", (revokeOnDestroy) => {
    for (const state of all)
      expect(answers(stack, [silently(state, but(state, { revokeOnDestroy }))])).toMatchObject(refused);
  });

  it.each(all)("is told where its end changes: $type", (state) => {
    const rest = stack.filter(({ urn }) => urn !== state.urn);
    const [left, revoked] = [adoptedOf(state), adoptedOf(state, true)];
    expect(answers([...rest, revoked], [silently(revoked, left)])).toMatchObject(told);
    expect(answers([...rest, left], [silently(left, revoked)])).toMatchObject(told);
    expect(answers([...rest, left], [])).toMatchObject({ changed: false, gate: 0 });
  });

  it("is told where its first rotation is moved", () => {
    expect(answers(stack, [silently(night, but(night, { firstRotation: "now" }))])).toMatchObject(told);
    expect(answers(stack, [silently(night, but(night, { firstRotation: "due" }))])).toMatchObject({ changed: false });
    expect(answers(stack, [silently(night, but(night, { firstRotation: unknown }))])).toMatchObject(refused);
  });

  it.each([web, night])("stays alive where it leaves the program, unless it is to be revoked: $type", (state) => {
    const left = review([removed(adoptedOf(state))]);
    expect(left.delta).toMatchObject([{ loses: [], before: { staysAlive: true } }]);
    expect(found(left)).toContain(`SR019 ${state === web ? "web" : "night"}`);
    expect(review([removed(adoptedOf(state, true))]).delta).toMatchObject([{ loses: ["read:checks"] }]);
    const over = { ...adoptedOf(state), outputs: { ...adoptedOf(state).outputs, keyId: "next" } };
    expect(review([removed(over)]).delta).toMatchObject([{ loses: ["read:checks"] }]);
  });

  it("stays alive beside its replacement", () => {
    const old = adoptedOf(web);
    const preview = review([changed("replace", old, { ...old, outputs: {} }, ["keepers"])]);
    expect(preview.accessChanged).toBe(true);
  });

  it.each([
    ["pulsely", "warn"],
    ["openai", "block"],
  ])("is named, and blocks where its service tells no scopes: %s", (backend, level) => {
    const target = { backend, origin: "https://x.example" };
    const taken = key("ci", { target, scopes: ["read:checks"], environment: undefined, adopt: { keyId: "77aa" } });
    const { findings } = review([created(taken)]);
    expect(findings.filter(({ rule }) => rule === "SR030")).toMatchObject([{ level, urn: taken.urn }]);
  });

  it("comes by an import of the engine's as well", () => {
    const digestOf = (id: string | undefined): string | null =>
      review([{ op: "import", urn: pluginKey.urn, newState: { ...pluginKey, id, outputs: {} } }]).digest;
    expect(new Set([digestOf(undefined), digestOf("default/77aa"), digestOf("default/88bb")]).size).toBe(3);
  });

  it("has its secret in no clear text, and the approved inputs do not depend on it", () => {
    const withSecret = (secret: string): State => but(web, { adopt: { keyId: "77aa", secret } });
    expect(found(review([created(withSecret("correct-horse"))]))).toContain("SR016 web");
    const masked = review([created(withSecret("[secret]"))]);
    expect(found(masked)).not.toContain("SR016 web");
    expect(masked.approved).toEqual(review([created(withSecret("correct-horse"))]).approved);
  });
});
