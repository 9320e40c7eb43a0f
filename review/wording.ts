import { inert } from "./inert";
import type { Level } from "./levels";
import type { Report } from "./report";
import { rules } from "./rules/index";
import { parseUrn } from "./urn";

/** Sentences that several formats share. Program text stands in backticks (see `splitMessage`). */

export function verdictWords(report: Report): string {
  const { counts } = report;
  switch (report.verdict) {
    case "not-reviewable":
      return `Not reviewable: ${plural(report.unreviewed.length, "thing")} could not be read`;
    case "blocked":
      return `Blocked: ${blockReasons(report).join(", and ")}`;
    case "access-changes":
      return `Access changes: ${counts.gaining + counts.losing > 0 ? gainAndLose(counts) : `${plural(report.delta.length, "resource")} in place, account or life`}; nothing blocks${warnings(counts)}`;
    case "no-access-change":
      return `No access change${warnings(counts)}`;
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

/** Everything counted, in one line. */
export function countsWords(report: Report): string {
  const { counts } = report;
  const happened = [
    counts.created > 0 ? `${counts.created} new` : "",
    counts.replaced > 0 ? `${counts.replaced} replaced` : "",
    counts.rotated > 0 ? `${counts.rotated} rotating` : "",
    counts.moved > 0 ? `${counts.moved} moved` : "",
    counts.deleted > 0 ? `${counts.deleted} removed` : "",
  ].filter((text) => text !== "");
  return [
    gainAndLose(counts),
    `${plural(counts.accounts, "account")} and ${plural(counts.keys, "key")}${happened.length > 0 ? ` (${happened.join(", ")})` : ""}`,
    `findings: ${counts.block} block, ${counts.warn} warn, ${counts.info} info${counts.waived > 0 ? `, ${counts.waived} waived` : ""}`,
  ].join(" · ");
}

export function footerWords(report: Report): string {
  const unread = report.unreviewed.length;
  return `${plural(report.counts.checked, "resource")} checked${unread > 0 ? `, ${unread} not readable` : ""}, as of ${inert(report.reviewedOn)}`;
}

/** The routine: said once and quietly, so that it never hides an escalation. */
export function rotationWords(report: Report): string | undefined {
  const quiet = report.keys.filter(({ op, equalAccess }) => op === "rotate" && equalAccess);
  return quiet.length === 0
    ? undefined
    : `${plural(quiet.length, "key")} ${quiet.length === 1 ? "rotates" : "rotate"} with unchanged access`;
}

/** What only got another name, said as quietly. */
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

export function ruleTitle(id: string): string {
  return rules.find((rule) => rule.id === id)?.title ?? "";
}

export function ruleHelp(id: string): string {
  return rules.find((rule) => rule.id === id)?.help ?? "";
}

export function orderWords(order: Report["keys"][number]["order"], op: Report["keys"][number]["op"]): string {
  if (op === "rotate") return "new before old";
  if (order === "create-before-delete") return "new before old";
  if (order === "delete-before-create") return "old deleted first";
  return order === "unknown" ? "new before old, unless the program says `deleteBeforeReplace`" : "";
}

export function consumersWords(key: Report["keys"][number]): string {
  if (key.updatedConsumers === null) return "unknown";
  return key.consumers.length === 0
    ? "none here, other stacks unknown"
    : `${key.updatedConsumers} of ${key.consumers.length}, other stacks unknown`;
}

export const levelSigns: Readonly<Record<Level | "none", string>> = { block: "🔴", warn: "🟠", info: "🔵", none: "⚪" };
export const verdictSigns: Readonly<Record<Report["verdict"], string>> = {
  "not-reviewable": "⚪",
  blocked: "🔴",
  "access-changes": "🟡",
  "no-access-change": "🟢",
};

function warnings({ warn }: Report["counts"]): string {
  return warn > 0 ? `, ${plural(warn, "warning")}` : "";
}

function gainAndLose({ gaining, losing }: Report["counts"]): string {
  return `${gaining} ${gaining === 1 ? "holder gains" : "holders gain"}, ${losing} ${losing === 1 ? "loses" : "lose"}`;
}

/** "1 key", "2 keys". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
