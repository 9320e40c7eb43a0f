import { plainMessage } from "../inert";
import type { Level } from "../levels";
import type { Report } from "../report";
import { sha256 } from "../sha256";
import { ruleTitle, subjectOf } from "../wording";
import { safeJson } from "./json";

/** GitLab's Code Quality report: every object has a fingerprint, a severity and a location. */
export function renderGitlabCodequality(report: Report): string {
  const findings = report.findings
    .filter(({ waived }) => !waived)
    .map((finding) => ({
      type: "issue",
      check_name: `${finding.rule} ${ruleTitle(finding.rule)}`,
      description: plainMessage(`${finding.rule}: ${subjectOf(finding.urn)} ${finding.message}`),
      categories: ["Security"],
      fingerprint: finding.fingerprint,
      severity: severity[finding.level],
      location: { path: finding.location.file, lines: { begin: finding.location.line } },
    }));
  const unread = report.unreviewed.map(({ urn, reason }) => ({
    type: "issue",
    check_name: "not reviewable",
    description: plainMessage(`Not reviewed: ${urn === null ? "" : `${subjectOf(urn)}: `}${reason}`),
    categories: ["Security"],
    fingerprint: sha256(JSON.stringify(["unreviewed", urn, reason])).slice(0, 32),
    severity: "critical",
    location: { path: report.findings[0]?.location.file ?? "Pulumi.yaml", lines: { begin: 1 } },
  }));
  return safeJson([...findings, ...unread]);
}

const severity: Readonly<Record<Level, string>> = { block: "blocker", warn: "major", info: "info" };
