import { inert } from "./inert";
import type { Level, RuleId } from "./levels";
import { changedAccounts, keysBesideAccounts } from "./changed-rows";
import { servicesInPlay } from "./in-play";
import type { Report, ReportKey } from "./report";
import { ruleOf } from "./rules/index";
import { parseUrn } from "./urn";

/** Sentences that several formats share. Program text is in backticks (see `splitMessage`). */

export function verdictWords(report: Report): string {
  switch (report.verdict) {
    case "not-reviewable":
      if (!wasReviewed(report)) return "Not reviewed: the review could not run";
      return `Not reviewable: ${plural(report.unreviewed.length, "thing")} could not be read`;
    case "blocked":
      return [`Blocked: ${blockReasons(report).join(", and ")}`, gainAndLose(report)]
        .filter((text) => text !== "")
        .join("; ");
    case "access-changes":
      return `Access changes: ${gainAndLose(report) || `${plural(report.delta.length, "resource")} ${report.delta.length === 1 ? "changes" : "change"} service, account, life or user`}; nothing blocks${warnings(report)}`;
    case "no-access-change":
      return `No access change${warnings(report)}`;
  }
}

/** What to do about a lock file that is missing or out of date. */
export const lockHelp = "run `apikeys lock --write` on this preview and commit the file";

function blockReasons(report: Report): string[] {
  const reasons: string[] = [];
  if (report.lock && !report.lock.current) reasons.push("the lock file is out of date");
  const { block, warn } = report.counts;
  const counted = report.failOn === "warn" ? block + warn : report.failOn === "block" ? block : 0;
  if (counted > 0)
    reasons.push(
      report.failOn === "warn"
        ? `${plural(counted, "finding")} at level warn or block`
        : plural(counted, "blocking finding"),
    );
  if (report.expectedNoAccessChange && report.accessChanged) reasons.push("access changes although none was expected");
  return reasons.length > 0 ? reasons : ["see below"];
}

/** False for the report of a review that could not run: it only says why. */
export function wasReviewed({ digest }: Pick<Report, "digest">): boolean {
  return digest !== null;
}

/** What was reviewed, where, and as of when. */
export function footerWords(report: Report): string {
  const { counts, unreviewed } = report;
  const happened = [
    counts.created > 0 ? `${counts.created} new` : "",
    counts.replaced > 0 ? `${counts.replaced} replaced` : "",
    counts.rotated > 0 ? `${counts.rotated} rotating` : "",
    counts.moved > 0 ? `${counts.moved} moved` : "",
    counts.deleted > 0 ? `${counts.deleted} removed` : "",
  ].filter((text) => text !== "");
  const { only } = servicesInPlay(report);
  const checked = [
    ...(counts.accounts > 0 ? [plural(counts.accounts, "account")] : []),
    ...(counts.keys > 0 || counts.accounts === 0 ? [plural(counts.keys, "key")] : []),
  ].join(" and ");
  return [
    `${checked} checked${happened.length > 0 ? ` (${happened.join(", ")})` : ""}`,
    ...(only === undefined ? [] : [`all on \`${inert(only, 300)}\``]),
    ...(unreviewed.length > 0 ? [`${unreviewed.length} not readable`] : []),
    ...(report.reviewedOn === null ? [] : [`as of ${inert(report.reviewedOn)}`]),
  ].join(", ");
}

/** A routine rotation, mentioned once and briefly, so that it never hides an escalation. */
export function rotationWords(report: Report): string | undefined {
  const quiet = report.keys.filter(({ op, equalAccess }) => op === "rotate" && equalAccess);
  return quiet.length === 0
    ? undefined
    : `${plural(quiet.length, "key")} ${quiet.length === 1 ? "rotates" : "rotate"} with unchanged access`;
}

/** Resources that only got another name, mentioned as briefly. */
export function movedWords(report: Report): string | undefined {
  const moved = report.keys.filter(({ op, equalAccess }) => op === "move" && equalAccess);
  if (moved.length === 0) return undefined;
  const named = moved.slice(0, 5).map(({ name, reason }) => `\`${inert(name, 80)}\` (${reason})`);
  return `${plural(moved.length, "key")} moved with unchanged access: ${named.join(", ")}${moved.length > 5 ? ` and ${moved.length - 5} more` : ""}`;
}

/** "key `ci`", "account `billing`". */
export function subjectOf(urn: string): string {
  const parts = parseUrn(urn);
  const kind = parts?.type.split(":").at(-1);
  const word =
    kind === "ServiceAccount"
      ? "account"
      : kind === "ApiKey"
        ? "key"
        : kind === "RotatingApiKey"
          ? "rotating key"
          : kind === "Stack"
            ? "stack"
            : "resource";
  return `${word} \`${inert(parts?.name ?? urn, 80)}\``;
}

export function ruleTitle(id: RuleId): string {
  return ruleOf(id)?.title ?? "";
}

export function ruleHelp(id: RuleId): string {
  return ruleOf(id)?.help ?? "";
}

/** What happens to the old key after a replacement or a rotation. */
export function oldKeyWords({ oldValidUntil }: Pick<ReportKey, "oldValidUntil">): string {
  if (oldValidUntil === null) return "";
  return /^\d/.test(oldValidUntil) ? `works until ${oldValidUntil}` : oldValidUntil;
}

/** URNs of keys that leave the program and that nobody revokes. */
export function stayingAlive({ delta }: Pick<Report, "delta">): ReadonlySet<string> {
  return new Set(delta.filter(({ before, after }) => !after && before?.staysAlive === true).map(({ urn }) => urn));
}

/** What happens to a key, in a word. */
export function keyOpWords({ op, urn }: Pick<ReportKey, "op" | "urn">, alive: ReadonlySet<string>): string {
  const words = {
    create: "new",
    replace: "replaced",
    rotate: "rotates",
    update: "updated",
    move: "moved",
    delete: "removed",
    same: "",
  } as const;
  return op === "delete" && alive.has(urn) ? "removed, but stays alive" : words[op];
}

/** The consumers in this stack; what other stacks do with a key is unknown. */
export function consumersWords(key: ReportKey): string {
  if (key.updatedConsumers === null) return "unknown";
  return key.consumers.length === 0 ? "none" : `${key.updatedConsumers} of ${key.consumers.length}`;
}

export const levelSigns: Readonly<Record<Level | "none", string>> = { block: "🔴", warn: "🟠", info: "🔵", none: "⚪" };
export const verdictSigns: Readonly<Record<Report["verdict"], string>> = {
  "not-reviewable": "⚪",
  blocked: "🔴",
  "access-changes": "🟡",
  "no-access-change": "🟢",
};

function warnings({ counts: { warn }, findings }: Report): string {
  const waived = findings.filter(isNewlyWaived).length;
  return `${warn > 0 ? `, ${plural(warn, "warning")}` : ""}${waived > 0 ? `, ${plural(waived, "new finding")} waived` : ""}`;
}

/** True for a finding that would block if it had no waiver, and that was not there before this change. */
export function isNewlyWaived({ waived, existing, level }: Report["findings"][number]): boolean {
  return waived && !existing && level === "block";
}

/** "1 account and 2 keys gain, 1 key loses": counts the rows of the access table. */
function gainAndLose(report: Report): string {
  const rows = changedAccounts(report);
  const beside = keysBesideAccounts(report);
  const count = (change: "gains" | "loses", verb: readonly [string, string]): string => {
    const changed = rows.filter((row) => row[change].length > 0);
    const accounts = changed.filter(({ isAccount }) => isAccount).length;
    const keys = changed.length - accounts + beside.filter((key) => key[change].length > 0).length;
    const subjects = [
      ...(accounts > 0 ? [plural(accounts, "account")] : []),
      ...(keys > 0 ? [plural(keys, "key")] : []),
    ];
    return subjects.length === 0 ? "" : `${subjects.join(" and ")} ${verb[accounts + keys === 1 ? 0 : 1]}`;
  };
  return [count("gains", ["gains", "gain"]), count("loses", ["loses", "lose"])]
    .filter((text) => text !== "")
    .join(", ");
}

/** "1 key", "2 keys". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
