import { digestVersion } from "../digest";
import { plainMessage } from "../inert";
import type { Report } from "../report";
import {
  consumersWords,
  countsWords,
  footerWords,
  lockHelp,
  movedWords,
  orderWords,
  rotationWords,
  ruleHelp,
  subjectOf,
  verdictWords,
} from "../wording";

/** For a terminal and for logs: plain lines, none of which starts with a program's words. */
export function renderText(report: Report): string {
  const lines = [`${verdictWords(report)} (${report.project}/${report.stack})`, countsWords(report)];
  for (const quiet of [rotationWords(report), movedWords(report)]) if (quiet !== undefined) lines.push(`${quiet}.`);
  lines.push(...report.notes.map((note) => `Note: ${note}`));

  section(
    lines,
    "Not reviewed",
    report.unreviewed.map(({ urn, reason }) => `${urn === null ? "" : `${subjectOf(urn)}: `}${reason}`),
  );
  section(lines, `Lock file out of date (${lockHelp})`, report.lock?.differences ?? []);
  section(
    lines,
    "Access",
    report.accounts.flatMap((row) => {
      if (row.gains.length + row.loses.length === 0) return [];
      const who = `${subjectOf(row.urn)} (owner ${row.owner === null ? "unknown" : `\`${row.owner}\``}${row.env === null ? "" : `, \`${row.env}\``})`;
      const [before, after] = [row.targetBefore, row.targetAfter].map((target) =>
        target ? `${target.backend} at ${target.origin}` : undefined,
      );
      return [
        who,
        ...(before !== undefined && after !== undefined && before !== after
          ? [`  now \`${after}\` instead of \`${before}\``]
          : []),
        ...(row.gains.length > 0 ? [`  gains ${list(row.gains)}`] : []),
        ...(row.loses.length > 0 ? [`  loses ${list(row.loses)}`] : []),
      ];
    }),
  );
  section(
    lines,
    "Keys replaced or rotated",
    report.keys.flatMap((key) => {
      if (key.op !== "replace" && key.op !== "rotate") return [];
      const consumers = consumersWords(key);
      return [
        `${subjectOf(key.urn)} ${key.op === "rotate" ? "rotates" : "is replaced"}: ${key.reason}`,
        `  ${orderWords(key.order, key.op)}; old key valid until ${key.oldValidUntil ?? "unknown"}; consumers updated: ${consumers}`,
      ];
    }),
  );
  section(
    lines,
    "Findings",
    report.findings.flatMap((finding) => [
      `${finding.waived ? "waived" : finding.level} ${finding.rule} ${subjectOf(finding.urn)}: ${finding.message}`,
      `  at ${finding.location.file}:${finding.location.line}${finding.existing ? ", not new" : ""}. ${ruleHelp(finding.rule)}`,
    ]),
  );
  lines.push("", `${footerWords(report)}.`, `Digest ${report.digest} (version ${digestVersion})`);
  return `${lines.map(plainLine).join("\n")}\n`;
}

function section(lines: string[], title: string, rows: readonly string[]): void {
  if (rows.length > 0) lines.push("", `${title}:`, ...rows.map((row) => `  ${row}`));
}

function list(grants: readonly string[]): string {
  return grants.map((grant) => `\`${grant}\``).join(" ");
}

/** Indentation is ours; the rest is made harmless once more, as the report may come from elsewhere. */
function plainLine(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  return `${indent}${plainMessage(line.slice(indent.length))}`;
}
