import { digestVersion } from "../digest";
import { plainMessage } from "../inert";
import { changedAccounts, keysBesideAccounts } from "../changed-rows";
import { servicesInPlay } from "../in-play";
import type { Report } from "../report";
import {
  consumersWords,
  footerWords,
  lockHelp,
  movedWords,
  oldKeyWords,
  keyOpWords,
  stayingAlive,
  rotationWords,
  ruleHelp,
  subjectOf,
  verdictWords,
  wasReviewed,
} from "../wording";

/** For a terminal and for logs: plain lines, none of which starts with a program's words. */
export function renderText(report: Report): string {
  const lines = [`${verdictWords(report)} (${report.project}/${report.stack})`];
  for (const quiet of [rotationWords(report), movedWords(report)]) if (quiet !== undefined) lines.push(`${quiet}.`);
  lines.push(...report.notes.map((note) => `Note: ${note}`));

  section(
    lines,
    wasReviewed(report) ? "Not reviewed" : "Why",
    report.unreviewed.map(({ urn, reason }) => `${urn === null ? "" : `${subjectOf(urn)}: `}${reason}`),
  );
  section(lines, `Lock file out of date (${lockHelp})`, report.lock?.differences ?? []);
  const [inPlay, alive] = [servicesInPlay(report), stayingAlive(report)];
  const onService = (urn: string): string[] => {
    const place = inPlay.several ? inPlay.placeOf(urn) : undefined;
    return place ? [`  on \`${place.now}\`${place.was === undefined ? "" : ` instead of \`${place.was}\``}`] : [];
  };
  const access = ({ gains, loses }: { readonly gains: readonly string[]; readonly loses: readonly string[] }) => [
    ...(gains.length > 0 ? [`  gains ${list(gains)}`] : []),
    ...(loses.length > 0 ? [`  loses ${list(loses)}`] : []),
  ];
  section(lines, "Access", [
    ...changedAccounts(report).flatMap((row) => {
      const owner = row.owner === null ? "unknown" : `\`${row.owner}\``;
      const env = row.env === null ? "" : `, \`${row.env}\``;
      return [`${subjectOf(row.urn)} (owner ${owner}${env})`, ...onService(row.urn), ...access(row)];
    }),
    ...keysBesideAccounts(report).flatMap((key) => [
      `${subjectOf(key.urn)} of ${subjectOf(key.account ?? "")}, which as a whole can do the same as before`,
      ...onService(key.urn),
      ...access(key),
    ]),
  ]);
  section(
    lines,
    "Keys replaced or rotated",
    report.keys.flatMap((key) => {
      if (key.op !== "replace" && key.op !== "rotate") return [];
      const consumers = consumersWords(key);
      return [
        `${subjectOf(key.urn)} ${keyOpWords(key, alive)}: ${key.reason}`,
        `  old key ${oldKeyWords(key)}; consumers updated in this stack: ${consumers}`,
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
  if (wasReviewed(report))
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
