import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { changedFacts } from "../../../review/delta-words";
import { readReport } from "../../../review/read-report";
import type { Report } from "../../../review/report";
import {
  account,
  changed,
  created,
  key,
  plugged,
  previewOf,
  removed,
  review,
  unchanged,
  type State,
  type Step,
} from "./support/preview-builder";

/**
 * Small worlds, each changed at random, and a second opinion on every change: a model that knows nothing of the review's
 * code lists what each key opens before and after. Whatever a key gains, the review has to tell; where nothing
 * changes, it has to be green.
 */

const accountNames = ["low", "high"] as const;
const keyNames = ["a", "b", "c"] as const;
const scopeNames = ["cameras:read", "cameras:write", "zones:read"] as const;

/** Where the accounts are. */
const home = "https://one.example";
/** Covers all scopes of cameras, later ones too. */
const wildcard = "cameras:*";

interface Account {
  readonly role: string;
  readonly onDisabled?: string | undefined;
}
interface Key {
  readonly account: (typeof accountNames)[number];
  readonly scopes: readonly string[];
  readonly environment: string;
  readonly origin: string;
  readonly onDisabled?: string | undefined;
  readonly expiresIn: string;
}
interface World {
  readonly accounts: Readonly<Record<(typeof accountNames)[number], Account>>;
  readonly keys: Readonly<Partial<Record<(typeof keyNames)[number], Key | undefined>>>;
}
interface Change {
  readonly before: World;
  readonly after: World;
  /** What somebody has disabled on the service. */
  readonly disabled: readonly string[];
}

const onDisabled = fc.constantFrom(undefined, undefined, "enable");
const drawnAccount: fc.Arbitrary<Account> = fc.record({ role: fc.constantFrom("viewer", "operator"), onDisabled });
const drawnKey: fc.Arbitrary<Key> = fc.record({
  account: fc.constantFrom(...accountNames),
  scopes: fc.oneof(fc.uniqueArray(fc.constantFrom(...scopeNames), { minLength: 1 }), fc.constant([wildcard])),
  environment: fc.constantFrom("live", "test"),
  origin: fc.constantFrom(home, home, "https://two.example"),
  onDisabled,
  expiresIn: fc.constantFrom("30d", "60d"),
});
const drawnWorld: fc.Arbitrary<World> = fc.record({
  accounts: fc.record({ low: drawnAccount, high: drawnAccount }),
  keys: fc.record({
    a: fc.option(drawnKey, { nil: undefined }),
    b: fc.option(drawnKey, { nil: undefined }),
    c: drawnKey,
  }),
});
/** Most parts stay as they are, so that one change stands alone often enough. */
const drawnChange: fc.Arbitrary<Change> = fc
  .tuple(
    drawnWorld,
    drawnWorld,
    fc.subarray([...accountNames, ...keyNames]),
    fc.array(fc.nat(9), { minLength: 30, maxLength: 30 }),
  )
  .map(([before, other, disabled, dice]) => {
    let thrown = 0;
    const edits = (): boolean => (dice[thrown++] ?? 0) < 2;
    const merged = <Part extends object>(old: Part, next: Part): Part =>
      Object.fromEntries(
        Object.entries(old).map(([name, value]) => [name, edits() ? next[name as keyof Part] : value]),
      ) as Part;
    const [low, high] = accountNames.map((name) => merged(before.accounts[name], other.accounts[name]));
    const keys = keyNames.map((name) => {
      const [old, next] = [before.keys[name], other.keys[name]];
      return [name, old && next ? merged(old, next) : edits() ? next : old] as const;
    });
    return { before, after: { accounts: { low: low!, high: high! }, keys: Object.fromEntries(keys) }, disabled };
  });

/** What the engine does with a key. */
function opOf({ before, after, disabled }: Change, name: (typeof keyNames)[number]) {
  const [old, next] = [before.keys[name], after.keys[name]];
  if (!old || !next) return old ? "delete" : next ? "create" : "none";
  const replacing = ({ account: of, scopes, environment, origin }: Key) =>
    JSON.stringify([of, [...scopes].sort(), environment, origin]);
  if (replacing(old) !== replacing(next)) return "replace";
  const isEnabled = disabled.includes(name) && next.onDisabled === "enable";
  return isEnabled || JSON.stringify(old) !== JSON.stringify(next) ? "update" : "same";
}

/** What a key opens, one text for each thing. */
function opens(world: World, name: (typeof keyNames)[number], isWorking: (what: string) => boolean): Set<string> {
  const held = world.keys[name];
  // On another server the same id is another account.
  if (!held || (held.origin === home && !isWorking(held.account)) || !isWorking(name)) return new Set();
  const scopes = held.scopes.includes(wildcard) ? ["cameras:read", "cameras:write", "cameras:later"] : held.scopes;
  return new Set(scopes.map((scope) => [held.origin, held.account, held.environment, scope].join(" ")));
}

/** What the model says that a key gains. */
function gainsOf(change: Change, name: (typeof keyNames)[number]): string[] {
  const { before, after, disabled } = change;
  const had = opens(before, name, (what) => !disabled.includes(what));
  const has = opens(after, name, (what) => {
    if (!disabled.includes(what)) return true;
    if (what !== name) return after.accounts[what as "low" | "high"].onDisabled === "enable";
    const op = opOf(change, name);
    return op === "replace" || op === "create" || after.keys[name]?.onDisabled === "enable";
  });
  return [...has].filter((thing) => !had.has(thing));
}

const statusOf = (name: string, disabled: readonly string[]) => ({
  outputs: { status: disabled.includes(name) ? "disabled" : "active" },
});
const targetAt = (origin: string) => ({ connection: "nova", target: { backend: "novavms", origin } });

function accountState(name: string, { role, onDisabled: choice }: Account, disabled: readonly string[]): State {
  const more = { ...targetAt(home), role, onDisabled: choice };
  const state = account(name, more, statusOf(name, disabled));
  return { ...state, outputs: { ...state.outputs, ...statusOf(name, disabled).outputs } };
}

function keyState(name: string, { account: of, origin, ...inputs }: Key, disabled: readonly string[]): State {
  const link = { propertyDependencies: { serviceAccountId: [accountState(of, { role: "" }, []).urn] } };
  const more = { ...targetAt(origin), ...inputs, serviceAccountId: `id-of-${of}` };
  const state = key(name, more, link);
  return { ...state, outputs: { ...state.outputs, ...statusOf(name, disabled).outputs } };
}

function stepsOf(change: Change): Step[] {
  const { before, after, disabled } = change;
  const accounts = accountNames.map((name) => {
    const [old, next] = [before.accounts[name], after.accounts[name]];
    const states = [accountState(name, old, disabled), accountState(name, next, disabled)] as const;
    const isEnabled = disabled.includes(name) && next.onDisabled === "enable";
    return isEnabled || JSON.stringify(old) !== JSON.stringify(next)
      ? changed("update", ...states)
      : unchanged(...states);
  });
  const keys = keyNames.flatMap((name): Step[] => {
    const [old, next] = [before.keys[name], after.keys[name]].map((each) => each && keyState(name, each, disabled));
    switch (opOf(change, name)) {
      case "none":
        return [];
      case "create":
        return [created(next!)];
      case "delete":
        return [removed(old!)];
      case "same":
        return [unchanged(old!, next)];
      case "update":
        return [changed("update", old!, next!)];
      case "replace":
        return [changed("replace", old!, next!, ["scopes"])];
    }
  });
  return [...accounts, ...keys];
}

/** What a report leaves out of what a key gains, by the model; empty: nothing. */
function untold(change: Change, name: (typeof keyNames)[number], report: Report): string[] {
  const gains = gainsOf(change, name);
  if (gains.length === 0) return [];
  const row = report.keys.find((each) => each.name === name);
  const entry = report.delta.find(({ urn }) => urn === row?.urn);
  const isElsewhere = entry !== undefined && changedFacts(entry).some(({ fact }) => places.includes(fact));
  const isTold = (scope: string): boolean =>
    isElsewhere ||
    row?.gains.some((each) => each === scope || (each === wildcard && scope.startsWith("cameras:"))) === true;
  return [
    ...(report.verdict === "no-access-change" ? ["the report is green"] : []),
    ...(entry === undefined ? [`the digest leaves out ${name}`] : []),
    ...gains.filter((gain) => !isTold(gain.split(" ").slice(3).join(" "))).map((gain) => `${name} gains ${gain}`),
  ];
}

/** A gain by these stands in the table of what else changes. */
const places = ["account", "environment"];

/** True if nothing changes, and nothing that somebody disabled is enabled. */
function isQuiet({ before, after, disabled }: Change): boolean {
  const enabled = Object.entries({ ...after.accounts, ...after.keys }).filter(
    ([, each]) => each?.onDisabled === "enable",
  );
  return JSON.stringify(before) === JSON.stringify(after) && !enabled.some(([name]) => disabled.includes(name));
}

/** What is wrong with a report, by the model; empty: nothing. */
function understated(change: Change, report: Report): string[] {
  const read = readReport(JSON.stringify(report));
  return [
    ...keyNames.flatMap((name) => untold(change, name, report)),
    ...(isQuiet(change) && report.accessChanged ? ["nothing changes, and the report says that access does"] : []),
    ...("mistake" in read ? [read.mistake] : []),
  ];
}

const seed = 20_270_201;
const property = (blind: (state: State) => State = (state) => state) =>
  fc.property(drawnChange, (change) => {
    const seen = stepsOf(change).map((step) => ({
      ...step,
      ...(step.oldState && { oldState: blind(step.oldState) }),
      ...(step.newState && { newState: blind(step.newState) }),
    }));
    const problems = understated(change, review([], { preview: previewOf(seen) }));
    if (problems.length > 0) throw new Error(problems.join("; "));
  });

const without = (state: State, ...names: string[]): State => {
  const rest = (values: object = {}) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
  return { ...state, inputs: rest(state.inputs), outputs: rest(state.outputs) };
};

describe("what a model says that a change gives", () => {
  it("is all told, and nothing is told of a change that gives nothing", () => {
    fc.assert(property(), { numRuns: 1_000, seed, includeErrorInReport: true });
  });

  it("is the same for the plugin's resources, finding by finding", () => {
    const told = ({ verdict, findings, keys, accounts, accessChanged }: Report) => ({
      ...{
        verdict,
        accessChanged,
        gains: [...keys, ...accounts].map(({ name, gains, loses }) => [name, gains, loses]),
      },
      findings: findings.map(({ rule, level, message, existing }) => [rule, level, message, existing]),
    });
    fc.assert(
      fc.property(drawnChange, (change) => {
        const steps = stepsOf(change);
        const inPlugin = steps.map((step) => plugged(step));
        expect(told(review(inPlugin))).toEqual(told(review(steps)));
      }),
      { numRuns: 300, seed },
    );
  });

  it.each<[string, (state: State) => State]>([
    ["what somebody has disabled", (state) => without(state, "status")],
    ["whose key it is", (state) => ({ ...without(state, "serviceAccountId"), propertyDependencies: {} })],
    ["an environment", (state) => without(state, "environment")],
    [
      "another server",
      (state) => ({
        ...state,
        inputs: { ...state.inputs, target: { backend: "novavms", origin: home } },
      }),
    ],
    [
      "a wildcard",
      (state) => ({
        ...state,
        inputs: JSON.parse(
          JSON.stringify(state.inputs).replace('["cameras:*"]', '["cameras:read"]'),
        ) as State["inputs"],
      }),
    ],
  ])("would show a review that is blind to %s", (_what, blind) => {
    expect(() => fc.assert(property(blind), { numRuns: 1_000, seed, includeErrorInReport: true })).toThrow(
      /Got error: .*(?:gains|is green|leaves out)/,
    );
  });
});
