import { exactText } from "./exact-text";
import { inert, quoted } from "./inert";
import type { Level, RuleId } from "./levels";
import { levelFor, type Policy, type Waiver } from "./policy";
import type { ReportFinding } from "./report";
import { invalidWaiver } from "./rules/invalid-waiver";
import { rules } from "./rules/index";
import type { Problem, Rule, RuleContext } from "./rules/rule";
import { sha256 } from "./sha256";
import { nameOf } from "./urn";
import { coveredBy, waives, whyInvalid } from "./waivers";

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
      const old = rule.needs === "new-state" ? rule.check(before) : [];
      const [same, any] = [new Set(old.map(identity)), new Set(old.map(({ urn }) => urn))];
      return problems.flatMap((problem) =>
        found(context, rule, problem, { same: same.has(identity(problem)), any: any.has(problem.urn) }),
      );
    })
    .sort(byWeight);
}

type Before = Parameters<typeof waives>[2];

/** The finding of a problem; and if a waiver would have to name it, that as well. */
function found(context: RuleContext, rule: Rule, problem: Problem, before: Before): ReportFinding[] {
  const { policy, nowMs } = context;
  const valid = (policy.document.waivers ?? []).flatMap((waiver, index) =>
    rule.waivable !== false &&
    waiver.rule === rule.id &&
    waiver.urn === problem.urn &&
    whyInvalid(waiver, nowMs) === undefined
      ? [{ waiver, index, says: waives(waiver, problem, before) }]
      : [],
  );
  const holds = valid.find(({ says }) => says === "yes");
  const own = finding(context, rule, problem, { existing: before.same, waiver: holds?.waiver });
  const unnamed = holds ? undefined : valid.find(({ says }) => says === "unnamed");
  return unnamed ? [own, unnamedWaiver(own, problem, unnamed, policy)] : [own];
}

/** The waivers of 0.1 name no scope: one of them must not hold for a worse one that comes later. */
function unnamedWaiver(
  own: ReportFinding,
  problem: Problem,
  { waiver, index }: { readonly waiver: Waiver; readonly index: number },
  policy: Policy,
): ReportFinding {
  const covers = coveredBy(problem);
  return {
    ...own,
    rule: invalidWaiver.id,
    message: `the waiver of ${waiver.rule} for ${quoted(nameOf(waiver.urn))} covers what was there before; this one it has to name: ${quoted(`covers: ${covers}`)}`,
    location: { file: policy.path, line: policy.waiverLines[index] ?? 1 },
    fingerprint: fingerprintOf(invalidWaiver.id, problem.urn, `${waiver.rule} ${index} ${covers}`),
  };
}

export function fingerprintOf(rule: RuleId, urn: string, subject: string | undefined): string {
  return sha256(JSON.stringify([rule, urn, subject ?? ""])).slice(0, 32);
}

function finding(
  context: RuleContext,
  rule: Rule,
  problem: Problem,
  { existing, waiver }: { readonly existing: boolean; readonly waiver: Waiver | undefined },
): ReportFinding {
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

function identity(problem: Problem): string {
  return JSON.stringify([problem.urn, problem.subject ?? "", coveredBy(problem)]);
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
