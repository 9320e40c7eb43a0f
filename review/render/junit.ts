import { inert, plainMessage } from "../inert";
import { reaches } from "../levels";
import type { Report, ReportFinding } from "../report";
import { lockHelp, ruleHelp, ruleTitle, subjectOf, verdictWords } from "../wording";

/**
 * JUnit XML: one test per resource, which fails on what `--fail-on` counts; one for a lock file that is out of date;
 * one for each thing that could not be read.
 */
export function renderJunit(report: Report): string {
  const byUrn = new Map<string, ReportFinding[]>();
  for (const { urn } of [...report.accounts, ...report.keys]) byUrn.set(urn, []);
  for (const finding of report.findings) byUrn.set(finding.urn, [...(byUrn.get(finding.urn) ?? []), finding]);
  const tests = [...byUrn]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([urn, findings]) => testCase(urn, findings, report));
  const unread = report.unreviewed.map(
    ({ urn, reason }, index) =>
      `    <testcase classname="not reviewed" name="${xml(urn === null ? `preview ${index + 1}` : subjectOf(urn))}">\n      <error message="${xml(reason)}"/>\n    </testcase>`,
  );
  if (report.lock && !report.lock.current)
    tests.push(
      `    <testcase classname="${xml(report.project)}.${xml(report.stack)}" name="lock file">\n      <failure message="${xml(`out of date: ${lockHelp}`)}">${xml(report.lock.differences.map(plainMessage).join("\n"), "\n")}</failure>\n    </testcase>`,
    );
  const failures = tests.filter((test) => test.includes("<failure ")).length;
  const name = `API key review of ${report.project}/${report.stack}`;
  const counts = `tests="${tests.length + unread.length}" failures="${failures}" errors="${unread.length}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${xml(name)}" ${counts}>`,
    "    <properties>",
    `      <property name="verdict" value="${xml(verdictWords(report))}"/>`,
    ...(report.digest === null ? [] : [`      <property name="digest" value="${xml(report.digest)}"/>`]),
    "    </properties>",
    ...tests,
    ...unread,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(urn: string, findings: readonly ReportFinding[], report: Report): string {
  const file = findings[0]?.location;
  const place = file ? ` file="${xml(file.file)}" line="${file.line}"` : "";
  const failing = findings.filter(({ level, waived }) => !waived && reaches(level, report.failOn));
  const rest = findings.filter((finding) => !failing.includes(finding));
  const body = [
    ...(failing.length > 0
      ? [
          `      <failure message="${xml(failing.map(({ rule }) => `${rule} ${ruleTitle(rule)}`).join("; "))}">${xml(failing.map(line).join("\n"), "\n")}</failure>`,
        ]
      : []),
    ...(rest.length > 0 ? [`      <system-out>${xml(rest.map(line).join("\n"), "\n")}</system-out>`] : []),
  ];
  const head = `    <testcase classname="${xml(report.project)}.${xml(report.stack)}" name="${xml(subjectOf(urn))}"${place}`;
  return body.length === 0 ? `${head}/>` : [`${head}>`, ...body, "    </testcase>"].join("\n");
}

function line(finding: ReportFinding): string {
  const state = finding.waived ? "waived" : finding.level;
  return `${finding.rule} (${state}): ${plainMessage(finding.message)}. ${plainMessage(ruleHelp(finding.rule))}`;
}

/** Text for an attribute or an element: one line, unless our own line breaks should stay. */
function xml(text: string, separator?: string): string {
  const lines =
    separator === undefined ? [plainMessage(text)] : text.split(separator).map((part) => inert(part, 4_000));
  return lines
    .map((part) =>
      part
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll('"', "&quot;")
        .replaceAll("'", "&apos;"),
    )
    .join("\n");
}
