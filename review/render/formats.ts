import type { Report } from "../report";
import { renderGithub } from "./github";
import { renderGitlabCodequality } from "./gitlab-codequality";
import { safeJson } from "./json";
import { renderJunit } from "./junit";
import { renderMarkdown } from "./markdown";
import { renderSarif } from "./sarif";
import { renderText } from "./text";

export const formats = ["markdown", "json", "sarif", "junit", "gitlab-codequality", "github", "text"] as const;
export type Format = (typeof formats)[number];

export interface RenderOptions {
  readonly maxChars: number;
  readonly toolVersion: string;
}

export function renderReport(report: Report, format: Format, { maxChars, toolVersion }: RenderOptions): string {
  switch (format) {
    case "markdown":
      return renderMarkdown(report, maxChars);
    case "json":
      return safeJson(report);
    case "sarif":
      return renderSarif(report, toolVersion);
    case "junit":
      return renderJunit(report);
    case "gitlab-codequality":
      return renderGitlabCodequality(report);
    case "github":
      return renderGithub(report);
    case "text":
      return renderText(report);
  }
}
