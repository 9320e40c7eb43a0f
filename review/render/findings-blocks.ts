import { reaches } from "../levels";
import type { Report, ReportFinding } from "../report";
import { unreadableScopes } from "../rules/unreadable-scopes";
import { isNewlyWaived, levelSigns, plural, ruleHelp, ruleTitle, subjectOf } from "../wording";
import type { Block } from "./fit-blocks";
import { code, kindOf, md, nameIn } from "./markdown-text";
import { fewestInGroup, shownNames } from "./table";

/** What stops the merge, always visible and on one line per rule. The list of findings has the details. */
export function blockingBlock(report: Report): Block[] {
  const groups = groupsOf(report.findings.filter((finding) => isBlocking(finding, report)));
  if (groups.length === 0) return [];
  const words =
    report.failOn === "never" ? "Look at these before you merge" : "Resolve or waive these before you merge";
  return [
    {
      what: "rules that block",
      priority: 0,
      variants: [
        {
          head: ["> [!CAUTION]", `> **${words}**`, ">"],
          rows: groups.map((group) => () => `> - ${shortGroup(group, shownNames)}`),
          foot: [""],
        },
      ],
    },
  ];
}

/** A waiver was written for what somebody saw; whether it also means this, the reader has to say. */
export function waivedBlock({ findings }: Report): Block[] {
  const groups = groupsOf(findings.filter(isNewlyWaived));
  if (groups.length === 0) return [];
  return [
    {
      what: "rules that are waived",
      priority: 1,
      variants: [
        {
          head: ["> [!WARNING]", "> **New with this change, and waived: does the waiver mean this?**", ">"],
          rows: groups.flatMap((group) => group.map((finding) => () => `> ${findingLine(finding)}`)),
          foot: [""],
        },
        {
          head: ["> [!WARNING]", "> **New with this change, and waived: do the waivers mean these?**", ">"],
          rows: groups.map((group) => () => `> - ${shortGroup(group, shownNames)}`),
          foot: [""],
        },
      ],
    },
  ];
}

/** All findings, with their location and how to resolve them. */
export function findingsBlock({ findings, counts }: Report): Block[] {
  if (findings.length === 0) return [];
  const { block, warn, info, waived } = counts;
  const summary = Object.entries({ block, warn, info, waived })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
  const groups = groupsOf(findings);
  const head = [`<details${block + warn > 0 ? " open" : ""}><summary>Findings: ${summary}</summary>`, ""];
  const foot = ["", "</details>", ""];
  const variant = (rows: readonly string[]) => ({ head, rows: rows.map((row) => () => row), foot });
  return [
    {
      what: "findings",
      priority: 0,
      variants: [
        variant(groups.flatMap((group, index) => [...(index === 0 ? [] : [""]), ...findingGroup(group)])),
        // Too many for a line each: only the names, under their rule.
        variant(groups.map((group) => `- ${shortGroup(group)}`)),
        variant(findings.map(({ rule, urn }) => `- ${rule} ${code(nameIn(urn), 40)}`)),
      ],
    },
  ];
}

function isBlocking({ level, waived, rule, urn }: ReportFinding, { failOn, unreviewed }: Report): boolean {
  // A block above already shows what could not be read.
  const isAbove = rule === unreadableScopes.id && unreviewed.some((each) => each.urn === urn);
  return !waived && !isAbove && (level === "block" || reaches(level, failOn));
}

/** Groups by level and rule; a report already has its findings in that order. */
function groupsOf(findings: readonly ReportFinding[]): (readonly ReportFinding[])[] {
  return [...Map.groupBy(findings, ({ level, rule, waived }) => JSON.stringify([level, rule, waived])).values()];
}

function findingGroup(group: readonly ReportFinding[]): string[] {
  const [first] = group;
  if (!first) return [];
  const title = `**${signOf(first)} ${first.rule} ${md(ruleTitle(first.rule))}** (${first.waived ? "waived" : first.level})`;
  const same = Map.groupBy(group, (finding) => JSON.stringify([kindOf(finding.urn), whatOf(finding)]));
  const lines = [...same.values()].flatMap((equal) =>
    equal.length < fewestInGroup ? equal.map((finding) => findingLine(finding)) : [equalFindings(equal)],
  );
  return [title, ...lines, "", `*How to resolve:* ${md(ruleHelp(first.rule))}`];
}

function findingLine(finding: ReportFinding): string {
  return `- ${md(subjectOf(finding.urn))}: ${whatOf(finding)}`;
}

/** Findings that differ only in the name of the resource. All names are listed. */
function equalFindings(equal: readonly ReportFinding[]): string {
  const [first] = equal;
  if (!first) return "";
  const names = equal.map(({ urn }) => code(nameIn(urn), 40)).join(", ");
  return `- **${equal.length} ${kindOf(first.urn)}s like this**: ${whatOf(first)}<details><summary>all ${equal.length}</summary>${names}</details>`;
}

/** A finding without the name of its resource. */
function whatOf(finding: ReportFinding): string {
  const place = `${finding.location.file}:${finding.location.line}`;
  const before = finding.existing ? " (not new)" : "";
  const waiver = finding.waiver
    ? `; waived until ${code(finding.waiver.until)} by ${code(finding.waiver.approver)}: ${code(finding.waiver.reason, 300)}`
    : "";
  return `${md(finding.message)}, at ${code(place, 160)}${before}${waiver}`;
}

/** A rule with the names of its findings, or the first of them. */
function shortGroup(group: readonly ReportFinding[], most = Number.MAX_SAFE_INTEGER): string {
  const [first] = group;
  if (!first) return "";
  const names = group.slice(0, most).map(({ urn }) => code(nameIn(urn), 40));
  const more = group.length > names.length ? ` and ${group.length - names.length} more` : "";
  return `${signOf(first)} ${first.rule} ${md(ruleTitle(first.rule))}, ${plural(group.length, "finding")}${first.waived ? " waived" : ""}: ${names.join(", ")}${more}`;
}

function signOf({ waived, level }: ReportFinding): string {
  return waived ? "⚪" : levelSigns[level];
}
