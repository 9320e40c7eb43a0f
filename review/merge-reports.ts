import { digestLines } from "./digest-line";
import { exitCodes, gravestExit, gravity } from "./exit-code";
import { mergedMarker } from "./marker";
import { renderBody, stackName } from "./render/markdown";
import { code, md } from "./render/markdown-text";
import type { Report } from "./report";
import { plural, verdictSigns, verdictWords } from "./wording";

/** Parts of one comment, or why one of them is missing. */
export interface MergedPart {
  /** The file or the expected name, for the line about a missing part. */
  readonly name: string;
  readonly report?: Report;
}

/** One comment for a matrix of stacks: the most serious first, each with its share of the space. */
export function mergeReports(
  parts: readonly MergedPart[],
  id: string,
  maxChars: number,
): { readonly markdown: string; readonly exitCode: number } {
  const reports = parts.flatMap(({ report }) => (report ? [report] : [])).sort(byGravity);
  const missing = parts.filter(({ report }) => !report);
  const exitCode = gravestExit([
    ...reports.map((report) => report.exitCode),
    ...missing.map(() => exitCodes.notReviewable),
  ]);
  const marker = mergedMarker(id);
  const blocked = reports.filter(({ exitCode: code }) => code !== 0).length;
  const sign =
    missing.length > 0 ? "⚪" : blocked > 0 ? "🔴" : reports.some(({ accessChanged }) => accessChanged) ? "🟡" : "🟢";
  const words =
    missing.length > 0
      ? `Not reviewable: ${plural(missing.length, "stack")} of ${parts.length} without a report`
      : blocked > 0
        ? `${blocked} of ${plural(parts.length, "stack")} cannot merge as it is`
        : reports.some(({ accessChanged }) => accessChanged)
          ? `Access changes in ${plural(reports.filter(({ accessChanged }) => accessChanged).length, "stack")}, nothing blocks`
          : `No access change in ${plural(parts.length, "stack")}`;
  const head = [
    marker,
    "",
    `### ${sign} ${md(words)}`,
    "",
    "| Stack | Verdict | Findings | Digest |",
    "| --- | --- | --- | --- |",
    ...reports.map(
      (report) =>
        `| ${tableCell(stackName(report))} | ${verdictSigns[report.verdict]} ${md(verdictWords(report), true)} | ${report.counts.block} block, ${report.counts.warn} warn | ${report.digest === null ? "none" : code(report.digest.slice(0, 19), 40, true)} |`,
    ),
    ...missing.map(({ name }) => `| ${code(name, 80, true)} | ⚪ no report | unknown | none |`),
    "",
  ].join("\n");
  const digests = digestLines(reports.map(({ digest }) => digest));
  const room = maxChars - head.length - digests.length - 1;
  const whole = reports.map((report) => renderBody(report, Number.MAX_SAFE_INTEGER, 4).length + 1);
  const shares = fairShares(whole, room);
  const bodies = reports.map((report, index) => renderBody(report, shares[index] ?? 0, 4));
  return { markdown: `${head}\n${bodies.join("\n")}${digests}`, exitCode };
}

/** Small parts get all that they need, and large ones share the rest. */
function fairShares(wanted: readonly number[], room: number): number[] {
  const shares = wanted.map(() => 0);
  let left = room;
  const bySize = wanted.map((size, index) => ({ size, index })).sort((a, b) => a.size - b.size);
  for (const [position, { size, index }] of bySize.entries()) {
    const share = Math.min(size, Math.floor(left / (bySize.length - position)));
    shares[index] = share - 1;
    left -= share;
  }
  return shares;
}

function byGravity(a: Report, b: Report): number {
  const names = [a, b].map(({ project, stack, part }) => `${project}/${stack}/${part ?? ""}`) as [string, string];
  return gravity(a.exitCode) - gravity(b.exitCode) || (names[0] < names[1] ? -1 : names[0] > names[1] ? 1 : 0);
}

function tableCell(span: string): string {
  return span.replace(/\\(?=\|)/g, "⟨U+005C⟩").replaceAll("|", "\\|");
}
