import { digestVersion } from "../digest";
import { plainMessage, quotedList } from "../inert";
import type { Level } from "../levels";
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

/** What a line of the text says, for a terminal that shows it in colours. */
export type Tone = "title" | "blocks" | "warns" | "gains" | "loses" | "fine" | "aside";

/** A line of the text. Its tone follows from its place in the report, never from its words. */
interface Line {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** For a terminal and for logs: plain lines, and none begins with a program's words. */
export function renderText(report: Report): string {
  return tonedText(report).text;
}

/** The same text, and the tone of each of its lines. */
export function tonedText(report: Report): { readonly text: string; readonly tones: readonly (Tone | undefined)[] } {
  const lines = linesOfReport(report);
  return { text: `${lines.map(({ text }) => plainLine(text)).join("\n")}\n`, tones: lines.map(({ tone }) => tone) };
}

const toneOfVerdict: Readonly<Record<Report["verdict"], Tone>> = {
  "not-reviewable": "blocks",
  blocked: "blocks",
  "access-changes": "warns",
  "no-access-change": "fine",
};

function linesOfReport(report: Report): Line[] {
  const lines: Line[] = [
    { text: `${verdictWords(report)} (${report.project}/${report.stack})`, tone: toneOfVerdict[report.verdict] },
  ];
  for (const quiet of [rotationWords(report), movedWords(report)])
    if (quiet !== undefined) lines.push({ text: `${quiet}.` });
  lines.push(...report.notes.map((note) => ({ text: `Note: ${note}` })));

  section(
    lines,
    wasReviewed(report) ? "Not reviewed" : "Why",
    report.unreviewed.map(({ urn, reason }) => ({ text: `${urn === null ? "" : `${subjectOf(urn)}: `}${reason}` })),
  );
  section(
    lines,
    `Lock file out of date (${lockHelp})`,
    (report.lock?.differences ?? []).map((text) => ({ text })),
  );
  const [inPlay, alive] = [servicesInPlay(report), stayingAlive(report)];
  const onService = (urn: string): Line[] => {
    const place = inPlay.several ? inPlay.placeOf(urn) : undefined;
    const was = place?.was === undefined ? "" : ` instead of \`${place.was}\``;
    return place ? [{ text: `  on \`${place.now}\`${was}` }] : [];
  };
  const access = ({
    gains,
    loses,
  }: {
    readonly gains: readonly string[];
    readonly loses: readonly string[];
  }): Line[] => [
    ...(gains.length > 0 ? [{ text: `  gains ${list(gains)}`, tone: "gains" as const }] : []),
    ...(loses.length > 0 ? [{ text: `  loses ${list(loses)}`, tone: "loses" as const }] : []),
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
        below: [{ text: `  old key ${oldKeyWords(key)}; consumers updated in this stack: ${consumersWords(key)}` }],
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
        tone: waived ? undefined : toneOfLevel[level],
        below: [
          {
            text: `  at ${location.file}:${location.line}${existing ? ", not new" : ""}. ${ruleHelp(rule)}`,
            tone: "aside" as const,
          },
        ],
      })),
    ),
  );
  if (wasReviewed(report))
    lines.push(
      { text: "" },
      { text: `${footerWords(report)}.`, tone: "aside" },
      { text: `Digest ${report.digest} (version ${digestVersion})` },
    );
  return lines;
}

const toneOfLevel: Readonly<Record<Level, Tone | undefined>> = { block: "blocks", warn: "warns", info: undefined };

/** The text about one resource: its name between two texts, and the lines below. */
interface Row {
  readonly lead?: string;
  readonly urn: string;
  readonly words: string;
  readonly tone?: Tone | undefined;
  readonly below: readonly Line[];
}

/** Joins rows that differ only in the name into one with their number, as in Markdown. */
function rowLines(rows: readonly Row[]): Line[] {
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

function linesOf({ lead = "", words, tone, below }: Row, subject: string): Line[] {
  return [{ text: `${lead}${subject}${words}`, tone }, ...below];
}

function section(lines: Line[], title: string, rows: readonly Line[]): void {
  if (rows.length === 0) return;
  lines.push({ text: "" }, { text: `${title}:`, tone: "title" });
  lines.push(...rows.map(({ text, tone }) => ({ text: `  ${text}`, tone })));
}

function list(grants: readonly string[]): string {
  return grants.map((grant) => `\`${grant}\``).join(" ");
}

/** The indentation is ours. The rest is made harmless again, because the report may come from elsewhere. */
function plainLine(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  return `${indent}${plainMessage(line.slice(indent.length))}`;
}
