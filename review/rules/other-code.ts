import { quoted, quotedList } from "../inert";
import { canonicalJson } from "../canonical";
import { sha256 } from "../sha256";
import type { ProjectEdit } from "../file-parts";
import type { Problem, Rule, RuleContext } from "./rule";

/** A preview says what the reviewed code would do. This rule tells that the deployment would run other code, or with other credentials. */
export const otherCode: Rule = {
  id: "SR032",
  title: "the engine would run other code, or with other credentials",
  level: "block",
  needs: "command",
  concerns: "stack",
  help: "Read what the file names as you would read a script that gets the job's credentials: a plugin's folder, a registry, an environment, another program. Once somebody has, waive the finding for the stack with the `code` that it names: another edit needs another waiver.",
  check: (context) => [
    ...(context.projectEdits ?? [])
      .filter(({ stack }) => stack === undefined || stack === context.stack)
      .map((edit) => problem(edit, context)),
    ...Object.entries(context.config)
      .filter(([name]) => namesThePlugin.has(name))
      .map((entry) => configured(entry, context)),
  ],
};

/** Settings that the engine reads as the place of the plugin's program where a program names no version of the plugin. */
const namesThePlugin: ReadonlySet<string> = new Set(
  ["name", "version", "pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"].map(
    (setting) => `apikeys:${setting}`,
  ),
);

function configured([name, value]: readonly [string, unknown], { stackUrn, projectFile }: RuleContext): Problem {
  const code = sha256(canonicalJson(value));
  return {
    urn: stackUrn,
    subject: name,
    code,
    message: `the stack's config has ${quoted(name)}, which may decide which plugin the engine runs (${quoted(`code: ${code}`)})`,
    location: projectFile,
  };
}

function problem({ file, parts, code, level }: ProjectEdit, { stackUrn }: RuleContext): Problem {
  const what =
    parts.length === 0
      ? "is added, removed, or in no form that the review reads for certain"
      : `has another ${quotedList(parts, 5)} by this change`;
  return {
    urn: stackUrn,
    subject: file,
    code,
    level,
    message: `${quoted(file)} ${what}; it decides which code runs, and with which credentials (${quoted(`code: ${code}`)})`,
    location: { file, line: 1 },
  };
}
