import type { RuleId } from "./levels";
import { waiverEnd, type Waiver } from "./policy";
import type { Problem } from "./rules/rule";

/**
 * What a waiver names besides rule and resource, so that it does not hold for something worse that comes later:
 * `code`, the SHA-256 in the finding; `covers`, the scope, account or consumer; `mayCover`, the same, but the waivers of
 * 0.1 name none. A rule that is not here says all with its resource.
 */
const names: Partial<Record<RuleId, "code" | "covers" | "mayCover">> = {
  SR001: "mayCover",
  SR002: "mayCover",
  SR003: "mayCover",
  SR004: "mayCover",
  SR021: "code",
  SR023: "code",
  SR024: "code",
  SR027: "covers",
  SR028: "covers",
  SR029: "code",
  SR030: "covers",
  SR031: "code",
  SR032: "code",
  SR033: "covers",
};

/** Why a waiver does not apply, as the end of a sentence. */
export function whyInvalid(waiver: Waiver, nowMs: number): string | undefined {
  const named = names[waiver.rule];
  const needed = ["reason", "approver", "until", ...(named && named !== "mayCover" ? [named] : [])] as const;
  const missing = needed.filter((part) => [waiver[part] ?? ""].flat().every((text) => text.trim() === ""));
  if (missing.length > 0) return `has no ${missing.join(" and no ")}`;
  const end = waiverEnd(waiver.until ?? "");
  if (end === undefined) return "has an end that is not a date";
  return nowMs >= end ? `ended on ${(waiver.until ?? "").slice(0, 10)}` : undefined;
}

/** What a waiver says of a problem of its own rule and resource. `unnamed`: it would have to name it, and names nothing. */
export function waives(
  { rule, code, covers }: Waiver,
  problem: Problem,
  /** Whether this problem, and whether any of its rule and resource, was there before the change. */
  before: { readonly same: boolean; readonly any: boolean },
): "yes" | "no" | "unnamed" {
  if (problem.code !== undefined && code !== problem.code) return "no";
  const named = names[rule];
  if (named !== "covers" && named !== "mayCover") return "yes";
  if (covers !== undefined) return [covers].flat().includes(coveredBy(problem)) ? "yes" : "no";
  return before.same || !before.any ? "yes" : "unnamed";
}

/** What `covers` of a waiver has to say for it to hold for this problem. */
export function coveredBy({ covers, subject = "" }: Problem): string {
  return covers ?? subject;
}
