import { formats, renderReport, type Format } from "../../../../review/render/formats";
import type { Report } from "../../../../review/report";

/** Every format of a report. */
export function everyFormat(report: Report, maxChars = 64_000): { readonly format: Format; readonly text: string }[] {
  return formats.map((format) => ({ format, text: renderReport(report, format, { maxChars, toolVersion: "1.2.3" }) }));
}

/** Characters that draw nothing, or change what is drawn around them. Line feeds are the formats' own. */
const hidden = /[\p{Cf}\p{Co}\p{Zl}\p{Zp}\u0000-\u0009\u000b-\u001f\u007f-\u009f\u3164\u2800]/u;

/** What is wrong with a report as text, whatever its format. Empty = nothing. */
export function unsafeParts(format: Format, text: string): string[] {
  const problems: string[] = [];
  if (hidden.test(text)) problems.push("a hidden character");
  if (text.includes("##[")) problems.push("a workflow command of the old form");
  const comments = text.split("<!--").length - 1;
  if (comments !== (format === "markdown" ? 1 : 0)) problems.push(`${comments} HTML comments`);
  if (text.split("-->").length - 1 !== (format === "markdown" ? 1 : 0)) problems.push("an end of an HTML comment");
  return [...problems, ...(ofFormat[format]?.(text) ?? [])];
}

const parsed = (text: string): string[] => (JSON.parse(text) === undefined ? ["nothing"] : []);

/** What is wrong in one format alone. */
const ofFormat: Readonly<Partial<Record<Format, (text: string) => string[]>>> = {
  markdown: unsafeMarkdown,
  junit: (text) =>
    /<(?!\/?(?:testsuites?|testcase|failure|error|system-out|properties|property|\?xml)\b)/.test(text)
      ? ["a foreign tag"]
      : [],
  github: (text) =>
    text
      .trim()
      .split("\n")
      .filter((line) => !/^::(?:error|warning|notice) /.test(line))
      .map((line) => `a line that is no command: ${line}`),
  text: (text) =>
    text
      .split("\n")
      .filter((line) => /^\s*(?:::|[@#/<])/.test(line))
      .map((line) => `a line that begins with a command: ${line}`),
  json: parsed,
  sarif: parsed,
  "gitlab-codequality": parsed,
};

/** Outside code nothing may be left that GitHub or GitLab act on. */
function unsafeMarkdown(text: string): string[] {
  const problems: string[] = [];
  const [, ...lines] = text.replace(/^```diff\n[^]*?^```$/gm, "").split("\n");
  for (const line of lines) {
    const bare = line.replace(/`[^`]+`/g, "");
    if (bare.includes("`")) problems.push(`a code span that does not end: ${line}`);
    if (/@\w|#\d|https?:|www\.|\]\(|!\[|[~&$%!]\d/.test(bare)) problems.push(`something that acts: ${line}`);
    if (/<(?!\/?(?:details|summary)\b)/.test(bare)) problems.push(`HTML: ${line}`);
    if (/^\//.test(line)) problems.push(`a quick action: ${line}`);
    // A bar that is not escaped splits a cell, in code as well.
    const columns = line.replace(/\\\|/g, "").split("|").length;
    if (line.startsWith("|") && ![6, 7].includes(columns))
      problems.push(`a table row of ${columns - 2} columns: ${line}`);
  }
  return problems;
}
