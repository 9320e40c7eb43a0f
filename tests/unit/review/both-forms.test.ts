import { describe, expect, it } from "@jest/globals";
import { lockText } from "../../../review/lock";
import { defaultPolicy } from "../../../review/policy";
import { lockPreview } from "../../../review/review-preview";
import {
  account,
  changed,
  created,
  dynamicPart,
  found,
  key,
  pluginPart,
  plugged,
  previewOf,
  review,
  rotatingKey,
  unchanged,
  unknown,
  type State,
  type Step,
} from "./support/preview-builder";

/** The same resources as dynamic ones and through the plugin: nothing that reads them makes a difference between the two. */

const lockOf = (steps: readonly Step[]): string =>
  lockText(lockPreview({ preview: previewOf(steps), policy: defaultPolicy, projectPath: "", allowEmpty: false }).lock);

const bot = account("bot", { role: "viewer" });
const linkedTo = (owner: State) => ({ propertyDependencies: { serviceAccountId: [owner.urn] } });
const ci = key("ci", { serviceAccountId: "id-of-bot" }, linkedTo(bot));
const night = rotatingKey("night");
const stack = [bot, ci, night];
const wide = [
  account("bot", { role: "viewer" }),
  key("ci", { scopes: ["admin:*"], labels: {}, expiresIn: undefined, serviceAccountId: unknown }, linkedTo(bot)),
  rotatingKey("night", { scopes: ["write:checks"], overlap: "0s" }),
];

describe("A review of the plugin's resources", () => {
  it("finds what it finds in dynamic ones, and locks the same access", () => {
    const [dynamic, plugin] = [wide.map(created), wide.map(plugged).map(created)];
    expect(found(review(dynamic))).toContain("SR001 ci");
    expect(found(review(plugin))).toEqual(found(review(dynamic)));
    expect(lockOf(plugin)).toBe(lockOf(dynamic).replaceAll(dynamicPart, pluginPart));
  });

  it.each([
    ["to the plugin", (state: State) => state, plugged<State>],
    ["to dynamic resources", plugged<State>, (state: State) => state],
  ])("calls a stack that moves %s moved: no access is gained, and its lock file holds", (_where, from, to) => {
    const before = stack.map(from);
    const moves = stack.map((state) => unchanged(from(state), to(state)));
    const lock = lockOf(before.map((state) => unchanged(state)));
    const report = review(moves, { lock, expectNoAccessChange: true });
    expect([report.exitCode, report.accessChanged, found(report)]).toEqual([0, false, []]);
    expect(report.keys.map(({ op }) => op)).toEqual(["move", "move"]);
  });

  it("still tells by the lock file what a key gains on the way", () => {
    const lock = lockOf(stack.map((state) => unchanged(state)));
    const gained = { ...plugged(ci), inputs: { ...plugged(ci).inputs, scopes: ["read:checks", "write:checks"] } };
    const steps = [bot, night].map((state) => unchanged(state, plugged(state)));
    const report = review([...steps, changed("replace", ci, gained, ["scopes"])], { lock, failOn: "never" });
    expect(report.exitCode).toBe(11);
  });

  it("tells which release of the plugin runs a resource: another one warns, an earlier one blocks", () => {
    const by = (release: string): State => ({
      ...plugged(night),
      provider: `urn:pulumi:prod::shop::pulumi:providers:apikeys::default_${release}::1`,
    });
    const told = (release: string) => {
      const report = review([unchanged(plugged(bot)), unchanged(plugged(night), by(release))]);
      return report.findings.map(({ rule, level, message }) => [rule, level, /`\d+\.[^`]*`/.exec(message)?.[0]]);
    };
    expect(told("1_0_0")).toEqual([]);
    expect(told("1_2_0")).toEqual([["SR032", "warn", "`1.2.0`"]]);
    expect(told("0_9_9")).toEqual([["SR032", "block", "`0.9.9`"]]);
    expect(told("1_0_0_alpha")).toEqual([["SR032", "block", "`1.0.0_alpha`"]]);
    expect(found(review([created(by("0_1_0"))]))).not.toContain("SR032 shop-prod");
    const mine = (version: string): State => ({
      urn: "urn:pulumi:prod::shop::pulumi:providers:apikeys::mine",
      type: "pulumi:providers:apikeys",
      custom: true,
      id: "1",
      inputs: { version },
      propertyDependencies: {},
    });
    const own = { ...plugged(night), provider: `${mine("1").urn}::1` };
    const edited = review([changed("update", mine("1.0.0"), mine("0.1.0")), unchanged(own)]);
    expect(found(edited)).toEqual(["SR032 shop-prod"]);
  });

  it("takes two resources of one name for two, whose keys cannot change places behind the lock file", () => {
    const twin = plugged(account("bot", { role: "admin" }, { id: "id-of-twin", outputs: { accountId: "id-of-twin" } }));
    const of = (owner: State) => key("ci", { serviceAccountId: owner.id }, linkedTo(owner));
    const lock = lockOf([bot, twin, of(bot)].map((state) => unchanged(state)));
    const report = review([unchanged(bot), unchanged(twin), unchanged(of(bot), of(twin))], { lock, failOn: "never" });
    expect(report.exitCode).toBe(11);
    // One of the two goes, and the other one stays: that is not a move.
    const one = lockOf([unchanged(bot)]);
    expect(review([unchanged(bot), created(twin)], { lock: one, failOn: "never" }).exitCode).toBe(11);
  });
});
