import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { lockText } from "../../../review/lock";
import { defaultPolicy } from "../../../review/policy";
import type { Report } from "../../../review/report";
import { lockPreview } from "../../../review/review-preview";
import { levers, untouched, type HostilePreview, type Lever } from "./support/hostile-levers";
import { previewOf, review } from "./support/preview-builder";

/**
 * The promise of the whole review, tried with what a pull request can do: no report is green, nothing that was
 * gained is missing in it, and what compares reports afterwards (`verify`, `lock --check`,
 * `--expect-no-access-change`) answers the same.
 */
function textOf({ steps, summary, extra }: HostilePreview): string {
  const text = previewOf([...steps.values(), ...extra]);
  if (Object.keys(summary).length === 0) return text;
  const preview = JSON.parse(text) as { changeSummary: Record<string, number> };
  for (const [op, more] of Object.entries(summary)) preview.changeSummary[op] = (preview.changeSummary[op] ?? 0) + more;
  return JSON.stringify(preview);
}

function pulled(pulls: readonly Lever[]): string {
  const preview = untouched();
  for (const { pull } of pulls) pull(preview);
  return textOf(preview);
}

const base = textOf(untouched());
const baseReport = review([], { preview: base });
const baseLock = lockText(
  lockPreview({ preview: base, policy: defaultPolicy, projectPath: "", allowEmpty: false }).lock,
);
const notReviewable = 10;

/** What is wrong with the answers about a hostile preview; empty = nothing. */
function understated(
  preview: string,
  names: readonly string[],
  { mustRefuse = false, isUnlocked = false }: { readonly mustRefuse?: boolean; readonly isUnlocked?: boolean },
): string[] {
  const problems: string[] = [];
  const report = review([], { preview });
  if (report.verdict === "no-access-change") problems.push("the report is green");
  const isRefused = report.exitCode === notReviewable;
  if (mustRefuse && !isRefused) problems.push("the report judges what nobody can know");
  if (!isRefused) {
    const told = toldBy(report);
    for (const name of names) if (!told.has(name)) problems.push(`the report does not name ${name}`);
    if (report.digest === baseReport.digest) problems.push("the approved digest still fits");
    if (!report.accessChanged) problems.push("the report says that no access changes");
  }
  if (review([], { preview, failOn: "never", expectNoAccessChange: true }).exitCode === 0)
    problems.push("the gate of the nightly rotation lets it through");
  const locked = review([], { preview, failOn: "never", lock: baseLock }).exitCode;
  if (!isUnlocked && locked !== notReviewable && locked !== 11)
    problems.push(`the lock file is up to date (${locked})`);
  return problems;
}

function toldBy({ accounts, keys, findings }: Report): ReadonlySet<string> {
  const points = findings.flatMap(({ message }) => message.match(/U\+[0-9A-F]{4}/g) ?? []);
  return new Set([
    ...[...accounts, ...keys].flatMap(({ gains }) => gains),
    ...findings.map(({ rule }) => rule),
    ...points,
  ]);
}

describe("a hostile pull request", () => {
  it("starts from a stack that is green, and whose lock file is up to date", () => {
    expect(review([], { preview: base, lock: baseLock })).toMatchObject({ exitCode: 0, verdict: "no-access-change" });
  });

  it("has more than forty levers, each of another kind", () => {
    expect(new Set(levers.map(({ kind }) => kind)).size).toBe(levers.length);
    expect(levers.length).toBeGreaterThanOrEqual(40);
  });

  it.each(levers.map((lever) => [lever.kind, lever] as const))("cannot hide %s", (_kind, lever) => {
    const names = lever.names === undefined ? [] : [lever.names];
    const expected = { mustRefuse: lever.refused === true, isUnlocked: lever.isUnlocked === true };
    expect(understated(pulled([lever]), names, expected)).toEqual([]);
  });

  it("hides nothing by pulling several levers at once", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...levers), { minLength: 2, maxLength: 4 }), (pulls) => {
        // Later levers may pull on what earlier ones have changed, so only the last is sure to be all there.
        const names = pulls.at(-1)?.names;
        // An account that the update changes anyway may be known during the update only: told, and not refused.
        const isSettled = !pulls.slice(0, -1).some(({ kind }) => /account|role/.test(kind));
        const mustRefuse = isSettled && pulls.at(-1)?.refused === true;
        const isUnlocked = pulls.at(-1)?.isUnlocked === true;
        expect(understated(pulled(pulls), names === undefined ? [] : [names], { mustRefuse, isUnlocked })).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
