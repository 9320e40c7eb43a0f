import { exactText } from "./exact-text";
import { inert } from "./inert";
import type { Level, RuleId } from "./levels";
import { levelFor, type Waiver } from "./policy";
import type { ReportFinding } from "./report";
import { whyInvalid } from "./rules/invalid-waiver";
import { rules } from "./rules/index";
import type { Problem, Rule, RuleContext } from "./rules/rule";
import { sha256 } from "./sha256";

/** The problems of a stack with their levels, most serious first. */
export function findings(context: RuleContext, asked: readonly Rule[] = rules): ReportFinding[] {
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

/** The waiver that applies to a problem, if there is one. */
function waiverFor({ policy, nowMs }: RuleContext, rule: Rule, { urn, code }: Problem): Waiver | undefined {
  if (rule.waivable === false) return undefined;
  return policy.document.waivers?.find(
    (waiver) =>
      waiver.rule === rule.id &&
      waiver.urn === urn &&
      (code === undefined || waiver.code === code) &&
      whyInvalid(waiver, nowMs) === undefined,
  );
}

export function fingerprintOf(rule: RuleId, urn: string, subject: string | undefined): string {
  return sha256(JSON.stringify([rule, urn, subject ?? ""])).slice(0, 32);
}

function finding(context: RuleContext, rule: Rule, problem: Problem, existing: boolean): ReportFinding {
  const waiver = waiverFor(context, rule, problem);
  return {
    rule: rule.id,
    level: levelFor(
      context.policy.document,
      { id: rule.id, level: problem.level ?? rule.level },
      context.stack,
      problem.environment,
    ),
    urn: exactText(problem.urn),
    message: problem.message,
    location: problem.location,
    waived: waiver !== undefined,
    ...(waiver ? { waiver: shownWaiver(waiver) } : {}),
    existing,
    fingerprint: fingerprintOf(rule.id, problem.urn, problem.subject),
  };
}

function shownWaiver({ reason = "", approver = "", until = "" }: Waiver): NonNullable<ReportFinding["waiver"]> {
  return { reason: inert(reason, 300), approver: inert(approver), until: inert(until) };
}

/** The unit before the change, as if nothing happens to it. A problem of that state is not news. */
function asItWas(unit: RuleContext["units"][number]): RuleContext["units"][number][] {
  const { before, after, ...rest } = unit;
  return before && after ? [{ ...rest, op: "same", order: "none", after: before }] : [];
}

function identity({ urn, subject }: Problem): string {
  return JSON.stringify([urn, subject ?? ""]);
}

const weight: Readonly<Record<Level, number>> = { block: 0, warn: 1, info: 2 };

/** Most serious first, waived last, then by rule, news and resource: the same input gives the same order. */
function byWeight(a: ReportFinding, b: ReportFinding): number {
  return (
    Number(a.waived) - Number(b.waived) ||
    weight[a.level] - weight[b.level] ||
    compare(a.rule, b.rule) ||
    // What was there before must not stand before what is news.
    Number(a.existing) - Number(b.existing) ||
    compare(a.urn, b.urn) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
