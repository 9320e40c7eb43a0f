import { changedFacts } from "../delta-words";
import { digestLines } from "../digest-line";
import { servicesInPlay } from "../in-play";
import { markerFor } from "../marker";
import type { Report } from "../report";
import {
  footerWords,
  lockHelp,
  movedWords,
  rotationWords,
  stayingAlive,
  subjectOf,
  verdictSigns,
  verdictWords,
  wasReviewed,
} from "../wording";
import { accessBlock, effectiveAccessBlock } from "./access-table";
import { blockingBlock, findingsBlock, waivedBlock } from "./findings-blocks";
import { fitBlocks, type Block } from "./fit-blocks";
import { keyAgesBlock, madeKeysBlock } from "./key-tables";
import { code, md } from "./markdown-text";
import { tableHead } from "./table";

/**
 * The comment on a pull request: a verdict, what a human must do, who gains what, then the rest. Program text is in
 * code spans, where GitHub and GitLab ignore mentions, links, references and HTML.
 */
export function renderMarkdown(report: Report, maxChars: number): string {
  const digest = digestLines([report.digest]);
  const room = maxChars - markerFor(report).length - 2 - digest.length;
  return `${markerFor(report)}\n\n${renderBody(report, room, 3)}${digest}`;
}

/** Without the marker and the digest. Also used for one part of a comment about several stacks. */
export function renderBody(report: Report, maxChars: number, headingLevel: number): string {
  const heading = `${"#".repeat(headingLevel)} ${verdictSigns[report.verdict]} ${stackName(report)} · ${md(verdictWords(report))}`;
  const head = [heading, ""];
  for (const quiet of [rotationWords(report), movedWords(report)])
    if (quiet !== undefined) head.push(`🟢 ${md(quiet)}.`, "");
  for (const note of report.notes) head.push(`ℹ️ ${md(note)}`, "");
  const foot = wasReviewed(report) ? ["", md(footerWords(report))] : [];
  return fitBlocks(head, blocksOf(report), foot, maxChars);
}

export function stackName(report: Report): string {
  return code(
    `${report.project === "" ? "?" : report.project}/${report.stack === "" ? (report.part ?? "?") : report.stack}`,
  );
}

/** The blocks in page order; each block's priority says which is shortened first when the page is too long. */
function blocksOf(report: Report): Block[] {
  const inPlay = servicesInPlay(report);
  return [
    ...unreviewedBlock(report),
    ...lockBlock(report),
    ...blockingBlock(report),
    ...waivedBlock(report),
    ...accessBlock(report, inPlay),
    ...otherChangesBlock(report),
    ...madeKeysBlock(report, inPlay),
    ...findingsBlock(report),
    ...effectiveAccessBlock(report),
    ...keyAgesBlock(report),
  ];
}

function unreviewedBlock(report: Report): Block[] {
  const { unreviewed } = report;
  const failed = !wasReviewed(report);
  if (unreviewed.length === 0) return [];
  return [
    {
      what: "reasons why this is not reviewable",
      priority: 1,
      variants: [
        {
          head: ["> [!CAUTION]", `> **${failed ? "Why" : "Not reviewed"}**`, ">"],
          rows: unreviewed.map(
            ({ urn, reason }) =>
              () =>
                `> - ${urn === null ? "" : `${md(subjectOf(urn))}: `}${md(reason)}`,
          ),
          foot: [""],
        },
      ],
    },
  ];
}

function lockBlock({ lock }: Report): Block[] {
  if (!lock || lock.current) return [];
  return [
    {
      what: "differences from the lock file",
      priority: 2,
      variants: [
        {
          head: ["> [!IMPORTANT]", `> **The lock file is out of date**: ${lockHelp}`, ">"],
          rows: lock.differences.map((difference) => () => `> - ${md(difference)}`),
          foot: [""],
        },
      ],
    },
  ];
}

/** Changes of place, owner and life. */
function otherChangesBlock({ delta }: Report): Block[] {
  const left = { fact: "removal", before: "managed here", after: "stays alive, and nobody manages it" };
  const alive = stayingAlive({ delta });
  const facts = delta.flatMap((entry) =>
    [...changedFacts(entry), ...(alive.has(entry.urn) ? [left] : [])].map((fact) => ({ urn: entry.urn, ...fact })),
  );
  if (facts.length === 0) return [];
  return [
    {
      what: "rows of other changes",
      priority: 3,
      variants: [
        {
          head: tableHead("What else changes", "Fact", "Before", "After"),
          rows: facts.map(
            ({ urn, fact, before, after }) =>
              () =>
                `| ${md(subjectOf(urn), true)} | ${fact} | ${code(before, 160, true)} | ${code(after, 160, true)} |`,
          ),
          foot: [""],
        },
      ],
    },
  ];
}
