import type { PolicyResource } from "@pulumi/policy";
import { accountRows } from "../review/account-rows";
import { projectFile } from "../review/location";
import { constantTextOf, isPluginType } from "../review/ours";
import { limitsFor, type Policy } from "../review/policy";
import type { Preview } from "../review/preview";
import type { ResourceState } from "../review/preview-form";
import { unknownValue } from "../review/resource-facts";
import type { RuleContext } from "../review/rules/rule";
import { readUnits } from "../review/read-units";
import type { Unit } from "../review/units";
import { parseUrn } from "../review/urn";
import { plainValue } from "./plain-value";

/** The input of a policy pack in the form that the rules read: a stack without a past. */
export function packContext(resources: readonly PolicyResource[], policy: Policy, nowMs: number): RuleContext {
  const states = resources.map(stateOf);
  const preview: Preview = {
    form: "digest",
    steps: states.map((state) => ({
      op: "same",
      urn: state.urn,
      newState: state,
      diffReasons: [],
      replaceReasons: [],
    })),
    problems: [],
    diagnostics: [],
    config: {},
    knowsConsumers: true,
    holdsDebugMessages: false,
  };
  const { units, changes, strangers } = readUnits(preview, policy.document, "");
  const order = new Map(resources.map(({ urn, opts }) => [urn, opts.deleteBeforeReplace === true]));
  // Without an old state nothing is known to be new, so the age of every key counts.
  const kept = units.map((unit): Unit => ({
    ...unit,
    op: "same",
    order: order.get(unit.urn) === true ? "delete-before-create" : "none",
  }));
  const stackUrn = states.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn ?? states[0]?.urn ?? "";
  const stack = parseUrn(stackUrn)?.stack;
  return {
    ...(stack === undefined ? {} : { stack }),
    units: kept,
    rows: accountRows(kept),
    changes,
    strangers,
    // A pack sees no old state, so it cannot tell which code is new.
    code: [],
    policy,
    limits: (environment) => limitsFor(policy.document, stack, environment),
    nowMs,
    diagnostics: [],
    config: {},
    stackUrn,
    projectFile: projectFile(""),
    knowsConsumers: true,
    exportsSecrets: false,
  };
}

function stateOf({ urn, type, props, opts, parent, propertyDependencies }: PolicyResource): ResourceState {
  const given = askedOf(type, plainValue(props) as Record<string, unknown>);
  // The engine hides a resource's code from packs. The review and the pack of an approval check it.
  const code = given.__provider === undefined ? constantTextOf(type) : undefined;
  const values = code === undefined ? given : { ...given, __provider: code };
  return {
    urn,
    type,
    // A pack does not learn which resources are components; those have no provider and no id.
    custom: !isComponentType(type, props),
    // A pack gets no ids, but our resources repeat theirs.
    ...(typeof values.accountId === "string" && values.accountId !== unknownValue ? { id: values.accountId } : {}),
    ...(parent ? { parent: parent.urn } : {}),
    protect: opts.protect,
    retainOnDelete: false,
    pendingDelete: false,
    // Our resources repeat their inputs in their outputs, and a pack gets either of the two.
    inputs: values,
    inputsHoldOutputs: true,
    outputs: values,
    propertyDependencies: Object.fromEntries(
      Object.entries(propertyDependencies).map(([name, sources]) => [name, sources.map((source) => source.urn)]),
    ),
  };
}

/**
 * The plugin shows in a preview that a service may give an end which nobody asked for. A pack gets this output in the place of
 * the input, and cannot tell it from one that is not known yet: then it says that there is no end.
 */
function askedOf(type: string, { expiresAt, ...given }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isOutput = isPluginType(type) && expiresAt === unknownValue;
  return expiresAt === undefined || isOutput ? given : { ...given, expiresAt };
}

function isComponentType(type: string, props: Readonly<Record<string, unknown>>): boolean {
  return type === "pulumi:pulumi:Stack" || Object.keys(props).length === 0;
}
