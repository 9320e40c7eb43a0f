import { plainMessage } from "../inert";
import type { Level } from "../levels";
import type { Report, ReportFinding } from "../report";
import { rules } from "../rules/index";
import { ruleHelp, subjectOf } from "../wording";
import { safeJson } from "./json";

/**
 * SARIF 2.1.0 for GitHub's code scanning: a repository-relative location on every result (one without rejects the whole
 * file), and fingerprints that do not depend on lines.
 */
export function renderSarif(report: Report, toolVersion: string): string {
  const run = {
    tool: {
      driver: {
        name: "pulumi-apikeys scope review",
        semanticVersion: toolVersion,
        rules: rules.map((rule) => ({
          id: rule.id,
          name: pascalCase(rule.title),
          shortDescription: { text: sentence(rule.title) },
          fullDescription: { text: text(rule.help) },
          help: { text: text(rule.help), markdown: rule.help },
          defaultConfiguration: { level: sarifLevel(rule.level) },
          // GitHub sorts by these numbers: 7.0 and higher is "high".
          properties: { tags: ["security"], "security-severity": severity[rule.level] },
        })),
      },
    },
    // The results of one stack must not close the alerts of another.
    automationDetails: {
      id: `apikeys-review/${segment(report.project)}/${segment(report.stack === "" ? (report.part ?? "") : report.stack)}/`,
    },
    columnKind: "utf16CodeUnits",
    originalUriBaseIds: { "%SRCROOT%": { description: { text: "The root of the repository." } } },
    invocations: [
      {
        executionSuccessful: report.unreviewed.length === 0,
        toolExecutionNotifications: report.unreviewed.map(({ urn, reason }) => ({
          level: "error",
          message: { text: text(`Not reviewed: ${urn === null ? "" : `${subjectOf(urn)}: `}${reason}.`) },
        })),
      },
    ],
    results: report.findings.map((finding) =>
      result(
        finding,
        rules.findIndex(({ id }) => id === finding.rule),
      ),
    ),
  };
  return safeJson({
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [run],
  });
}

function result(finding: ReportFinding, ruleIndex: number): unknown {
  const { file, line, column } = finding.location;
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: sarifLevel(finding.level),
    message: { text: text(sentence(`${subjectOf(finding.urn)}: ${finding.message}`)) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/"), uriBaseId: "%SRCROOT%" },
          region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) },
        },
        logicalLocations: [{ fullyQualifiedName: text(finding.urn), kind: "resource" }],
      },
    ],
    partialFingerprints: { "apikeysFinding/v1": finding.fingerprint },
    properties: { existing: finding.existing, help: text(ruleHelp(finding.rule)) },
    ...(finding.waiver
      ? {
          suppressions: [
            {
              kind: "external",
              status: "accepted",
              justification: text(
                `${finding.waiver.reason} (approved by ${finding.waiver.approver}, until ${finding.waiver.until})`,
              ),
            },
          ],
        }
      : {}),
  };
}

/** In a SARIF message, brackets make links and braces make placeholders. */
function text(message: string): string {
  return plainMessage(message).replace(
    /[[\]{}]/g,
    (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

function sarifLevel(level: Level): "error" | "warning" | "note" {
  return ({ block: "error", warn: "warning", info: "note" } as const)[level];
}

const severity: Readonly<Record<Level, string>> = { block: "8.0", warn: "5.0", info: "2.0" };

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith(".") ? "" : "."}`;
}

function pascalCase(title: string): string {
  return title
    .split(/[^A-Za-z0-9]+/)
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join("");
}

function segment(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
