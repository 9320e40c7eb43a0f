import { plainMessage } from "../inert";
import type { Level } from "../levels";
import type { Report } from "../report";
import { lockHelp, ruleHelp, ruleTitle, subjectOf, verdictWords, wasReviewed } from "../wording";

/** Workflow commands: annotations on the changed files of a pull request, which need no permission. */
export function renderGithub(report: Report): string {
  const lines = report.findings
    .filter(({ waived }) => !waived)
    .map(({ rule, level, urn, message, location }) => {
      const place = [
        `file=${property(location.file)}`,
        `line=${location.line}`,
        ...(location.column === undefined ? [] : [`col=${location.column}`]),
      ];
      const words = `${subjectOf(urn)} ${message}. ${ruleHelp(rule)}`;
      return `::${command[level]} ${place.join(",")},title=${property(`${rule} ${ruleTitle(rule)}`)}::${data(words)}`;
    });
  const unread = report.unreviewed.map(
    ({ urn, reason }) =>
      `::error title=${property("Not reviewable")}::${data(`${urn === null ? "" : `${subjectOf(urn)}: `}${reason}`)}`,
  );
  const lock = (report.lock?.differences ?? []).map(
    (difference) => `::error title=${property("Lock file out of date")}::${data(`${difference}; ${lockHelp}`)}`,
  );
  const verdict = `::notice title=${property("API key review")}::${data(wasReviewed(report) ? `${verdictWords(report)} (${report.digest})` : verdictWords(report))}`;
  return `${[...unread, ...lock, ...lines, verdict].join("\n")}\n`;
}

const command: Readonly<Record<Level, string>> = { block: "error", warn: "warning", info: "notice" };

function data(text: string): string {
  return plainMessage(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
