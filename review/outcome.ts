import { exitCodes, gravestExit } from "./exit-code";
import { reaches } from "./levels";
import type { Report, Verdict } from "./report";

/** The result of a review, from its findings. */
export function outcomeOf(
  report: Pick<Report, "unreviewed" | "lock" | "findings" | "failOn" | "expectedNoAccessChange" | "delta" | "code">,
): { readonly exitCode: number; readonly verdict: Verdict } {
  const { unreviewed, lock, findings, failOn, expectedNoAccessChange } = report;
  const isChanged = report.delta.length + report.code.length > 0;
  const codes: number[] = [];
  if (unreviewed.length > 0) codes.push(exitCodes.notReviewable);
  if (lock && !lock.current) codes.push(exitCodes.outdated);
  if (findings.some(({ level, waived }) => !waived && reaches(level, failOn))) codes.push(exitCodes.finding);
  if (expectedNoAccessChange && isChanged) codes.push(exitCodes.accessChanged);
  const exitCode = gravestExit(codes);
  if (exitCode === exitCodes.notReviewable) return { exitCode, verdict: "not-reviewable" };
  if (exitCode !== exitCodes.fine) return { exitCode, verdict: "blocked" };
  return { exitCode, verdict: isChanged ? "access-changes" : "no-access-change" };
}
