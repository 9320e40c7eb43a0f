import { digestVersion } from "../digest";
import { plainMessage, quotedList } from "../inert";
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
import { kindOf, nameIn } from "./markdown-text";
import { fewestInGroup, shownNames } from "./table";

/** For a terminal and for logs: plain lines, and none begins with a program's words. */
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
    ...rowLines(
      changedAccounts(report).map((row) => {
        const owner = row.owner === null ? "unknown" : `\`${row.owner}\``;
        const env = row.env === null ? "" : `, \`${row.env}\``;
        return { urn: row.urn, words: ` (owner ${owner}${env})`, below: [...onService(row.urn), ...access(row)] };
      }),
    ),
    ...rowLines(
      keysBesideAccounts(report).map((key) => ({
        urn: key.urn,
        words: ` of ${subjectOf(key.account ?? "")}, which as a whole can do the same as before`,
        below: [...onService(key.urn), ...access(key)],
      })),
    ),
  ]);
  const made = report.keys.filter(({ op }) => op === "replace" || op === "rotate");
  section(
    lines,
    "Keys replaced or rotated",
    rowLines(
      made.map((key) => ({
        urn: key.urn,
        words: ` ${keyOpWords(key, alive)}: ${key.reason}`,
        below: [`  old key ${oldKeyWords(key)}; consumers updated in this stack: ${consumersWords(key)}`],
      })),
    ),
  );
  section(
    lines,
    "Findings",
    rowLines(
      report.findings.map(({ urn, rule, level, waived, message, location, existing }) => ({
        lead: `${waived ? "waived" : level} ${rule} `,
        urn,
        words: `: ${message}`,
        below: [`  at ${location.file}:${location.line}${existing ? ", not new" : ""}. ${ruleHelp(rule)}`],
      })),
    ),
  );
  if (wasReviewed(report))
    lines.push("", `${footerWords(report)}.`, `Digest ${report.digest} (version ${digestVersion})`);
  return `${lines.map(plainLine).join("\n")}\n`;
}

/** The text about one resource: its name between two texts, and the lines below. */
interface Row {
  readonly lead?: string;
  readonly urn: string;
  readonly words: string;
  readonly below: readonly string[];
}

/** Joins rows that differ only in the name into one with their number, as in Markdown. */
function rowLines(rows: readonly Row[]): string[] {
  const groups = Map.groupBy(rows, ({ urn, lead, words, below }) => JSON.stringify([kindOf(urn), lead, words, below]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first || group.length < fewestInGroup) return group.flatMap((row) => linesOf(row, subjectOf(row.urn)));
    const names = quotedList(
      group.map(({ urn }) => nameIn(urn)),
      shownNames,
    );
    return linesOf(first, `each of ${group.length} ${kindOf(first.urn)}s (${names})`);
  });
}

function linesOf({ lead = "", words, below }: Row, subject: string): string[] {
  return [`${lead}${subject}${words}`, ...below];
}

function section(lines: string[], title: string, rows: readonly string[]): void {
  if (rows.length > 0) lines.push("", `${title}:`, ...rows.map((row) => `  ${row}`));
}

function list(grants: readonly string[]): string {
  return grants.map((grant) => `\`${grant}\``).join(" ");
}

/** The indentation is ours. The rest is made harmless again, because the report may come from elsewhere. */
function plainLine(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  return `${indent}${plainMessage(line.slice(indent.length))}`;
}
