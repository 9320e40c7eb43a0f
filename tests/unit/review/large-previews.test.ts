import { expect, test } from "@jest/globals";
import { readPreview } from "../../../review/preview";
import { defaultPolicy, limitsFor } from "../../../review/policy";
import { readUnits } from "../../../review/read-units";
import { rules } from "../../../review/rules/index";
import type { RuleContext } from "../../../review/rules/rule";
import type { Unit } from "../../../review/units";
import {
  account,
  changed,
  created,
  key,
  now,
  previewOf,
  removed,
  rotatingKey,
  stackUrn,
} from "./support/preview-builder";

/** As many of each: an account that loses scopes, a new key without labels, and a rotating key that goes. */
function unitsOf(count: number): readonly Unit[] {
  const server = { target: { backend: "novavms", origin: "https://novavms.example" }, environment: undefined };
  const steps = Array.from({ length: count }, (_, at) => [
    changed(
      "update",
      account(`bot-${at}`, { ...server, role: "operator" }),
      account(`bot-${at}`, { ...server, role: "viewer" }),
    ),
    created(key(`key-${at}`, { labels: {} })),
    removed(rotatingKey(`night-${at}`)),
  ]).flat();
  return readUnits(readPreview(previewOf(steps)), defaultPolicy.document, "").units;
}

/** How often a rule reads a property of a unit. */
function readsOf(rule: (typeof rules)[number], count: number): number {
  let reads = 0;
  const units = unitsOf(count).map(
    (unit) =>
      new Proxy(unit, {
        get: (target, name, receiver): unknown => {
          reads += 1;
          return Reflect.get(target, name, receiver);
        },
      }),
  );
  const context: RuleContext = {
    ...{ stack: "prod", units, rows: [], changes: [], strangers: [], code: [], policy: defaultPolicy, nowMs: now },
    ...{ diagnostics: [], config: {}, stackUrn, knowsConsumers: true, exportsSecrets: false },
    limits: (environment) => limitsFor(defaultPolicy.document, "prod", environment),
    projectFile: { file: "Pulumi.yaml" } as unknown as RuleContext["projectFile"],
  };
  rule.check(context);
  return reads;
}

test.each(rules.map((rule) => [rule.id, rule] as const))(
  "%s reads a large preview as often for each resource as a small one",
  (_id, rule) => {
    expect(readsOf(rule, 60)).toBeLessThanOrEqual(8 * readsOf(rule, 10) + 10);
  },
);
