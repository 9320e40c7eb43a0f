export const levels = ["block", "warn", "info"] as const;
/** The weight of a finding: `block` stops a merge, `warn` asks for a look, `info` is for the record. */
export type Level = (typeof levels)[number];

export const failOnLevels = ["block", "warn", "never"] as const;
export type FailOn = (typeof failOnLevels)[number];

/** True if a finding of this level reaches the bar. */
export function reaches(level: Level, failOn: FailOn): boolean {
  if (failOn === "never") return false;
  return level === "block" || (failOn === "warn" && level === "warn");
}

/** The more serious of the two. */
export function graver(a: Level | "none", b: Level | "none"): Level | "none" {
  const order: readonly string[] = [...levels, "none"];
  return order.indexOf(a) <= order.indexOf(b) ? a : b;
}

export const ruleIds = [
  "SR001",
  "SR002",
  "SR003",
  "SR004",
  "SR005",
  "SR006",
  "SR007",
  "SR008",
  "SR009",
  "SR010",
  "SR011",
  "SR012",
  "SR013",
  "SR014",
  "SR015",
  "SR016",
  "SR019",
  "SR020",
  "SR021",
  "SR022",
  "SR023",
  "SR024",
  "SR025",
  "SR026",
  "SR027",
  "SR028",
  "SR029",
  "SR030",
  "SR031",
  "SR032",
  "SR033",
] as const;
export type RuleId = (typeof ruleIds)[number];
