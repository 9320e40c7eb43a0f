import type { Level, RuleId } from "./levels";
import type { Location } from "./location";
import { levelFor, type Policy, type Waiver } from "./policy";
import { whyInvalid } from "./rules/invalid-waiver";
import { rules } from "./rules/index";
import type { Problem, Rule, RuleContext } from "./rules/rule";
import { sha256 } from "./sha256";

/** A problem with its weight. */
export interface Finding {
  readonly rule: RuleId;
  readonly level: Level;
  readonly urn: string;
  readonly message: string;
  readonly location: Location;
  readonly waived: boolean;
  readonly waiver?: { readonly reason: string; readonly approver: string; readonly until: string };
  /** It was there before this change. */
  readonly existing: boolean;
  /** Stays the same while lines move: made of rule, resource and scope. */
  readonly fingerprint: string;
}

/** Nothing can waive these: they are about the waivers, the policy, or about what nobody can read. */
const unwaivable: readonly RuleId[] = ["SR015", "SR020", "SR022"];

export function findings(context: RuleContext, asked: readonly Rule[] = rules): Finding[] {
  let before: RuleContext | undefined;
  return asked
    .flatMap((rule) => {
      const problems = rule.check(context);
      if (problems.length === 0) return [];
      before ??= {
        ...context,
        rows: [],
        strangers: [],
        code: [],
        units: context.units.flatMap((unit) => asItWas(unit)),
      };
      const old = rule.needs === "new-state" ? new Set(rule.check(before).map(identity)) : new Set<string>();
      return problems.map((problem) => finding(context, rule, problem, old.has(identity(problem))));
    })
    .sort(byWeight);
}

/** The waiver that holds for a problem, if there is one. */
export function waiverFor(policy: Policy, rule: RuleId, urn: string, nowMs: number): Waiver | undefined {
  if (unwaivable.includes(rule)) return undefined;
  return policy.document.waivers?.find(
    (waiver) => waiver.rule === rule && waiver.urn === urn && whyInvalid(waiver, nowMs) === undefined,
  );
}

export function fingerprintOf(rule: RuleId, urn: string, subject: string | undefined): string {
  return sha256(JSON.stringify([rule, urn, subject ?? ""])).slice(0, 32);
}

function finding(context: RuleContext, rule: Rule, problem: Problem, existing: boolean): Finding {
  const waiver = waiverFor(context.policy, rule.id, problem.urn, context.nowMs);
  return {
    rule: rule.id,
    level: levelFor(
      context.policy.document,
      { id: rule.id, level: problem.level ?? rule.level },
      context.stack,
      problem.environment,
    ),
    urn: problem.urn,
    message: problem.message,
    location: problem.location,
    waived: waiver !== undefined,
    ...(waiver
      ? { waiver: { reason: waiver.reason ?? "", approver: waiver.approver ?? "", until: waiver.until ?? "" } }
      : {}),
    existing,
    fingerprint: fingerprintOf(rule.id, problem.urn, problem.subject),
  };
}

/** The stack as it was, as if nothing were about to happen: what is a problem there is no news. */
function asItWas(unit: RuleContext["units"][number]): RuleContext["units"][number][] {
  const { before, after, ...rest } = unit;
  return before && after ? [{ ...rest, op: "same", order: "none", after: before }] : [];
}

function identity({ urn, subject }: Problem): string {
  return JSON.stringify([urn, subject ?? ""]);
}

const weight: Readonly<Record<Level, number>> = { block: 0, warn: 1, info: 2 };

/** Gravest first, waived last, then by rule and resource: the same input gives the same order. */
function byWeight(a: Finding, b: Finding): number {
  return (
    Number(a.waived) - Number(b.waived) ||
    weight[a.level] - weight[b.level] ||
    compare(a.rule, b.rule) ||
    compare(a.urn, b.urn) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
