import { formatTime, parseTime } from "../provider/values/times";
import { changeOfAccess } from "./access";
import { canonicalJson } from "./canonical";
import { changes } from "./delta";
import { digestOf } from "./digest";
import { isMasked } from "./exact-text";
import { exitCodes } from "./exit-code";
import { grantText, type Grant } from "./grants";
import { outcomeOf } from "./outcome";
import { defaultPolicy, limitsFor } from "./policy";
import { isRecord } from "./preview-form";
import { reportSchema, type Report } from "./report";
import { tablesOf, unitsOf } from "./report-tables";
import { accountRows } from "./account-rows";
import { rules } from "./rules/index";
import type { RuleContext } from "./rules/rule";
import { unreviewedCode } from "./rules/unreviewed-code";

/** A consistent report, or one sentence about why the text is not one. */
export type ReadReport = { readonly report: Report } | { readonly mistake: string };

/**
 * Reads a report back, possibly from a job that ran foreign code. Its tables, counts, verdict and digest must follow
 * from its delta, and its findings must include all that follow from it.
 */
export function readReport(text: string): ReadReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { mistake: "it is not JSON; give the file of `apikeys review --out json=FILE`" };
  }
  if (isRecord(value) && typeof value.schemaVersion === "number" && value.schemaVersion !== 2)
    return {
      mistake: `it has schema version ${value.schemaVersion}, and this version reads 2 only; digests of versions cannot be compared, so run the review again with this one`,
    };
  const parsed = reportSchema.safeParse(value);
  if (!parsed.success)
    return {
      mistake: `it is not a report: ${parsed.error.issues[0]?.path.map(String).join(".") ?? "its form"} is wrong`,
    };
  const contradiction = contradictionIn(parsed.data);
  return contradiction === undefined
    ? { report: parsed.data }
    : {
        mistake: `it contradicts itself: ${contradiction}. Somebody or something has changed it; run the review again`,
      };
}

/** The report; undefined if the text is not one, or contradicts itself. */
export function parseReport(text: string): Report | undefined {
  const read = readReport(text);
  return "report" in read ? read.report : undefined;
}

/** The first part that does not follow from the delta; undefined if everything does. */
export function contradictionIn(report: Report): string | undefined {
  const { delta, kept, digest } = report;
  const urns = [...delta, ...kept].map(({ urn }) => urn);
  if (new Set(urns).size < urns.length) return "one resource stands in it twice";
  if (kept.some(({ now }) => changes({ before: now, after: now, gains: [], loses: [] })))
    return "a resource that cannot be read counts as unchanged";
  if (isFailed(report))
    return delta.length + kept.length + report.code.length > 0 ? "a review that failed has no delta" : undefined;
  if (digest !== digestOf(report)) return "the digest is not that of its delta";
  return (
    contradictingChange(report) ?? contradictingTable(report) ?? missingFinding(report) ?? contradictingOutcome(report)
  );
}

/** True for the report of a review that could not run at all. */
function isFailed({ digest, reviewedOn, exitCode, verdict, unreviewed, accounts, keys, findings }: Report): boolean {
  const failures: readonly number[] = [exitCodes.internal, exitCodes.usage, exitCodes.notReviewable];
  return (
    digest === null &&
    reviewedOn === null &&
    verdict === "not-reviewable" &&
    unreviewed.length > 0 &&
    failures.includes(exitCode) &&
    accounts.length + keys.length + findings.length === 0
  );
}

function contradictingChange(report: Report): string | undefined {
  const follows = unitsOf(report).every(({ before, after, staysAlive, change }) => {
    const held = [...(before?.access.grants ?? []), ...(after?.access.grants ?? [])].map(grantText);
    // A masked text can be compared with itself only.
    if (held.some(isMasked)) return true;
    const { gains, loses } = changeOfAccess(before?.access, staysAlive === undefined ? after?.access : before?.access);
    return sameTexts(gains, change.gains) && sameTexts(loses, change.loses);
  });
  return follows ? undefined : "the gains and losses do not follow from the two sides";
}

function sameTexts(a: readonly Grant[], b: readonly Grant[]): boolean {
  return canonicalJson(a.map(grantText).sort()) === canonicalJson(b.map(grantText).sort());
}

function contradictingTable(report: Report): string | undefined {
  const { accounts, keys, findings, counts } = report;
  const owners = new Map(accounts.map(({ urn, env, owner }) => [JSON.stringify([urn, env]), owner]));
  const extras = new Map(keys.map((key) => [key.urn, key]));
  const day = parseTime(`${report.reviewedOn ?? ""}T00:00:00Z`);
  if (typeof day !== "number") return "it has no date";
  const expected = tablesOf(report, findings, {
    nowMs: day,
    ownerOf: (row) => owners.get(JSON.stringify([row.urn, row.environment ?? null])) ?? null,
    keyOf: (urn) => extras.get(urn),
  });
  if (formatTime(day).slice(0, 10) !== report.reviewedOn) return "it has no date";
  if (!sameRows(expected.accounts, accounts)) return "the accounts do not follow from the delta";
  if (!sameRows(expected.keys, keys)) return "the keys do not follow from the delta";
  return sameRows([expected.counts], [counts]) ? undefined : "the counts do not follow from the delta";
}

/** A row may say more than follows from the delta, but nothing different. */
function sameRows(expected: readonly object[], given: readonly object[]): boolean {
  return (
    expected.length === given.length &&
    expected.every((row, index) => {
      const other = given[index] as Readonly<Record<string, unknown>>;
      return Object.entries(row).every(([name, value]) => canonicalJson(value) === canonicalJson(other[name]));
    })
  );
}

/** Every report of the delta must contain the findings of these rules, at any level. */
const followingRules = rules.filter(({ followsFromDelta }) => followsFromDelta);

function missingFinding(report: Report): string | undefined {
  const given = Map.groupBy(report.findings, ({ rule }) => rule);
  const context = contextOf(report);
  for (const rule of followingRules) {
    const left = [...(given.get(rule.id) ?? [])];
    // A finding about a server belongs to the stack, and names its resources in the program's order.
    const isOfStack = rule.concerns !== undefined;
    const expected = rule.check(context).map(({ urn, message }) => {
      const isExact = !isOfStack && !isMasked(message) && !isMasked(urn);
      return { urn, message, isExact };
    });
    // Exact ones first: another one may fit several findings, and must not take theirs.
    for (const { urn, message, isExact } of expected.sort((a, b) => Number(b.isExact) - Number(a.isExact))) {
      const index = left.findIndex(
        (finding) => (isOfStack || finding.urn === urn) && (!isExact || finding.message === message),
      );
      if (index < 0) return `a finding of ${rule.id} is missing`;
      left.splice(index, 1);
    }
  }
  const ofCode = new Set((given.get(unreviewedCode.id) ?? []).map(({ urn }) => urn));
  if (report.code.some(({ urn }) => !ofCode.has(urn))) return `a finding of ${unreviewedCode.id} is missing`;
  const unread = new Set(report.unreviewed.map(({ urn, reason }) => JSON.stringify([urn, reason])));
  const hidden = report.delta.some(({ urn, after }) =>
    after?.unreadable.some((reason) => !unread.has(JSON.stringify([urn, reason]))),
  );
  return hidden ? "something that could not be read is missing among what was not reviewed" : undefined;
}

function contextOf(report: Report): RuleContext {
  const units = unitsOf(report);
  return {
    stack: report.stack,
    units,
    rows: accountRows(units),
    changes: [],
    strangers: [],
    code: [],
    policy: defaultPolicy,
    limits: (environment) => limitsFor(defaultPolicy.document, report.stack, environment),
    nowMs: 0,
    diagnostics: [],
    config: {},
    stackUrn: "",
    projectFile: { file: "Pulumi.yaml", line: 1 },
    knowsConsumers: false,
    exportsSecrets: false,
  };
}

function contradictingOutcome(report: Report): string | undefined {
  const { accessChanged, code, complete, delta, exitCode, unreviewed, verdict } = report;
  if (accessChanged !== delta.length + code.length > 0) return "`accessChanged` does not follow from the delta";
  if (!complete && unreviewed.length === 0) return "it is not complete, and does not say why";
  const expected = outcomeOf(report);
  return expected.exitCode === exitCode && expected.verdict === verdict
    ? undefined
    : "the verdict does not follow from the findings";
}
